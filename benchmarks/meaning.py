"""What meaning costs a search: 100,000 messages whose vectors are made up, questions that a real model embeds.

    python benchmarks/meaning.py [--messages 100000]

The model's time for a text is measured apart; embedding so many messages in earnest would take a quarter of an hour.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import corpus
from measure import Row, show

from hermes_fs.core.loading import load
from hermes_fs.providers.minilm import MiniLM
from hermes_fs.store.index import Index
from hermes_fs.store.meaning import Meaning

QUERIES = 210


class Quick(MiniLM):
    """Makes vectors up for what is to be embedded, near one of a few hundred subjects, as real ones are."""

    def __init__(self) -> None:
        super().__init__()
        self.in_earnest = False
        numpy: Any = load("numpy")
        self._random = numpy.random.default_rng(1)
        self._subjects = self._random.normal(size=(300, self.dimensions))

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        if self.in_earnest:
            return super().embed(texts)
        places = self._random.integers(0, len(self._subjects), len(texts))
        made = self._subjects[places] + 0.7 * self._random.normal(size=(len(texts), self.dimensions))
        return [(row / (row @ row) ** 0.5).astype("<f4").tobytes() for row in made]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    wanted = parser.parse_args().messages
    model()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for session in corpus.sessions(wanted):
            corpus.write(root, session)
        search(root, wanted)


def model() -> None:
    made = MiniLM()
    show(Row("meaning", "the model is loaded and has embedded its first text", timed(lambda: made.embed(["a"])), "s"))
    texts = [text for _, text in corpus.queries(100, 10_000)]
    show(Row("meaning", "a question, p50", statistics.median(timed(partial(made.embed, [t])) for t in texts), "s"))
    line = "I told her about the trip to the coast and that we would rather take the early train this time. " * 2
    show(
        Row(
            "meaning",
            "a message of 200 characters",
            statistics.median(timed(partial(made.embed, [line])) for _ in range(50)),
            "s",
        )
    )


def search(root: Path, messages: int) -> None:
    state = root / "state"
    Index.open(root, state).rebuild()
    embedder = Quick()
    meaning = Meaning(state, embedder, patience=60)
    show(Row("meaning", f"{messages:,} vectors taken in, the model left out", timed(meaning.catch_up), "s"))
    progress = meaning.progress()
    show(Row("meaning", f"on the disk, {progress.done:,} rows", progress.size / progress.done, "B/row"))
    meaning.close()
    embedder.in_earnest = True
    embedder.embed(["warm"])
    before = resident()
    meaning = Meaning(state, embedder, patience=60)
    plain, fused = Index.open(root, state), Index.open(root, state, meaning)
    show(
        Row(
            "meaning",
            "first search of a process, the model loaded",
            timed(lambda: fused.search("harbour")) * 1000,
            "ms",
        )
    )
    queries = [text for _, text in corpus.queries(QUERIES, messages)]
    show(Row("meaning", "load of the machine", os.getloadavg()[0], ""))
    for name, index in (("words", plain), ("words and meaning", fused)):
        busy = time.process_time()
        times = sorted(timed(partial(index.search, text)) * 1000 for text in queries)
        busy = (time.process_time() - busy) * 1000 / len(queries)
        show(Row("meaning", f"a search by {name}, p50", statistics.median(times), "ms"))
        show(Row("meaning", f"a search by {name}, p95", times[int(len(times) * 0.95)], "ms"))
        show(Row("meaning", f"a search by {name}, a processor's time", busy, "ms"))
    show(Row("meaning", "memory that the vectors add, resident", resident() - before, "MiB"))
    meaning.close()


def timed(action: Any) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def resident() -> float:
    """MiB that the process has now, or the most it ever had where there is no /proc."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / (1 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()

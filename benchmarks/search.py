"""What the search index costs: making it, its size, searches by the kind of query, taking in one more message."""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import tempfile
import time
from pathlib import Path

import corpus
from measure import Row, show

from hermes_fs.store.index import Index

QUERIES = 350
APPENDS = 1500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    wanted = parser.parse_args().messages
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for session in corpus.sessions(wanted):
            corpus.write(root, session)
        index = Index.open(root, root / ".git" / "hermes")
        make(index)
        search(index, wanted)
        append(index, root, wanted)
        index.close()


def make(index: Index) -> None:
    begun = time.perf_counter()
    made = index.rebuild()
    seconds = time.perf_counter() - begun
    found = index.status()
    show(Row("search", f"rebuild of {made.added:,} messages", seconds, "s", 5))
    show(Row("search", f"index / text ({found.text / 1e6:.1f} MB)", found.size / found.text, "times", 2))
    begun = time.perf_counter()
    index.refresh()
    show(Row("search", "a look at all files, nothing new", (time.perf_counter() - begun) * 1000, "ms"))


def search(index: Index, messages: int) -> None:
    times: dict[str, list[float]] = {}
    for name, query in corpus.queries(QUERIES, messages):
        begun = time.perf_counter()
        index.search(query)
        times.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
    for name, found in times.items():
        show(Row("search", f"{name}, p50", statistics.median(found), "ms"))
        show(Row("search", f"{name}, p95", share(found, 0.95), "ms"))
    every = list(itertools.chain(*times.values()))
    show(Row("search", "all queries, p50", statistics.median(every), "ms", 2))
    show(Row("search", "all queries, p95", share(every, 0.95), "ms", 15))


def append(index: Index, root: Path, messages: int) -> None:
    """One transcript grows message by message."""
    new = list(itertools.chain(*(session.messages for session in corpus.sessions(APPENDS, first=messages))))
    path = corpus.write(root, corpus.Session("new", tuple(new[:1])))
    index.append(path)
    times = []
    for place, message in enumerate(new[1:]):
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(corpus.record(f"new-{place}", message)) + "\n")
        begun = time.perf_counter()
        index.append(path)
        times.append((time.perf_counter() - begun) * 1000)
    show(Row("search", "one message taken in, median", statistics.median(times), "ms", 0.3))
    show(Row("search", "one message taken in, p99", share(times, 0.99), "ms"))
    show(Row("search", "one message taken in, max", max(times), "ms", 250))


def share(found: list[float], part: float) -> float:
    return sorted(found)[int(len(found) * part)]


if __name__ == "__main__":
    main()

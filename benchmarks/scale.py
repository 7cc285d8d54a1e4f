"""A mind of a million messages and ten thousand skills: searches, starts, and what skills add to a prompt.

    python benchmarks/scale.py --messages 1000000 --skills 10000 [--folder DIR]

Medians; the machine's load stands beside them. The corpus is written by streaming and removed afterwards.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import corpus
from contestants import Contestant, loopback, ours
from measure import Row, hermes, interleaved, median, run, show

from hermes_fs.store.index import Index
from hermes_fs.store.workspace import Workspace

QUERIES = 210
ROUNDS = 5
PROMPT = "Please deploy the harbour database tonight."
_WORD = re.compile(r"\w+")
_VERBS = _WORD.findall("deploy review migrate translate archive monitor price compress convert audit plan test")
_PLACES = _WORD.findall("harbour orchard printing station library kitchen garage studio clinic market theatre archive")
_THINGS = _WORD.findall("database invoice newsletter playlist certificate spreadsheet backup calendar camera router")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--skills", type=int, default=10_000)
    parser.add_argument(
        "--folder", type=Path, help="where the corpus is made; the system's temporary folder if left out"
    )
    wanted = parser.parse_args()
    show(Row("scale", "load of the machine at the beginning", os.getloadavg()[0], ""))
    with tempfile.TemporaryDirectory(dir=wanted.folder) as name:
        search(Path(name), wanted.messages)
    with tempfile.TemporaryDirectory(dir=wanted.folder) as name:
        starts(Path(name), (0, 500, wanted.skills))
    show(Row("scale", "load of the machine at the end", os.getloadavg()[0], ""))


# -- searches ---------------------------------------------------------------------------------------------------------


def search(root: Path, messages: int) -> None:
    for session in corpus.sessions(messages):
        corpus.write(root, session)
    made = _timed(lambda: Index.open(root, root / "state").rebuild())
    show(Row("scale", f"index of {messages:,} messages made from nothing", made, "s"))
    index = Index.open(root, root / "state")
    show(Row("scale", "first search of a process", _timed(lambda: index.search("harbour")) * 1000, "ms", 60))
    status = index.status()
    show(Row("scale", f"index / text ({status.text / 1e6:,.0f} MB)", status.size / status.text, "times", 2))
    before = _resident()
    times = {kind: [_timed(partial(index.search, text)) * 1000 for text in texts] for kind, texts in _queries(messages)}
    for kind, found in times.items():
        show(Row("scale", f"{kind}: p95 of {len(found)}", _share(found, 0.95), "ms"))
    every = list(itertools.chain(*times.values()))
    show(Row("scale", f"all {len(every)} searches, p50", statistics.median(every), "ms", 5))
    show(Row("scale", f"all {len(every)} searches, p95", _share(every, 0.95), "ms", 60))
    show(Row("scale", "all searches, longest", max(every), "ms"))
    show(Row("scale", "memory that they add, resident", _resident() - before, "MiB", 40))
    append(index, root, messages)
    show(Row("scale", "a look at all files, nothing new", _timed(index.refresh), "s"))
    show(Row("scale", "resident after it", _resident(), "MiB"))
    index.close()


def append(index: Index, root: Path, messages: int) -> None:
    times = []
    for session in itertools.islice(corpus.sessions(10_000, first=messages), 200):
        path = corpus.write(root, session)
        times.append(_timed(partial(index.append, path)) * 1000)
    show(Row("scale", "a new session taken in, median", statistics.median(times), "ms"))
    show(Row("scale", "a new session taken in, longest", max(times), "ms"))


def _queries(messages: int) -> list[tuple[str, list[str]]]:
    """By kind: those of the corpus, and misspelt, begun, filtered and Chinese ones."""
    random = Random(5)
    kinds: dict[str, list[str]] = {}
    for kind, text in corpus.queries(QUERIES, messages):
        kinds.setdefault(kind, []).append(text)
    words = [max(text.strip('"').split(), key=len) for text in itertools.chain(*kinds.values())][:: QUERIES // 30]
    kinds["misspelt"] = [_misspelt(random, word) for word in words]
    kinds["begun"] = [word[:4] for word in words]
    kinds["since"] = [f"{text} since:2025-06-01" for text in kinds["mid3"]]
    kinds["kind"] = [f"{text} kind:tool_result" for text in kinds["mid3"]]
    kinds["cjk"] = ["数据库", "部署 服务器", "東京", "서버 설정"] * 5
    return list(kinds.items())


def _misspelt(random: Random, word: str) -> str:
    place = random.randrange(1, max(2, len(word) - 1))
    return word[:place] + random.choice("qxz") + word[place + 1 :]


# -- starts -----------------------------------------------------------------------------------------------------------


def starts(folder: Path, counts: tuple[int, ...]) -> None:
    """One prompt, the list of skills, and what both send, with so many skills each."""
    with loopback(folder) as server:
        who: dict[int, Contestant] = {}
        for count in counts:
            (folder / str(count)).mkdir()
            who[count] = ours(folder / str(count), server)
            write_skills(folder / str(count) / "mind", count)
            with Workspace.open(folder / str(count) / "mind") as workspace:
                workspace.commit_pending()
        time.sleep(2.5)  # until their times can tell a change
        for count in counts:
            _first_start(who[count], count)
        sizes = {count: _prompt_size(who[count], server.requests) for count in counts}
        asked = {str(count): partial(who[count].asked, PROMPT) for count in counts}
        listed = {f"list {count}": partial(_list, who[count]) for count in counts}
        found = interleaved(asked | listed, ROUNDS)
    for count in counts:
        extra = 0.3 if count else None
        for label, key in (("one prompt", "{}"), ("hermes skills list", "list {}")):
            less = median(found[key.format(0)]).wall
            wall = median(found[key.format(count)]).wall
            show(Row("scale", f"{label}, {count:,} skills", wall, "s"))
            if count:
                show(Row("scale", f"{label}, {count:,} skills more than none", wall - less, "s", extra))
        bound = 1500 if count == 500 else None
        show(
            Row("scale", f"prompt with {count:,} skills more than with none", sizes[count] - sizes[0], "tokens", bound)
        )


def write_skills(root: Path, count: int) -> None:
    """So many skills with a page of instructions each, committed as the person's own."""
    random = Random(17)
    for number in range(count):
        verb, place, thing = random.choice(_VERBS), random.choice(_PLACES), random.choice(_THINGS)
        path = root / "skills" / f"{verb}-{place}-{thing}-{number}" / "SKILL.md"
        path.parent.mkdir(parents=True)
        steps = "\n".join(f"{step}. Look at the {random.choice(_THINGS)} of the {place}." for step in range(1, 60))
        about = f"{verb.capitalize()} the {thing} of the {place}. Use when somebody asks for it."
        path.write_text(f"---\nname: {path.parent.name}\ndescription: {about}\n---\n\n# Steps\n\n{steps}\n")


def _first_start(who: Contestant, count: int) -> None:
    """With nothing kept of the skills, and again."""
    show(Row("scale", f"first prompt after {count:,} skills came", who.asked(PROMPT).wall, "s"))


def _prompt_size(who: Contestant, requests: Callable[[], list[dict]]) -> float:
    before = len(requests())
    who.asked(PROMPT)
    return next(request["body_bytes"] for request in requests()[before:] if request["n_tools"]) / 4


def _list(who: Contestant):
    return run([*hermes(), "skills", "list"], who.env, who.cwd)


# -- figures ----------------------------------------------------------------------------------------------------------


def _timed(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def _share(found: list[float], part: float) -> float:
    return sorted(found)[min(len(found) - 1, int(len(found) * part))]


def _resident() -> float:
    """MiB at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)


if __name__ == "__main__":
    main()

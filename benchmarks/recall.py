"""How often a search by a question's own words finds the sessions that hold the answer, on LoCoMo's conversations.

`--data DIR` holds JSON files: {"sessions": [{"id", "turns": [{"id": "D1:3", "speaker", "text"}]}],
"questions": [{"q", "evidence": ["D1:3"]}]}. All go into one corpus; what counts is the share of evidence sessions among
the first five. `--meaning` adds the model of the extra `semantic`; `--left-out` chooses a weight of the ranking on all
conversations but one and measures it on that one, in turn (minutes with `--meaning`).

The data are CC BY-NC 4.0: they are not part of this project.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from measure import Row, show

from hermes_fs.providers.minilm import MiniLM
from hermes_fs.store import ranking
from hermes_fs.store.index import Index
from hermes_fs.store.meaning import Meaning

FIRST = 5
SOURCE = "https://github.com/snap-research/locomo"
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
Question = tuple[str, frozenset[str]]
Asked = dict[str, list[Question]]
"""By conversation."""
Search = Callable[[str], Iterable[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--meaning", action="store_true")
    parser.add_argument("--left-out", action="store_true")
    wanted = parser.parse_args()
    if wanted.data is None:
        print(f"skipped: get the conversations from {SOURCE}, then: python benchmarks/recall.py --data DIR")
        return
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        plain = sqlite3.connect(":memory:")
        plain.execute("create virtual table turns using fts5(text, session unindexed)")
        asked = {path.stem: take_in(path, root, plain) for path in sorted(wanted.data.glob("*.json"))}
        report(asked, "plain BM25 over turns", by_bm25(plain))
        index = Index.open(root, root / ".git" / "hermes")
        index.rebuild()
        report(asked, "hermes search", by_index(index))
        if wanted.left_out:
            left_out(asked, "hermes search", "COVERAGE", by_index(index))
        index.close()
        if wanted.meaning:
            by_meaning(asked, root, wanted.left_out)


def by_meaning(asked: Asked, root: Path, leave_out: bool) -> None:
    meaning = Meaning(root / ".git" / "hermes", MiniLM(), patience=60)
    begun = time.perf_counter()
    rows = meaning.catch_up()
    show(Row("recall", f"{rows:,} rows embedded", time.perf_counter() - begun, "s"))
    index = Index.open(root, root / ".git" / "hermes", meaning)
    report(asked, "hermes search with meaning", by_index(index))
    if leave_out:
        left_out(asked, "hermes search with meaning", "MEANING", by_index(index))
    index.close()
    meaning.close()


def report(asked: Asked, what: str, search: Search) -> None:
    shares = {name: found(questions, search) for name, questions in asked.items()}
    count = sum(map(len, asked.values()))
    every = sum(sum(found) for found in shares.values()) / count
    show(Row("recall", f"{what}, {count} questions", 100 * every, "%"))
    means = [sum(found) / len(found) for found in shares.values()]
    show(Row("recall", f"{what}, worst and best conversation: {100 * max(means):.1f} and", 100 * min(means), "%"))


def left_out(asked: Asked, what: str, weight: str, search: Search) -> None:
    """The weight that does best on the others, for each conversation."""
    kept = getattr(ranking, weight)
    tried: dict[float, dict[str, list[float]]] = {}
    for value in WEIGHTS:
        setattr(ranking, weight, value)
        tried[value] = {name: found(questions, search) for name, questions in asked.items()}
        every = [share for shares in tried[value].values() for share in shares]
        show(Row("recall", f"{what}, {weight} {value}", 100 * sum(every) / len(every), "%"))
    setattr(ranking, weight, kept)
    shares: list[float] = []
    for name in asked:
        others = {value: [share for other in by if other != name for share in by[other]] for value, by in tried.items()}
        best = max(others, key=lambda value: sum(others[value]))
        shares += tried[best][name]
    show(Row("recall", f"{what}, {weight} as the other conversations want it", 100 * sum(shares) / len(shares), "%"))


def take_in(path: Path, root: Path, plain: sqlite3.Connection) -> list[Question]:
    """Write a conversation as transcripts and into the plain table; its questions with their sessions."""
    said = json.loads(path.read_text(encoding="utf-8"))
    for session in said["sessions"]:
        name = f"{path.stem}-{session['id']}"
        lines: list[dict[str, Any]] = [{"type": "header", "session": name, "title": "", "person": "owner"}]
        for turn in session["turns"]:
            text = f"{turn['speaker']}: {turn['text']}"
            lines.append({"type": "message", "id": turn["id"], "at": "2023-01-01T00:00:00Z", "role": "user"})
            lines[-1] |= {"person": "owner", "text": text}
            plain.execute("insert into turns values(?, ?)", (text, name))
        target = root / "sessions" / "2023" / "01" / "01" / f"{name}.jsonl"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    asked = [(question["q"], evidence(path.stem, question["evidence"])) for question in said["questions"]]
    return [question for question in asked if question[1]]


def evidence(conversation: str, turns: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{conversation}-{turn.partition(':')[0].removeprefix('D')}" for turn in turns)


def found(asked: Iterable[Question], search: Search) -> list[float]:
    """Of each question the share of its evidence."""
    return [len(wanted & set(list(dict.fromkeys(search(q)))[:FIRST])) / len(wanted) for q, wanted in asked]


def by_index(index: Index) -> Search:
    return lambda question: [hit.session for hit in index.search(question, limit=40)]


def by_bm25(plain: sqlite3.Connection) -> Search:
    def search(question: str) -> list[str]:
        any_word = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        sql = "select session from turns where turns match ? order by rank limit 200"
        return [row[0] for row in plain.execute(sql, (any_word,))]

    return search


if __name__ == "__main__":
    main()

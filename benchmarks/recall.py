"""How often a search by a question's own words finds the sessions that hold the answer, on LoCoMo's conversations.

`--data DIR` holds JSON files: {"sessions": [{"id", "turns": [{"id": "D1:3", "speaker", "text"}]}],
"questions": [{"q", "evidence": ["D1:3"]}]}. All go into one corpus; what counts is the share of evidence sessions among
the first five. The data are CC BY-NC 4.0: they are not part of this project.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from measure import Row, show

from hermes_fs.store.index import Index

FIRST = 5
SOURCE = "https://github.com/snap-research/locomo"
Asked = tuple[str, frozenset[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    data = parser.parse_args().data
    if data is None:
        print(f"skipped: get the conversations from {SOURCE}, then: python benchmarks/recall.py --data DIR")
        return
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        plain = sqlite3.connect(":memory:")
        plain.execute("create virtual table turns using fts5(text, session unindexed)")
        asked = [question for path in sorted(data.glob("*.json")) for question in take_in(path, root, plain)]
        index = Index.open(root, root / ".git" / "hermes")
        index.rebuild()
        show(Row("recall", f"plain BM25 over turns, {len(asked)} questions", found(asked, by_bm25(plain)), "share"))
        show(Row("recall", "hermes search", found(asked, by_index(index)), "share"))
        index.close()


def take_in(path: Path, root: Path, plain: sqlite3.Connection) -> list[Asked]:
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


def found(asked: list[Asked], search: Callable[[str], Iterable[str]]) -> float:
    shares = [len(wanted & set(list(dict.fromkeys(search(q)))[:FIRST])) / len(wanted) for q, wanted in asked]
    return sum(shares) / len(shares)


def by_index(index: Index) -> Callable[[str], Iterable[str]]:
    return lambda question: [hit.session for hit in index.search(question, limit=40)]


def by_bm25(plain: sqlite3.Connection) -> Callable[[str], Iterable[str]]:
    def search(question: str) -> list[str]:
        any_word = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        sql = "select session from turns where turns match ? order by rank limit 200"
        return [row[0] for row in plain.execute(sql, (any_word,))]

    return search


if __name__ == "__main__":
    main()

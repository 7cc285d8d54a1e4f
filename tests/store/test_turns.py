"""A turn is one thing to everybody who reads transcripts: steering, cuts, compactions and resumed sessions included."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hermes_fs.store import turns
from hermes_fs.store.transcript import Record


class Script:
    """Writes the records of a session, and knows which turns they make."""

    def __init__(self, seed: int, old: bool) -> None:
        self.random = random.Random(seed)
        self.old = old
        self.records: list[Record] = []
        self.made: list[list[str]] = []

    def add(self, kind: str, **data: Any) -> Record:
        record = Record(f"r{len(self.records)}", kind, "", "owner", "cli", "owner", data)
        self.records.append(record)
        if self.made:
            self.made[-1].append(record.id)
        return record

    def ask(self, begins: bool) -> None:
        if begins:
            self.made.append([])
        record = self.add("message", role="user", text=f"said {len(self.records)}")
        if not self.old:
            self.records[-1] = replace(record, data={**record.data, "turn": self.made[-1][0]})

    def turn(self) -> None:
        self.ask(begins=True)
        for _ in range(self.random.randrange(4)):
            self._maybe("outcome", task="x", result="partial", why="correction")
            self._maybe("compaction", summary="so far", replaced=2)
            if self.random.random() < 0.3:
                self.ask(begins=False)
            self.round(self.random.randrange(1, 4))
        self.ending()

    def round(self, calls: int) -> None:
        self.add("message", role="assistant", text="")
        for number in range(calls):
            self.add("tool_call", call=f"c{number}", name="terminal", arguments="{}")
        self.add("usage", input=1, output=1, model="m")
        for number in range(calls):
            self._maybe("decision", answer=True)
            self.add("tool_result", call=f"c{number}", name="terminal", text="", failed=False)

    def ending(self) -> None:
        match self.random.choice(("answered", "ended", "killed")):
            case "answered":
                self.add("message", role="assistant", text="Done.")
                if not self.old and self.random.random() < 0.2:  # said just before the loop looked for the last time
                    self.ask(begins=False)
                    self.add("message", role="assistant", text="That, too.")
                self.add("usage", input=1, output=1, model="m")
                self._maybe("outcome", task="x", result="success", why="ended")
            case "ended":
                self.add("turn_ended", reason="steps", detail="")
            case _:
                if self.old:  # a process killed in its middle: a call without a result
                    self.add("message", role="assistant", text="")
                    self.add("tool_call", call="c", name="terminal", arguments="{}")
        self._maybe("compaction", summary="so far", replaced=2)
        self._maybe("end", reason="exit")
        self._maybe("outcome", task="x", result="success", why="feedback")

    def _maybe(self, kind: str, **data: Any) -> None:
        if self.random.random() < 0.3:
            self.add(kind, **data)


def scripts(old: bool) -> Iterator[Script]:
    for seed in range(200):
        script = Script(seed, old)
        script.add("compaction", summary="of another session", replaced=0)
        for _ in range(script.random.randrange(6)):
            script.turn()
        yield script


@pytest.mark.parametrize("old", [False, True])
def test_every_record_from_the_first_message_on_is_in_the_turn_that_it_was_written_in(old: bool) -> None:
    for script in scripts(old):
        found = turns.turns(script.records)
        assert [[record.id for record in turn] for turn in found] == script.made
        assert turns.last(script.records) == (found[-1] if found else [])


def test_a_turn_is_found_by_each_message_of_the_person_in_it() -> None:
    for script in scripts(old=False):
        found = turns.turns(script.records)
        for turn in found:
            assert turns.ids(turn)[0] == turn[0].id
            assert all(turns.holding(found, id) == turn for id in turns.ids(turn))
        assert turns.holding(found, "nowhere") == []


def said(id: str, role: str = "user", **more: str) -> Record:
    return Record(id, "message", "", "owner", "cli", "owner", {"role": role, "text": id, **more})


def test_a_turn_whose_first_line_was_lost_is_still_one() -> None:
    lost = [said("b", turn="a"), said("c", "assistant"), said("d", turn="a"), said("e", turn="e")]
    assert [[record.id for record in turn] for turn in turns.turns(lost)] == [["b", "c", "d"], ["e"]]


def test_nonsense_in_the_place_of_a_turn_counts_as_none() -> None:
    odd = Record("b", "message", "", "owner", "cli", "owner", {"role": "user", "text": 7, "turn": ["a"]})
    assert len(turns.turns([said("a"), said("x", "assistant"), odd])) == 2


def test_what_was_asked_and_answered_is_all_that_was_said() -> None:
    turn = [said("do it"), said("first", "assistant"), said("but quickly", turn="do it"), said("Done.", "assistant")]
    assert turns.asked_in(turn) == "do it\n\nbut quickly"
    assert turns.answer_of(turn) == "Done."
    assert turns.answer_of(turn[:1]) == ""

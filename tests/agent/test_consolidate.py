"""A full memory is made smaller without losing a word: what leaves it stands in notes, under its id."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hermes_fs.agent import consolidate
from hermes_fs.agent.consolidate import Plan, changed, order_if_full, plan
from hermes_fs.agent.json_reply import Unfit
from hermes_fs.agent.learner import Bench
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.ids import Ulids
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Change, Provenance, assistant
from hermes_fs.store.errands import Errand, Errands
from hermes_fs.store.formats import entries
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.scripted import ScriptedProvider
from tests.store.test_history import workspace  # noqa: F401 - a fixture

BY_HAND = Provenance("owner", "user")
FACTS = (
    "Staging is db2.internal, port 5432",
    "Staging runs on Debian 12",
    "The printer is on floor 2",
    "Backups are kept 30 days",
    "Backups are kept 90 days",
)


def remembered(workspace: Workspace, *facts: str) -> list[str]:  # noqa: F811
    text = workspace.read("MEMORY.md").text
    ids = []
    for fact in facts:
        edit = entries.add(text, fact)
        text = edit.text
        ids.append(edit.entry.id)
    workspace.commit(Change({"MEMORY.md": text.encode()}, "memory", "", BY_HAND))
    return ids


def bench_of(workspace: Workspace, *answers: Any, limit: int = 165) -> Bench:  # noqa: F811
    provider = ScriptedProvider([assistant(json.dumps(one)) for one in answers])
    config = SimpleNamespace(memory=SimpleNamespace(memory_limit=limit))
    made = SimpleNamespace(
        workspace=workspace, config=config, clock=SystemClock(), proposals=Proposals(workspace), cancel=Cancel(),
        provider=lambda task, model: provider,
    )  # fmt: skip
    return cast(Bench, made)


def texts(workspace: Workspace) -> list[str]:  # noqa: F811
    return [entry.text for entry in entries.entries(workspace.read("MEMORY.md").text)]


def test_entries_become_one_and_what_is_seldom_needed_becomes_a_note(workspace: Workspace) -> None:  # noqa: F811
    a, b, c, d, e = remembered(workspace, *FACTS)
    merged = "Staging is db2.internal, port 5432, on Debian 12"
    answer = {
        "merge": [{"ids": [a, b], "text": merged}],
        "move": [{"id": c, "topic": "Office"}],
        "contradict": [{"ids": [d, e]}],
    }
    done = consolidate.run(Errand("consolidate"), bench_of(workspace, answer))
    assert texts(workspace)[0] == merged
    assert "contradicts" in texts(workspace)[1]
    assert FACTS[2] not in texts(workspace)
    note, office = workspace.read("notes/memory.md").text, workspace.read("notes/office.md").text
    assert FACTS[0] in note and f"now in {a}; was {a}" in note and f"now in {a}; was {b}" in note
    assert f"- {FACTS[2]} (from memory" in office and f"was {c}" in office
    assert done.told[0].startswith(f"MEMORY.md contradicts itself: [{d}] Backups are kept 30 days")
    why = workspace.git.read("commit", workspace.head()).decode()
    said = f"{a} replaces {a}, {b}; {c} moved to notes/office.md; {d} and {e} contradict each other"
    assert said in why.replace("\n> ", " ")


def test_what_would_lose_something_is_not_done(workspace: Workspace) -> None:  # noqa: F811
    a, b, c, d, _ = remembered(workspace, *FACTS)
    known = {entry.id: entry for entry in entries.entries(workspace.read("MEMORY.md").text)}
    data = {
        "merge": [
            {"ids": [a, b], "text": "Staging is somewhere"},  # its address is gone
            {"ids": [c, "nope00"], "text": "x"},
            {"ids": [c, c], "text": "The printer is on floor 2"},
            {"ids": [c, d], "text": "The printer is on floor 2. Backups are kept 30 days. And much more is said here"},
            "nonsense",
        ],
        "move": [
            {"id": "nope00", "topic": "x"},
            {"id": d, "topic": ""},
            {"id": c, "topic": "Office"},
            {"id": c, "topic": "again"},
        ],
        "contradict": [{"ids": [c, d]}, {"ids": [a]}],
    }
    assert plan(data, known) == Plan((), ((c, "Office"),), ())
    with pytest.raises(Unfit):
        plan({"hello": 1}, known)


def test_a_memory_with_room_is_left_alone_and_costs_nothing(workspace: Workspace) -> None:  # noqa: F811
    remembered(workspace, *FACTS)
    assert consolidate.run(Errand("consolidate"), bench_of(workspace, limit=1000)).told == ()


def test_over_the_limit_a_person_decides(workspace: Workspace) -> None:  # noqa: F811
    a, b, *_ = remembered(workspace, *FACTS)
    answer = {"merge": [{"ids": [a, b], "text": "Staging is db2.internal, port 5432, on Debian 12"}]}
    done = consolidate.run(Errand("consolidate"), bench_of(workspace, answer, limit=100))
    assert done.told[0].startswith("1 lesson awaits you: ")
    assert len(texts(workspace)) == 5
    [one] = Review(workspace).waiting()
    assert one.because == "MEMORY.md is over its limit"
    Review(workspace).accept(one.id, "owner")
    assert len(texts(workspace)) == 4


def test_an_answer_that_is_none_changes_nothing(workspace: Workspace) -> None:  # noqa: F811
    remembered(workspace, *FACTS)
    head = workspace.head()
    bench = bench_of(workspace, "merge them all", ["x"])
    assert consolidate.run(Errand("consolidate"), bench).told == ()
    assert workspace.head() == head


def test_a_full_memory_is_put_into_the_queue_once(workspace: Workspace, tmp_path: Path) -> None:  # noqa: F811
    remembered(workspace, *FACTS)
    (tmp_path / "state").mkdir()
    errands = Errands(tmp_path / "state", SystemClock(), Ulids(SystemClock()))
    order_if_full(workspace, errands, 1000)
    assert errands.waiting() == []
    order_if_full(workspace, errands, 165)
    order_if_full(workspace, errands, 165)
    assert [errand.kind for errand in errands.waiting()] == ["consolidate"]


def test_nothing_wanted_is_no_change(workspace: Workspace) -> None:  # noqa: F811
    remembered(workspace, *FACTS)
    assert changed(workspace, Plan(), "2026-01-31", 180) is None


@pytest.mark.parametrize("ids", [5, True, {"a": 1}, "ab", [["a"], {}], [None, None]])
def test_ids_of_the_wrong_kind_ask_for_nothing(ids: Any) -> None:
    known = {key: entries.Entry(key, f"text {key}") for key in ("a", "b")}
    data = {"merge": [{"ids": ids, "text": "t"}], "contradict": [{"ids": ids}], "move": 7}
    assert plan(data, known) == Plan()

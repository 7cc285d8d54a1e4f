"""`hermes log | show | diff | blame | undo | revert | restore` as a person or a program runs them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hermes_fs.core.types import Provenance
from hermes_fs.store.formats import entries
from hermes_fs.store.workspace import Workspace
from tests.cli.conftest import git
from tests.store.git_shell import make_workspace

IN_CHAT = Provenance(origin="owner", trigger="user", person="owner", session="here-ab12-01JABCDEF", model="m")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with three lessons of the agent's and an edit that its person has not committed."""
    root = make_workspace(tmp_path / "mind")
    with Workspace.open(root) as workspace:
        for text in ("staging is db2", "the owner likes tea", "deploys are on fridays"):
            remember(workspace, text)
    (root / "notes").mkdir()
    (root / "notes" / "mine.md").write_text("my own words\n")
    return root


def remember(workspace: Workspace, text: str) -> None:
    workspace.update(
        "MEMORY.md", lambda memory: entries.add(memory, text).text, kind="memory", why="told", provenance=IN_CHAT
    )


def hermes(root: Path, *arguments: str, code: int = 0) -> str:
    line = [sys.executable, "-m", "hermes_fs", "-w", str(root), *arguments]
    done = subprocess.run(line, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def read_json(root: Path, *arguments: str) -> Any:
    return json.loads(hermes(root, *arguments, "--json"))


def test_the_log_tells_what_when_why_and_from_which_session(root: Path) -> None:
    text = hermes(root, "log", "-n", "1")
    assert (
        "memory: add 1 entry" in text
        and "+ deploys are on fridays" in text
        and "told" in text
        and "today" in text
        and "session" in text
    )
    assert "\x1b" not in text
    rows = read_json(root, "log", "--kind", "memory", "--since", "today")
    assert [row["by"] for row in rows] == ["agent"] * 3
    assert rows[0]["session"] == IN_CHAT.session and rows[0]["files"] == ["MEMORY.md"]
    assert read_json(root, "log", "--kind", "skill") == []


def test_an_escape_in_what_was_learned_does_not_reach_the_terminal(root: Path) -> None:
    (root / "notes" / "mine.md").write_text("red \x1b[31malert\x1b]0;title\x07\n")
    subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(root), "commit", "-qm", "note \x1b[31mred"], check=True)
    for arguments in (["log"], ["show", "last"], ["diff", "today"], ["blame", "notes/mine.md"]):
        assert "\x1b" not in hermes(root, *arguments)


def test_diff_shows_what_is_not_committed_and_what_was_learned_since(root: Path) -> None:
    assert "+my own words" in hermes(root, "diff")
    assert "db2" not in hermes(root, "diff")
    third, second, first = (row["commit"] for row in read_json(root, "log", "-n", "3"))
    since = read_json(root, "diff", first[:10])
    assert [row["commit"] for row in since["lessons"]] == [third, second]
    assert "+my own words" in since["diff"] and "tea" in since["diff"] and "+- staging" not in since["diff"]
    exact = read_json(root, "diff", f"{first}..{second}")
    assert [row["commit"] for row in exact["lessons"]] == [second]
    assert "my own words" not in exact["diff"]


def test_undo_asks_and_takes_one_lesson_after_the_other(root: Path) -> None:
    assert "nobody is there" in hermes(root, "undo", code=4)
    assert "Taken back" in hermes(root, "undo", "--yes")
    hermes(root, "undo", "--yes")
    memory = (root / "MEMORY.md").read_text()
    assert "staging" in memory and "tea" not in memory and "fridays" not in memory
    text = hermes(root, "log")
    assert "(taken back)" in text and "- the owner likes tea" in text


def test_a_revert_is_named_in_the_log_and_is_taken_back_by_its_own_id(root: Path) -> None:
    second = read_json(root, "log", "-n", "2")[1]
    made = read_json(root, "revert", second["change"][-26:-2], "--why", "it was coffee")
    assert "tea" not in (root / "MEMORY.md").read_text()
    newest, _, taken = read_json(root, "log", "-n", "3")
    assert newest["reverts"] == second["change"] and "it was coffee" in newest["why"]
    assert taken["reverted_by"] == newest["change"] == made["change"]
    assert "taken back already" in hermes(root, "revert", second["commit"], code=4)
    hermes(root, "revert", made["commit"][:8])
    assert "tea" in (root / "MEMORY.md").read_text()


def test_show_and_blame_name_lessons_that_show_and_revert_take(root: Path) -> None:
    row = next(row for row in read_json(root, "blame", "MEMORY.md") if "tea" in row["text"])
    shown = read_json(root, "show", row["lesson"]["commit"][:8])
    assert "tea" in shown["diff"] and row["entry"] in shown["diff"]
    assert "tea" in hermes(root, "show", row["lesson"]["commit"][:8])


def test_a_file_is_restored_as_it_was(root: Path) -> None:
    first = read_json(root, "log", "-n", "3")[2]["commit"]
    assert "Restored" in hermes(root, "restore", "MEMORY.md", "--at", first[:8])
    assert "tea" not in (root / "MEMORY.md").read_text()
    assert "no workspace yet" in hermes(root, "restore", "MEMORY.md", "--at", "2001-01-01", code=5)


def test_a_session_is_taken_back_as_one_lesson_that_shows_what_went(root: Path) -> None:
    shown = hermes(root, "revert", "--session", "last")
    assert shown.count("memory: add 1 entry") == 3 and "Taken back: " in shown
    memory = (root / "MEMORY.md").read_text()
    assert memory.startswith("- one") and memory.count("\n") == 1


def test_a_revert_that_conflicts_ends_with_3_and_names_the_proposal(root: Path) -> None:
    with Workspace.open(root) as workspace:
        workspace.update(
            "MEMORY.md", lambda text: text.replace("tea", "coffee"), kind="memory", why="", provenance=IN_CHAT
        )
    tea = read_json(root, "log", "-n", "3")[2]
    said = hermes(root, "revert", tea["commit"][:8], code=3)
    assert len(said.strip().splitlines()) == 1 and "coffee" not in said
    id = re.search(r"hermes review show (\w+)", said)
    assert id and "-- the owner likes coffee" in hermes(root, "review", "show", id[1])
    assert "coffee" in (root / "MEMORY.md").read_text()
    hermes(root, "review", "accept", id[1])
    assert "coffee" not in (root / "MEMORY.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "zzzzzz"], 5),
        (["show", "ab"], 2),
        (["blame", "nowhere.md"], 5),
        (["log", "--since", "soon"], 2),
        (["revert", "ffffffffffff"], 5),
        (["revert"], 2),
        (["revert", "--since", "2100-01-01"], 5),
        (["revert", "--to", "v3"], 2),
        (["revert", "--skill", "greet", "--to", "v9"], 5),
        (["revert", "--session", "nobody"], 5),
        (["restore", "nowhere.md"], 5),
    ],
)
def test_what_is_not_there_is_one_line_with_what_to_do(root: Path, arguments: list[str], code: int) -> None:
    assert len(hermes(root, *arguments, code=code).strip().splitlines()) <= 2


@pytest.mark.parametrize("command", ["log", "show", "diff", "blame", "undo", "revert", "restore"])
def test_every_command_shows_an_example(root: Path, command: str) -> None:
    assert f"hermes {command}" in hermes(root, command, "--help")


def test_a_file_is_shown_as_it_was_and_an_id_stays_an_id(hermes, mind):
    hermes("memory", "add", "Production is db9")
    first = hermes("log", "--json", "-n", "0").stdout
    before = json.loads(first)[-1]["commit"]
    shown = hermes("show", "memory", "--at", before)
    assert "Staging is db2" in shown.stdout and "Production" not in shown.stdout and before[:8] in shown.stdout
    assert "Production is db9" in hermes("show", "MEMORY.md").stdout
    assert "diff --git MEMORY.md" in hermes("show", "last").stdout
    as_json = json.loads(hermes("show", "user", "--at", "last", "--json").stdout)
    assert (as_json["path"], as_json["lesson"]["commit"], as_json["text"]) == ("USER.md", before, "# You\n")


def test_a_file_that_was_not_there_says_when_it_began(hermes, mind):
    before = json.loads(hermes("log", "--json").stdout)[0]["commit"]
    (mind / "notes").mkdir()
    (mind / "notes/herons.md").write_text("grey\n")
    hermes("memory", "add", "x y z")
    git(mind, "add", "notes")
    git(mind, "commit", "-qm", "Herons")
    done = hermes("show", "notes", "herons", "--at", before)
    assert done.returncode == 5 and "it began with" in done.stderr and "Herons" in done.stderr
    assert hermes("show", "notes", "a", "b").returncode == 2

"""`hermes review`: what waits is shown whole and safely, and decided on by id."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.workspace import Workspace
from tests.cli.conftest import ROOT, git
from tests.store.planting import plant

SKILL = b"---\nname: a\ndescription: Does a.\n---\n# A\n\nDo it.\n"
WEB = Provenance("web", "user", "owner", "host-s1", "", "m")


def propose(mind: Path, text: str, path: str = "notes/a.md", why: str = "the page said so") -> Proposal:
    with Workspace.open(mind) as workspace:
        made = Proposals(workspace).submit(Change({path: text.encode()}, "note", why, WEB))
    assert isinstance(made, Proposal)
    return made


def test_nothing_waits(hermes):
    for words in ((), ("list",), ("list", "--away"), ("accept", "--all")):
        done = hermes("review", *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Nothing ")
    assert json.loads(hermes("review", "list", "--json").stdout) == []


def test_what_waits_is_listed_with_why(hermes, mind):
    made = propose(mind, "web\n")
    done = hermes("review")
    assert made.id in done.stdout and "note a: add" in done.stdout
    assert "from a tainted session: it had read a web page" in done.stdout
    [row] = json.loads(hermes("review", "list", "--json").stdout)
    assert (row["id"], row["state"], row["origin"], row["paths"]) == (made.id, "waiting", "web", ["notes/a.md"])


def test_one_is_shown_whole(hermes, mind):
    made = propose(mind, "web\n")
    done = hermes("review", "show", made.id[:4])
    assert done.returncode == 0, done.stderr
    for part in ("note a: add", "tainted session", "the page said so", "+web", "notes/a.md", "origin web"):
        assert part in done.stdout
    assert hermes("review", made.id).stdout == done.stdout
    assert "+web" in json.loads(hermes("review", "show", made.id, "--json").stdout)["diff"]


def test_nothing_that_is_shown_can_hide(hermes, mind):
    """The door refuses hidden characters, so this one is planted as a clone would bring it."""
    made = propose(mind, "harmless\n")
    hidden = b"safe\x1b[2K\x1b[1Ahidden \xe2\x80\xae\n"
    plant(mind, "planted", {"notes/a.md": ("100644", hidden)}, "note\x1b[31m: add")
    done = hermes("review", "show", "planted")
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout
    assert "hidden" in done.stdout and "␛[2K" in done.stdout
    assert "believe nothing that it says of itself" in done.stdout
    assert made.id in hermes("review").stdout


def test_accepting_makes_a_lesson(hermes, mind):
    made = propose(mind, "web\n")
    done = hermes("review", "accept", made.id)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Accepted: ")
    assert "Hermes-Review: approved by owner" in git(mind, "log", "-1", "--format=%B")
    assert hermes("review", "accept", made.id).returncode == 5
    assert hermes("undo", "--yes").returncode == 0
    assert not (mind / "notes").exists()


def test_all_are_accepted_but_those_that_do_not_fit(hermes, mind):
    (mind / "notes").mkdir()
    (mind / "notes/b.md").write_text("old\n")
    propose(mind, "one\n", "notes/a.md")
    propose(mind, "two\n", "notes/b.md")
    (mind / "notes/b.md").write_text("by hand\n")
    assert hermes("review", "accept", "--all").returncode == 4  # nobody is there to say yes
    done = hermes("review", "accept", "--all", "--yes", "--json")
    assert [one["subject"] for one in json.loads(done.stdout)] == ["note a: add"]
    [left] = json.loads(hermes("review", "list", "--json").stdout)
    assert (left["state"], left["fits"]) == ("stale", False)
    assert hermes("review", "accept", left["id"]).returncode == 3


def test_what_came_by_clone_is_accepted_by_name_alone(hermes, mind):
    plant(mind, "abcdef", {"notes/b.md": ("100644", b"x\n")}, "note b: add")
    made = propose(mind, "web\n")
    done = hermes("review", "accept", "--all", "--yes")
    assert done.returncode == 0, done.stderr
    assert made.id not in hermes("review").stdout and "abcdef" in hermes("review").stdout
    assert hermes("review", "accept", "abcdef").returncode == 0


def test_files_of_like_names_stay_apart_in_an_editor(hermes, mind, tmp_path):
    with Workspace.open(mind) as workspace:
        files = {
            "skills/a/SKILL.md": SKILL,
            "skills/a/references/b/c.md": b"one\n",
            "skills/a/references/b__c.md": b"two\n",
        }
        made = Proposals(workspace).submit(Change(files, "skill", "", WEB))
    assert isinstance(made, Proposal)
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nfor one; do echo more >> "$one"; done\n')
    editor.chmod(0o755)
    done = hermes("review", "edit", made.id, env={**os.environ, "EDITOR": str(editor)})
    assert done.returncode == 0, done.stderr
    patch = hermes("review", "show", made.id).stdout
    assert patch.count("+more") == 3 and patch.count("+one") == 1 and patch.count("+two") == 1


@pytest.mark.parametrize("words", [("show", "zzzz"), ("accept", "zzzz"), ("reject", "zzzz"), ("edit", "zzzz")])
def test_what_is_not_there_is_not_found(hermes, words):
    done = hermes("review", *words)
    assert done.returncode == 5
    assert done.stderr.startswith("error: there is no proposal 'zzzz'")


def test_a_rejected_one_is_put_away_and_can_be_brought_back(hermes, mind):
    made = propose(mind, "web\n")
    assert hermes("review", "reject", made.id, "--why", "not mine").returncode == 0
    assert hermes("review").stdout == "Nothing waits for you.\n"
    assert made.id in hermes("review", "list", "--away").stdout
    assert hermes("review", "accept", made.id).returncode == 0
    assert (mind / "notes/a.md").read_text() == "web\n"


def test_an_edited_one_credits_the_person(hermes, mind):
    made = propose(mind, "web\n")
    editor = f'{sys.executable} -c "import sys; open(sys.argv[1], chr(119)).write(chr(120))"'
    done = hermes("review", "edit", made.id, env={**os.environ, "EDITOR": editor, "VISUAL": ""})
    assert done.returncode == 0, done.stderr
    assert "+x" in hermes("review", "show", made.id).stdout
    hermes("review", "accept", made.id)
    message = git(mind, "log", "-1", "--format=%B")
    assert "Hermes-Review: edited and approved by owner" in message
    assert "Co-authored-by: " in message
    assert (mind / "notes/a.md").read_text() == "x"


def test_edits_come_from_a_file_or_a_pipe(hermes, mind):
    made = propose(mind, "web\n")
    assert hermes("review", "edit", made.id, "--file", "-", input="piped\n").returncode == 0
    assert "+piped" in hermes("review", "show", made.id).stdout
    assert hermes("review", "edit", made.id, "--file", "-", "--path", "AGENTS.md", input="x").returncode == 4
    assert hermes("review", "edit", made.id, env={**os.environ, "EDITOR": "true", "VISUAL": ""}).returncode == 4
    assert hermes("review", "edit", made.id, env={**os.environ, "EDITOR": "false", "VISUAL": ""}).returncode == 1


def test_log_and_doctor_say_that_something_waits(hermes, mind):
    assert "await" not in hermes("log").stdout
    propose(mind, "web\n")
    assert "1 proposal awaits you: hermes review" in hermes("log").stdout
    found = json.loads(hermes("doctor", "--offline", "--json").stdout)
    assert any(one["name"] == "proposals" for one in (found["findings"] if isinstance(found, dict) else found))


def test_at_a_terminal_it_goes_through_them_one_by_one(mind):
    """Typed ahead of the question, an answer does not count."""
    first, second = propose(mind, "one\n", "notes/a.md"), propose(mind, "two\n", "notes/b.md")
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "hermes_fs", "-w", str(mind), "review"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=follower, stdout=follower, stderr=follower, start_new_session=True
    )
    os.close(follower)
    seen = _until(leader, "q quit")
    assert first.id in seen and "+one" in seen
    os.write(leader, b"a")
    seen = _until(leader, "q quit")
    assert "Accepted: " in seen and second.id in seen
    os.write(leader, b"r")
    _until(leader, "why?")
    os.write(leader, b"no\n")
    _until(leader, "brings it back")
    assert process.wait(20) == 0
    os.close(leader)
    assert (mind / "notes/a.md").read_text() == "one\n"
    assert not (mind / "notes/b.md").exists()


def _until(leader: int, words: str) -> str:
    seen, deadline = "", time.monotonic() + 30
    while words not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([leader], [], [], 1)[0]:
            seen += os.read(leader, 65536).decode(errors="replace")
    return seen


class Terminal:
    """`hermes review` at a pseudo-terminal of a size."""

    def __init__(self, mind: Path, rows: int, columns: int, **environ: str) -> None:
        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {**os.environ, "TERM": "xterm", "PAGER": "cat", **environ}
        env = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
        command = [sys.executable, "-m", "hermes_fs", "-w", str(mind), "review"]
        self.said = ""
        ends = {"stdin": follower, "stdout": follower, "stderr": follower}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, start_new_session=True, preexec_fn=_take_terminal, **ends
        )
        os.close(follower)

    def press(self, keys: str, until: str) -> str:
        """What is said up to these words; what follows them waits for the next."""
        os.write(self.leader, keys.encode())
        deadline = time.monotonic() + 30
        while until not in self.said:
            assert time.monotonic() < deadline and self._read(), self.said
        seen, self.said = self.said.split(until, 1)
        return seen + until

    def leave(self) -> str:
        os.write(self.leader, b"q")
        while self._read():
            pass
        os.close(self.leader)
        assert self.process.wait(20) == 0
        return self.said

    def _read(self) -> bool:
        """Whether more may come; a terminal whose other end was closed is at its end."""
        if select.select([self.leader], [], [], 1)[0]:
            try:
                self.said += os.read(self.leader, 65536).decode(errors="replace")
            except OSError:
                return False
        return True


def _take_terminal() -> None:
    """Ctrl-C is a signal only to those whose terminal it is."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_one_can_go_back_skip_think_again_and_ask_for_help(mind):
    first, second = propose(mind, "one\n", "notes/a.md"), propose(mind, "two\n", "notes/b.md")
    terminal = Terminal(mind, 40, 100)
    seen = terminal.press("", "q quit")
    assert "2 proposals await you" in seen and first.id in seen
    assert "put it away, with a reason" in terminal.press("?", "q quit ")
    assert second.id in terminal.press("\r", "q quit")
    assert first.id in terminal.press("b", "q quit")
    terminal.press("r", "think again) ")
    terminal.press("\x03", "q quit")
    assert second.id in terminal.press("a", "q quit")
    assert f"{first.id} is accepted as" in terminal.press("b", "q quit")
    assert second.id in terminal.press("s", "q quit")
    assert "1 accepted, 1 left" in terminal.leave()
    assert (mind / "notes/a.md").exists() and not (mind / "notes/b.md").exists()


@pytest.mark.slow
def test_what_does_not_fit_on_the_screen_is_shown_before_it_is_accepted(mind):
    propose(mind, "".join(f"line {number}\n" for number in range(60)), why="because " * 20)
    terminal = Terminal(mind, 20, 50, NO_COLOR="1")
    seen = terminal.press("", "e d s b ? q ")
    assert "+line 5" in seen and "+line 50" not in seen and "more lines: d shows them all" in seen
    assert max(len(line) for line in _plain(seen).splitlines()) <= 50, "nothing is wider than the terminal"
    assert not re.search(r"\x1b\[3\d", seen), "NO_COLOR"
    seen = terminal.press("a", "e d s b ? q ")
    assert "+line 59" in seen and "Accepted" not in seen
    terminal.press("a", "Accepted: ")
    assert "1 accepted" in terminal.leave()


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_where_nothing_waits_it_is_said_what_was_learned(hermes, mind):
    with Workspace.open(mind) as workspace:
        agent = Provenance("agent", "user", "owner", "host-s1", "", "m")
        workspace.commit(Change({"notes/a.md": b"x\n"}, "note", "why", agent))
    assert re.fullmatch(r"Nothing waits for you\. 1 lesson since .*: hermes log\n", hermes("review").stdout)

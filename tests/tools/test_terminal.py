"""terminal: asks first unless it only reads, and tells what happened."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hermes_fs.core.errors import Cancelled, Refused, ToolError
from tests.tools.conftest import Conversation


def test_a_harmless_command_runs_without_asking(talk: Conversation) -> None:
    (talk.work / "a").write_text("b\na\n")
    assert talk.call("terminal", command="sort a | head -1") == "a"
    assert talk.call("terminal", command="ls") == "a"
    assert not talk.person.questions


def test_any_other_command_is_asked_about_with_its_exact_text(talk: Conversation) -> None:
    talk.person.answers = ["once", "no"]
    command = "rm -r 'a  b'; echo $HOME"
    talk.call("terminal", command=command)
    assert talk.asked == [command]
    assert str(talk.work) in talk.person.questions[0].prompt
    with pytest.raises(Refused, match="said no"):
        talk.call("terminal", command=command)


def test_nobody_there_is_a_no(talk: Conversation) -> None:
    with pytest.raises(Refused, match="nobody is there"):
        talk.call("terminal", command="rm -rf sub")
    assert not (talk.work / "a").exists()


def test_a_yes_for_the_session_is_bound_to_the_command_and_the_directory(talk: Conversation) -> None:
    (talk.work / "sub").mkdir()
    talk.person.answers = ["session"]
    talk.call("terminal", command="rm -rf a")
    talk.call("terminal", command="rm -rf a")
    with pytest.raises(Refused):
        talk.call("terminal", command="rm -rf b")
    talk.call("terminal", command="cd sub")
    with pytest.raises(Refused):
        talk.call("terminal", command="rm -rf a")


def test_what_is_said_besides_the_output(talk: Conversation) -> None:
    talk.mode("allow")
    assert talk.call("terminal", command="echo hi") == "hi"
    assert talk.call("terminal", command="exit 3") == "[exit code 3]"
    assert talk.call("terminal", command=":") == "[exit code 0, no output]"
    assert talk.call("terminal", command="mkdir d && cd d && echo in") == f"in\n[now in {talk.work}/d]"
    assert "stopped after 1 s" in talk.call("terminal", command="echo a; sleep 600", timeout=1)


def test_a_long_output_can_be_read_whole(talk: Conversation) -> None:
    talk.mode("allow")
    text = talk.call("terminal", command="seq 100000")
    path = text.rpartition("read_file ")[2].rstrip("]")
    talk.mode("ask")
    assert talk.call("read_file", path=path, offset=50_000, limit=1).startswith("50000\t50000")
    other = Path(path).with_name("other.txt")
    other.write_text("of another conversation")
    with pytest.raises(Refused):
        talk.call("read_file", path=str(other))


def test_output_is_shown_as_it_comes(talk: Conversation) -> None:
    talk.mode("allow")
    talk.call("terminal", command="echo shown")
    assert talk.shown == "shown\n"


def test_an_interrupt_ends_the_command(talk: Conversation) -> None:
    talk.mode("allow")
    threading.Timer(0.3, talk.context.cancel.set).start()
    with pytest.raises(Cancelled):
        talk.call("terminal", command="sleep 600")


def test_an_empty_command_is_refused(talk: Conversation) -> None:
    with pytest.raises(ToolError, match="empty"):
        talk.call("terminal", command=" \n")


@pytest.mark.parametrize(
    "command",
    [
        "cat link",
        "cat ../secret",
        "grep -rn x ..",
        "head ~/.profile",
        "cat mind/.git/hermes/private",
        "ls mind/.git",
    ],
)
def test_a_harmless_command_shows_nothing_that_file_tools_would_ask_about(
    talk: Conversation, tmp_path: Path, command: str
) -> None:
    (tmp_path / "secret").write_text("x")
    (talk.work / "link").symlink_to(tmp_path / "secret")
    (talk.work / "mind").symlink_to(talk.mind)
    with pytest.raises(Refused, match="nobody"):
        talk.call("terminal", command=command)


def test_names_outside_may_be_listed(talk: Conversation, tmp_path: Path) -> None:
    assert "mind" in talk.call("terminal", command="ls ..")
    assert talk.call("terminal", command=f"cat {talk.mind}/MEMORY.md") == "- a fact"
    assert not talk.person.questions

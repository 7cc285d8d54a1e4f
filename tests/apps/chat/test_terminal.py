"""The chat as a person sees it: a real process on a real pseudo-terminal, with a stand-in for the agent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.apps.chat.console import Console

STANDIN = Path(__file__).with_name("standin.py")
ROOT = STANDIN.parents[3]

Start = Callable[..., Console]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    consoles: list[Console] = []

    def begin(size: tuple[int, int] = (80, 24), **environ: str) -> Console:
        argv = [str(STANDIN), str(tmp_path / "history")]
        consoles.append(Console(argv, {"PYTHONPATH": str(ROOT), **environ}, size))
        consoles[-1].wait("›")
        return consoles[-1]

    yield begin
    for console in consoles:
        console.kill()


def test_a_message_a_reply_and_the_toolbar(start):
    console = start()
    console.say("hello")
    console.wait("1.2k tokens")
    assert console.settle()[:5] == ["  ready", "› hello", "", "You said 'hello'.", ""]
    assert console.glass.screen()[-1] == "  hello · stand-in · 1.2k tokens · $0.0100"


def test_an_approval_is_asked_with_the_exact_command(start):
    console = start()
    console.say("approve")
    screen = console.wait("say why")
    assert screen[-3:] == [
        "  ? Run this command?",
        "    │ rm -rf build",
        "  y once · s for this session · n no · t no, and say why",
    ]
    console.type("s")
    console.wait("The answer was session.")


def test_ctrl_c_interrupts_the_turn_and_not_the_program(start):
    console = start()
    console.say("slow")
    console.wait("○ terminal  sleep 60")
    console.type("\x03")
    console.wait("✗ terminal  sleep 60")
    console.say("still there?")
    console.wait("You said 'still there?'.")


def test_three_ctrl_c_leave_even_a_turn_that_does_not_stop(start):
    console = start()
    console.say("stubborn")
    console.wait("never")
    for _ in range(3):
        console.type("\x03")
        console.settle(0.1)
    assert console.end() != 0
    assert console.raw.rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in console.raw


def test_ctrl_c_twice_at_the_prompt_leaves_and_once_does_not(start):
    console = start()
    console.settle()
    console.type("\x03")
    console.wait("Ctrl-C once more leaves")
    console.say("hello")
    console.wait("You said")
    console.settle()
    console.type("\x03")
    console.settle()
    console.type("\x03")
    assert console.end() == 0
    assert "bye" in console.glass.text()


def test_ctrl_d_leaves(start):
    console = start()
    console.settle()
    console.type("\x04")
    assert console.end() == 0


@pytest.mark.parametrize("newline", ["\x1b\r", "\\\r"])
def test_a_message_may_have_several_lines(start, newline):
    console = start()
    console.settle()
    console.type(f"one{newline}two\r")
    console.wait(r"You said 'one\ntwo'.")


def test_pasted_lines_are_one_message(start):
    console = start()
    console.settle()
    console.type("\x1b[200~def f():\n    return 1\n\x1b[201~")
    console.settle()
    console.type("\r")
    console.wait(r"You said 'def f():\n    return 1'.")


def test_slash_commands_complete_and_run(start):
    console = start()
    console.settle()
    console.type("/us")
    console.wait("/usage  tokens and cost of this session")
    console.type("\t\r")
    console.wait("0 tokens")


def test_an_unknown_command_names_the_nearest_and_a_path_is_a_message(start):
    console = start()
    console.say("/usge")
    console.wait("error: there is no command /usge — did you mean /usage?")
    console.say("/etc/hosts is what?")
    console.wait("You said '/etc/hosts is what?'.")


def test_earlier_messages_come_back_also_in_the_next_chat_and_secrets_do_not_reach_the_disk(start, tmp_path):
    console = start()
    console.say("remember me, my password is hunter2")
    console.wait("You said")
    console.say("/quit")
    console.end()
    assert "hunter2" not in (tmp_path / "history").read_text()
    console = start()
    console.settle()
    console.type("\x1b[A\x1b[A")
    console.wait("remember me")


def test_an_error_is_a_line_and_the_chat_goes_on(start):
    console = start()
    console.say("fail")
    console.wait("error: that is not possible — ask for something else")
    console.say("hello")
    console.wait("You said 'hello'.")


def test_a_window_of_forty_columns_is_enough(start):
    console = start((40, 12))
    console.say("approve")
    console.wait("say why")
    console.type("n")
    console.wait("The answer was no.")
    assert all(len(row) <= 40 for row in console.glass.everything())


def test_on_a_dumb_terminal_there_are_no_escapes(start):
    console = start(TERM="dumb")
    console.type("hello\n")
    console.wait("You said")
    assert "\x1b" not in console.raw


def test_without_colour_there_is_none(start):
    console = start(NO_COLOR="1")
    console.say("learn")
    console.wait("Noted.")
    colours = [f"{code}m" for code in (*range(30, 38), *range(90, 98))]
    assert not any(f"\x1b[{code}" in console.raw or f";{code}" in console.raw for code in colours)


def test_what_is_typed_while_a_turn_runs_steers_it(start):
    console = start()
    console.say("long")
    console.wait("○ terminal  make")
    console.type("not the t\x7f\x7f tests")
    screen = console.wait("› not the tests▏")
    assert any("Tab after this turn" in row for row in screen)
    console.type("\r")
    console.wait("Steered by 'not the tests'.")
    assert "▏" not in "\n".join(console.settle())


def test_tab_keeps_a_line_for_after_the_turn_and_a_command_waits_too(start):
    console = start()
    console.say("long")
    console.wait("○ terminal  make")
    console.type("second\t/usage\r")
    console.wait("after this turn: /usage")
    console.type("go on\r")
    console.wait("You said 'second'.")
    console.wait("prompt   ")


def test_ctrl_c_stops_the_turn_and_says_the_line_instead(start):
    console = start()
    console.say("long")
    console.wait("○ terminal  make")
    console.type("rather this")
    console.wait("rather this▏")
    console.type("\x03")
    console.wait("You said 'rather this'.")


def test_a_line_that_was_not_sent_waits_in_the_prompt(start):
    console = start()
    console.say("long")
    console.wait("○ terminal  make")
    console.type("go on\rnot yet sent")
    console.wait("Steered by")
    console.settle()
    console.type(" but now\r")
    console.wait("You said 'not yet sent but now'.")


def test_a_question_is_answered_by_its_own_keys_while_typing_waits(start):
    console = start()
    console.say("approve")
    console.wait("say why")
    console.type("s")
    console.wait("The answer was session.")
    console.say("long")
    console.wait("○ terminal  make")
    console.type("ok\r")
    console.wait("Steered by 'ok'.")


def test_files_that_are_named_go_along_and_credentials_do_not(start, tmp_path):
    (tmp_path / "a b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "id_rsa").write_text("key")
    console = start()
    console.say(f"look @README.md '{tmp_path}/a b.png' @{tmp_path}/id_rsa")
    console.wait("Text Image")
    screen = " ".join(console.glass.text().split())
    assert "@README.md went along" in screen
    assert "looks like credentials" in screen

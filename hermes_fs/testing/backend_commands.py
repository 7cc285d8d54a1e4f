"""The part of the backends' conformance suite that is about running commands, and the small tools of all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from hermes_fs.core.errors import NotFound
from hermes_fs.core.ports import Backend, Cancel, Completed, JobState

PATIENCE = 30.0
"""Seconds before something that should happen is given up; nothing here is a measurement."""


def run(backend: Backend, command: str, timeout: float = PATIENCE) -> Completed:
    return backend.run(command, timeout=timeout, cancel=Cancel())


def until(true: Callable[[], bool]) -> None:
    """Wait for something that happens soon."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def ended(backend: Backend, job: str) -> JobState:
    until(lambda: backend.poll(job).code is not None)
    return backend.poll(job)


class CommandConformance:
    """`run`: one command, and what the next one sees of it."""

    @pytest.mark.parametrize("code", [0, 1, 3, 255])
    def test_the_exit_code_is_the_commands_own(self, backend: Backend, code: int) -> None:
        assert run(backend, f"exit {code}").code == code

    def test_the_code_is_that_of_the_last_command(self, backend: Backend) -> None:
        assert run(backend, "false; true").code == 0
        assert run(backend, "true; false").code == 1

    def test_a_signal_is_counted_as_128_and_its_number(self, backend: Backend) -> None:
        assert run(backend, "kill -9 $$").code == 137
        assert run(backend, "bash -c 'kill -15 $$'").code == 143

    def test_an_unknown_command_is_127_and_says_so(self, backend: Backend) -> None:
        done = run(backend, "no-such-command-here")
        assert done.code == 127
        assert "no-such-command-here" in done.output

    def test_broken_syntax_is_an_answer_and_leaves_the_shell_usable(self, backend: Backend) -> None:
        done = run(backend, "echo 'never closed")
        assert done.code != 0
        assert done.output
        assert run(backend, "echo on").output == "on\n"

    def test_both_streams_come_as_they_were_written(self, backend: Backend) -> None:
        assert run(backend, "echo one; echo two >&2; echo three").output == "one\ntwo\nthree\n"

    def test_several_lines_and_here_documents_are_one_command(self, backend: Backend) -> None:
        assert (
            run(backend, "cat <<'END'\na $b 'c'\nEND\nfor i in 1 2; do\n  echo $i\ndone").output == "a $b 'c'\n1\n2\n"
        )

    def test_quotes_and_metacharacters_arrive_untouched(self, backend: Backend) -> None:
        assert run(backend, """printf '%s|' "a'b" '$HOME' "\\$x" '`' '!' '*' '\\'""").output == "a'b|$HOME|$x|`|!|*|\\|"

    def test_a_command_may_be_longer_than_the_system_takes_as_one_argument(self, backend: Backend) -> None:
        assert run(backend, f"x={'y' * 300_000}; echo ${{#x}}").output == "300000\n"

    def test_variables_stay_exported_or_not(self, backend: Backend) -> None:
        run(backend, "plain='a b'; export SHOWN=$'two\\nlines'; list=(1 '2 3')")
        assert run(backend, 'echo "$plain|$SHOWN|${list[1]}"').output == "a b|two\nlines|2 3\n"
        assert run(backend, "bash -c 'echo \"$plain|$SHOWN\"'").output == "|two\nlines\n"

    def test_a_variable_that_was_unset_stays_unset(self, backend: Backend) -> None:
        run(backend, "export GONE=1")
        run(backend, "unset GONE HOME")
        assert run(backend, 'echo "${GONE-none} ${HOME-none}"').output == "none none\n"

    def test_the_directory_stays(self, backend: Backend) -> None:
        run(backend, "mkdir -p 'a dir/b' && cd 'a dir/b'")
        assert run(backend, "pwd").output.endswith("/a dir/b\n")
        assert backend.cwd.endswith("/a dir/b")

    def test_a_directory_that_is_removed_does_not_break_the_shell(self, backend: Backend) -> None:
        start = backend.cwd
        run(backend, 'mkdir gone && cd gone && rmdir "$PWD"')
        done = run(backend, "pwd")
        assert (done.code, done.output) == (0, f"{start}\n")

    def test_functions_and_aliases_stay(self, backend: Backend) -> None:
        run(backend, "greet() { echo \"hello $1\"; }; alias shout='echo LOUD'")
        assert run(backend, "greet you; shout it").output == "hello you\nLOUD it\n"

    def test_what_the_command_leaves_behind_counts_after_a_failure_and_an_exit_too(self, backend: Backend) -> None:
        run(backend, "a=1; false")
        run(backend, "b=2; exit 3")
        run(backend, "set -e; c=3; false; c=4")
        assert run(backend, "echo $a $b $c; false; echo still").output == "1 2 3\nstill\n"

    def test_our_own_machinery_does_not_show(self, backend: Backend) -> None:
        run(backend, "true")
        assert run(backend, 'echo "$#$1$2"; { compgen -e; alias; } | grep -i hermes').output == "0\n"

    def test_input_is_at_its_end(self, backend: Backend) -> None:
        assert run(backend, "cat; read line; echo $?").output == "1\n"

    def test_there_is_no_terminal_to_ask_at(self, backend: Backend) -> None:
        assert run(backend, "test -t 0 || test -t 1 || test -t 2; echo $?; : 2>/dev/null </dev/tty").code != 0

    def test_a_command_that_runs_too_long_is_124(self, backend: Backend) -> None:
        run(backend, "kept=1")
        done = run(backend, "kept=2; echo before; sleep 600", timeout=0.5)
        assert (done.code, done.output) == (124, "before\n")
        assert run(backend, "echo $kept").output == "1\n"

    def test_a_timeout_ends_the_commands_children(self, backend: Backend) -> None:
        run(backend, "(sleep 601 & echo $! >child; wait)", timeout=0.5)
        until(lambda: run(backend, 'kill -0 "$(cat child)"').code != 0)

    def test_a_command_that_ignores_the_polite_signal_is_ended_all_the_same(self, backend: Backend) -> None:
        assert run(backend, "trap '' TERM; sleep 600; sleep 600", timeout=0.3).code == 124

    def test_a_cancelled_command_is_130(self, backend: Backend) -> None:
        cancel = Cancel()
        threading.Timer(0.3, cancel.set).start()
        done = backend.run("echo before; sleep 600", timeout=PATIENCE, cancel=cancel)
        assert (done.code, done.output) == (130, "before\n")

    def test_a_command_that_is_cancelled_beforehand_does_not_run(self, backend: Backend) -> None:
        cancel = Cancel()
        cancel.set()
        assert backend.run("touch ran", timeout=PATIENCE, cancel=cancel).code == 130
        with pytest.raises(NotFound):
            backend.stat("ran")

    def test_a_background_child_that_holds_the_output_does_not_hold_the_call(self, backend: Backend) -> None:
        done = run(backend, "sleep 602 & echo $!")
        assert done.code == 0
        assert run(backend, f"kill {done.output}").code == 0

    def test_a_background_child_that_prints_for_ever_does_not_hold_the_call(self, backend: Backend) -> None:
        assert run(backend, "yes & echo $! >noisy").code == 0
        assert run(backend, "kill $(cat noisy)").code == 0

    def test_commands_may_run_side_by_side(self, backend: Backend) -> None:
        done: dict[int, str] = {}

        def one(number: int) -> None:
            done[number] = run(backend, f"sleep 0.1; echo {number}").output

        threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done == {number: f"{number}\n" for number in range(8)}


class OutputConformance:
    """What comes of large, strange and slow output."""

    def test_letters_of_all_scripts(self, backend: Backend) -> None:
        assert run(backend, "echo 'näïve 日本語 🎉'").output == "näïve 日本語 🎉\n"

    def test_bytes_that_are_no_text_are_replaced(self, backend: Backend) -> None:
        assert run(backend, r"printf 'a\377\000b\n'").output == "a\ufffd\0b\n"

    def test_a_large_output_keeps_its_head_and_tail_and_the_whole_lies_in_a_file(self, backend: Backend) -> None:
        done = run(backend, "echo first; seq 200000; echo last")
        whole = b"first\n" + b"".join(b"%d\n" % number for number in range(1, 200_001)) + b"last\n"
        assert done.output.startswith("first\n1\n2\n")
        assert done.output.endswith("200000\nlast\n")
        assert 0 < done.dropped < len(whole)
        assert str(done.dropped) in done.output
        assert len(done.output) < len(whole) / 10
        assert backend.read(done.overflow) == whole

    def test_a_character_is_not_torn_at_the_gap(self, backend: Backend) -> None:
        for lead in ("", "a", "ab"):
            done = run(backend, f"printf '%s' {lead}; yes 日 | head -n 30000 | tr -d '\\n'")
            assert done.dropped
            assert "\ufffd" not in done.output

    def test_a_short_output_has_no_file(self, backend: Backend) -> None:
        done = run(backend, "echo short")
        assert (done.dropped, done.overflow) == (0, "")

    def test_output_is_passed_on_while_the_command_runs(self, backend: Backend) -> None:
        pieces: list[str] = []
        cancel = Cancel()

        def take(piece: str) -> None:
            pieces.append(piece)
            cancel.set()

        done = backend.run("printf 'early é'; sleep 600", timeout=PATIENCE, cancel=cancel, output=take)
        assert done.code == 130
        assert "".join(pieces).startswith("early")

    def test_the_pieces_of_a_short_output_make_the_whole(self, backend: Backend) -> None:
        pieces: list[str] = []
        command = r"for byte in 346 227 245; do printf \\$byte; sleep 0.05; done; echo end"
        done = backend.run(command, timeout=PATIENCE, cancel=Cancel(), output=pieces.append)
        assert "".join(pieces) == done.output == "日end\n"

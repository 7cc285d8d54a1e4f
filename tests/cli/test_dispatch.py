import subprocess
import sys
from pathlib import Path

import pytest

from hermes_fs.cli.dispatch import complain, run, split_globals
from hermes_fs.core.errors import UsageError
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.workspace import Workspace

TABLE = {"sample": ("tests.cli.sample", "samples"), "chat": ("tests.cli.sample:app", "samples too")}


def process(*argv: str, command: str = "") -> subprocess.CompletedProcess[str]:
    code = f"import sys; from hermes_fs.cli.dispatch import run; sys.exit(run(sys.argv[1:], {TABLE!r}))"
    line = [sys.executable, "-c", code, *argv]
    if command:
        return subprocess.run(["bash", "-c", command, "bash", *line], capture_output=True, text=True, timeout=60)
    return subprocess.run(line, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "argv",
    [
        ["-w", "/mind", "sample", "where"],
        ["sample", "-w", "/mind", "where"],
        ["sample", "where", "--workspace=/mind"],
        ["sample", "where", "--workspace", "/mind", "--debug"],
    ],
)
def test_the_workspace_flag_may_stand_anywhere(argv, capsys):
    assert run(argv, TABLE) == 0
    assert capsys.readouterr().out == "/mind\n"


def test_flags_after_a_double_dash_belong_to_the_command():
    invocation, rest = split_globals(["sample", "where", "--", "-w", "--debug"])
    assert (invocation.workspace, invocation.debug, rest) == (None, False, ["sample", "where", "--", "-w", "--debug"])


def test_a_workspace_flag_without_a_path_is_a_usage_error(capsys):
    with pytest.raises(UsageError):
        split_globals(["log", "-w"])
    assert run(["log", "-w"], TABLE) == 2


def test_an_unknown_command_names_the_nearest(capsys):
    assert run(["sampel"], TABLE) == 2
    assert capsys.readouterr().err == "error: there is no command 'sampel' — did you mean `hermes sample`?\n"


def test_without_a_command_it_is_chat(capsys):
    run(["--nonsense"], TABLE)
    assert "hermes chat --help" in capsys.readouterr().err


def test_an_error_of_ours_is_one_line_with_its_exit_code(capsys):
    assert run(["sample", "clash"], TABLE) == 3
    assert capsys.readouterr().err == "error: MEMORY.md has changed meanwhile — read it again\n"


def test_a_mistake_in_the_options_is_one_line_and_exit_code_two(capsys):
    assert run(["sample", "where", "--no-such"], TABLE) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "see `hermes sample where --help`" in error


def test_an_unknown_subcommand_is_one_line(capsys):
    assert run(["sample", "wher"], TABLE) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_group_without_a_subcommand_shows_its_help(capsys):
    assert run(["sample"], TABLE) == 2
    assert "where" in capsys.readouterr().err


def test_the_exit_code_of_a_command_is_passed_on():
    assert run(["sample", "leave", "7"], TABLE) == 7
    assert run(["sample", "interrupt"], TABLE) == 130


def test_the_unexpected_is_one_line_unless_debug_is_asked_for():
    quiet = process("sample", "crash")
    assert quiet.returncode == 1
    assert quiet.stderr.count("\n") == 1
    assert "FileNotFoundError" in quiet.stderr and "--debug" in quiet.stderr
    loud = process("sample", "crash", "--debug")
    assert loud.returncode == 1
    assert "Traceback" in loud.stderr


def test_debug_shows_where_an_error_of_ours_came_from():
    done = process("--debug", "sample", "clash")
    assert done.returncode == 3
    assert "Traceback" in done.stderr and done.stderr.endswith("read it again\n")


def test_a_closed_pipe_is_no_complaint():
    done = process("sample", "flood", command='"$@" | head -1; echo "${PIPESTATUS[0]}"')
    assert (done.stdout, done.stderr) == ("0\n1\n", "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("words", "code"), [("--help", 0), ("log", 0), ("review", 0), ("undo", 4), ("config", 2)])
def test_a_stream_that_is_closed_is_as_good_as_an_empty_one(mind: Path, closed: str, words: str, code: int) -> None:
    command = f'HERMES_WORKSPACE="$1" exec "$0" -m hermes_fs {words} {closed}'
    line = ["bash", "-c", command, sys.executable, str(mind)]
    with Workspace.open(mind) as workspace:
        workspace.commit(Change({"notes/a.md": b"a\n"}, "note", "", Provenance("owner", "user", session="s")))
    done = subprocess.run(line, input="", capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    assert "unexpected" not in done.stderr and "Traceback" not in done.stderr


def test_help_of_a_command_shows_its_example(capsys):
    assert run(["help", "sample", "where"], TABLE) == 0
    assert "\n    hermes -w ~/mind sample where\n" in capsys.readouterr().out


def test_the_hint_is_seen_however_long_the_value_is(capsys: pytest.CaptureFixture[str]) -> None:
    complain(f"{'x' * 5_000} is no date", "give one like 2026-01-31")
    said = capsys.readouterr().err
    assert said.endswith("… — give one like 2026-01-31\n")
    assert len(said) < 700

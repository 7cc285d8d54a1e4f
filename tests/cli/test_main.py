import subprocess
import sys

from hermes_fs import __version__
from hermes_fs.cli.main import top_level_help
from hermes_fs.cli.table import COMMANDS


def hermes(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "hermes_fs", *argv], capture_output=True, text=True, timeout=60)


def test_help_names_every_command_and_carries_no_colour():
    done = hermes("--help")
    assert done.returncode == 0
    assert done.stdout == top_level_help()
    assert "\x1b" not in done.stdout
    for name, (_, text) in COMMANDS.items():
        assert f"  {name} " in done.stdout and text in done.stdout


def test_help_fits_a_terminal_of_eighty_columns():
    assert max(map(len, top_level_help().splitlines())) <= 80


def test_help_of_a_group_cuts_no_sentence_and_fits_eighty_columns():
    shown = hermes("skills", "--help").stdout
    assert (
        "Copy a skill for other agents, with front matter as the standard" in shown
        and "...\n" not in shown.split("Commands:")[1]
    )
    assert max(map(len, shown.splitlines())) <= 80


def test_a_question_that_is_empty_and_fewer_than_no_lessons_are_errors_in_one_line():
    for argv, said in ((("chat", "-q", ""), "-q needs a message"), (("log", "-n", "-1"), "greater than or equal to 0")):
        done = hermes(*argv)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1) and said in done.stderr


def test_version_is_one_line():
    assert hermes("--version").stdout == f"hermes-fs {__version__}\n"


def test_help_and_version_load_no_module_that_is_slow_to_import():
    code = (
        "import sys; sys.argv = ['hermes', {flag!r}]\n"
        "from hermes_fs.cli.main import main\n"
        "main()\n"
        "slow = {{'typer', 'rich', 'typing', 're', 'dataclasses', 'pathlib', 'json'}} & set(sys.modules)\n"
        "assert not slow, slow"
    )
    for flag in ("--help", "--version"):
        done = subprocess.run([sys.executable, "-S", "-c", code.format(flag=flag)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

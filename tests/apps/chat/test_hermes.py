"""`hermes` as a newcomer meets it: the real process on a real terminal against a loopback server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.store.init import init
from hermes_fs.testing.openai_answers import Answer
from hermes_fs.testing.openai_server import OpenAIServer
from tests.apps.chat.console import Console

ROOT = Path(__file__).resolve().parents[3]
Hermes = Callable[..., Console]

OUR_MODULES = 200
"""That one prompt loads. Lower it when you can."""

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(reply="All is well.") as running:
        yield running


@pytest.fixture
def hermes(server: OpenAIServer, tmp_path: Path) -> Iterator[Hermes]:
    consoles: list[Console] = []
    work = tmp_path / "work"
    work.mkdir()

    def start(*argv: str, command: str = "", **environ: str) -> Console:
        told = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "k", "PYTHONPATH": str(ROOT), **environ}
        line = ["-m", "hermes_fs", *argv]
        if command:  # a shell in between, for pipes
            line = ["-c", f"import os; os.execvp('bash', ['bash', '-c', {command!r}])"]
            told["HERMES"] = f"{sys.executable} -m hermes_fs"
        consoles.append(Console(line, told, cwd=work))
        return consoles[-1]

    yield start
    for console in consoles:
        console.kill()


@pytest.fixture
def mind(home: Path) -> Path:
    """A workspace at its default place."""
    workspace, _ = init(home / "hermes")
    workspace.close()
    return home / "hermes"


def git(root: Path, *argv: str) -> str:
    return subprocess.run(["git", *argv], cwd=root, check=True, capture_output=True, text=True).stdout


def test_on_first_use_a_workspace_is_made_after_asking(hermes, home):
    console = hermes()
    console.wait("Make one at")
    console.type("\r")
    screen = console.wait("›")
    assert (home / "hermes" / ".hermes-workspace").is_file()
    text = "\n".join(screen)
    assert "model      fake-model" in text and "workspace  ~/hermes" in text
    console.say("hello")
    console.wait("All is well.")
    console.settle()
    console.type("\x04")
    assert console.end() == 0
    assert "`hermes --continue` goes on with this session" in console.glass.text()


def test_one_prompt_loads_few_of_our_modules(server, mind, tmp_path):
    """Each costs every start half a millisecond or more; what only some prompts need is loaded when they do."""
    program = (
        "import atexit, sys\n"
        "from hermes_fs.cli.main import main\n"
        "atexit.register(lambda: print(*(name for name in sys.modules if name.startswith('hermes_fs'))))\n"
        "sys.argv = ['hermes', 'chat', '--yes', '-q', 'hello']\n"
        "main()\n"
    )
    environ = os.environ | {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "k", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=True)
    reply, loaded = done.stdout.splitlines()
    assert reply == "All is well."
    assert len(loaded.split()) <= OUR_MODULES, loaded


def test_saying_no_makes_nothing(hermes, home):
    console = hermes()
    console.wait("Make one at")
    console.type("n\r")
    assert console.end() == 5
    assert not (home / "hermes").exists()
    assert "hermes init" in console.glass.text()


def test_without_a_model_it_says_how_to_get_one(hermes, mind):
    console = hermes(OPENAI_BASE_URL="", OPENAI_API_KEY="")
    console.wait("which?")
    console.type("k")
    assert console.end() == 2
    assert "export OPENAI_API_KEY=" in console.glass.text() and "export OPENAI_BASE_URL=" in console.glass.text()


def test_a_lesson_is_shown_and_taken_back(hermes, mind, server):
    remember = '{"action": "add", "text": "Backups run on Fridays"}'
    server.answers[:] = [Answer(calls=(("memory", remember),)), Answer("Noted.")]
    console = hermes()
    console.wait("›")
    console.say("remember that backups run on Fridays")
    console.wait("✦ learned  memory: add 1 entry")
    console.wait("Noted.")
    assert "Backups run on Fridays" in (mind / "MEMORY.md").read_text()
    console.say("/undo")
    console.wait("Taken back: memory: add 1 entry")
    assert "Backups" not in (mind / "MEMORY.md").read_text()
    console.say("/quit")
    assert console.end() == 0
    assert git(mind, "status", "--porcelain") == ""


def test_a_lesson_whose_words_were_edited_since_is_not_taken_back_without_a_look(hermes, mind, server):
    remember = '{"action": "add", "text": "Backups run on Fridays"}'
    server.answers[:] = [Answer(calls=(("memory", remember),)), Answer("Noted.")]
    console = hermes()
    console.wait("›")
    console.say("remember that backups run on Fridays")
    console.wait("Noted.")
    memory = mind / "MEMORY.md"
    memory.write_text(memory.read_text().replace("Fridays", "Mondays"))
    console.say("/undo")
    console.wait("Nothing was taken back yet")
    assert "Mondays" in memory.read_text()
    console.say("/review")
    console.wait("memory: remove 1 entry")
    console.say("/quit")
    assert console.end() == 0


def test_a_command_is_approved_runs_and_shows_its_output(hermes, mind, server):
    server.answers[:] = [
        Answer(calls=(("terminal", '{"command": "mkdir x; rm -r x; echo finished"}'),)),
        Answer("Made."),
    ]
    console = hermes()
    console.wait("›")
    console.say("make it")
    console.wait("│ mkdir x; rm -r x; echo finished")
    console.wait("say why")
    console.type("y")
    screen = console.wait("Made.")
    assert any(row.startswith("  ✓ terminal  mkdir x") for row in screen)
    assert "    finished" in screen


def test_ctrl_c_stops_a_turn_that_waits_for_the_server(hermes, mind, server):
    server.answers[:] = [Answer(manner="hang"), Answer("Here again.")]
    console = hermes()
    console.wait("›")
    console.say("hello")
    console.wait("waiting for the model")
    console.type("\x03")
    console.wait("interrupted")
    console.say("again")
    console.wait("Here again.")


def test_a_session_goes_on_where_it_was(hermes, mind):
    first = hermes()
    first.wait("›")
    first.say("my name is Ada")
    first.wait("All is well.")
    first.settle()
    first.type("\x04")
    first.end()
    second = hermes("--continue")
    screen = second.wait("›")
    assert any("session    my name is Ada" in row for row in screen)


def test_a_question_in_a_pipe_can_still_be_approved(hermes, mind, server, tmp_path):
    server.answers[:] = [
        Answer(calls=(("terminal", '{"command": "mkdir x; rm -r x; touch made"}'),)),
        Answer("Done it."),
    ]
    console = hermes(command="echo 'make it' | $HERMES chat -q go | cat")
    console.wait("say why")
    console.type("y")
    console.wait("Done it.")
    assert (tmp_path / "work" / "made").exists()


def test_a_hostile_reply_cannot_drive_the_terminal(hermes, mind, server):
    server.answers[:] = [Answer("safe \x1b]52;c;ZXZpbA==\x07\x1b[2J text")]
    console = hermes()
    console.wait("›")
    console.say("hello")
    console.wait("safe  text")
    assert "\x1b]52" not in console.raw and "ZXZpbA" not in console.raw


def test_a_chat_stays_below_a_hundred_megabytes(hermes, mind, server):
    code = Answer("Here:\n\n```python\nprint(1)\n```\n\nThat is it.")
    server.answers[:] = [code] * 5
    console = hermes()
    console.wait("›")
    for _ in range(5):
        console.say("more")
        console.settle()
    status = Path(f"/proc/{console.pid}/status")
    if not status.exists():
        pytest.skip("no /proc here")
    resident = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 100 * 1024, resident

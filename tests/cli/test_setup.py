"""`hermes setup` at a real terminal: what it asks, what Enter keeps, and that a key is neither shown nor spread."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.core.errors import UsageError
from hermes_fs.providers import keyfile
from hermes_fs.testing.loopback import Loopback, Outgoing
from hermes_fs.testing.openai_server import OpenAIServer
from tests.apps.chat.console import Console
from tests.cli.conftest import ROOT

KEY = "sk-test-4Zq8mP2vX7"
Start = Callable[..., Console]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    consoles: list[Console] = []

    def begin(*argv: str, **environ: str) -> Console:
        settings = {"PYTHONPATH": str(ROOT), "SHELL": "/bin/bash", **environ}
        consoles.append(Console(["-m", "hermes_fs", *argv, "setup"], settings, (110, 60), tmp_path))
        return consoles[-1]

    yield begin
    for console in consoles:
        console.kill()


def walk(console: Console, *steps: tuple[str, str]) -> None:
    """Wait for each question at the end of what was printed, then answer it."""
    for question, answer in steps:
        console.wait(question)
        console.say(answer)


TO_THE_MODEL = (("folder [", ""), ("address of a workspace", ""), ("which? [Enter: later]", ""))
FROM_COMMANDS = (
    ("which? [Enter: auto]", ""),
    ("which? [Enter: ask]", ""),
    ("one turn [0]", ""),
    ("one session [0]", ""),
    ("one day [0]", ""),
    ("put it into", ""),
)


@pytest.mark.slow
def test_enter_all_the_way_makes_a_workspace_and_a_second_run_changes_nothing(start: Start, home: Path) -> None:
    console = start()
    walk(console, *TO_THE_MODEL, *FROM_COMMANDS)
    console.wait("That is all.")
    assert console.end() == 0
    assert (home / "hermes/.hermes-workspace").is_file()
    assert (
        "complete -o default -F _hermes hermes"
        in (home / ".local/share/bash-completion/completions/hermes").read_text()
    )
    before = state(home)
    console = start()
    walk(console, ("which? [Enter: later]", ""), *FROM_COMMANDS[:-1])
    console.wait("That is all.")
    assert console.end() == 0
    assert state(home) == before


@pytest.mark.slow
def test_a_key_is_asked_for_hidden_tried_and_kept_in_one_place(start: Start, home: Path) -> None:
    with OpenAIServer(models={"claude-sonnet-5": 200_000, "claude-opus-5": 200_000}, reply="Hello there.") as server:
        console = start(ANTHROPIC_BASE_URL=server.root)
        walk(console, *TO_THE_MODEL[:2], ("which? [Enter: later]", "key"), ("which? [Enter: leave it]", "anthropic"))
        walk(console, ("not shown while you type", KEY))
        walk(console, ("it offers", "claude-opus-5"), ("first message?", ""))
        console.wait("it works: “Hello there.”")
        walk(console, ("which? [Enter: auto]", "local"), ("which? [Enter: ask]", "deny"), ("one turn [0]", "lots"))
        walk(console, ("is no number", "0.5"), ("one session [0]", ""), ("one day [0]", "2"), ("put it into", "n"))
        console.wait("That is all.")
        assert console.end() == 0
        assert server.chats()[-1]["model"] == "claude-opus-5"
    keys = home / ".config/hermes/env"
    assert keys.read_text() == f"ANTHROPIC_API_KEY={KEY}\n"
    assert keys.stat().st_mode & 0o777 == 0o600
    assert KEY not in console.raw
    holders = [path for path in home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert holders == [keys]
    local = (home / "hermes/.git/hermes/local.yaml").read_text()
    for line in ("provider: anthropic", "name: claude-opus-5", "mode: deny", "money: 0.5", "day_money: 2.0"):
        assert line in local
    shown = hermes("setup", "--yes").stdout
    assert "anthropic, claude-opus-5, ANTHROPIC_API_KEY from ~/.config/hermes/env" in shown
    assert KEY not in shown


@pytest.mark.slow
def test_a_key_that_the_server_refuses_is_asked_for_again_and_never_kept(start: Start, home: Path) -> None:
    with Loopback(("", ".*", lambda asked: Outgoing(status=401))) as server:
        console = start(ANTHROPIC_BASE_URL=server.root)
        walk(console, *TO_THE_MODEL[:2], ("which? [Enter: later]", "key"), ("which? [Enter: leave it]", "anthropic"))
        walk(console, ("not shown while you type", KEY))
        console.wait("✗")
        console.settle()
        console.say("")
        console.wait("no key was given")
        console.wait("which? [Enter: auto]")
        console.type("\x03")
        console.wait("Go on with: hermes setup")
        assert console.end() == 130
    assert not (home / ".config/hermes/env").exists()
    assert (home / "hermes/.hermes-workspace").is_file()
    assert KEY not in console.raw


@pytest.mark.slow
def test_an_address_of_ones_own_leaves_nothing_of_the_former_endpoint(start: Start, home: Path) -> None:
    hermes("init")
    hermes("config", "set", "--local", "model.provider", "openai")
    hermes("config", "set", "--local", "model.name", "gpt-5")
    hermes("config", "set", "--local", "model.wire", "responses")
    with OpenAIServer(models={"little": 8_000}) as server:
        console = start()
        walk(console, ("which? [Enter: keep it]", "address"), ("address, such as", server.base_url))
        walk(console, ("not shown while you type", ""), ("it offers little", ""), ("first message?", "n"))
        console.wait("which? [Enter: auto]")
        console.type("\x03")
        assert console.end() == 130
    local = (home / "hermes/.git/hermes/local.yaml").read_text()
    assert local == f"model:\n  name: little\n  base_url: {server.base_url}\n"


@pytest.mark.slow
def test_git_is_told_a_name_where_it_knows_none(start: Start, home: Path) -> None:
    hermes("init")
    (home / ".gitconfig").write_text("")
    console = start(SHELL="/bin/tcsh")
    walk(console, ("which? [Enter: later]", ""), *FROM_COMMANDS[:-1], ("name:", "Ada"), ("e-mail:", "ada@example.org"))
    console.wait("That is all.")
    assert console.end() == 0
    said = subprocess.run(["git", "config", "user.name"], cwd=home / "hermes", capture_output=True, text=True)
    assert said.stdout == "Ada\n"
    assert (home / ".gitconfig").read_text() == ""


def test_without_a_terminal_it_shows_what_is_missing_and_changes_nothing(home: Path) -> None:
    before = state(home)
    done = hermes("setup")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "missing: workspace, model, completion"
    assert state(home) == before


def test_a_key_joins_the_others_whatever_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("# mine\nexport A_API_KEY='old'\nB=2\nA_API_KEY=older\n")
    path.chmod(0o644)
    keyfile.keep(path, "A_API_KEY", KEY)
    assert path.read_text() == f"# mine\nA_API_KEY={KEY}\nB=2\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "schlüssel", "'quoted'", "esc\x1b[0m"])
def test_what_is_no_key_is_not_kept_and_not_repeated(tmp_path: Path, key: str) -> None:
    with pytest.raises(UsageError) as refused:
        keyfile.keep(tmp_path / "env", "A_API_KEY", key)
    assert not key or key not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_a_file_of_keys_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "env").symlink_to(tmp_path / "dotfiles/env")
    keyfile.keep(tmp_path / "env", "A_API_KEY", KEY)
    assert (tmp_path / "env").is_symlink()
    assert (tmp_path / "dotfiles/env").read_text() == f"A_API_KEY={KEY}\n"


def hermes(*argv: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "SHELL": "/bin/bash"}
    command = [sys.executable, "-m", "hermes_fs", *argv]
    return subprocess.run(command, input="", capture_output=True, text=True, cwd=ROOT.parent, env=environ, timeout=60)


def state(home: Path) -> dict[str, bytes]:
    """Every settings file and file of the mind below a home."""
    found = (
        path for path in home.rglob("*") if (path.is_file() and "/.git/" not in f"{path}") or path.name == "local.yaml"
    )
    return {str(path): path.read_bytes() for path in found if path.is_file()}

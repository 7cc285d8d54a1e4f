"""`hermes model pull|serve|stop`, and what is offered where no model is set up: as processes, with a fake model."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from hermes_fs.core.errors import Failed
from hermes_fs.core.ports import Cancel
from hermes_fs.providers.embedded import installing, record, server
from hermes_fs.providers.embedded.catalogue import DEFAULT
from hermes_fs.providers.embedded.folders import Folders
from hermes_fs.providers.embedded.server import Server
from hermes_fs.providers.embedded.task import task_for
from tests.cli.conftest import ROOT, Run
from tests.providers.embedded.conftest import FAKE, HEAD
from tests.providers.embedded.file_server import FileServer


@pytest.fixture
def offered() -> Iterator[FileServer]:
    with FileServer(HEAD) as running:
        yield running


@pytest.fixture(autouse=True)
def library(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    """The fake library for every process of the test, whose server is gone at its end."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(FAKE), str(ROOT))))
    monkeypatch.syspath_prepend(str(FAKE))  # for the test itself, which uses a server too
    folders = Folders.of_this_person()
    yield folders
    with contextlib.suppress(FileNotFoundError):
        if running := record.living(folders.server):
            server.end(folders, running)


@pytest.mark.slow
def test_a_file_of_ones_own_is_pulled_listed_used_served_and_stopped(hermes: Run, offered: FileServer) -> None:
    digest = hashlib.sha256(HEAD).hexdigest()
    done = hermes("model", "pull", offered.url, "--sha256", digest)
    assert done.returncode == 0, done.stderr
    assert "use it: hermes model embedded/some-model" in done.stdout
    assert "as it should be" in done.stdout
    assert "is here already" in hermes("model", "pull", offered.url).stdout
    assert "some-model" in hermes("model", "list").stdout
    assert hermes("model", "embedded/some-model").returncode == 0
    assert json.loads(hermes("model", "--json").stdout)["model"] == "some-model"
    assert hermes("chat", "-q", "hello").stdout.strip() == "word 0"
    assert "ends 5 minutes after its last user" in hermes("model", "serve").stdout
    assert "ended the server of some-model" in hermes("model", "stop").stdout
    assert "no model server runs" in hermes("model", "stop").stdout


def test_a_wrong_hash_leaves_nothing_and_is_one_line(hermes: Run, offered: FileServer, library: Folders) -> None:
    done = hermes("model", "pull", offered.url, "--sha256", "0" * 64)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: some-model.gguf: what came is not the file")
    assert list(library.models.glob("[!.]*")) == []


def test_a_model_that_is_not_here_cannot_be_switched_to(hermes: Run) -> None:
    done = hermes("model", "embedded/none")
    assert (done.returncode, "hermes model pull" in done.stderr) == (5, True)


def test_stopping_asks_where_a_conversation_uses_it(hermes: Run, library: Folders, tmp_path: Path) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(HEAD)
    user = Server(library, task_for(path))
    user.ready(Cancel())
    refused = hermes("model", "stop")
    assert (refused.returncode, "nobody is there to say yes" in refused.stderr) == (4, True)
    assert record.answering(library.server)
    assert hermes("model", "stop", "--yes").returncode == 0
    assert record.answering(library.server) is None
    user.release()


def test_serving_in_the_foreground_ends_with_ctrl_c(library: Folders, tmp_path: Path) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(HEAD)
    process = subprocess.Popen(
        [sys.executable, "-m", "hermes_fs", "model", "serve", str(path), "--foreground"], start_new_session=True
    )
    deadline = time.monotonic() + 30
    while record.answering(library.server) is None:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    process.wait(20)
    assert record.read(library.server) is None


# -- where no model is set up -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_with_yes_a_script_goes_from_nothing_to_an_answer(hermes: Run, offered: FileServer) -> None:
    assert hermes("config", "set", "local.model", offered.url).returncode == 0
    done = hermes("chat", "-q", "hello", "--yes")
    assert (done.returncode, done.stdout.strip()) == (0, "word 0"), done.stderr
    assert "some-model.gguf, on this machine" in done.stderr
    assert hermes("chat", "-q", "hello").stdout.strip() == "word 0", "it stays set up"


def test_without_yes_and_without_a_terminal_it_says_how(hermes: Run) -> None:
    done = hermes("chat", "-q", "hello")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
    assert "add --yes" in done.stderr


def test_a_key_that_is_missing_is_not_answered_with_an_offer(hermes: Run) -> None:
    hermes("config", "set", "model.provider", "zai")
    done = hermes("chat", "-q", "hello", "--yes")
    assert (done.returncode, "ZAI_API_KEY is not set" in done.stderr) == (2, True)


def test_the_doctor_looks_at_the_file_the_library_and_the_server(hermes: Run, library: Folders) -> None:
    hermes("config", "set", "model.provider", "embedded")
    findings = {one["name"]: one for one in json.loads(hermes("doctor", "--json").stdout)}
    assert (findings["model"]["state"], "hermes model pull" in findings["model"]["fix"]) == ("broken", True)
    library.models.mkdir(parents=True)
    (library.models / DEFAULT.file).write_bytes(HEAD)
    findings = {one["name"]: one for one in json.loads(hermes("doctor", "--json").stdout)}
    assert (findings["model"]["state"], "it makes mistakes" in findings["model"]["detail"]) == ("ok", True)
    assert findings["server"]["detail"] == "starts with the first message"


@pytest.fixture
def at_a_terminal(mind: Path) -> Iterator[Callable[..., pexpect.spawn]]:
    """`hermes` with a terminal; arguments in, what pexpect drives out."""
    opened: list[pexpect.spawn] = []

    def start(*words: str) -> pexpect.spawn:
        arguments = ["-m", "hermes_fs", "-w", str(mind), *words]
        environ = {**os.environ, "TERM": "xterm"}
        opened.append(
            pexpect.spawn(sys.executable, arguments, env=environ, cwd=str(ROOT), encoding="utf-8", timeout=30)
        )
        return opened[-1]

    yield start
    for one in opened:
        one.close(force=True)


def test_one_key_takes_the_offer(at_a_terminal: Callable[..., pexpect.spawn], hermes: Run, offered: FileServer) -> None:
    hermes("config", "set", "local.model", offered.url)
    terminal = at_a_terminal("chat", "-q", "hello")
    terminal.expect(r"No model is set up yet")
    terminal.expect(r"which\? ")
    terminal.send("1")
    terminal.expect("set up; ")
    terminal.expect("word 0")
    terminal.expect(pexpect.EOF)


def test_leaving_the_offer_changes_nothing_and_says_what_else_there_is(
    at_a_terminal: Callable[..., pexpect.spawn], hermes: Run, mind: Path
) -> None:
    terminal = at_a_terminal("chat")
    terminal.expect("demonstration")
    terminal.expect(r"which\? ")
    terminal.send("xk")
    terminal.expect("export OPENAI_API_KEY")
    terminal.expect(pexpect.EOF)
    assert not (mind / ".git/hermes/local.yaml").exists()


# -- the extra --------------------------------------------------------------------------------------------------------


def test_what_is_installed_is_the_extra_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert sorted(project["optional-dependencies"]["local"]) == sorted(installing.REQUIREMENTS)


def test_an_installation_that_fails_is_one_line_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Failed, match="could not be installed: ") as caught:
        installing.install(("no-such-package-of-ours>=1",))
    assert "no-such-package-of-ours" in caught.value.hint
    assert "\n" not in caught.value.message

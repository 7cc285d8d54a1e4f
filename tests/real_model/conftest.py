"""A real model that runs on this machine, and a person who talks to the agent through the command line alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import GIT_IDENTITY
from tests.real_model.local_model import Installed, prepare

TURN_SECONDS = 600
"""A first prompt of a few thousand tokens takes a minute here on an idle machine."""

ATTEMPTS = 3


@dataclass(frozen=True)
class Person:
    """Somebody at a terminal, in a work directory, with a workspace and nothing else."""

    work: Path
    workspace: Path
    environment: dict[str, str]

    def hermes(self, *arguments: str, seconds: float = 60) -> str:
        """What a command prints; fails the test, with all that it printed, when it does not exit with 0."""
        done = subprocess.run(
            [sys.executable, "-m", "hermes_fs", *arguments],
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        print(f"$ hermes {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def hermes_json(self, *arguments: str) -> Any:
        return json.loads(self.hermes(*arguments, "--json"))

    def asks(self, text: str, *flags: str, until: Callable[[], bool]) -> None:
        """Say it to the agent, up to three times, until the effect is there. What it answers does not matter."""
        for _ in range(ATTEMPTS):
            self.hermes("chat", "-q", text, "--yes", *flags, seconds=TURN_SECONDS)
            if until():
                return
            flags = ("--continue",)
        pytest.fail(f"no effect after {ATTEMPTS} attempts: {text}")

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.workspace), *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout

    def learned(self, path: str) -> str:
        """A file as `main` has it, empty where it does not."""
        shown = subprocess.run(
            ["git", "-C", str(self.workspace), "show", f"main:{path}"],
            env=self.environment,
            capture_output=True,
            text=True,
        )
        return shown.stdout if shown.returncode == 0 else ""


@pytest.fixture(scope="session")
def installed() -> Installed:
    return prepare()


@pytest.fixture(scope="module")
def person(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """Without a key and without a server: what answers is the embedded model. Its server ends with the module."""
    folder = tmp_path_factory.mktemp("person")
    for name in ("home", "project"):
        (folder / name).mkdir()
    (folder / "home" / ".gitconfig").write_text(GIT_IDENTITY)
    environment = {
        "HOME": str(folder / "home"),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join((str(installed.library), str(Path(__file__).parent.parent.parent))),
        "LC_ALL": "C.UTF-8",
        "HERMES_WORKSPACE": str(folder / "mind"),
    }
    somebody = Person(folder / "project", folder / "mind", environment)
    somebody.hermes("init", str(somebody.workspace))
    somebody.hermes("config", "set", "local.model", str(installed.model))
    yield somebody
    somebody.hermes("model", "stop", "--yes")

"""Tests of a skill run in a sandbox: what they may not do there, what is told of them, and what is left of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.agent import trial_inside
from hermes_fs.agent.isolated import Isolation
from hermes_fs.agent.trial import Trial, Trials
from hermes_fs.backends.confined import Ground
from hermes_fs.backends.sandbox import PROGRAM_NOTE
from hermes_fs.core.errors import Failed
from hermes_fs.store.candidate import File
from hermes_fs.store.workspace import Workspace
from tests.agent.gate_world import make_mind

KINDS = ("sandbox", "landlock")


@pytest.fixture
def mind(tmp_path: Path) -> Iterator[Path]:
    root = make_mind(tmp_path / "mind")
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_rsa").write_text("the private key\n")
    with Workspace.open(root):
        yield root


def trials(mind: Path, seconds: float = 20.0, wanted: str = "auto") -> Trials:
    environ = {**os.environ, "HOME": str(mind.parent / "home")}
    return Trials(mind / ".git" / "hermes", environ, seconds, wanted)


def run(made: Trials, files: dict[str, str]) -> Trial:
    return made.run("greet", {path: File(text.encode(), runs=path.endswith(".sh")) for path, text in files.items()})


def outcome(trial: Trial) -> dict[str, bool]:
    return {line.name: line.passed for line in trial.lines}


def left_in(mind: Path) -> list[str]:
    return [path.name for path in (mind / ".git" / "hermes" / "trials").iterdir()]


@pytest.mark.slow
@pytest.mark.parametrize("wanted", KINDS)
def test_each_test_is_told_of(mind: Path, wanted: str) -> None:
    files = {
        "scripts/greet.py": "def greet(name):\n    return 'hello ' + name\n",
        "scripts/broken.sh": "if true; then\n",
        "tests/test_greet.py": "from greet import greet\n\n\ndef test_good():\n    assert greet('a') == 'hello a'\n\n\n"
        "def test_bad():\n    assert greet('a') == 'hello b'\n",
        "tests/deep/test_cases.py": "import unittest\n\n\nclass Cases(unittest.TestCase):\n"
        "    def test_one(self):\n        self.assertEqual(1, 2)\n",
        "tests/shell.sh": 'test "$(cat scripts/greet.py | wc -l)" = 2 && test -n "$SKILL_DIR"\n',
        "tests/helper.py": "raise SystemExit(3)\n",
    }
    trial = run(trials(mind, wanted=wanted), files)
    assert outcome(trial) == {
        "scripts/broken.sh": False,
        "tests/test_greet.py::test_good": True,
        "tests/test_greet.py::test_bad": False,
        "tests/deep/test_cases.py::Cases::test_one": False,
        "tests/shell.sh": True,
    }
    assert trial.ran and not trial.passed and not trial.why
    said = {line.name: line.detail for line in trial.failures}
    assert "hello b" in said["tests/test_greet.py::test_bad"]
    assert "does not parse" in said["scripts/broken.sh"]
    assert left_in(mind) == []


def test_one_without_programs_passes_and_starts_nothing(mind: Path) -> None:
    assert run(trials(mind, wanted="local"), {"SKILL.md": "words"}) == Trial(True, True)
    assert not (mind / ".git" / "hermes" / "trials").exists()


def test_where_nothing_isolates_nothing_runs(mind: Path) -> None:
    trial = run(trials(mind, wanted="local"), {"tests/test_a.py": "def test_a(): pass\n"})
    assert not trial.ran and not trial.passed and "were not run" in trial.why


def test_without_pytest_functions_cases_and_scripts_run_by_hand(tmp_path: Path) -> None:
    """As in a sandbox whose Python has no pytest: -S hides it here."""
    texts = {
        "test_a.py": "import unittest\n\n\ndef test_good():\n    pass\n\n\ndef test_bad():\n    assert 1 == 2\n\n\n"
        "def test_wants(tmp_path):\n    pass\n\n\nclass Cases(unittest.TestCase):\n    def test_case(self):\n"
        "        for n in (1, 2):\n            with self.subTest(n):\n                self.assertEqual(n, 1)\n",
        "test_b.py": "import sys\nif __name__ == '__main__':\n    sys.exit('no')\n",
        "test_c.py": "import sys\nif __name__ == '__main__':\n    sys.exit(0)\n",
        "test_d.py": "raise SystemExit(0)\n",
        "test_e.py": "",
    }
    told: dict[str, dict[str, bool]] = {}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        report = tmp_path / f"{name}.jsonl"
        command = [sys.executable, "-S", "-I", trial_inside.__file__, "--one", name, str(report)]
        assert subprocess.run(command, cwd=tmp_path).returncode == 0
        rows = [json.loads(line) for line in report.read_text().splitlines()]
        assert rows[-1] == {"done": True}
        told[name] = {row["name"]: row["passed"] for row in rows[:-1]}
    assert told == {
        "test_a.py": {
            "test_a.py::test_good": True,
            "test_a.py::test_bad": False,
            "test_a.py::test_wants": False,
            "test_a.py::Cases.test_case": False,
        },
        "test_b.py": {"test_b.py::as a script": False},
        "test_c.py": {"test_c.py::as a script": True},
        "test_d.py": {"test_d.py": False},
        "test_e.py": {},
    }


HOSTILE = {
    "reads the mind": "'a fact' in open({mind!r} + '/MEMORY.md').read()",
    "changes the mind": "open({mind!r} + '/MEMORY.md', 'r+').write('mine')",
    "takes a file away": "__import__('os').unlink({mind!r} + '/config.yaml')",
    "makes a file in the mind": "open({mind!r} + '/skills/new.md', 'w').write('mine')",
    "reads its state": "[one for one in __import__('os').listdir({mind!r} + '/.git/hermes') if one != 'trials'][0]",
    "reads another trial": "[one for one in __import__('os').listdir({mind!r} + '/.git/hermes/trials')][1]",
    "reads a key": "open({home!r} + '/.ssh/id_rsa').read()",
    "reads a key by its home": "open(__import__('os').path.expanduser('~/.ssh/id_rsa')).read()",
    "connects": "__import__('socket').create_connection(('127.0.0.1', {port}), 2)",
    "asks by UDP": "__import__('socket').socket(2, 2).sendto(b'x', ('127.0.0.1', {port}))",
    "writes to the system": "open('/usr/lib/mine', 'w')",
    "looks at other processes": "open('/proc/{pid}/environ').read(1)",
}


@pytest.mark.slow
@pytest.mark.parametrize("wanted", KINDS)
def test_hostile_tests_do_not_reach_beyond_their_folder(mind: Path, wanted: str) -> None:
    """Each is a test that passes if it gets what it wants. Inside lie empty folders where those of the mind are."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        known = {"mind": str(mind), "home": str(mind.parent / "home"), "port": server.getsockname()[1]}
        known["pid"] = os.getpid()
        text = "".join(
            f"def test_{number}():\n    assert ({line.format(**known)}) is not False\n\n\n"
            for number, line in enumerate(HOSTILE.values())
        )
        trial = run(trials(mind, wanted=wanted), {"tests/test_hostile.py": text})
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()
    got = {name for (name, passed) in zip(HOSTILE, outcome(trial).values(), strict=True) if passed}
    allowed = {"asks by UDP"} if wanted == "sandbox" else {"looks at other processes"}
    assert got <= allowed, trial.lines
    assert (mind / "MEMORY.md").read_text() == "- a fact\n"
    assert not list(mind.rglob("new.md"))
    assert subprocess.run(["git", "status", "--porcelain"], cwd=mind, capture_output=True).stdout == b""


TRICKS = {
    "it ends itself": ("import os\nos._exit(0)\n", "before its tests did"),
    "it tests nothing": ("x = 1\n", "it holds no test"),
    "it cannot be imported": ("import nothing_of_that_name\n", "nothing_of_that_name"),
    "it skips all": ("import pytest\n\n\n@pytest.mark.skip\ndef test_a():\n    pass\n", "it holds no test"),
    "it kills whom it can": ("import os\n\n\ndef test_a():\n    os.kill(os.getppid(), 9)\n", "cut short"),
    "it takes the report away": (
        "import os, pathlib\n\n\ndef test_a():\n    place = pathlib.Path(os.environ['SKILL_DIR']).parent\n"
        "    (place / 'report.jsonl').unlink()\n    (place / 'report.jsonl').symlink_to('/etc/passwd')\n",
        "could not be run",
    ),
    "it writes nonsense into the report": (
        "import os, pathlib\n\n\ndef test_a():\n    place = pathlib.Path(os.environ['SKILL_DIR']).parent\n"
        "    (place / 'report.jsonl').open('a').write('[' * 100000)\n",
        "could not be run",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_do_not_make_a_pass(mind: Path, trick: str) -> None:
    text, said = TRICKS[trick]
    trial = run(trials(mind), {"tests/test_trick.py": text})
    assert not trial.passed
    assert said in trial.why + "".join(line.detail for line in trial.lines), trial


@pytest.mark.slow
@pytest.mark.parametrize("wanted", KINDS)
def test_what_hangs_is_ended_with_all_that_it_started(mind: Path, wanted: str) -> None:
    mark = f"987{os.getpid()}"
    text = (
        "import subprocess, time\n\n\ndef test_a():\n"
        f"    subprocess.Popen(['setsid', 'sleep', '{mark}'])\n    time.sleep(1000)\n"
    )
    begun = time.monotonic()
    trial = run(trials(mind, seconds=2.0, wanted=wanted), {"tests/test_hang.py": text})
    assert "ran out of time" in trial.failures[0].detail and time.monotonic() - begun < 15
    deadline = time.monotonic() + 5
    while mark in _processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert mark not in _processes()
    assert left_in(mind) == []


def _processes() -> str:
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_what_is_said_without_end_is_bounded(mind: Path) -> None:
    text = "def test_a():\n    for _ in range(200_000):\n        print('x' * 60)\n    assert False, 'y' * 100_000\n"
    trial = run(trials(mind), {"tests/test_long.py": text, "tests/long.sh": "yes | head -c 9000000; exit 1\n"})
    assert len(trial.failures) == 2
    assert all(len(line.detail) <= 600 for line in trial.lines)


def test_a_name_that_leads_elsewhere_is_not_laid_out(mind: Path) -> None:
    with pytest.raises(Failed, match="cannot be laid out"), trials(mind).laid_out("x", {"../../a": File(b"")}):
        pass
    assert left_in(mind) == []


@pytest.mark.slow
def test_a_killed_trial_is_cleared_at_the_next_use(mind: Path) -> None:
    """kill -9 in the middle: its folder and its sandbox go when somebody tries a skill again; nothing else was made."""
    child = subprocess.Popen([sys.executable, "-m", "tests.agent.trying", str(mind)])
    place = mind / ".git" / "hermes" / "trials"
    deadline = time.monotonic() + 30
    while not list(place.glob("*/ground/*/began")):
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.05)
    with trials(mind).laid_out("b", {}):
        assert len(left_in(mind)) == 2  # one that is alive is left alone
    child.kill()
    child.wait()
    with trials(mind).laid_out("b", {}):
        assert len(left_in(mind)) == 1
    assert left_in(mind) == []
    assert subprocess.run(["git", "status", "--porcelain"], cwd=mind, capture_output=True).stdout == b""
    assert (mind / "MEMORY.md").read_text() == "- a fact\n"


def test_what_isolates_here_is_found_out_once_for_all_that_run_there(tmp_path: Path) -> None:
    (tmp_path / "state/sandbox").mkdir(parents=True)
    isolation = Isolation(tmp_path / "state")
    assert isolation.why_not() == ""
    note = tmp_path / "state/sandbox" / PROGRAM_NOTE
    assert note.is_file()
    (tmp_path / "work").mkdir()
    made = isolation.backend(tmp_path / "work", tmp_path / "own", os.environ, Ground((tmp_path / "work",)), "one")
    try:
        assert made.capabilities.isolated and not made.capabilities.network
        assert (tmp_path / "own/sandbox" / PROGRAM_NOTE).read_bytes() == note.read_bytes()
    finally:
        made.close()

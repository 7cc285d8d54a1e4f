"""`hermes bisect` finds a planted lesson among many, proposes taking it back, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store.formats import entries
from hermes_fs.store.init import init
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.openai_answers import Answer
from hermes_fs.testing.openai_server import OpenAIServer
from tests.cli.conftest import ROOT, Run, git, trust

pytestmark = pytest.mark.slow

AGENT = Provenance(origin="owner", trigger="user", person="owner", session="s-1")
PLANTED = 137


def remember(workspace: Workspace, text: str) -> Commit:
    done = workspace.update(
        "MEMORY.md", lambda memory: entries.add(memory, text).text, kind="memory", why="told", provenance=AGENT
    )
    assert done
    return done


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A mind of 200 lessons, and the id of the one that is wrong."""
    root = tmp_path_factory.mktemp("bisect") / "mind"
    workspace, _ = init(root)
    planted = ""
    with workspace:
        for number in range(200):
            if number == PLANTED:
                planted = remember(workspace, "the server is down").id
            else:
                learnt = Change({f"notes/n{number % 7}.md": f"fact {number}\n".encode()}, "note", "", AGENT)
                workspace.commit(learnt)
        assert workspace.settle()
    return root, planted


@pytest.fixture
def mind(taught: tuple[Path, str]) -> Path:
    return taught[0]


def leftovers(mind: Path) -> list[str]:
    places = Path(tempfile.gettempdir()).glob("hermes-bisect-*/.git")
    copies = [str(place) for place in places if str(mind) in place.read_text()]
    return copies + [path.name for path in (mind / ".git/worktrees").glob("*")]


def test_a_planted_lesson_among_200_is_found_in_at_most_9_steps_and_its_revert_proposed(
    hermes: Run, mind: Path, taught: tuple[Path, str], tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    status = git(mind, "status", "--porcelain"), git(mind, "rev-parse", "HEAD")
    done = hermes("bisect", "--run", f"echo x >> {ran}; ! grep -q 'server is down' MEMORY.md")
    assert done.returncode == 0, done.stderr
    assert taught[1][:8] in done.stdout and "good again" in done.stdout
    steps, looks = map(int, re.findall(r"(\d+) steps, and (\d+) looks", done.stdout)[0])
    assert steps <= 9
    assert len(ran.read_text().split()) == steps + looks + 1  # and once with the revert
    assert leftovers(mind) == [] and status == (git(mind, "status", "--porcelain"), git(mind, "rev-parse", "HEAD"))
    id = re.search(r"hermes review show (\w+)", done.stdout)
    assert id
    shown = hermes("review", "show", id[1]).stdout
    assert "exit 1 at" in shown and "exit 0 at" in shown and "-- the server is down" in shown
    hermes("review", "reject", id[1], "--reason", "a test")


def test_a_command_sees_the_mind_as_it_was_as_its_workspace(hermes: Run, mind: Path) -> None:
    command = f"{sys.executable} -m hermes_fs memory list | grep -q down && exit 1; exit 0"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = hermes("bisect", "--run", command, "--good", git(mind, "rev-parse", "HEAD~63").strip(), "--json", env=env)
    found = json.loads(done.stdout)
    assert (len(found["lessons"]) == 1 and found["steps"] <= 6 and found["mended"] is False) or found["proposal"]


def test_skips_signals_and_ends_that_do_not_fit_are_told(hermes: Run, mind: Path, taught: tuple[Path, str]) -> None:
    after = git(mind, "rev-parse", f"{taught[1]}~3").strip()
    span = ("--good", after, "--bad", git(mind, "rev-parse", taught[1]).strip())
    for command, said in (
        ("true", "bad end, is good (exit 0)"),
        ("false", "good end, is bad (exit 1)"),
        ("nosuchcommand", "good end, is bad (exit 127)"),
        ("exit 125", "bad end, is skip"),
        ("kill -9 $$", "signal 9"),
        ("exit 200", "ended with 200"),
    ):
        done = hermes("bisect", "--run", command, *span)
        assert done.returncode == 1 and said in done.stderr, (command, done.stderr)
    assert hermes("bisect").returncode == 2
    assert hermes("bisect", "--run", "true", "--good", "last", "--bad", after).returncode == 2
    assert leftovers(mind) == []


def test_answers_that_waver_are_noticed_and_nothing_is_proposed(hermes: Run, mind: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    once = tmp_path / "once.sh"
    once.write_text(f"c=$(git rev-parse HEAD)\ngrep -qs $c {seen} && exit 0\necho $c >> {seen}\nexit 1\n")
    command = f"grep -q 'is down' MEMORY.md || exit 0; sh {once}"
    done = hermes("bisect", "--run", command)
    assert done.returncode == 1 and "differently the second time" in done.stdout and "review show" not in done.stdout


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_stopped_or_killed_it_says_how_to_go_on_and_leaves_no_copy(
    hermes: Run, mind: Path, taught: tuple[Path, str], by: signal.Signals
) -> None:
    command = "sleep 0.3; ! grep -q 'is down' MEMORY.md"
    running = subprocess.Popen(
        [sys.executable, "-m", "hermes_fs", "-w", str(mind), "bisect", "--run", command],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert running.stderr
    while "50 left" not in running.stderr.readline():
        assert running.poll() is None
    running.send_signal(by)
    _, said = running.communicate(timeout=30)
    if by == signal.SIGKILL:
        said = hermes("bisect", "--run", "true", "--good", "last").stderr
    else:
        assert running.returncode == 130
    hermes("log", "-n", "1")
    assert leftovers(mind) == []
    went_on = re.search(r"go on with: (hermes bisect .*)", said)
    assert went_on, said
    words = shlex.split(went_on[1])[1:]
    done = hermes(*words, "--json")
    assert json.loads(done.stdout)["lessons"] == [taught[1]]
    assert json.loads(done.stdout)["steps"] <= 6


def test_a_skill_is_bisected_by_its_own_tests(hermes: Run, tmp_path: Path) -> None:
    root = tmp_path / "mind"
    workspace, _ = init(root)
    with workspace:
        for number in range(6):
            body = "exit 1" if number >= 3 else "exit 0"
            files = {
                "skills/deploy/SKILL.md": f"---\nname: deploy\ndescription: Deploys.\n---\n# Deploy\n\n{number}\n",
                "skills/deploy/scripts/run.sh": f"#!/bin/sh\n{body}\n",
                "skills/deploy/tests/run.sh": "#!/bin/sh\nsh scripts/run.sh\n",
            }
            by_hand = Provenance("owner", "user", person="owner")
            workspace.commit(Change({path: text.encode() for path, text in files.items()}, "skill", "", by_hand))
            workspace.commit(Change({"MEMORY.md": f"- fact {number}\n".encode()}, "memory", "", by_hand))
    trust(root)
    done = hermes("-w", str(root), "bisect", "--skill", "deploy", "--json")
    found = json.loads(done.stdout)
    assert found["lessons"] == [git(root, "rev-parse", "HEAD~5").strip()], done.stderr
    assert found["steps"] <= 3 and found["proposal"] and found["mended"]


def test_a_skill_is_bisected_by_its_evals_with_the_model(hermes: Run, tmp_path: Path) -> None:
    root = tmp_path / "mind"
    workspace, _ = init(root)
    case = "task: How many errors?\nchecks:\n- reply: {contains: two}\n"
    by_hand = Provenance("owner", "user", person="owner")
    made = []
    with workspace:
        for number in range(5):
            text = f"---\nname: count\ndescription: Counts.\n---\n# Count\n\nversion {number}\n"
            files = {"skills/count/SKILL.md": text.encode(), "skills/count/evals/errors.yaml": case.encode()}
            made.append(workspace.commit(Change(files, "skill", "", by_hand)).id)
    trust(root)
    # both ends, the bad end, versions 2 and 3, the result again, and the mind with the revert
    said = ["two", "one", "one", "two", "one", "two", "one", "two"]
    with OpenAIServer([Answer(word) for word in said]) as server:
        own = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "k", "NO_PROXY": "127.0.0.1"}
        done = hermes(
            "-w", str(root), "bisect", "--eval", "count", "--repeat", "1", "--json", env={**os.environ, **own}
        )
    found = json.loads(done.stdout)
    assert (found["lessons"], found["steps"], found["mended"]) == ([made[3]], 2, True), done.stderr
    shown = hermes("-w", str(root), "review", "show", found["proposal"]).stdout
    assert "0 of 1 attempts passed" in shown and "1 of 1 attempts passed" in shown

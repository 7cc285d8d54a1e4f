"""`hermes review pr` as a person runs it: against a bare remote, and against a forge's API."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.workspace import Workspace
from tests.cli.conftest import git
from tests.store.forges.forge_server import TOKEN, GitHubServer

WEB = Provenance("web", "user", "owner", "host-s1", "", "m")


@pytest.fixture
def bare(mind: Path, tmp_path: Path) -> Path:
    root = tmp_path / "owner" / "mind.git"
    git(tmp_path, "clone", "-q", "--bare", str(mind), str(root))
    git(mind, "remote", "add", "origin", str(root))
    return root


def propose(mind: Path, text: str = "web\n", path: str = "notes/a.md") -> Proposal:
    with Workspace.open(mind) as workspace:
        made = Proposals(workspace).submit(Change({path: text.encode()}, "note", "it said so", WEB))
    assert isinstance(made, Proposal)
    return made


def test_without_a_forge_a_plain_branch_is_pushed_and_the_line_says_so(hermes, mind, bare):
    made = propose(mind)
    done = hermes("review", "pr", made.id[:4])
    assert done.returncode == 0, done.stderr
    assert f"hermes/proposal/{made.id} pushed on origin" in done.stdout
    assert "no pull request: a folder is no forge that is known" in done.stdout
    assert git(bare, "show", f"hermes/proposal/{made.id}:notes/a.md") == "web\n"
    assert f"branch hermes/proposal/{made.id}" in hermes("review", "list").stdout


@pytest.mark.slow
def test_a_remote_that_is_not_there_or_empty_is_asked_once_for_all(hermes, mind, tmp_path):
    propose(mind)
    propose(mind, "more\n", "notes/b.md")
    git(mind, "remote", "add", "gone", "https://127.0.0.1:1/gone.git")
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    git(mind, "remote", "add", "empty", str(tmp_path / "empty.git"))
    for name, code, said in (("gone", 1, "look at the address"), ("empty", 4, "send it first: `hermes sync`")):
        done = hermes("review", "pr", "--yes", "--remote", name)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
        assert said in done.stderr


@pytest.mark.slow
def test_the_whole_way_over_a_forge(hermes, mind, bare):
    made, other = propose(mind), propose(mind, "more\n", "notes/b.md")
    env = {**os.environ, "GITHUB_TOKEN": TOKEN}
    with GitHubServer(bare) as server:
        for key, value in (("sync.forge", "github"), ("sync.forge_api", server.api)):
            assert hermes("config", "set", key, value).returncode == 0
        several = hermes("review", "pr", env=env)
        assert several.returncode == 4 and "--yes" in several.stderr and server.requests == []
        done = hermes("review", "pr", "--yes", env=env)
        assert (done.returncode, done.stderr) == (0, "")
        assert "pull request #12 opened" in done.stdout and "pull request #13 opened" in done.stdout
        [row] = json.loads(hermes("review", "pr", made.id, "--json", env=env).stdout)
        assert (row["number"], row["new"], row["moved"], row["note"]) == (12, False, False, "")
        assert "pull request #12" in hermes("review", "list").stdout
        assert "https://github.example/owner/mind/pull/12" in hermes("review", "show", made.id).stdout
        rows = json.loads(hermes("review", "list", "--json").stdout)
        assert {one["pull"]["number"] for one in rows} == {12, 13}
        assert hermes("review", "pr", "--check", env=env).stdout == "Nothing new.\n"
        server.pulls[12].state, server.pulls[12].by = "closed", "rita"
        server.pulls[12].said = [("c", "rita", "no\x1b[2K thanks")]
        lines = json.loads(hermes("review", "pr", "--check", "--json", env=env).stdout)
        assert len(lines) == 2 and "closed on the forge by rita: no thanks" in lines[1]
        assert [one["id"] for one in json.loads(hermes("review", "list", "--json").stdout)] == [other.id]
        away = hermes("review", "list", "--away").stdout
        assert made.id in away and "\x1b" not in away
    dead = hermes("review", "pr", other.id, env=env)
    assert (
        dead.returncode == 1 and "no pull request: 127.0.0.1" in dead.stderr and TOKEN not in dead.stdout + dead.stderr
    )
    assert "were not looked at" in hermes("review", "pr", "--check", env=env).stdout


@pytest.mark.slow
def test_what_cannot_be_is_one_line(hermes, mind, tmp_path):
    assert hermes("review", "pr").returncode == 5, "no remote"
    git(mind, "remote", "add", "origin", str(tmp_path / "none.git"))
    (tmp_path / "none.git").mkdir()
    made = propose(mind)
    for words, code in (((made.id,), 1), (("zzzz",), 5), (("--remote", "--x"), 2), (("--remote", "other"), 5)):
        done = hermes("review", "pr", *words)
        assert done.returncode == code, (words, done.stderr)
        assert len(done.stderr.strip().split("\n")) == 1 and "Traceback" not in done.stderr
    git(mind, "config", "remote.origin.url", "ext::sh -c touch% /tmp/x")
    assert hermes("review", "pr", made.id).returncode == 2


@pytest.mark.slow
def test_a_sync_tells_what_was_merged_there(hermes, mind, bare, tmp_path):
    made = propose(mind)
    env = {**os.environ, "GITHUB_TOKEN": TOKEN}
    with GitHubServer(bare) as server:
        for key, value in (("sync.forge", "github"), ("sync.forge_api", server.api)):
            hermes("config", "set", key, value)
        assert hermes("review", "pr", made.id, env=env).returncode == 0
        git(tmp_path, "clone", "-q", str(bare), "clone")
        git(tmp_path / "clone", "merge", "-q", "--no-ff", "-m", "Merge (#12)", f"origin/hermes/proposal/{made.id}")
        git(tmp_path / "clone", "push", "-q", "origin", "main")
        server.pulls[12].state, server.pulls[12].by = "merged", "rita"
        done = hermes("sync", env=env)
        assert f"pull request #12 of {made.id} was merged by rita: it is a lesson on main" in done.stdout, done.stderr
        assert json.loads(hermes("review", "list", "--json").stdout) == []
        asked = len(server.requests)
        assert "pull request" not in hermes("sync", env=env).stdout and len(server.requests) == asked
    assert "web" in (mind / "notes" / "a.md").read_text()

"""What one machine purges is gone from the remote and from the others too, and nothing brings it back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_fs.core.errors import Conflict, Refused
from hermes_fs.store import remote
from hermes_fs.store.forgetting import following, purge
from hermes_fs.store.forgetting.following import Waits, Wanted
from hermes_fs.store.forgetting.lesson import known_format
from hermes_fs.store.forgetting.wanted import Text
from hermes_fs.store.state import BRANCH
from hermes_fs.store.workspace import Workspace
from tests.store.clones import Clone, bare, clones
from tests.store.forgetting.lived import SECRET, TEXT, git, learn, sessions_of, talk, traces

PROJECT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow

PUSH, ACCEPT = Wanted(push=True), Wanted(accept=True)


def _teach(a: Clone) -> None:
    learn(a.mind, "notes/people.md", f"# People\n\n{SECRET} rings at noon.\nBob rings at one.\n")
    learn(a.mind, "MEMORY.md", f"- The server is db2\n- {SECRET} runs it\n", "memory")
    learn(a.mind, "notes/x.md", "# X\n", why=f"as {SECRET} said")


def test_three_machines_forget_and_keep_what_each_learned_alone(tmp_path: Path) -> None:
    with clones(tmp_path) as (a, b, c):
        _teach(a)
        talk(a.mind, f"call {SECRET}")
        a.sync(sessions="origin")
        for one in (b, c):
            one.sync()
        b.learn("notes/people.md", f"# People\n\n{SECRET} rings at noon.\nBob rings at one.\nCarl rings at two.\n")
        b.learn("notes/b.md", "# B\n")
        changes = git(b.mind.root, "log", "-2", "--format=%(trailers:key=Hermes-Change,valueonly)").split()
        purge.purge(a.mind, TEXT)
        with pytest.raises(Conflict, match="still holds"):
            a.sync(sessions="origin")
        a.sync(sessions="origin", purges=PUSH)
        assert traces(tmp_path / "a") == []
        with pytest.raises(Waits, match="purged origin"):
            b.sync()
        assert SECRET in b.text("notes/people.md")
        b.sync(purges=ACCEPT)
        c.sync(purges=ACCEPT)
        for one in (a, b, c, a):
            assert one.sync().conflicts == []
        assert a.tree == b.tree == c.tree
        assert a.text("notes/people.md") == (
            "# People\n\n[forgotten] rings at noon.\nBob rings at one.\nCarl rings at two.\n"
        )
        assert "db2" in c.text("MEMORY.md") and c.text("notes/b.md") == "# B\n"
        there = git(a.mind.root, "log", "--format=%(trailers:key=Hermes-Change,valueonly)").split()
        assert set(changes) <= set(there)
        for one in (a, b, c):
            assert one.is_clean()
            assert traces(one.mind.root) == []
        git(tmp_path / "remote.git", "reflog", "expire", "--expire=now", "--all")
        subprocess.run(["git", "-C", str(tmp_path / "remote.git"), "gc", "-q", "--prune=now"], check=True)
        assert traces(tmp_path) == []


def test_a_purge_waits_for_lessons_that_others_pushed_meanwhile(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        _teach(a)
        a.sync()
        b.sync()
        purge.purge(a.mind, TEXT)
        b.learn("notes/b.md", "# B\n")
        b.sync()
        with pytest.raises(Conflict):
            a.sync()
        a.sync(purges=PUSH)
        b.sync(purges=ACCEPT)
        a.sync()
        assert a.tree == b.tree and a.text("notes/b.md") == "# B\n"
        assert traces(a.mind.root) == [] and traces(b.mind.root) == []
        assert a.is_clean() and b.is_clean()


def test_what_was_purged_is_refused_when_somebody_pushes_it_again(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        _teach(a)
        a.sync()
        b.sync()
        old = b.mind.head()
        purge.purge(a.mind, TEXT)
        a.sync(purges=PUSH)
        git(b.mind.root, "fetch", "-q", "origin", "main")
        git(b.mind.root, "merge", "-q", "--allow-unrelated-histories", "-s", "ours", "-m", "back", "FETCH_HEAD")
        git(b.mind.root, "push", "-q", "origin", "main")
        assert git(b.mind.root, "merge-base", "--is-ancestor", old, "main") == ""
        head = a.mind.head()
        with pytest.raises(Conflict, match="bring back"):
            a.sync()
        assert a.mind.head() == head and traces(a.mind.root) == []


def _forge(a: Clone, b: Clone, tree_from: str) -> str:
    """A main whose last lesson has other files than it had, and a record that says it was purged."""
    root = a.mind.root
    old = a.mind.head()
    raw = git(root, "cat-file", "commit", old)
    tree = git(root, "rev-parse", tree_from).strip()
    fresh = subprocess.run(
        ["git", "-C", str(root), "hash-object", "-t", "commit", "-w", "--stdin"],
        input=raw.replace(raw.split("\n")[0], f"tree {tree}", 1).encode(),
        capture_output=True,
        check=True,
    ).stdout.decode()
    new = fresh.strip()
    row = {
        "format": 1,
        "id": "x",
        "host": "evil",
        "at": "2026-01-01T00:00:00Z",
        "salt": "s",
        "gone": [],
        "refs": {BRANCH: [old, new]},
        "commits": {old: new},
    }
    blob = a.mind.git.hash_blob(json.dumps(row).encode())
    tree = subprocess.run(
        ["git", "-C", str(root), "mktree"], input=f"100644 blob {blob}\tpurge.json\n".encode(), capture_output=True,
        check=True,
    ).stdout.decode().strip()  # fmt: skip
    record = git(root, "commit-tree", tree, "-m", "purge").strip()
    git(root, "push", "-q", "-f", "origin", f"{new}:refs/heads/main", f"{record}:refs/hermes/purges")
    return old


@pytest.mark.parametrize("of", ["HEAD~1^{tree}", "HEAD^{tree}:"])
def test_a_record_that_does_not_explain_what_was_rewritten_drops_nothing(tmp_path: Path, of: str) -> None:
    with clones(tmp_path, "ab") as (a, b):
        learn(a.mind, "notes/one.md", "# One\n")
        learn(a.mind, "notes/two.md", "# Two\n\nwords\n")
        a.sync()
        b.sync()
        if of.endswith(":"):  # words that nobody wrote
            blob = a.mind.git.hash_blob(b"# Two\n\nother words\n")
            tree = a.mind.git.write_tree_with(a.mind.head(), {"notes/two.md": ("100644", blob)})
            of = tree
        known = _forge(a, b, of)
        with pytest.raises(Conflict, match="does not explain") as caught:
            b.sync(purges=ACCEPT)
        assert "refs/hermes/rescue/" in caught.value.message
        assert b.mind.head() == known and b.text("notes/two.md") == "# Two\n\nwords\n"


def test_a_record_that_cannot_be_read_stops_the_sync(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        git(a.mind.root, "push", "-q", "origin", "HEAD:refs/hermes/purges")
        with pytest.raises(Refused):
            b.sync(purges=ACCEPT)
        assert following.refused(b.mind, {}) == []


def test_a_clone_made_after_a_purge_knows_what_is_refused(tmp_path: Path) -> None:
    with clones(tmp_path, "a") as (a,):
        _teach(a)
        a.sync()
        purge.purge(a.mind, TEXT)
        a.sync(purges=PUSH)
        made, _ = remote.clone(str(tmp_path / "remote.git"), tmp_path / "d")
        d = Clone(made)
        assert d.sync().is_quiet and traces(tmp_path / "d") == []
        assert made.git.resolve("refs/hermes/purges") == a.mind.git.resolve("refs/hermes/purges")
        made.close()


STEPS = ("forget.carried", "forget.plan", "forget.refs", "forget.file", "forget.dead", "forget.gone", "forget.state")


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_following_a_machine_goes_on_at_its_next_sync(tmp_path: Path, step: str) -> None:
    with clones(tmp_path, "ab") as (a, b):
        _teach(a)
        a.sync()
        b.sync()
        b.learn("notes/b.md", "# B\n")
        b.mind.close()
        purge.purge(a.mind, TEXT)
        a.sync(purges=PUSH)
        words = [sys.executable, "-m", "hermes_fs", "-w", str(b.mind.root), "sync", "--accept-purge"]
        env = {**os.environ, "HERMES_FAILPOINT": step}
        assert subprocess.run(words, cwd=PROJECT, env=env, check=False).returncode == -signal.SIGKILL
        with Workspace.open(b.mind.root) as again:
            assert Clone(again).sync(purges=ACCEPT).lines or step not in STEPS[:2]
        a.sync()
        assert traces(b.mind.root) == [] and a.text("notes/b.md") == "# B\n" and a.is_clean()
        with Workspace.open(b.mind.root) as again:
            assert Clone(again).is_clean()


def test_a_mirror_is_rewritten_where_asked(tmp_path: Path) -> None:
    with clones(tmp_path, "a") as (a,):
        mirror = str(bare(tmp_path / "mirror.git"))
        _teach(a)
        a.sync(mirrors=(mirror,))
        purge.purge(a.mind, TEXT)
        a.sync(purges=PUSH, mirrors=(mirror,))
        assert git(tmp_path / "mirror.git", "rev-parse", "main").strip() == a.mind.head()


def test_a_conversation_of_another_machine_is_forgotten_on_that_machine_too(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        path = talk(b.mind, f"call {SECRET}", "z" * 70_000 + SECRET)
        kept = talk(b.mind, "the weather")
        b.sync(sessions="origin")
        a.sync(sessions="origin", keep="all")
        sessions, _ = sessions_of(a.mind)
        purge.purge(a.mind, purge.session(sessions.find(path.stem), a.mind))
        a.sync(sessions="origin", keep="all", purges=PUSH)
        with pytest.raises(Waits, match=path.stem):
            b.sync(sessions="origin")
        b.sync(sessions="origin", purges=ACCEPT)
        assert not path.exists() and kept.exists()
        assert b.sync(sessions="origin").is_quiet and a.sync(sessions="origin").is_quiet
        assert traces(a.mind.root) == [] and traces(b.mind.root) == []


def test_a_forgotten_name_of_a_file_is_followed(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as (a, b):
        a.learn(f"notes/{SECRET}.md", f"# Page\n\nof {SECRET}\n")
        a.learn(f"notes/of {SECRET}/page.md", "# Another\n")
        a.sync()
        b.sync()
        purge.purge(a.mind, TEXT)
        a.sync(purges=PUSH)
        b.sync(purges=ACCEPT)
        assert a.tree == b.tree and b.text("notes/forgotten.md") == "# Page\n\nof [forgotten]\n"
        assert b.text("notes/of forgotten/page.md") == "# Another\n"
        assert traces(b.mind.root) == [] and b.is_clean()


def test_two_that_purge_at_once_come_together_where_one_purges_again(tmp_path: Path) -> None:
    other = Text("Zebulon Quirk", known_format)
    with clones(tmp_path, "ab") as (a, b):
        _teach(a)
        a.learn("notes/z.md", "# Z\n\nZebulon Quirk was here.\nAnd others.\n")
        a.sync()
        b.sync()
        purge.purge(a.mind, TEXT)
        purge.purge(b.mind, other)
        a.sync(purges=PUSH)
        with pytest.raises(Conflict, match="each purged"):
            b.sync()
        b.sync(purges=ACCEPT, join=True)
        purge.purge(b.mind, TEXT)
        purge.purge(b.mind, other)
        b.sync(purges=PUSH)
        a.sync(purges=ACCEPT)
        assert a.tree == b.tree
        for one in (a, b):
            assert traces(one.mind.root) == [] and one.is_clean()
            assert purge.look(one.mind, other).places == ()


def test_a_purge_after_a_purge_is_followed_by_who_missed_the_first(tmp_path: Path) -> None:
    other = Text("Zebulon Quirk", known_format)
    with clones(tmp_path, "ab") as (a, b):
        _teach(a)
        a.learn("notes/z.md", f"# Z\n\nZebulon Quirk knows {SECRET}.\n")
        a.sync()
        b.sync()
        b.learn("notes/b.md", "# B\n")
        for text in (TEXT, other):
            purge.purge(a.mind, text)
            a.sync(purges=PUSH)
        b.sync(purges=ACCEPT)
        a.sync()
        assert a.tree == b.tree and a.text("notes/b.md") == "# B\n"
        assert traces(b.mind.root) == [] and purge.look(b.mind, other).places == ()

"""Without a forge: a branch on a bare remote, which people merge as they please."""

from __future__ import annotations

import pytest

from hermes_fs.core.errors import Conflict, Refused
from hermes_fs.store.forges.noticing import notice
from hermes_fs.store.message import read_trailers
from hermes_fs.store.pulls import FILE
from hermes_fs.store.review import Review
from tests.store.forges.world import World
from tests.store.git_shell import sh


def look(here: World) -> list[str]:
    return notice(here.mind, here.address, here.settings, here.environ or {})


def test_the_branch_holds_the_remotes_main_and_one_commit_with_its_trailers(here: World) -> None:
    made = here.propose()
    here.learn("local\n", "notes/local.md")  # not on the remote
    here.write("theirs\n", "notes/theirs.md")
    done = here.publish(made)
    branch = f"hermes/proposal/{made.id}"
    assert done.note == "no pull request: sync.forge says none" and done.moved and not done.new
    assert sh(here.bare, "git", "rev-parse", f"{branch}^").strip() == sh(here.bare, "git", "rev-parse", "main").strip()
    assert sh(here.bare, "git", "diff", "--name-only", f"main..{branch}").split() == ["notes/a.md"]
    text = sh(here.bare, "git", "log", "-1", "--format=%B", branch)
    trailers = read_trailers(text)
    assert trailers["Hermes-Change"] == made.change and trailers["Hermes-Origin"] == "web"
    assert trailers["Hermes-Review"] == f"by pull request of {branch}" and "Hermes-Proposal" not in trailers
    assert "> it said so" in text
    assert sh(here.bare, "git", "log", "-1", "--format=%an", branch).strip() == "Hermes"
    assert not here.publish(made).moved, "the same again is the same"


@pytest.mark.parametrize("how", ["squash", *(pytest.param(how, marks=pytest.mark.slow) for how in ("merge", "rebase"))])
def test_merged_there_it_leaves_the_inbox_once_main_here_has_it(here: World, how: str) -> None:
    made = here.propose()
    done = here.publish(made)
    assert look(here) == [] and here.waiting() == [made.id]
    here.merge(done.known.branch, how)
    assert look(here) == [] and here.waiting() == [made.id], "main here has not"
    here.sync()
    assert look(here) == [f"branch hermes/proposal/{made.id} of {made.id} was merged: it is a lesson on main"]
    assert here.waiting() == [] and look(here) == []
    assert here.mind.read("notes/a.md").text == "web\n"


@pytest.mark.slow
def test_an_edit_moves_the_same_branch_and_a_strangers_commit_on_it_is_never_overwritten(here: World) -> None:
    made = here.propose()
    first = here.publish(made)
    Review(here.mind).edit(made.id, {"notes/a.md": b"better\n"}, "owner")
    second = here.publish(made)
    assert second.moved and second.known.branch == first.known.branch
    assert sh(here.bare, "git", "show", f"{second.known.branch}:notes/a.md") == "better\n"
    (here.mind.state_dir / FILE).unlink()
    Review(here.mind).edit(made.id, {"notes/a.md": b"best\n"}, "owner")
    assert here.publish(made).moved, "what this machine forgot is known by what the branch holds"
    here.there("fetch", "-q", "origin")
    here.there("checkout", "-q", "-b", "theirs", f"origin/{first.known.branch}")
    here.there("commit", "-q", "--amend", "-m", f"mine now\n\nHermes-Change: {made.change}")
    here.there("push", "-qf", "origin", f"theirs:{first.known.branch}")
    theirs = sh(here.bare, "git", "rev-parse", first.known.branch)
    Review(here.mind).edit(made.id, {"notes/a.md": b"again\n"}, "owner")
    for forgotten in (False, True):
        if forgotten:
            (here.mind.state_dir / FILE).unlink()
        with pytest.raises(Conflict, match="somebody else changed hermes/proposal/"):
            here.publish(made)
    assert sh(here.bare, "git", "rev-parse", first.known.branch) == theirs


@pytest.mark.slow
def test_a_branch_that_was_deleted_there_is_made_again(here: World) -> None:
    made = here.propose()
    branch = here.publish(made).known.branch
    sh(here.bare, "git", "update-ref", "-d", f"refs/heads/{branch}")
    assert here.publish(made).moved
    assert sh(here.bare, "git", "rev-parse", "--verify", branch)


@pytest.mark.slow
def test_what_does_not_fit_on_the_remotes_main_is_not_pushed(here: World) -> None:
    here.learn("one\n", "notes/a.md")
    sh(here.mind.root, "git", "push", "-q", str(here.bare), "main")
    made = here.propose("two\n")
    here.write("three\n", "notes/a.md")
    with pytest.raises(Conflict, match=r"does not fit on the remote's main: notes/a\.md"):
        here.publish(made)
    here.write("two\n", "notes/a.md")
    with pytest.raises(Refused, match=r"has what proposal .* wants already"):
        here.publish(made)
    assert "hermes/proposal" not in sh(here.bare, "git", "for-each-ref")


@pytest.mark.slow
def test_a_remote_of_somebody_elses_is_refused(here: World) -> None:
    made = here.propose()
    sh(here.bare, "git", "update-ref", "-d", "refs/heads/main")
    other = here.tmp / "other"
    sh(here.tmp, "git", "init", "-q", "-b", "main", str(other))
    sh(other, "git", "commit", "-q", "--allow-empty", "-m", "no workspace")
    sh(other, "git", "push", "-q", str(here.bare), "main")
    with pytest.raises(Refused, match="nothing in common"):
        here.publish(made)
    assert "hermes/proposal" not in sh(here.bare, "git", "for-each-ref")


@pytest.mark.slow
def test_accepted_or_rejected_here_it_is_looked_at_no_more(here: World) -> None:
    first, second = here.propose(), here.propose("other\n", "notes/b.md")
    for one in (first, second):
        here.publish(one)
    Review(here.mind).accept(first.id, "owner")
    Review(here.mind).reject(second.id, "owner")
    assert look(here) == [f"branch hermes/proposal/{first.id} of {first.id} was merged: it is a lesson on main"]
    assert look(here) == []

"""A proposal waits at its ref for a person, touches nothing else, and becomes exactly one lesson."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hermes_fs.core.errors import Conflict, NotFound
from hermes_fs.core.types import Change, Commit, Provenance
from hermes_fs.store import history
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Outdated, Workspace
from tests.store.desk import Hands
from tests.store.git_shell import make_workspace, sh, status

WEB = Provenance("web", "user", "owner", "s1", "sessions/a.jsonl#e1..e2", "m")
OURS = replace(WEB, origin="agent")
SKILL = "---\nname: {name}\ndescription: Does a thing.\n---\n# Thing\n"


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def mind(tmp_path: Path, clock: Hands) -> Iterator[Workspace]:
    with Workspace.open(make_workspace(tmp_path / "mind"), clock=clock) as workspace:
        yield workspace


def note(text: str, provenance: Provenance = WEB, path: str = "notes/a.md", why: str = "it said so") -> Change:
    return Change({path: text.encode()}, "note", why, provenance)


def proposed(mind: Workspace, change: Change) -> Proposal:
    made = Proposals(mind).submit(change)
    assert isinstance(made, Proposal)
    return made


def refs(mind: Workspace) -> list[str]:
    return sh(mind.root, "git", "for-each-ref", "--format=%(refname)", "refs/hermes").split()


def test_what_a_tainted_session_learns_waits_and_nothing_else_moves(mind: Workspace) -> None:
    head = mind.head()
    made = proposed(mind, note("web says\n"))
    assert mind.head() == head
    assert status(mind.root) == ""
    assert not (mind.root / "notes").exists()
    assert refs(mind) == [f"refs/hermes/proposals/{made.id}"]
    assert sh(mind.root, "git", "rev-parse", f"{made.commit}^").strip() == head
    assert sh(mind.root, "git", "show", f"{made.commit}:notes/a.md") == "web says\n"
    assert sh(mind.root, "git", "fsck", "--strict", "--no-dangling") == ""


def test_a_proposal_says_what_why_whence_and_until_when(mind: Workspace) -> None:
    made = proposed(mind, note("web says\n"))
    [listed] = Review(mind).waiting()
    assert listed == made
    assert (listed.subject, listed.kind, listed.why) == ("note a: add", "note", "it said so")
    assert "tainted" in listed.because and "web page" in listed.because
    assert listed.provenance == WEB
    assert listed.paths == ("notes/a.md",)
    assert listed.expires - listed.when == timedelta(days=14)
    assert listed.standing.state == "waiting"
    assert len(listed.id) == 6 and listed.change.lower().endswith(listed.id)


def test_accepted_it_is_one_lesson_of_the_agent_under_the_same_change_id(mind: Workspace) -> None:
    made = proposed(mind, note("web says\n"))
    done = Review(mind).accept(made.id[:4].upper(), "owner")
    [lesson, _] = history.log(mind.git)
    assert (lesson.commit, lesson.change, done.change) == (done.id, made.change, made.change)
    assert lesson.author.startswith("Hermes <")
    assert lesson.trailers["Review"] == "approved by owner"
    assert lesson.trailers["Origin"] == "web"
    assert lesson.by == "agent"
    assert (mind.root / "notes/a.md").read_text() == "web says\n"
    assert refs(mind) == []
    assert mind.settle() and status(mind.root) == ""
    with pytest.raises(NotFound):
        Review(mind).accept(made.id, "owner")


def test_an_untainted_note_is_a_lesson_at_once(mind: Workspace) -> None:
    assert isinstance(Proposals(mind).submit(note("ours\n", OURS)), Commit)
    assert refs(mind) == []


def test_the_same_content_twice_is_one_proposal(mind: Workspace) -> None:
    first = proposed(mind, note("web says\n"))
    again = proposed(mind, note("web says\n", replace(WEB, session="s2"), why="other words"))
    assert again.id == first.id
    assert len(refs(mind)) == 1


def test_a_session_goes_on_from_what_it_proposed(mind: Workspace) -> None:
    proposals = Proposals(mind)
    draft = Change({}, "note", "one", WEB)
    first = proposals.update("notes/a.md", lambda text: text + "one\n", draft)
    second = proposals.update("notes/a.md", lambda text: text + "two\n", replace(draft, why="two"))
    assert isinstance(first, Proposal) and isinstance(second, Proposal)
    assert (second.id, second.change) == (first.id, first.change)
    assert second.why == "one\ntwo"
    assert proposals.read("notes/a.md", "s1").text == "one\ntwo\n"
    assert proposals.read("notes/a.md", "s2").text == ""
    assert len(refs(mind)) == 1
    Review(mind).accept(first.id, "owner")
    assert (mind.root / "notes/a.md").read_text() == "one\ntwo\n"


def test_what_goes_on_from_a_proposal_is_one_whatever_the_policy_says(mind: Workspace) -> None:
    first = proposed(mind, note("web\n"))
    doc = Proposals(mind).read("notes/a.md", "s1")
    change = Change({"notes/a.md": b"web\nours\n"}, "note", "", OURS, {"notes/a.md": doc.blob})
    second = proposed(mind, change)
    assert second.id == first.id
    assert second.provenance.origin == "web"


def test_taking_back_what_was_proposed_withdraws_it(mind: Workspace) -> None:
    proposed(mind, note("web\n"))
    gone = proposed(mind, Change({"notes/a.md": None}, "note", "", WEB))
    assert gone.standing.state == "withdrawn"
    assert refs(mind) == []


def test_a_stale_view_of_what_was_proposed_conflicts(mind: Workspace) -> None:
    proposed(mind, note("web\n"))
    with pytest.raises(Outdated):
        Proposals(mind).submit(Change({"notes/a.md": b"x\n"}, "note", "", WEB, {"notes/a.md": ""}))


def test_a_skill_and_its_program_are_one_proposal(mind: Workspace) -> None:
    def skill(path: str, text: str) -> Change:
        return Change({f"skills/thing/{path}": text.encode()}, "skill", "", WEB)

    first = proposed(mind, skill("SKILL.md", SKILL.format(name="thing")))
    second = proposed(mind, skill("scripts/run.sh", "echo\n"))
    assert second.id == first.id
    assert second.paths == ("skills/thing/SKILL.md", "skills/thing/scripts/run.sh")
    gone = proposed(mind, Change({"skills/thing/SKILL.md": None}, "skill", "", WEB))
    assert gone.standing.state == "withdrawn"
    assert refs(mind) == []


def test_a_change_of_another_file_meanwhile_does_not_matter(mind: Workspace) -> None:
    made = proposed(mind, note("web\n"))
    Proposals(mind).submit(note("other\n", OURS, "notes/b.md"))
    [listed] = Review(mind).waiting()
    assert listed.standing.state == "waiting"
    Review(mind).accept(made.id, "owner")
    assert (mind.root / "notes/b.md").read_text() == "other\n"


def test_a_stale_one_that_merges_is_merged(mind: Workspace) -> None:
    Proposals(mind).submit(note("# A\n\nold\n\n# B\n\nold\n", OURS))
    made = proposed(mind, note("# A\n\nold\n\n# B\n\nweb\n", replace(WEB, session="s2")))
    Proposals(mind).submit(note("# A\n\nours\n\n# B\n\nold\n", OURS))
    [listed] = Review(mind).waiting()
    assert (listed.standing.state, listed.standing.fits) == ("stale", True)
    assert "applies with a merge" in listed.standing.detail
    assert "+web" in Review(mind).diff(listed) and "-ours" not in Review(mind).diff(listed)
    Review(mind).accept(made.id, "owner")
    assert (mind.root / "notes/a.md").read_text() == "# A\n\nours\n\n# B\n\nweb\n"


def test_a_stale_one_that_does_not_merge_is_left_waiting(mind: Workspace) -> None:
    Proposals(mind).submit(note("old\n", OURS))
    made = proposed(mind, note("web\n", replace(WEB, session="s2")))
    Proposals(mind).submit(note("ours\n", OURS))
    [listed] = Review(mind).waiting()
    assert (listed.standing.state, listed.standing.fits) == ("stale", False)
    head = mind.head()
    with pytest.raises(Conflict, match="does not fit any more"):
        Review(mind).accept(made.id, "owner")
    assert mind.head() == head
    assert len(refs(mind)) == 1


def test_a_persons_edit_meanwhile_is_theirs_committed_or_not(mind: Workspace) -> None:
    Proposals(mind).submit(note("# A\n\nold\n\n# B\n\nold\n", OURS))
    made = proposed(mind, note("# A\n\nold\n\n# B\n\nweb\n", replace(WEB, session="s2")))
    (mind.root / "notes/a.md").write_text("# A\n\nby hand\n\n# B\n\nold\n")
    Review(mind).accept(made.id, "owner")
    assert (mind.root / "notes/a.md").read_text() == "# A\n\nby hand\n\n# B\n\nweb\n"
    lesson, edit, *_ = history.log(mind.git)
    assert (lesson.by, edit.by) == ("agent", "person")


def test_what_was_looked_at_is_what_is_accepted(mind: Workspace) -> None:
    seen = proposed(mind, note("harmless\n"))
    Proposals(mind).update("notes/a.md", lambda text: text + "not harmless\n", Change({}, "note", "", WEB))
    with pytest.raises(Conflict, match="another by now"):
        Review(mind).accept(seen.id, "owner", seen.commit)
    assert not (mind.root / "notes/a.md").exists()

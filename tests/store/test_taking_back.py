"""Taking back: one lesson goes, the others stay; what can't be told apart is refused; what was deleted comes back."""

from __future__ import annotations

import functools
import os
import random
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hermes_fs.core.errors import Conflict, NotFound, Refused, UsageError
from hermes_fs.core.types import Change, Commit, Kind, Provenance
from hermes_fs.store import choosing, history, taking_back
from hermes_fs.store.choosing import Chosen
from hermes_fs.store.formats import entries
from hermes_fs.store.history import Filter, Lesson
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace
from tests.store.git_shell import sh
from tests.store.git_shell import status as status_of

AGENT = Provenance(origin="owner", trigger="user", person="owner", session="s-1")
BY_HAND = Provenance(origin="owner", trigger="user", person="owner")


@pytest.fixture
def real(root: Path) -> Iterator[Workspace]:
    """With the formats that files really have."""
    with Workspace.open(root) as workspace:
        yield workspace


def learn(workspace: Workspace, transform: Callable[[str], str], path: str = "MEMORY.md") -> Commit:
    kind: Kind = "note" if path.startswith("notes/") else "memory"
    done = workspace.update(path, transform, kind=kind, why="", provenance=AGENT)
    assert done
    return done


def remember(workspace: Workspace, text: str) -> Commit:
    return learn(workspace, lambda memory: entries.add(memory, text).text)


def lesson(workspace: Workspace, commit: Commit) -> Lesson:
    return history.find(workspace.git, commit.id)


def take_back(workspace: Workspace, *commits: Commit) -> Commit:
    return taking_back.revert(workspace, [lesson(workspace, commit) for commit in commits], "", BY_HAND)


def known(workspace: Workspace) -> list[str]:
    return [entry.text for entry in entries.entries(workspace.read("MEMORY.md").text)]


def by_git(workspace: Workspace, *arguments: str) -> None:
    """What a person does with their own git once the index has caught up."""
    assert workspace.settle()
    sh(workspace.root, "git", *arguments)


def status(workspace: Workspace) -> str:
    assert workspace.settle()
    return status_of(workspace.root)


def test_a_lesson_in_the_middle_of_fifty_goes_and_the_others_stay(workspace: Workspace) -> None:
    done = [remember(workspace, f"fact {number}") for number in range(50)]
    before = known(workspace)
    commit = take_back(workspace, done[25])
    before.remove("fact 25")
    assert known(workspace) == before
    taken = lesson(workspace, done[25])
    assert taken.reverted_by == commit.change
    made = lesson(workspace, commit)
    assert (made.kind, made.by, made.reverts) == ("revert", "person", (taken.change,))
    assert made.trailers["Origin"] == "owner" and made.trailers["Trigger"] == "user"
    assert taken.short in made.why
    assert status(workspace) == ""


def test_a_persons_edits_in_between_survive_committed_or_not(workspace: Workspace) -> None:
    first = remember(workspace, "fact one")
    memory = workspace.root / "MEMORY.md"
    memory.write_text("# Mine\n\n" + memory.read_text())
    by_git(workspace, "commit", "-qam", "my heading")
    remember(workspace, "fact two")
    memory.write_text(memory.read_text() + "- added by hand\n")
    take_back(workspace, first)
    assert memory.read_text().startswith("# Mine\n")
    assert known(workspace) == ["one", "fact two", "added by hand"]
    authors = sh(workspace.root, "git", "log", "--format=%an", "-4").split("\n")
    assert authors[0] == authors[1] == "Ada Example"  # who took it back, and who edited before


def test_undo_takes_one_lesson_after_the_other(workspace: Workspace) -> None:
    first, second = remember(workspace, "fact one"), remember(workspace, "fact two")
    (workspace.root / "MEMORY.md").write_text(workspace.read("MEMORY.md").text + "- by hand\n")
    workspace.commit_pending()
    for expected in (second, first):
        last = taking_back.last_standing(workspace)
        assert last.commit == expected.id
        taking_back.revert(workspace, [last], "", BY_HAND)
    assert known(workspace) == ["one", "by hand"]
    with pytest.raises(NotFound):
        taking_back.last_standing(workspace)


def test_taking_back_the_taking_back_brings_the_lesson_back(workspace: Workspace) -> None:
    done = remember(workspace, "fact one")
    reverted = take_back(workspace, done)
    with pytest.raises(Refused, match="taken back already"):
        take_back(workspace, done)
    take_back(workspace, reverted)
    assert known(workspace) == ["one", "fact one"]
    assert lesson(workspace, done).reverted_by == ""
    assert lesson(workspace, reverted).reverted_by
    take_back(workspace, done)
    assert known(workspace) == ["one"]


def test_what_a_later_lesson_changed_too_is_refused_with_a_way_out_and_nothing_is_written(workspace: Workspace) -> None:
    remember(workspace, "the server is db1")
    second = learn(workspace, lambda memory: memory.replace("db1", "db2"))
    third = learn(workspace, lambda memory: memory.replace("db2", "db3"))
    head = workspace.head()
    with pytest.raises(Conflict) as caught:
        take_back(workspace, second)
    assert workspace.head() == head and status(workspace) == ""
    assert f"hermes revert {third.id[:8]} {second.id[:8]}" in caught.value.hint
    take_back(workspace, second, third)
    assert known(workspace) == ["one", "the server is db1"]


def test_many_lessons_taken_back_at_once_are_all_marked(workspace: Workspace) -> None:
    done = [remember(workspace, f"fact {number}") for number in range(15)]
    take_back(workspace, *done)
    assert known(workspace) == ["one"]
    assert all(lesson(workspace, one).reverted_by for one in done)


def test_a_deleted_note_and_a_deleted_skill_come_back(workspace: Workspace) -> None:
    learn(workspace, lambda text: "# Deploys\n\nwith make\n", "notes/deploys.md")
    gone: dict[str, bytes | None] = {"notes/deploys.md": None}
    workspace.commit(Change(gone, "note", "", AGENT))
    workspace.commit(
        taking_back.restored(workspace, "notes/deploys.md", _before(workspace, "notes/deploys.md"), "", BY_HAND)
    )
    assert workspace.read("notes/deploys.md").text == "# Deploys\n\nwith make\n"
    by_git(workspace, "rm", "-rq", "skills/greet")
    by_git(workspace, "commit", "-qm", "no greeting")
    workspace.commit(taking_back.restored(workspace, "skills/greet/", _before(workspace, "skills/greet"), "", BY_HAND))
    assert "Says hello." in workspace.read("skills/greet/SKILL.md").text
    assert status(workspace) == ""


def _before(workspace: Workspace, path: str) -> str:
    return taking_back.before_last_change(workspace, path)


def test_undo_after_a_restore_takes_the_restore_back_and_then_goes_on(workspace: Workspace) -> None:
    first, second = (learn(workspace, lambda _, text=text: text, "notes/deploys.md") for text in ("on Friday", "never"))
    brought = workspace.commit(taking_back.restored(workspace, "notes/deploys.md", first.id, "", BY_HAND))
    for expected, left in ((brought, "never"), (second, "on Friday"), (first, "")):
        last = taking_back.last_standing(workspace)
        assert last.commit == expected.id
        taking_back.revert(workspace, [last], "", BY_HAND)
        assert workspace.read("notes/deploys.md").text == left
    with pytest.raises(NotFound):
        taking_back.last_standing(workspace)


def test_of_a_skill_alone_the_restored_version_is_the_last_lesson(workspace: Workspace) -> None:
    for text in ("Say hi.", "Say hello."):
        files: dict[str, bytes | None] = {"skills/greet/SKILL.md": text.encode()}
        workspace.commit(Change(files, "skill", "", AGENT))
    rev = _before(workspace, "skills/greet")
    brought = workspace.commit(taking_back.restored(workspace, "skills/greet", rev, "", BY_HAND))
    [last] = choosing.choose(workspace.git, Chosen(skill="greet"))
    assert last.commit == brought.id


def test_a_file_is_restored_as_it_was_at_a_lesson_and_what_came_into_a_folder_since_goes(workspace: Workspace) -> None:
    first = learn(workspace, lambda text: "one\n", "notes/a.md")
    learn(workspace, lambda text: "two\n", "notes/a.md")
    learn(workspace, lambda text: "new\n", "notes/b.md")
    workspace.commit(taking_back.restored(workspace, "notes", first.id, "", BY_HAND))
    assert workspace.read("notes/a.md").text == "one\n"
    assert workspace.read_bytes("notes/b.md") is None
    with pytest.raises(Refused, match="so already"):
        workspace.commit(taking_back.restored(workspace, "notes", first.id, "", BY_HAND))
    with pytest.raises(NotFound):
        workspace.commit(taking_back.restored(workspace, "notes/nowhere.md", first.id, "", BY_HAND))


def test_the_first_commit_and_a_merge_are_not_taken_back(workspace: Workspace) -> None:
    root = history.log(workspace.git)[-1]
    with pytest.raises(UsageError, match="the first commit"):
        taking_back.revert(workspace, [root], "", BY_HAND)


def test_a_lesson_that_a_persons_git_made_is_taken_back_by_its_commit_id(workspace: Workspace) -> None:
    (workspace.root / "MEMORY.md").write_text("- one\n- by git\n")
    by_git(workspace, "commit", "-qam", "mine")
    [mine] = history.log(workspace.git, Filter(limit=1))
    taking_back.revert(workspace, [mine], "", BY_HAND)
    assert known(workspace) == ["one"]
    assert history.find(workspace.git, mine.commit).reverted_by


# -- several at once, and what is in the way ---------------------------------------------------------------------------


def proposed(workspace: Workspace, *commits: Commit) -> Proposal:
    lessons = [lesson(workspace, commit) for commit in commits]
    with pytest.raises(taking_back.InTheWay) as error:
        taking_back.revert(workspace, lessons, "", BY_HAND)
    return taking_back.propose(workspace, lessons, "", BY_HAND, error.value.message, None)


def test_a_conflict_becomes_a_proposal_with_the_later_lesson_that_is_in_the_way_and_no_other(
    real: Workspace,
) -> None:
    remember(real, "the server is db1")
    second = learn(real, lambda memory: memory.replace("db1", "db2"))
    for number in range(5):
        remember(real, f"fact {number}")
    third = learn(real, lambda memory: memory.replace("db2", "db3"))
    remember(real, "fact 5")
    head = real.head()
    one = proposed(real, second)
    assert real.head() == head
    assert "db3" in one.because and third.id[:8] in one.because and one.kind == "revert"
    done = Review(real).accept(one.id, "owner")
    assert known(real) == ["one", "the server is db1", *(f"fact {number}" for number in range(6))]
    made = lesson(real, done)
    assert (made.kind, set(made.reverts)) == ("revert", {second.change, third.change})
    assert lesson(real, second).reverted_by == lesson(real, third).reverted_by == done.change


def test_a_revert_proposal_of_a_setting_is_a_persons_and_can_be_accepted(real: Workspace) -> None:
    def config(text: bytes) -> Commit:
        return real.commit(Change({"config.yaml": text}, "config", "", BY_HAND))

    config(b"format: 1\nmemory:\n  memory_limit: 100\n")
    second = config(b"format: 1\nmemory:\n  memory_limit: 200\n")
    config(b"format: 1\nmemory:\n  memory_limit: 300\n")
    Review(real).accept(proposed(real, second).id, "owner")
    assert "100" in real.read("config.yaml").text


def test_a_persons_uncommitted_edit_in_the_way_stays_until_they_say(real: Workspace) -> None:
    remember(real, "the server is db1")
    done = learn(real, lambda memory: memory.replace("db1", "db2"))
    memory = real.root / "MEMORY.md"
    memory.write_text(memory.read_text().replace("db2", "db9"))
    one = proposed(real, done)
    assert known(real) == ["one", "the server is db9"]
    Review(real).accept(one.id, "owner")
    assert known(real) == ["one", "the server is db1"]


def test_a_lesson_whose_words_a_later_one_changed_is_proposed_with_it_not_called_gone(real: Workspace) -> None:
    first = remember(real, "the server is db1")
    second = learn(real, lambda memory: memory.replace("db1", "db2"))
    one = proposed(real, first)
    assert second.id[:8] in one.because and "changed since" in one.because
    Review(real).accept(one.id, "owner")
    assert known(real) == ["one"]


def test_taking_back_an_edit_does_not_bring_back_what_was_removed_since(real: Workspace) -> None:
    remember(real, "the server is db1")
    kept = remember(real, "tea")
    second = learn(real, lambda memory: memory.replace("db1", "db2").replace("tea", "coffee"))
    learn(real, lambda memory: entries.remove(memory, "the server").text)
    take_back(real, second)
    assert known(real) == ["one", "tea"] and not lesson(real, kept).reverted_by


def test_what_a_person_removed_already_is_said_to_be_so(real: Workspace) -> None:
    first = remember(real, "the server is db1")
    learn(real, lambda memory: entries.remove(memory, "the server").text)
    with pytest.raises(Refused, match="so already"):
        take_back(real, first)


def lessons_of(workspace: Workspace, **wanted: object) -> list[str]:
    return [one.commit for one in choosing.choose(workspace.git, Chosen(**wanted))]  # type: ignore[arg-type]


def test_a_session_a_skill_and_a_date_choose_lessons_and_leave_a_persons_edits_alone(workspace: Workspace) -> None:
    start = workspace.clock.now() - timedelta(days=1)
    first, second = remember(workspace, "fact one"), remember(workspace, "fact two")
    (workspace.root / "MEMORY.md").write_text(workspace.read("MEMORY.md").text + "- by hand\n")
    workspace.commit_pending()
    path, greet = "skills/greet/SKILL.md", workspace.read("skills/greet/SKILL.md").text
    third, fourth = (
        workspace.commit(Change({path: (greet + f"{word}\n").encode()}, "skill", "", BY_HAND)) for word in ("a", "b")
    )
    assert lessons_of(workspace, session="s-1") == [second.id, first.id]
    assert lessons_of(workspace, since=start) == [fourth.id, third.id, second.id, first.id]
    assert lessons_of(workspace, skill="greet") == [fourth.id]
    assert lessons_of(workspace, skill="greet", to=second.id) == [fourth.id, third.id]
    assert lessons_of(workspace, skill="greet", to=third.id) == [fourth.id]
    with pytest.raises(NotFound):
        lessons_of(workspace, skill="greet", session="s-1")
    taking_back.revert(workspace, choosing.choose(workspace.git, Chosen(since=start)), "", BY_HAND)
    assert known(workspace) == ["one", "by hand"] and workspace.read(path).text == greet


def test_what_was_taken_back_and_brought_back_in_a_selection_ends_as_it_was_before(workspace: Workspace) -> None:
    early = remember(workspace, "early")
    start = history.these(workspace.git, [workspace.head()])[0]
    late = remember(workspace, "late")
    take_back(workspace, early)
    take_back(workspace, late)
    within = history.between(workspace.git, start.commit, history.MAIN)
    chosen = choosing.choose(workspace.git, Chosen(ids=[one.commit for one in within]))
    taking_back.revert(workspace, chosen, "", BY_HAND)
    assert known(workspace) == ["one", "early"]


def test_a_merge_in_the_range_is_stepped_over_and_the_lessons_of_both_its_sides_are_taken_back(
    workspace: Workspace,
) -> None:
    start = workspace.head()
    remember(workspace, "ours")
    assert workspace.settle()
    sh(workspace.root, "git", "switch", "-qc", "side", start)
    note = workspace.root / "notes.txt"
    note.unlink(missing_ok=True)
    (workspace.root / "notes").mkdir()
    (workspace.root / "notes/theirs.md").write_text("theirs\n")
    sh(workspace.root, "git", "add", "-A")
    sh(workspace.root, "git", "commit", "-qm", "note: theirs\n\nHermes-Kind: note\nHermes-Review: auto\n")
    sh(workspace.root, "git", "switch", "-q", "main")
    sh(workspace.root, "git", "merge", "-q", "--no-edit", "side")
    merge = workspace.head()
    with pytest.raises(UsageError, match="a merge"):
        taking_back.revert(workspace, [history.find(workspace.git, merge)], "", BY_HAND)
    chosen = choosing.choose(workspace.git, Chosen(since=workspace.clock.now() - timedelta(days=1)))
    assert merge not in [one.commit for one in chosen] and len(chosen) == 2
    taking_back.revert(workspace, chosen, "", BY_HAND)
    assert known(workspace) == ["one"] and workspace.read_bytes("notes/theirs.md") is None


@pytest.mark.slow
@pytest.mark.parametrize("path", ["MEMORY.md", "notes/deploys.md", "skills/greet/SKILL.md"])
@pytest.mark.parametrize("seed", range(3))
def test_any_lesson_of_fifty_on_one_file_goes_and_the_other_forty_nine_stay(
    real: Workspace, path: str, seed: int
) -> None:
    dice = random.Random(seed)
    line = {"M": "- fact {}\n", "n": "## Part {0}\n\nfact {0}\n\n", "s": "\n## Step {0}\n\nfact {0}\n"}[path[0]]
    done = []
    for number in range(50):
        text = real.read(path).text
        fresh = text + line.format(number)
        done.append(real.commit(Change({path: fresh.encode()}, "revert", "", BY_HAND)))
    out = dice.randrange(50)
    take_back(real, done[out])
    left = set(re.findall(r"fact (\d+)", real.read(path).text))
    assert left == {str(number) for number in range(50)} - {str(out)}


def test_a_program_that_comes_back_can_be_run_as_before(real: Workspace) -> None:
    script = real.root / "skills/greet/scripts/hello.sh"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    real.commit_pending()
    there, tree = real.head(), real.git.tree_at("HEAD", "skills/greet")
    gone = real.commit(Change({"skills/greet/scripts/hello.sh": None}, "skill", "", BY_HAND))
    take_back(real, gone)
    assert os.access(script, os.X_OK) and real.git.tree_at("HEAD", "skills/greet") == tree
    real.commit(Change({"skills/greet/scripts/hello.sh": None}, "skill", "", BY_HAND))
    real.commit(taking_back.restored(real, "skills/greet", there, "", BY_HAND))
    assert os.access(script, os.X_OK) and real.git.tree_at("HEAD", "skills/greet") == tree
    again = real.commit(Change({"skills/greet/scripts/hello.sh": None}, "skill", "", BY_HAND))
    Review(real).accept(taking_back.propose(real, [lesson(real, again)], "", BY_HAND, "a test").id, "owner")
    assert os.access(script, os.X_OK) and real.git.tree_at("HEAD", "skills/greet") == tree
    assert status(real) == ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_of_fifty_lessons_that_add_edit_and_remove_any_few_go_and_the_rest_is_as_if_they_had_never_been(
    real: Workspace, seed: int
) -> None:
    """Each entry is touched by one lesson after it was there, so what the others come to is known."""
    dice = random.Random(seed)
    facts = {f"old {number}": f"old {number}" for number in range(20)}
    real.commit(Change({"MEMORY.md": "".join(f"- {fact}\n" for fact in facts).encode()}, "memory", "", BY_HAND))
    steps: list[tuple[str, str]] = []
    untouched = list(facts)
    for number in range(50):
        what = dice.choice(["add", "edit", "remove"]) if untouched else "add"
        steps.append((what, f"new {number}" if what == "add" else untouched.pop(dice.randrange(len(untouched)))))
    done = [learn(real, functools.partial(stepped, step)) for step in steps]
    out = dice.sample(range(50), dice.choice([1, 1, 5]))
    take_back(real, *(done[number] for number in out))
    wanted = real.git.read_blob(real.git.blob_at(f"{done[0].id}^", "MEMORY.md")).decode()
    for number, step in enumerate(steps):
        wanted = wanted if number in out else stepped(step, wanted)
    assert sorted(known(real)) == sorted(entry.text for entry in entries.entries(wanted))


def stepped(step: tuple[str, str], memory: str) -> str:
    what, text = step
    match what:
        case "add":
            return entries.add(memory, text).text
        case "edit":
            return entries.change(memory, text, f"{text}, and more").text
        case _:
            return entries.remove(memory, text).text


def test_a_skill_goes_back_to_a_version_with_all_its_files_and_nothing_else_does(real: Workspace) -> None:
    skill = real.read("skills/greet/SKILL.md").text
    first = real.git.tree_at("HEAD", "skills/greet")
    at = real.head()
    for number in range(3):
        files = {
            "skills/greet/SKILL.md": f"{skill}\n## Step {number}\n\nmore\n".encode(),
            f"skills/greet/references/{number}.md": b"words\n",
        }
        real.commit(Change(files, "skill", "", BY_HAND))
        remember(real, f"fact {number}")
    path = real.root / "skills/greet/SKILL.md"
    path.write_text(path.read_text() + "by hand\n")
    real.commit_pending()
    taking_back.revert(real, choosing.choose(real.git, Chosen(skill="greet", to=at)), "", BY_HAND)
    assert real.git.tree_at("HEAD", "skills/greet") == first
    assert known(real) == ["one", *(f"fact {number}" for number in range(3))]


def test_on_another_branch_it_says_so_and_not_that_nothing_would_change(real: Workspace) -> None:
    before = remember(real, "fact one")
    done = remember(real, "fact two")
    real.git.run("update-ref", "refs/heads/other", before.id)
    real.git.run("symbolic-ref", "HEAD", "refs/heads/other")
    for take in (
        lambda: take_back(real, done),
        lambda: taking_back.restored(real, "MEMORY.md", before.id, "", BY_HAND),
    ):
        with pytest.raises(Refused, match="on branch other"):
            take()

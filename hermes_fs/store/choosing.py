"""Finds which lessons a person means: by id, of a skill, of a session, since a moment. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hermes_fs.core.errors import NotFound, UsageError
from hermes_fs.store import history
from hermes_fs.store.git import Git
from hermes_fs.store.history import MAIN, Filter, Lesson


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to take back. `ids` name lessons one by one; the others narrow one another: of `skill`, of `session`, from
    `since` on, after the commit `to` (main as it was there)."""

    ids: Sequence[str] = ()
    skill: str = ""
    to: str = ""
    session: str = ""
    since: datetime | None = None


def choose(git: Git, chosen: Chosen) -> list[Lesson]:
    """The lessons meant, newest first. Those named by id as they are; of a selection only what stands, without merges
    (their lessons are taken one by one) and without what a person edited by hand, unless a skill is to be as it was.
    A skill alone means its last lesson. UsageError where nothing is asked for, NotFound where nothing fits."""
    found = [history.find(git, name) for name in chosen.ids]
    if chosen.skill or chosen.session or chosen.since:
        found += _selected(git, chosen)
    elif not chosen.ids:
        raise UsageError("which lessons?", "name them by id, or with --skill, --session or --since; see `hermes log`")
    return newest_first(git, list({lesson.commit: lesson for lesson in found}.values()))


def newest_first(git: Git, lessons: Sequence[Lesson]) -> list[Lesson]:
    """By descent, not by clock: machines differ in what time it is."""
    if len(lessons) < 2:
        return list(lessons)
    known = {lesson.commit: lesson for lesson in lessons}
    order = git.run("rev-list", "--topo-order", git.resolve(MAIN), "--").decode("ascii").split()
    return [known[commit] for commit in order if commit in known]


def is_ours(lesson: Lesson) -> bool:
    """Made by the agent or with a command; what a person wrote into a file is theirs to edit."""
    return bool(lesson.trailers.get("Review"))


def may_be_undone(lesson: Lesson) -> bool:
    """Whether undo takes it back while it stands, whatever its kind: also what brought an old file or version back.
    What takes a lesson back is none of these: undo goes on to the one before."""
    return is_ours(lesson) and len(lesson.parents) == 1 and not lesson.reverts


# -- inside -----------------------------------------------------------------------------------------------------------


def _selected(git: Git, chosen: Chosen) -> list[Lesson]:
    if chosen.to and not chosen.skill:
        raise UsageError("--to goes with --skill", "for all that was learned since: --since DATE")
    paths = (f"skills/{chosen.skill}",) if chosen.skill else ()
    if chosen.to:
        within = history.between(git, chosen.to, MAIN, paths)
        found = [lesson for lesson in within if len(lesson.parents) == 1]
    else:
        wanted = Filter(paths=paths, session=chosen.session, since=chosen.since)
        within = history.log(git, wanted)
        found = [lesson for lesson in within if len(lesson.parents) == 1 and is_ours(lesson)]
    marks = history.taken_back(git, git.resolve(MAIN))
    found = [replace(lesson, reverted_by=marks.get(lesson.name, "")) for lesson in newest_first(git, found)]
    found = list(_standing(found))
    if chosen.skill and not (chosen.to or chosen.session or chosen.since):
        found = [lesson for lesson in found if may_be_undone(lesson) and not lesson.reverted_by][:1]
    if not found:
        raise NotFound("no lesson that stands fits", "see them with `hermes log`")
    return found


def _standing(newest_first: Sequence[Lesson]) -> Iterator[Lesson]:
    """Those that stand, and those that only stand no more because of another one of these."""
    chosen: set[str] = set()
    for lesson in newest_first:
        if not lesson.reverted_by or lesson.reverted_by in chosen:
            chosen.add(lesson.name)
            yield lesson

"""Reads what was learned out of git: lessons with their why, filtered, and line by line. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hermes_fs.core.clock import iso
from hermes_fs.core.errors import NotFound, UsageError
from hermes_fs.store.git import Git
from hermes_fs.store.message import read_trailers

MAIN = "refs/heads/main"
_FORMAT = "%x1e%H%x1f%P%x1f%an <%ae>%x1f%aI%x1f%s%x1f%b%x1f"
_ENTRY = re.compile(r"^\s*[-*] (?P<text>.*?)\s*<!-- *(?P<id>[a-z2-7]{6}) *-->\s*$")
_HUNK = re.compile(rb"^([0-9a-f]{40,64}) \d+ (\d+)")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A commit on main. `by` is "agent" or "person", `trailers` what it says of itself (Hermes-…, without the prefix),
    `reverted_by` the change id of the lesson that took it back, "" while it stands."""

    commit: str
    parents: tuple[str, ...]
    author: str
    when: datetime
    subject: str
    why: str
    trailers: dict[str, str]
    files: tuple[str, ...]
    reverted_by: str = ""

    @property
    def change(self) -> str:
        return self.trailers.get("Change", "")

    @property
    def kind(self) -> str:
        return self.trailers.get("Kind", "")

    @property
    def by(self) -> str:
        return "agent" if self.trailers.get("Review") and self.trailers.get("Origin") == "agent" else "person"

    @property
    def reverts(self) -> tuple[str, ...]:
        return tuple(self.trailers.get("Reverts", "").split())

    @property
    def short(self) -> str:
        """What a person types to name it."""
        return self.commit[:8]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lessons: empty fields let everything through. `paths` are git pathspecs taken literally."""

    kind: str = ""
    paths: tuple[str, ...] = ()
    person: str = ""
    session: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Blamed:
    """A line, or an entry, and the lesson that it comes from."""

    text: str
    entry: str
    lesson: Lesson


def log(git: Git, wanted: Filter | None = None, rev: str = MAIN) -> list[Lesson]:
    """Lessons, newest first. One git process, whatever the number of files."""
    wanted = wanted or Filter()
    if not git.resolve(rev):
        return []
    found = _mark_reverted(_parse(git.run(*_log_arguments(wanted, rev)).decode("utf-8", "replace")))
    chosen = [lesson for lesson in found if _fits(lesson, wanted)]
    return chosen[: wanted.limit] if wanted.limit else chosen


def find(git: Git, name: str) -> Lesson:
    """By the beginning of a commit id or of a change id, or `last`. NotFound; UsageError where several fit."""
    lessons = log(git)
    if name == "last" and lessons:
        return lessons[0]
    wanted = name.strip().lower()
    if len(wanted) < 4:
        raise UsageError(f"{name!r} is too short for a lesson's id", "give at least 4 characters of it")
    fits = [one for one in lessons if one.commit.startswith(wanted) or one.change.lower().startswith(wanted)]
    if not fits:
        raise NotFound(f"no lesson {name!r}", "see them with `hermes log`")
    if len(fits) > 1:
        some = ", ".join(f"{one.short} ({one.subject})" for one in fits[:3])
        raise UsageError(f"{name!r} fits {len(fits)} lessons: {some}", "give more of the id")
    return fits[0]


def diff(git: Git, old: str, new: str, paths: Sequence[str] = ()) -> str:
    """A unified diff between two commits, every file as text; "" for `old` means the empty tree."""
    base = old or git.empty_tree
    literal = [f":(literal){path}" for path in paths]
    options = ["--no-color", "--no-ext-diff", "--no-textconv", "--text", "--no-renames", "--no-prefix"]
    return git.run("diff", *options, base, new, "--", *literal).decode("utf-8", "replace")


def blame(git: Git, path: str) -> list[Blamed]:
    """Where each line of a file comes from; only entries, with their ids, where it has any. NotFound if it is none."""
    if not git.blob_at(MAIN, path):
        raise NotFound(f"{path} is not in the mind", "see what is with `hermes log --path` or `git ls-files`")
    known = {lesson.commit: lesson for lesson in log(git)}
    raw = git.run("blame", "--no-textconv", "--porcelain", MAIN, "--", path)
    lines = [line for line in _blamed(raw, known) if line.text.strip()]
    entries = [line for line in lines if line.entry]
    return entries or lines


def as_json(lesson: Lesson) -> dict[str, object]:
    """What programs read: stable names."""
    fields = {name.lower().replace("-", "_"): value for name, value in lesson.trailers.items()}
    own = {"commit": lesson.commit, "subject": lesson.subject, "why": lesson.why, "when": iso(lesson.when)}
    more = {"author": lesson.author, "by": lesson.by, "files": list(lesson.files), "reverted_by": lesson.reverted_by}
    return {**fields, **own, **more}


def _log_arguments(wanted: Filter, rev: str) -> list[str]:
    arguments = ["log", "--no-color", "--no-renames", "--name-only", "--no-show-signature", f"--format={_FORMAT}"]
    if wanted.paths:
        return [*arguments, rev, "--", *(f":(literal){path}" for path in wanted.paths)]
    return [*arguments, rev, "--"]


def _parse(text: str) -> Iterator[Lesson]:
    for block in text.split("\x1e")[1:]:
        commit, parents, author, when, subject, body, names = block.split("\x1f", 6)
        trailers = {key.removeprefix("Hermes-"): value for key, value in read_trailers(body).items()}
        files = tuple(name for name in names.split("\n") if name)
        moment = datetime.fromisoformat(when)
        yield Lesson(commit, tuple(parents.split()), author, moment, subject, _why(body), trailers, files)


def _why(body: str) -> str:
    """The quoted reason in a message's body."""
    return "\n".join(line[2:] for line in body.split("\n") if line.startswith("> "))


def _mark_reverted(lessons: Iterator[Lesson]) -> list[Lesson]:
    """Newest first: a lesson is reverted where a later one that stands itself names it."""
    reverted: dict[str, str] = {}
    marked: list[Lesson] = []
    for lesson in lessons:
        taken_back = reverted.get(lesson.change, "") if lesson.change else ""
        if not taken_back:
            reverted.update({change: lesson.change for change in lesson.reverts})
        marked.append(replace(lesson, reverted_by=taken_back))
    return marked


def _fits(lesson: Lesson, wanted: Filter) -> bool:
    return (
        (not wanted.kind or lesson.kind == wanted.kind)
        and (not wanted.person or lesson.trailers.get("Person") == wanted.person)
        and (not wanted.session or lesson.trailers.get("Session", "").startswith(wanted.session))
        and (wanted.since is None or lesson.when >= wanted.since)
        and (wanted.until is None or lesson.when < wanted.until)
    )


def _blamed(raw: bytes, known: dict[str, Lesson]) -> Iterator[Blamed]:
    commit = ""
    for line in raw.split(b"\n"):
        hunk = _HUNK.match(line)
        if hunk:
            commit = hunk[1].decode()
        elif line.startswith(b"\t") and commit in known:
            text = line[1:].decode("utf-8", "replace")
            entry = _ENTRY.match(text)
            yield Blamed(entry["text"] if entry else text, entry["id"] if entry else "", known[commit])

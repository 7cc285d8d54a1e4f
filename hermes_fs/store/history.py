"""Reads what was learned out of git: lessons with their why, filtered. Writes nothing; blame.py goes line by line."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime

from hermes_fs.core.clock import iso
from hermes_fs.core.errors import NotFound, UsageError
from hermes_fs.store.git import Git
from hermes_fs.store.message import read_trailers

MAIN = "refs/heads/main"
_SHORTEST = 4  # characters of an id that a person must give
_FIRST_PAGE = 64  # lessons read at first; a screen of `hermes log` needs no more
_NO_TIME = datetime.fromtimestamp(0, UTC)
_DIFF = ("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--text", "--no-renames", "--no-prefix")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A commit on main. `trailers` is what it says of itself (Hermes-…, without the prefix), `reverted_by` the change
    id of the lesson that took it back, "" while it stands."""

    commit: str
    parents: tuple[str, ...]
    author: str
    when: datetime
    subject: str
    why: str
    trailers: Mapping[str, str]
    files: tuple[str, ...]
    reverted_by: str = ""

    @property
    def change(self) -> str:
        return self.trailers.get("Change", "")

    @property
    def name(self) -> str:
        """What a revert calls it: its change id; the commit id of what the door did not make."""
        return self.change or self.commit

    @property
    def kind(self) -> str:
        return self.trailers.get("Kind", "")

    @property
    def by(self) -> str:
        """ "agent" where a conversation or the agent itself made it, "person" for edits by hand and by command."""
        if not self.trailers.get("Review"):  # the door marks every lesson but a person's edits
            return "person"
        by_command = self.trailers.get("Origin") == "owner" and not self.trailers.get("Session")
        return "person" if by_command else "agent"

    @property
    def reverts(self) -> tuple[str, ...]:
        """Change ids of the lessons that it takes back."""
        return tuple(self.trailers.get("Reverts", "").split())

    @property
    def short(self) -> str:
        """What a person types to name it."""
        return self.commit[:8]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lessons: empty fields let everything through. `paths` are files or folders, taken literally."""

    kind: str = ""
    paths: tuple[str, ...] = ()
    person: str = ""
    session: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 0


def log(git: Git, wanted: Filter | None = None, rev: str = MAIN) -> list[Lesson]:
    """Lessons, newest first. Reads no further back than it must."""
    wanted = wanted or Filter()
    chosen = (lesson for lesson in walk(git, wanted.paths, rev) if _fits(lesson, wanted))
    return list(itertools.islice(chosen, wanted.limit or None))


def walk(git: Git, paths: Sequence[str] = (), rev: str = MAIN) -> Iterator[Lesson]:
    """Lessons that touch these paths (none: all), newest first, read from git as far as the caller goes.

    A revert is newer than what it takes back, so marks are right at any point of the whole walk; with paths git leaves
    reverts out, and they are read apart.
    """
    head = git.resolve(rev)
    if not head:
        return
    yield from _marked(_paged(git, [head, "--", *_literal(paths)]), taken_back(git, head) if paths else {})


def find(git: Git, name: str) -> Lesson:
    """By the beginning of a commit id or of a change id, or `last`. NotFound; UsageError where several fit."""
    head = git.resolve(MAIN)
    wanted = (head if name == "last" else name).strip().lower()
    if head and len(wanted) < _SHORTEST:
        raise UsageError(f"{name!r} is too short for a lesson's id", f"give at least {_SHORTEST} characters of it")
    fits = [ids[0] for ids in _ids(git, head) if any(one.lower().startswith(wanted) for one in ids)]
    if not fits:
        raise NotFound(f"no lesson {name!r}", "see them with `hermes log`")
    found = these(git, fits[:3])
    if len(fits) > 1:
        some = ", ".join(f"{one.short} ({one.subject})" for one in found)
        raise UsageError(f"{name!r} fits {len(fits)} lessons: {some}", "give more of the id")
    return replace(found[0], reverted_by=taken_back(git, head).get(found[0].name, ""))


def these(git: Git, commits: Sequence[str]) -> list[Lesson]:
    """Lessons by their whole commit ids, without the mark of those taken back."""
    return list(_parsed(git, ["--no-walk=unsorted", *commits, "--"])) if commits else []


def commit_at(git: Git, moment: datetime) -> str:
    """The commit of main that stood at a moment, "" before the first."""
    head = git.resolve(MAIN)
    if not head:
        return ""
    return git.run("rev-list", "--max-count=1", f"--until={int(moment.timestamp())}", head, "--").decode().strip()


def between(git: Git, old: str, new: str, paths: Sequence[str] = ()) -> list[Lesson]:
    """Lessons that `new` holds and commit `old` ("" for none) does not, newest first."""
    head = git.resolve(new)
    if not head:
        return []
    span = [head, *([f"^{old}"] if old else []), "--", *_literal(paths)]
    return list(_marked(_paged(git, span), taken_back(git, head)))


def diff(git: Git, old: str, new: str, paths: Sequence[str] = ()) -> str:
    """A unified diff between two commits or trees, every file as text; "" for `old` means the empty tree."""
    return git.run(*_DIFF, old or git.empty_tree, new, "--", *_literal(paths)).decode("utf-8", "replace")


def as_json(lesson: Lesson) -> dict[str, object]:
    """What programs read: stable names."""
    fields = {name.lower().replace("-", "_"): value for name, value in lesson.trailers.items()}
    own = {"commit": lesson.commit, "subject": lesson.subject, "why": lesson.why, "when": iso(lesson.when)}
    more = {"author": lesson.author, "by": lesson.by, "files": list(lesson.files), "reverted_by": lesson.reverted_by}
    return {**fields, **own, **more}


def teachers(git: Git) -> list[tuple[str, int, datetime]]:
    """(who, how many lessons, when the last) of everybody who taught something, the most first: whose conversation it
    was, and by name who edited by hand. Joins are nobody's."""
    head, nonce = git.resolve(MAIN), secrets.token_hex(8)
    named = ("Person", "Review", "Origin", "Session")
    trailers = [f"%(trailers:key=Hermes-{name},valueonly,separator=%x20)" for name in named]
    form = nonce.join(("", "%an", "%aI", *trailers, ""))
    said = git.run("log", "--no-merges", "--no-show-signature", f"--format={form}", head, "--") if head else b""
    found: dict[str, tuple[int, datetime]] = {}
    for line in said.decode("utf-8", "replace").split(f"{nonce}\n"):
        if not line:
            continue
        _, author, when, person, review, origin, session = line.split(nonce)
        if who := author if not review or (origin == "owner" and not session) else person:
            count, last = found.get(who, (0, datetime.fromisoformat(when)))
            found[who] = count + 1, max(last, datetime.fromisoformat(when))
    return sorted(((who, *known) for who, known in found.items()), key=lambda row: (-row[1], row[0]))


# -- asking git -------------------------------------------------------------------------------------------------------


def _literal(paths: Sequence[str]) -> list[str]:
    for path in paths:
        if path.startswith("/") or ".." in path.split("/"):
            raise NotFound(f"{path} is no path of the mind", "name it as it is called in the workspace: MEMORY.md")
    return [f":(literal){path}" for path in paths]


def _paged(git: Git, rest: Sequence[str]) -> Iterator[Lesson]:
    """Ever larger pages: the newest few cost little, and all of them few processes."""
    skip, size = 0, _FIRST_PAGE
    while True:
        page = list(_parsed(git, [f"--skip={skip}", f"--max-count={size}", *rest]))
        yield from page
        if len(page) < size:
            return
        skip, size = skip + size, size * 8


def taken_back(git: Git, head: str) -> dict[str, str]:
    """Change id → the change id of the lesson that took it back. By descent, so that it holds where machines whose
    clocks differ were joined, and a walk may meet a lesson before its revert. Reads all of history."""
    options = ["--topo-order", "--extended-regexp", "--grep=^Hermes-Reverts: ", head, "--"]
    reverts = list(_marked(_parsed(git, options), {}))
    return {change: one.name for one in reversed(reverts) if not one.reverted_by for change in one.reverts}


def _ids(git: Git, head: str) -> Iterator[tuple[str, ...]]:
    """(commit id, change id if any) of every lesson, newest first. No tree is compared, so it is cheap."""
    if head:
        trailer = "%(trailers:key=Hermes-Change,valueonly,separator= )"
        for line in git.run("log", f"--format=%H {trailer}", head, "--").decode("ascii", "replace").splitlines():
            yield tuple(line.split())


def _parsed(git: Git, arguments: Sequence[str]) -> Iterator[Lesson]:
    """What `git log` says. A nonce bounds the fields: no message that somebody wrote can pass for a lesson."""
    nonce = secrets.token_hex(8)
    fields = nonce.join(("", "%H", "%P", "%an <%ae>", "%aI", "%s", "%b", ""))
    shown = [
        "--no-color",
        "--no-renames",
        "--no-show-signature",
        "--full-diff",
        "--diff-merges=combined",
        "--name-only",
        "-z",
    ]
    raw = git.run("log", *shown, f"--format=%x00{fields}", *arguments)
    for block in raw.split(b"\0" + nonce.encode())[1:]:
        *texts, names = block.split(nonce.encode())
        commit, parents, author, when, subject, body = (text.decode("utf-8", "replace") for text in texts)
        trailers = {key.removeprefix("Hermes-"): value for key, value in read_trailers(body).items()}
        files = tuple(os.fsdecode(name) for name in names.strip(b"\n\0").split(b"\0") if name)
        yield Lesson(commit, tuple(parents.split()), author, _moment(when), subject, _why(body), trailers, files)


def _moment(text: str) -> datetime:
    """When, as the commit says; the beginning of time where it says nonsense: it may come from anywhere."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:  # the year 318857, a zone of +9999, or what git itself cannot read
        return _NO_TIME
    return moment if MINYEAR < moment.year < MAXYEAR else _NO_TIME  # at the ends another zone may be out of range


def _why(body: str) -> str:
    """The quoted reason in a message's body."""
    return "\n".join(line[2:] for line in body.split("\n") if line.startswith("> "))


def _marked(lessons: Iterable[Lesson], known: Mapping[str, str]) -> Iterator[Lesson]:
    """Newest first: a lesson is taken back where a later one that stands itself names it."""
    reverted = dict(known)
    for lesson in lessons:
        taken_back = reverted.get(lesson.name, "")
        if not taken_back:
            reverted.update(dict.fromkeys(lesson.reverts, lesson.name))
        yield replace(lesson, reverted_by=taken_back)


def _fits(lesson: Lesson, wanted: Filter) -> bool:
    return (
        (not wanted.kind or lesson.kind == wanted.kind)
        and (not wanted.person or wanted.person.lower() in _people(lesson))
        and (not wanted.session or lesson.trailers.get("Session", "").startswith(wanted.session))
        and (wanted.since is None or lesson.when >= wanted.since)
        and (wanted.until is None or lesson.when < wanted.until)
    )


def _people(lesson: Lesson) -> tuple[str, ...]:
    """Whom a lesson comes from: the person of the conversation, and who edited by hand, by name."""
    author = lesson.author.lower()
    by_hand = (author.partition(" <")[0], author.partition("<")[2].rstrip(">")) if lesson.by == "person" else ()
    return (lesson.trailers.get("Person", "").lower(), *by_hand)

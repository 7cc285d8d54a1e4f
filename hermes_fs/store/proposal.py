"""Reads proposals out of their refs: what each says, and whether it can be believed. Writes nothing.

Whoever can push or be cloned from can plant such a ref, so nothing in it is trusted: not its name, not its shape, and
not what it says of itself unless this machine made exactly that commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from hermes_fs.core import origins
from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.core.types import Change, Kind, Origin, Provenance, Trigger
from hermes_fs.store.git import Git
from hermes_fs.store.ledger import Made
from hermes_fs.store.message import one_line, read_trailers
from hermes_fs.store.paths import check_change, kind_of
from hermes_fs.store.policy import REFUSED

WAITING = "refs/hermes/proposals"
PUT_AWAY = "refs/hermes/rejected"
MOST_PATHS = 200
LARGEST = 1_000_000
"""Bytes of a file that a proposal may hold."""

_SAID = 300  # characters of a line that somebody else wrote
_WHY = 4000
_ID = re.compile(r"[0-9a-z]{4,26}")
_TRIGGERS: tuple[Trigger, ...] = ("user", "nudge", "reflection", "audit", "cron", "sync")
_FOREIGN: Origin = "channel"
_MODES = ("000000", "100644", "100755")

State = Literal["waiting", "stale", "blocked", "expired", "rejected", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Ends:
    """Blob ids of a file before and after, "" where there is none."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Standing:
    """`waiting`: accepting applies it as it is. `stale`: a file changed since; `fits` says whether it still merges.
    `blocked`: it can't be accepted. `expired` and `rejected` are put away, or about to be, and can still be accepted.
    `withdrawn`: the agent took it back, and nothing is left of it."""

    state: State
    fits: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A lesson that waits for a person. `id` is what they type, `change` the id that the lesson will keep; `why` is the
    model's reason, `because` why it did not go straight to main. `provenance.trigger` is `sync` where this machine did
    not make it: then it is only what it says of itself."""

    id: str
    commit: str
    change: str
    subject: str
    kind: Kind
    why: str
    because: str
    provenance: Provenance
    when: datetime
    expires: datetime
    files: Mapping[str, Ends]
    standing: Standing

    @property
    def foreign(self) -> bool:
        return self.provenance.trigger == "sync"

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(self.files)


@dataclass(frozen=True, slots=True)
class Ref:
    """A ref and the commit that it names."""

    id: str
    commit: str
    put_away: bool = False

    @property
    def name(self) -> str:
        return f"{PUT_AWAY if self.put_away else WAITING}/{self.id}"


def judged(one: Proposal, trailers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What gate and evals said when it was made, as its commit's trailers keep it: (what, how)."""
    evals = trailers.get("Hermes-Eval", "")
    if one.because.startswith(REFUSED):
        yield "gate", "refused"
    elif evals:
        yield "gate", "passed"
    else:
        yield "gate", "not asked: no skill" if one.kind != "skill" else "not asked"
    yield "evals", evals if evals and evals != "none" else "none"


def refs(git: Git, prefixes: Sequence[str] = (WAITING,)) -> list[Ref]:
    """Those whose names can be a proposal's. One process."""
    said = git.run("for-each-ref", "--format=%(refname) %(objectname)", *(f"{one}/" for one in prefixes))
    found: list[Ref] = []
    for line in said.decode("utf-8", "replace").splitlines():
        name, _, oid = line.rpartition(" ")
        prefix, _, id = name.rpartition("/")
        if prefix in prefixes and _ID.fullmatch(id):
            found.append(Ref(id, oid, prefix == PUT_AWAY))
    return found


def read(git: Git, ref: Ref, files: Mapping[str, Ends] | str, made: Made | None, days: int) -> Proposal:
    """The proposal of a ref. `files` is what `differences` found, or why it cannot be one; `made` is what this machine
    remembers of it, None for a stranger's. Raises NotFound where
    it names no commit that can be read."""
    if git.kind_of(ref.commit) != "commit" or git.size_of(ref.commit) > LARGEST:
        raise NotFound(f"proposal {ref.id} cannot be read", f"look at it: git cat-file -t {ref.name}")
    raw = git.read("commit", ref.commit)
    head, _, message = raw.partition(b"\n\n")
    when = _committed(head)
    text = message.decode("utf-8", "replace")
    trailers = {name: one_line(value, _SAID) for name, value in read_trailers(text).items()}
    ours = made is not None and ref.commit in (made.commit, made.before)
    known = files if isinstance(files, dict) else {}
    kinds = (kind_of(path) for path in known)
    is_revert = ours and trailers.get("Hermes-Kind") == "revert"
    kind: Kind = "revert" if is_revert else next((one for one in kinds if one), "note")
    provenance = _provenance(trailers, ours, read_trailers(text).get("Hermes-Reverts", ""))
    ordered = provenance if is_revert else Provenance(_FOREIGN, "user")
    asked = Change(dict.fromkeys(known), kind, "", ordered)
    problem = files if isinstance(files, str) else _problem(git, head, known, asked)
    standing = Standing("blocked", False, problem) if problem else Standing("waiting", True)
    return Proposal(
        id=ref.id,
        commit=ref.commit,
        change=trailers.get("Hermes-Change", "") if ours else "",
        subject=one_line(text.partition("\n")[0], _SAID),
        kind=kind,
        why="\n".join(line[2:] for line in text.split("\n") if line.startswith("> "))[:_WHY],
        because=_because(trailers) if ours else "it came by clone or sync",
        provenance=provenance,
        when=when,
        expires=when + timedelta(days=days),
        files=known,
        standing=standing,
    )


def differences(git: Git, commits: Sequence[str]) -> dict[str, dict[str, Ends] | str]:
    """What each commit changed since its parent, or why that is nothing for a proposal. One process for all."""
    if not commits:
        return {}
    found: dict[str, dict[str, Ends] | str] = {commit: {} for commit in commits}
    request = "".join(f"{commit}\n" for commit in commits).encode()
    said = git.ask("diff-tree", "--stdin", "-r", "-z", "--no-renames", "--root", input=request)
    if said.code and len(commits) == 1:
        return {commits[0]: "git cannot read it"}
    if said.code:  # one of them is broken
        return {commit: one for each in commits for commit, one in differences(git, [each]).items()}
    for commit, row, raw in _rows(said.out.decode("utf-8", "surrogateescape").split("\0")):
        known = found.get(commit)
        if not isinstance(known, dict):
            continue
        old_mode, new_mode, old, new, _ = row.lstrip(":").split(" ")
        path = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if len(known) == MOST_PATHS:
            found[commit] = f"it changes more than {MOST_PATHS} files"
        elif old_mode not in _MODES or new_mode not in _MODES:
            found[commit] = f"{path} is no plain file in it"
        else:
            known[path] = Ends(old.strip("0") and old, new.strip("0") and new)
    return found


def _rows(tokens: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    commit, row = "", ""
    for token in tokens:
        if row:
            yield commit, row, token
            row = ""
        elif token.startswith(":"):
            row = token
        else:
            commit = token


def _committed(head: bytes) -> datetime:
    """When, as the commit says; the beginning of time where it says nonsense."""
    stamp = re.search(rb"^committer .*> (\d{1,10}) [+-]\d{4}$", head, re.MULTILINE)
    return datetime.fromtimestamp(int(stamp[1]) if stamp else 0, UTC)


def _problem(git: Git, head: bytes, files: Mapping[str, Ends], asked: Change) -> str:
    if head.count(b"\nparent ") != 1:
        return "it does not follow from one commit of main"
    if not files:
        return "it changes nothing"
    try:
        check_change(asked, reviewed=True)
    except Refused as error:
        return error.message
    sizes = ((path, git.size_of(oid)) for path, ends in files.items() for oid in (ends.old, ends.new) if oid)
    large = next((path for path, size in sizes if size > LARGEST), "")
    return f"{large} is larger than {LARGEST:,} bytes" if large else ""


def _because(trailers: Mapping[str, str]) -> str:
    return trailers.get("Hermes-Review", "").removeprefix("proposed: ")


def _provenance(trailers: Mapping[str, str], ours: bool, reverts: str) -> Provenance:
    said = origins.known(trailers.get("Hermes-Origin", ""))
    trigger = trailers.get("Hermes-Trigger", "user")
    return Provenance(
        origin=said if ours else origins.least_trusted((said, _FOREIGN)),
        trigger=next((one for one in _TRIGGERS if one == trigger), "user") if ours else "sync",
        person=trailers.get("Hermes-Person", ""),
        session=trailers.get("Hermes-Session", ""),
        evidence=trailers.get("Hermes-Evidence", ""),
        model=trailers.get("Hermes-Model", ""),
        reverts=reverts if ours else "",
    )


def require(found: Sequence[Ref], name: str) -> Ref:
    """The ref that a person means: its id or the beginning of one, in capitals or not. NotFound."""
    wanted = name.strip().lower()
    fits = [ref for ref in found if ref.id == wanted] or [ref for ref in found if wanted and ref.id.startswith(wanted)]
    if len({ref.id for ref in fits}) != 1:
        more = f": {', '.join(ref.id for ref in fits[:5])}" if fits else ""
        what = f"{name!r} fits several proposals{more}" if fits else f"there is no proposal {name!r}"
        raise NotFound(what, "see them with `hermes review`")
    return min(fits, key=lambda ref: ref.put_away)

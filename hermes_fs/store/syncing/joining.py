"""Joins main with a commit that came from elsewhere. Owns what the joining commit is; `Workspace.advance` applies it.

A joining commit is made of its two parents alone, so two machines that join the same two make the same commit, and
need not join once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hermes_fs.core.errors import Refused
from hermes_fs.core.ids import derived_ulid
from hermes_fs.store import arriving, conflicts, message, signers, signing, state
from hermes_fs.store.git import Git
from hermes_fs.store.merging import Clash, differences, merge
from hermes_fs.store.objects import Signature
from hermes_fs.store.paths import kind_of
from hermes_fs.store.syncing import held, vouching
from hermes_fs.store.syncing.vouching import File, Held, NewSigners
from hermes_fs.store.workspace import Workspace

_NAME, _ADDRESS = "Hermes", "hermes@sync"
_OWN = ("sessions/", "work/")
_SHOWN = 3
_READ = 10_000  # bytes of a marker file
_LATEST = 4_102_444_800  # the year 2100: a commit may claim to be of any


@dataclass(frozen=True, slots=True)
class Joined:
    """Main before and after, as commit ids; `lessons` came, `merged` says whether both sides had any. `clashes` are
    kept in conflicts/, `said` tells a person in a line each what was left out."""

    before: str
    after: str
    lessons: int
    merged: bool
    clashes: tuple[Clash, ...]
    said: tuple[str, ...]


def join(workspace: Workspace, theirs: str) -> Joined:
    """Main with all that a commit brings, but for lessons that the workspace asks a signature of. Nothing of it is
    trusted by that. Raises Refused, Conflict or Failed; then main and the files are as before, or where a new list of
    signers came as this brought it."""
    vouching.warm(workspace, theirs)
    try:
        return _join(workspace, theirs)
    except NewSigners as error:
        if error.lesson:
            _join(workspace, error.lesson)
        raise


def _join(workspace: Workspace, theirs: str) -> Joined:
    git = workspace.git
    clashes: list[Clash] = []
    said: list[str] = []

    def target(head: str) -> str:
        clashes.clear()
        said.clear()
        if is_ancestor(git, theirs, head):
            return head
        tip, lines = admitted(git, head, theirs)
        said.extend(lines)
        tip = _vouched(workspace, head, tip)
        if is_ancestor(git, tip, head):
            return head
        if is_ancestor(git, head, tip):
            return tip
        tree, found = merge(git, head, tip, workspace.formats)
        clashes.extend(found)
        return _joining(workspace, (head, tip), tree, found)

    before, after = workspace.advance(target)
    if after != before and vouching.rules_of(workspace):
        said += vouching.told(git, before, after)
    lessons = count(git, before, theirs) if after != before else 0
    merged = after != before and not is_ancestor(git, before, theirs)
    return Joined(before, after, lessons, merged, tuple(clashes), tuple(said))


def is_ancestor(git: Git, commit: str, of: str) -> bool:
    return commit == of or git.ask("merge-base", "--is-ancestor", commit, of).code == 0


def count(git: Git, without: str, of: str) -> int:
    """How many lessons of a commit's history another has not; joins are none."""
    return int(git.run("rev-list", "--count", "--no-merges", of, f"^{without}", "--"))


def admitted(git: Git, head: str, theirs: str) -> tuple[str, list[str]]:
    """(the commit to join, lines on what of it is left out): theirs, or where it holds what no mind does (links,
    submodules, names that no disk should see), one on top of it without that. Raises Refused where it means harm."""
    problem = state.why_format_is_unknown(_marker(git, theirs))
    if problem:
        raise Refused(f"what came cannot be used: {problem}", "nothing was changed here; look at who changed it there")
    incoming = {each.path: each for each in differences(git, head, theirs)}
    arrival = arriving.judge_files(git, ((path, each.second) for path, each in incoming.items() if each.second))
    _judge_places(git, head, theirs, arrival)
    left_out = [name for names in arrival.left_out.values() for name in names]
    if not left_out:
        return theirs, arrival.lines
    kept = {name: incoming[name].first for name in left_out}
    tree = git.write_tree_with(theirs, {name: (row.mode, row.oid) if row else None for name, row in kept.items()})
    text = message.compose(
        f"sync: leave out {len(left_out)} that no mind holds",
        {},
        message.person_reason("\n".join(arrival.lines)),
        _trailers([theirs, tree], _when(git, [theirs])),
    )
    who = Signature(_NAME, _ADDRESS, _when(git, [theirs]))
    return git.commit(tree, [theirs], text, who, who), arrival.lines


def _judge_places(git: Git, head: str, theirs: str, arrival: arriving.Arrival) -> None:
    """Leaves out what would lie among files that are each machine's own, or beside one of main's that some disks
    cannot tell from it; names what lies outside the mind."""
    outside: list[str] = []
    alike: dict[str, dict[str, list[str]]] = {}
    for name, _ in arrival.files:
        if name.startswith(_OWN):
            arrival.left_out.setdefault("that folder is each machine's own", []).append(name)
        elif _twin(git, head, theirs, name, alike):
            arrival.left_out.setdefault("a name that differs only in case from another", []).append(name)
        elif not kind_of(name) and not git.entry_at(head, name):
            outside.append(name)
    if outside:
        shown = ", ".join(repr(name) for name in outside[:_SHOWN])
        more = f" and {len(outside) - _SHOWN:,} more" if len(outside) > _SHOWN else ""
        arrival.said.append(f"{shown}{more} came, which is no part of a mind: kept as files that nothing reads")


def _twin(git: Git, head: str, theirs: str, path: str, seen: dict[str, dict[str, list[str]]]) -> bool:
    """Whether main has a file or folder beside a new one that differs only in case, and theirs has both. `seen` keeps
    what folders hold."""
    tree, found = git.resolve(f"{theirs}^{{tree}}"), ""
    for name in path.split("/"):
        if tree not in seen:
            seen[tree] = {}
            for row in git.tree(tree):
                seen[tree].setdefault(row.name.casefold(), []).append(row.name)
        twins = [one for one in seen[tree].get(name.casefold(), ()) if one != name]
        if twins and not git.entry_at(head, found + name) and any(git.entry_at(head, found + one) for one in twins):
            return True
        found, tree = f"{found}{name}/", git.tree_at(tree, name)
        if not tree:
            break
    return False


def _marker(git: Git, commit: str) -> str:
    oid = git.blob_at(commit, state.MARKER)
    return git.read_blob(oid)[:_READ].decode("utf-8", "replace") if oid and git.size_of(oid) < _READ else ""


def _vouched(workspace: Workspace, head: str, tip: str) -> str:
    """A commit, or one on top of it without the lessons that do not hold here, which are noted, to be proposed. It is
    always signed: nobody else takes a lesson away from the others."""
    rules = vouching.rules_of(workspace)
    files, gone = vouching.vouched(workspace, head, tip, rules) if rules else ({}, [])
    if not files:
        return tip
    if not signing.is_wanted(workspace.root, workspace.state_dir):
        why = f"{len(gone)} of the lessons that came do not hold here, as {gone[0].because}"
        raise Refused(why, "leaving them out takes a signature of yours: hermes config set git.sign true")
    done = _without(workspace, tip, files, gone)
    signers.require_own(workspace.git, workspace.state_dir, signers.trusted(workspace.git, workspace.trust), done)
    held.note(workspace.state_dir, gone)
    return done


def _without(workspace: Workspace, tip: str, files: Mapping[str, File], gone: Sequence[Held]) -> str:
    git, when = workspace.git, workspace.clock.now()  # keys are valid at times, and theirs is theirs to choose
    tree = git.write_tree_with(tip, {path: None for path, (_, data) in files.items() if data is None})
    rows = {path: (mode, git.hash_blob(data)) for path, (mode, data) in files.items() if data is not None}
    tree = git.write_tree_with(tree, rows)  # where a folder was, by now
    text = message.compose(
        f"sync: hold back {len(gone)} that nobody vouches for",
        {},
        message.person_reason("\n".join(f"{one.commit[:8]}: {one.because}" for one in gone)),
        {**_trailers([tip, tree], when), vouching.HELD: " ".join(one.commit for one in gone)},
    )
    who = Signature(_NAME, _ADDRESS, when)
    return signing.signed_commit(git, tree, [tip], text, who, who)


def _joining(workspace: Workspace, sides: tuple[str, str], tree: str, clashes: Sequence[Clash]) -> str:
    git = workspace.git
    pages = dict(map(conflicts.page, clashes))
    tree = conflicts.kept(git, tree, clashes)
    parents = sorted(sides)
    when = _when(git, parents)
    counts = count(git, parents[1], parents[0]), count(git, parents[0], parents[1])
    lines = [f"{clash.path}: see {path}" for clash, path in zip(clashes, pages, strict=True)]
    text = message.compose(
        f"merge: {counts[0]} and {counts[1]} lessons",
        {},
        message.person_reason("\n".join(["two machines learned at the same time", *lines])),
        _trailers(parents, when),
    )
    who = Signature(_NAME, _ADDRESS, when)
    if signing.is_wanted(workspace.root, workspace.state_dir):
        return signing.signed_commit(git, tree, parents, text, who, who)
    return git.commit(tree, parents, text, who, who)


def _trailers(made_of: Sequence[str], when: datetime) -> dict[str, str]:
    return {
        "Hermes-Kind": "merge",
        "Hermes-Change": derived_ulid(int(when.timestamp()), " ".join(made_of)),
        "Hermes-Origin": "agent",
        "Hermes-Trigger": "sync",
        "Hermes-Review": "auto",
    }


def _when(git: Git, commits: Sequence[str]) -> datetime:
    """When the later of them was made: a moment of its own would differ from machine to machine."""
    times = git.run("log", "--no-walk=unsorted", "--format=%ct", *commits, "--").split()
    return datetime.fromtimestamp(min(max(0, *map(int, times)), _LATEST), UTC)

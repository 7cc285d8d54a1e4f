"""Follows what another machine forgot: once a person says so, and only where its record explains the whole rewriting.

What was learned here alone is carried over; all that is gone there goes here, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hermes_fs.core.errors import Conflict, Refused
from hermes_fs.core.terminal import one_line
from hermes_fs.store.failpoint import reach
from hermes_fs.store.files import Files
from hermes_fs.store.forgetting import finding, purge, pushing, records, scrubbing, vanishing
from hermes_fs.store.forgetting import plan as journal
from hermes_fs.store.forgetting.asked import PURGES, Waits, Wanted
from hermes_fs.store.forgetting.carrying import Carrying
from hermes_fs.store.forgetting.explaining import Explained
from hermes_fs.store.forgetting.plan import Plan, Replaced
from hermes_fs.store.forgetting.records import Record
from hermes_fs.store.forgetting.rewriting import Changed, Rewriting
from hermes_fs.store.forgetting.writing import Writer
from hermes_fs.store.formats.format import counted
from hermes_fs.store.git import Git
from hermes_fs.store.merging import differences
from hermes_fs.store.state import BRANCH
from hermes_fs.store.syncing.exchange import Remote
from hermes_fs.store.syncing.joining import is_ancestor, join
from hermes_fs.store.workspace import Workspace

OURS = ("--branches", "--glob=refs/hermes/sessions", "--glob=refs/hermes/proposals")
"""What this machine has, for what comes."""

_SHOWN = 5


@dataclass(slots=True)
class Met:
    """`again`: the remote, or this machine, is not what it was a moment ago. `lines` tell what was done."""

    again: bool = False
    lines: list[str] = field(default_factory=list)


def meet(workspace: Workspace, other: Remote, there: Mapping[str, str], wanted: Wanted) -> Met:
    """Before anything else is fetched. Raises Waits where a person has to say yes, Conflict where the remote holds what
    was forgotten here, or where a record does not explain what became of a history."""
    git = workspace.git
    own, far = git.resolve(PURGES), there.get(PURGES, "")
    if own == far:
        return Met()
    if far:
        other.fetch({PURGES: far})
    try:
        if own and (not far or is_ancestor(git, far, own)):
            return _lead(workspace, other, there, wanted)
        crossed = bool(own) and not is_ancestor(git, own, far)
        if crossed and not wanted.accept:
            raise Conflict(
                f"{other.name} and this machine have each purged something, and neither knows of the other",
                "take over what is there, then purge again: hermes sync --accept-purge --join, hermes forget",
            )
        return _follow(workspace, other, there, wanted, crossed)
    finally:
        other.release()


def _lead(workspace: Workspace, other: Remote, there: Mapping[str, str], wanted: Wanted) -> Met:
    """The purge was here. Until a person has it pushed, nothing is exchanged with a remote that holds what is gone."""
    git = workspace.git
    chain = records.read(git, git.resolve(PURGES))
    known = records.composed(chain)
    main = there.get(BRANCH, "")
    is_late = bool(main) and main not in known and not git.kind_of(main)
    if (is_late or any(oid in known for oid in there.values())) and not wanted.push:
        raise Conflict(
            f"{other.name} still holds what was forgotten here", "rewrite it there, too: hermes sync --push-purge"
        )
    if is_late:
        _bring(workspace, other, main, Explained(git, known, chain))
    return Met(True, pushing.push_to(workspace, other, there))


def _bring(workspace: Workspace, other: Remote, main: str, gone: Explained) -> None:
    """What others learned meanwhile, on the history of before, comes onto that of now, and into the record."""
    git = workspace.git
    other.fetch({BRANCH: main})
    writer = Writer(git)
    seeds = {old: new for old, new in gone.seeds.items() if git.kind_of(new) == "commit"}
    done = Changed(commits=dict(seeds))
    Rewriting(git, Carrying(git, workspace.formats, gone, writer), writer).history([main], done)
    writer.flush()
    late = Changed(commits={old: new for old, new in done.commits.items() if old not in seeds})
    for old, new in late.commits.items():
        late.blobs |= {each.first.oid: "" for each in differences(git, old, new) if each.first}
    if main in late.commits:
        with workspace.locked():
            old, record = records.add(workspace, {BRANCH: (main, late.commits[main])}, late)
            git.update_ref(PURGES, record, old)
        join(workspace, late.commits[main])
    other.release()
    drop(workspace, [main])


# -- following --------------------------------------------------------------------------------------------------------


def _follow(
    workspace: Workspace, other: Remote, there: Mapping[str, str], wanted: Wanted, crossed: bool = False
) -> Met:
    """`crossed`: this machine has purged as well, which is why its history is another; nobody else has seen that."""
    git = workspace.git
    chain = records.read(git, there[PURGES])
    seeds = records.composed(chain)
    here = {*git.run("rev-list", "--all").decode().split(), *finding.stashed(git)}
    if not here & seeds.keys():
        git.update_ref(PURGES, there[PURGES], git.resolve(PURGES))
        return Met()
    refs = finding.refs(git)
    other.fetch({ref: oid for ref, oid in there.items() if ref == BRANCH or ref in refs})
    came = {old: seeds[old] for old in here & seeds.keys() if git.kind_of(seeds[old]) == "commit"}
    judge = Explained(git, seeds, chain)
    sound = {old: new for old, new in came.items() if judge.is_sound(old, new)}
    if len(sound) < len(came) or not (crossed or _is_all(git, other, there, sound)):
        raise _unexplained(git, other)
    if not wanted.accept:
        raise Waits(_question(git, other, chain, sound), "look at it there, then: hermes sync --accept-purge")
    if not workspace.settle():
        raise Refused("git's index is in use", "finish the git command that runs, then try again")
    purge.require_no_copies(workspace)
    with workspace.locked():
        done = _apply(workspace, there[PURGES], sound, judge)
    lost = f"{len(done.refs)} refs moved, {done.objects} objects deleted"
    return Met(True, [f"forgotten here as on {one_line(chain[-1].host)}: {lost}"])


def _is_all(git: Git, other: Remote, there: Mapping[str, str], sound: Mapping[str, str]) -> bool:
    """Whether main over there lacks nothing but what was rewritten."""
    known, main = _known(git, other), there.get(BRANCH, "")
    gone = git.run("rev-list", known, f"^{main}", "--").decode().split() if known and main else []
    return all(commit in sound for commit in gone)


def _unexplained(git: Git, other: Remote) -> Conflict:
    """What was there is kept under a name of its own."""
    known = _known(git, other)
    place = f"refs/hermes/rescue/{other.name}-{known[:12]}"
    if known:
        git.update_ref(place, known, git.resolve(place))
    return Conflict(
        f"the history of {other.name} was rewritten, and its record of what was purged does not explain it; "
        f"what it was is kept as {place}",
        "look at both; `hermes sync --join` merges them, and nothing is lost",
    )


def _known(git: Git, other: Remote) -> str:
    return other.known(BRANCH) or git.resolve(f"refs/remotes/{other.name}/main")


def _question(git: Git, other: Remote, chain: Sequence[Record], sound: Mapping[str, str]) -> str:
    """What a person is told before they say yes: whose it is, and which files lose something, or go."""
    refs = [ref for ref in finding.refs(git) if _lies_on_disk(ref)]
    ends = [next(((oid, sound[oid]) for oid in _history(git, ref) if oid in sound), ("", "")) for ref in refs]
    paths = sorted(_paths(git, ends))
    shown = ", ".join(paths[:_SHOWN]) + (" …" if len(paths) > _SHOWN else "")
    files = (
        f"{counted(len(paths), 'file')} of now lose something or go ({shown})" if paths else "no file of now changes"
    )
    last = chain[-1]
    return one_line(
        f"{last.host} purged {other.name} on {last.when[:10]}: {counted(len(sound), 'commit')} rewritten, {files}"
    )


def _history(git: Git, ref: str) -> list[str]:
    return git.run("rev-list", ref, "--").decode().split()


def _apply(workspace: Workspace, tip: str, sound: Mapping[str, str], gone: Explained) -> purge.Purged:
    git, files = workspace.git, Files(workspace.root, workspace.git.temporary)
    writer, done = Writer(git), Changed(commits=dict(sound))
    known = finding.refs(git)
    work = Rewriting(git, Carrying(git, workspace.formats, gone, writer), writer)
    stashed = finding.stashed(git)
    roots = [oid for ref in known.values() if (oid := git.resolve(f"{ref}^{{commit}}"))]
    work.history([*roots, *stashed], done)
    tags = {oid: work.tag(oid, done) for oid in known.values() if git.kind_of(oid) == "tag"}
    writer.flush()
    reach("forget.carried")
    refs = {ref: (oid, tags.get(oid) or done.commits.get(oid, oid)) for ref, oid in known.items()}
    paths = _paths(git, {ref: ends for ref, ends in refs.items() if _lies_on_disk(ref)}.values())
    replaced = Replaced(git, paths)
    scrubbing.require_idle(workspace.root, replaced)
    refs[PURGES] = git.resolve(PURGES), tip
    held = [oid for oid, _ in finding.everything(git) if gone.names(oid)]
    stash = {oid: done.commits.get(oid, oid) for oid in stashed}
    return purge.begin(workspace, files, Plan(journal.described(replaced), refs, stash, done.commits, held), done)


def _paths(git: Git, ends: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for old, new in ends:
        for each in differences(git, old, new) if old != new else ():
            found[each.path] = (each.first.oid if each.first else "", each.second.oid if each.second else "")
    return found


def _lies_on_disk(ref: str) -> bool:
    return ref == BRANCH or ref.startswith("refs/hermes/sessions/")


# -- ever after -------------------------------------------------------------------------------------------------------


def refused(workspace: Workspace, refs: Mapping[str, str], beside: Sequence[str] = OURS) -> list[str]:
    """Those of these refs, fetched or about to be sent, that would bring back what was purged. `beside` is what the
    other side has already, in words of `git rev-list`."""
    git = workspace.git
    tip = git.resolve(PURGES)
    if not tip or not refs:
        return []
    chain = records.read(git, tip)
    commits = {old for record in chain for old in record.commits}
    bad: list[str] = []
    for ref, oid in refs.items():
        fresh = git.run("rev-list", "--objects", "--no-object-names", oid, "--not", *beside).decode().split()
        if any(each in commits or any(record.names(each) for record in chain) for each in fresh):
            bad.append(ref)
    return bad


def drop(workspace: Workspace, oids: Iterable[str]) -> None:
    """Deletes what was fetched and refused, as far as nothing else has it."""
    with workspace.locked():
        vanishing.remove(workspace.git, vanishing.dead(workspace.git, oids, ()))

"""Purges a workspace of a text or a session: builds the history without it, then puts it in place of the old one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.errors import Refused
from hermes_fs.store.durable import boot
from hermes_fs.store.failpoint import reach
from hermes_fs.store.files import Files
from hermes_fs.store.forgetting import finding, records, scrubbing
from hermes_fs.store.forgetting import plan as journal
from hermes_fs.store.forgetting.asked import PURGES
from hermes_fs.store.forgetting.finding import Found
from hermes_fs.store.forgetting.finishing import carry_out
from hermes_fs.store.forgetting.plan import Plan
from hermes_fs.store.forgetting.rewriting import Changed, Redacting, Rewriting
from hermes_fs.store.forgetting.wanted import Session, Wanted
from hermes_fs.store.forgetting.writing import Writer
from hermes_fs.store.journal import Entry, Journal
from hermes_fs.store.sessions import SessionInfo
from hermes_fs.store.state import BRANCH
from hermes_fs.store.transcript import read as read_transcript
from hermes_fs.store.transcript import read_blob
from hermes_fs.store.workspace import Workspace

_BLOB_KEY = '"blob":"'


@dataclass(frozen=True, slots=True)
class Purged:
    """`refs`: name → (old, new) id of those that moved. `commits` were rewritten, `signed` of them lost a signature,
    `objects` are gone."""

    refs: dict[str, tuple[str, str]]
    commits: int
    signed: int
    objects: int


def look(workspace: Workspace, wanted: Wanted) -> Found:
    """Every place that holds it, edits of a person committed first."""
    workspace.commit_pending()
    return finding.find(workspace.git, workspace.state_dir, wanted)


def purge(workspace: Workspace, wanted: Wanted) -> Purged:
    """Irrevocable. Refused where it cannot be done now; Conflict where a ref moved meanwhile: nothing has happened
    then. Killed at any moment, all is as before or becomes as after at the next open."""
    workspace.require_learning()
    git, files = workspace.git, Files(workspace.root, workspace.git.temporary)
    require_no_copies(workspace)
    scrubbing.require_idle(workspace.root, wanted)
    workspace.commit_pending()
    if not workspace.settle():
        raise Refused("git's index is in use", "finish the git command that runs, then try again")
    with workspace.locked():
        writer, done = Writer(git), Changed()
        found = finding.find(git, workspace.state_dir, wanted)
        refs = _rewritten(workspace, wanted, writer, done)
        stash = {oid: done.commits.get(oid, oid) for oid in finding.stashed(git)}
        writer.flush()
        reach("forget.built")
        if done.commits:
            refs[PURGES] = records.add(workspace, refs, done)
        plan = Plan(journal.described(wanted), refs, stash, done.ids, sorted(found.objects))
        return begin(workspace, files, plan, done)


def begin(workspace: Workspace, files: Files, plan: Plan, done: Changed) -> Purged:
    """Writes the plan and carries it out. The caller holds the workspace."""
    git, door = workspace.git, Journal(workspace.state_dir / "journal")
    journal.write(workspace.state_dir, plan)
    reach("forget.plan")
    old, new = plan.refs.get(BRANCH, (workspace.head(),) * 2)
    start = door.append(Entry(BRANCH, old, new, True, boot(), ()))  # other processes look, by that, whether it got done
    gone = carry_out(git, files, plan)
    door.cut(start)
    moved = {ref: ends for ref, ends in plan.refs.items() if ends[0] != ends[1]}
    return Purged(moved, len(done.commits), done.signed, len(gone))


def session(info: SessionInfo, workspace: Workspace) -> Session:
    """A conversation as something to forget, with what lies beside it and is no other's."""
    folder = info.path.parent
    contents = read_transcript(info.path)
    said = {record.text("text") for record in contents.records if record.is_asked}
    others = [path for path in folder.glob("*.jsonl") if path != info.path]
    ours = _blobs_of(info.path) - {name for other in others for name in _blobs_of(other)}
    names = [info.path, info.path.with_suffix(".md"), *(folder / "blobs" / name for name in ours)]
    paths = frozenset(path.relative_to(workspace.root).as_posix() for path in names)
    return Session(info.id, paths, frozenset(said - {""}))


def _blobs_of(transcript: Path) -> set[str]:
    pieces = transcript.read_text(errors="replace").split(_BLOB_KEY)[1:]
    return {piece[:64] for piece in pieces if read_blob(transcript, piece[:64])}


def _rewritten(workspace: Workspace, wanted: Wanted, writer: Writer, done: Changed) -> dict[str, tuple[str, str]]:
    git = workspace.git
    known = finding.refs(git)
    kinds = {oid: git.kind_of(oid) for oid in known.values()}
    rule = Redacting(git, wanted, writer, done)
    work = Rewriting(git, rule, writer)
    roots = [git.resolve(f"{oid}^{{commit}}") for oid in known.values() if kinds[oid] in ("commit", "tag")]
    work.history([*filter(None, roots), *finding.stashed(git)], done)
    refs: dict[str, tuple[str, str]] = {}
    for ref, oid in known.items():
        match kinds[oid]:
            case "commit":
                refs[ref] = oid, done.commits.get(oid, oid)
            case "tag":
                refs[ref] = oid, work.tag(oid, done)
            case "blob":
                refs[ref] = oid, rule.blob("", oid)
            case _:
                refs[ref] = oid, oid
    return refs


def require_no_copies(workspace: Workspace) -> None:
    """Refused where there is one: a copy of the mind as it was has an index and files of its own."""
    copies = workspace.git.common_dir / "worktrees"
    if copies.is_dir() and any(copies.iterdir()):
        raise Refused(
            "there are copies of the mind as it was, that hold what it held",
            "remove them: hermes checkout --list, git worktree list",
        )

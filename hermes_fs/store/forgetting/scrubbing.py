"""Takes what is forgotten out of what lies beside the objects: files, git's index, logs, notes and caches of here.

Each step may be done again: what is not there any more is not looked for.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from hermes_fs.core.errors import Failed, Refused
from hermes_fs.store import schema
from hermes_fs.store.failpoint import reach
from hermes_fs.store.files import Files
from hermes_fs.store.forgetting import finding
from hermes_fs.store.forgetting.plan import DEAD, FILE, Plan, Replaced
from hermes_fs.store.forgetting.wanted import Session, Wanted
from hermes_fs.store.git import Git
from hermes_fs.store.objects import TreeEntry
from hermes_fs.store.state import BRANCH

_CACHES = ("index.db", "meaning.db", "outcomes.db", "insights.db", "skills.db", "index.new", "meaning.new")
_STAYS = re.compile(r".*\.lock|lock|host|journal|.*\.sock|" + re.escape(FILE) + "|" + re.escape(DEAD))
_ID = re.compile(rb"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])")
_NOTED = 1 << 20  # bytes up to which a note of ours is looked through for ids
OURS = b"\thermes: forget\n"
"""How the reflog says that a purge moved a ref."""

_GUARD = 5.0  # seconds to wait for who has the search index


def require_idle(root: Path, wanted: Wanted) -> None:
    """Raises Refused where a conversation that holds it goes on in some process: it would write it anew."""
    for path in finding.files(root):
        if not (path.startswith("sessions/") and path.endswith(".jsonl")):
            continue
        if finding.count_in(wanted, path, (root / path).read_bytes()) and _is_open(root / path):
            raise Refused(f"{path} is a conversation that is going on, and holds it", "end it, then try again")


def disk(git: Git, files: Files, wanted: Wanted) -> None:
    """The mind's files, those that git does not keep too."""
    for path in list(finding.files(git.root)):
        found = files.read(path)
        if not found:
            continue
        fresh = wanted.file(path, found.data)
        name = os.fsdecode(wanted.name(os.fsencode(path)))
        if fresh == found.data and name == path:
            continue
        if fresh is not None:
            aside = files.stage(name, fresh, found.permissions)
            git.syncer.sync([aside])
            files.place(aside, name)
        if fresh is None or name != path:
            files.remove(path)
        git.syncer.sync([files.folder_of(path)])
        reach("forget.file")
    for path, entry in _come(git, wanted):
        if not files.read(path):
            aside = files.stage(path, git.read_blob(entry.oid), 0o755 if entry.mode == "100755" else None)
            git.syncer.sync([aside])
            files.place(aside, path)


def _come(git: Git, wanted: Wanted) -> Iterator[tuple[str, TreeEntry]]:
    """Files of main that have another name now, which is known here by main alone."""
    paths = wanted.paths if isinstance(wanted, Replaced) else {}
    for path in (path for path, (old, new) in paths.items() if new and not old):
        if entry := git.entry_at(BRANCH, path):
            yield path, entry


def index(git: Git, plan: Plan, wanted: Wanted) -> None:
    """What git has staged, the same as files are now."""
    said = os.fsdecode(git.run("ls-files", "-s", "-z"))
    lines: list[str] = []
    held = frozenset(plan.held)
    for item in said.split("\0"):
        about, _, path = item.partition("\t")
        if not path:
            continue
        mode, oid, stage = about.split(" ")
        name = os.fsdecode(wanted.name(os.fsencode(path)))
        fresh = _staged(git, held, wanted, path, oid)
        if fresh == oid and name == path:
            continue
        lines.append(f"0 {'0' * len(oid)} 0\t{path}\0")
        if fresh:
            lines.append(f"{mode} {fresh} {stage}\t{name}\0")
    lines += [f"{entry.mode} {entry.oid} 0\t{path}\0" for path, entry in _come(git, wanted)]
    if lines:
        git.run("update-index", "-z", "--index-info", input=os.fsencode("".join(lines)))
        git.ask("update-index", "-q", "--refresh")


def _staged(git: Git, held: frozenset[str], wanted: Wanted, path: str, oid: str) -> str:
    may_be = path in wanted.paths if isinstance(wanted, Replaced) else oid in held
    if not may_be or git.kind_of(oid) != "blob":
        return oid
    data = git.read_blob(oid)
    fresh = wanted.file(path, data)
    return oid if fresh == data else git.hash_blob(fresh) if fresh is not None else ""


def logs(git: Git, plan: Plan, wanted: Wanted) -> None:
    """Reflogs are emptied, for each of their lines names a history that is gone; stashed work keeps its own."""
    log = git.common_dir / "logs" / finding.STASH
    lines = log.read_bytes().splitlines(True) if plan.stash and log.is_file() else []
    kept = _mapped(b"".join(line for line in lines if not line.endswith(OURS)), plan.stash)
    for path in finding.logs(git):
        if not (path == log and kept):
            path.write_bytes(b"")
    if kept:
        log.write_bytes(wanted.words(kept))
    for name in finding.NOTES:
        (git.git_dir / name).unlink(missing_ok=True)


def state(git: Git, state_dir: Path, plan: Plan, wanted: Wanted) -> None:
    """This machine's notes, its prompt history, and copies that were set aside. Caches are made anew by who needs
    them."""
    for name in _CACHES:
        _discard(state_dir / name)
    for path in list(finding.state_files(state_dir)):
        name = path.relative_to(state_dir).as_posix()
        if not _STAYS.fullmatch(path.name):
            with contextlib.suppress(FileNotFoundError):  # a process that goes on removed it
                _clean(path, name, plan, wanted)
    for place in [] if isinstance(wanted, Replaced) else list(finding.checkpoints(state_dir, wanted)):
        shutil.rmtree(place)


def _clean(path: Path, name: str, plan: Plan, wanted: Wanted) -> None:
    data = path.read_bytes()
    fresh: bytes | None = data
    if name == "prompt-history":
        fresh = b"".join(line for line in data.splitlines(True) if not _typed(line, wanted))
    elif isinstance(wanted, Session):
        fresh = None if name.startswith(("errands/", "moment")) and wanted.count(data) else data
    elif wanted.count(data):
        fresh = None if name.startswith("tmp/") or b"\0" in data else wanted.file(name, data)
    if fresh and "/" not in name and len(fresh) < _NOTED:
        fresh = _mapped(fresh, plan.ids)
    if fresh is None:
        path.unlink()
    elif fresh != data:
        mode = path.stat().st_mode & 0o777
        Files(path.parent, path.parent).put(path.name, fresh, mode)


def _typed(line: bytes, wanted: Wanted) -> bool:
    """Whether a line that a person sent holds it, or was of the conversation."""
    if not isinstance(wanted, Session):
        return bool(wanted.count(line))
    with contextlib.suppress(ValueError):  # torn: nothing of it is known
        return json.loads(line) in wanted.said
    return False


def _mapped(data: bytes, ids: dict[str, str]) -> bytes:
    return _ID.sub(lambda match: ids.get(match[0].decode(), match[0].decode()).encode(), data)


def _discard(path: Path) -> None:
    """A process that has it open goes on with its own copy, unnamed, and notices."""
    if not path.exists():
        return
    try:
        with schema.guarded(path, "swap", _GUARD):
            schema.discard(path)
    except BlockingIOError as error:
        raise Failed(f"{path.name} is used by another hermes", "end it, then run any command of hermes") from error


def _is_open(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

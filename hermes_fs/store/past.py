"""Owns copies of the mind as it was at a lesson: linked git worktrees outside of the workspace. Moves no branch.

Their files are written here, from git's objects: no filter, hook or driver of a repository runs. Nothing is learned in
one (state.py sees the note that it holds), it is trusted with no more than what is trusted now, and it works by the
settings of now. docs/history.md tells the rest.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from hermes_fs.core.clock import iso
from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused
from hermes_fs.store.files import Files
from hermes_fs.store.git import Git
from hermes_fs.store.objects import LINK_MODE
from hermes_fs.store.paths import check_path
from hermes_fs.store.state import MARKER, PAST
from hermes_fs.store.trust import Item, ItemKind, Trust
from hermes_fs.store.workspace import Workspace

_TEMPORARY = "hermes-bisect-"
_HELD = "held"
_STALE = 60.0
Purpose = Literal["checkout", "bisect"]


@dataclass(frozen=True, slots=True)
class Past:
    """A copy at `root`, as main was at `commit`; `admin` is what git keeps of it, `made` when, `at` how the person
    named the moment. `left_out` are the paths that are no plain files."""

    root: Path
    admin: Path
    commit: str
    at: str
    made: str
    purpose: Purpose = "checkout"
    left_out: tuple[str, ...] = ()

    @property
    def state_dir(self) -> Path:
        return self.admin / "hermes"


def check_out(workspace: Workspace, commit: str, at: str, place: Path, settings: bytes = b"") -> Past:
    """Makes a copy in a folder that is not there yet, or empty. `settings` are what local.yaml of the copy says.
    Refused where something lies there, Failed where it cannot be written; then nothing is left of it."""
    _require_free(workspace, place)
    made = _added(workspace, commit, place)
    try:
        past = _filled(workspace, Past(place, made, commit, at, iso(workspace.clock.now())))
        _bring_rights(workspace, past, settings)
        return past
    except (HermesError, OSError, KeyboardInterrupt):
        _delete(place, made)
        raise


@contextlib.contextmanager
def visiting(workspace: Workspace, commit: str) -> Iterator[Past]:
    """A copy in a temporary folder that goes afterwards; what a killed process leaves goes with `clear_left`."""
    place = Path(tempfile.mkdtemp(prefix=_TEMPORARY))
    made = _added(workspace, commit, place)
    held = os.open(_state(made) / _HELD, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        past = _filled(workspace, Past(place, made, commit, commit[:8], iso(workspace.clock.now()), "bisect"))
        _bring_rights(workspace, past, b"")
        yield past
    finally:
        _delete(place, made)
        os.close(held)


def move(workspace: Workspace, past: Past, commit: str) -> Past:
    """Has a copy be as main was at another commit. What was done in it is gone."""
    for path in past.root.iterdir():
        if path.name != ".git":
            _drop(path)
    (past.admin / "HEAD").write_text(f"{commit}\n")
    return _filled(workspace, Past(past.root, past.admin, commit, commit[:8], past.made, past.purpose))


def all_of(workspace: Workspace) -> list[Past]:
    """The copies that a person checked out, oldest first, also those whose folder is gone."""
    found = [past for admin in _admins(workspace.git) if (past := _read(admin))]
    return sorted((past for past in found if past.purpose == "checkout"), key=lambda past: (past.made, past.root))


def find(workspace: Workspace, place: Path) -> Past:
    """By its folder. NotFound."""
    wanted = place.expanduser().absolute()
    for past in all_of(workspace):
        if wanted in (past.root, past.root.resolve()) or wanted.resolve() == past.root:
            return past
    raise NotFound(f"{place} is no copy of this mind", "see them with `hermes checkout --list`")


def belongings(past: Past) -> list[str]:
    """What somebody made in a copy since, which would go with it: conversations, changed and new files."""
    if not past.root.is_dir():
        return []
    git = Git(past.root, past.admin)
    try:
        kept = {path: entry for path, entry in git.files(past.commit) if entry.kind == "blob"}
        return sorted(
            path
            for path in _lying(past.root)
            if path not in kept or git.oid_of("blob", (past.root / path).read_bytes()) != kept[path].oid
        )
    finally:
        git.close()


def remove(past: Past) -> None:
    """Takes a copy away with all that lies in it."""
    _delete(past.root, past.admin)


def clear_left(common_dir: Path) -> None:
    """Takes away the temporary copies of processes that were killed. Costs nothing where there are none."""
    for admin in (common_dir / "worktrees").glob(f"{_TEMPORARY}*"):
        held = _state(admin) / _HELD
        if not (_state(admin) / PAST).is_file() and _is_young(admin):  # somebody makes it at this moment
            continue
        try:
            descriptor = os.open(held, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:  # gone in between
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _delete(_place_of(admin), admin)
        except BlockingIOError:  # somebody is at work in it
            continue
        finally:
            os.close(descriptor)


# -- inside -----------------------------------------------------------------------------------------------------------


def _require_free(workspace: Workspace, place: Path) -> None:
    if workspace.git.is_past:
        raise Refused(f"{workspace.root} is a copy of the past itself", "check out from the mind that it is of")
    if place.is_relative_to(workspace.root):
        raise Refused(f"{place} lies in the mind itself", "name a folder outside of it")
    if place.is_symlink() or (place.exists() and (not place.is_dir() or any(place.iterdir()))):
        raise Refused(f"{place} is there already", "name a folder that is not there yet")


def _added(workspace: Workspace, commit: str, place: Path) -> Path:
    """Has git make an empty worktree; what git keeps of it."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failed(f"{place} cannot be made: {error.strerror}", "name another folder") from error
    workspace.git.run("worktree", "add", "--no-checkout", "--detach", "--", str(place), commit)
    pointer = (place / ".git").read_text().strip().removeprefix("gitdir: ")
    admin = Path(pointer)
    _state(admin).mkdir(mode=0o700, exist_ok=True)
    return admin


def _filled(workspace: Workspace, past: Past) -> Past:
    """Writes the files, and notes what this is."""
    files = Files(past.root, past.state_dir)
    left_out = []
    for path, entry in workspace.git.files(past.commit):
        if entry.kind != "blob" or entry.mode == LINK_MODE or not _is_plain(path):
            left_out.append(path)
            continue
        files.put(path, workspace.git.read_blob(entry.oid), 0o755 if entry.mode == "100755" else 0o644)
    git = Git(past.root, past.admin)
    try:
        git.run("read-tree", past.commit)
    finally:
        git.close()
    if not (past.root / MARKER).is_file():  # from before there was one
        (past.root / MARKER).write_text("format: 1\n")
    noted = {**asdict(past), "root": str(past.root), "admin": "", "left_out": []}
    (past.state_dir / PAST).write_text(json.dumps(noted) + "\n")
    return Past(past.root, past.admin, past.commit, past.at, past.made, past.purpose, tuple(left_out))


def _bring_rights(workspace: Workspace, past: Past, settings: bytes) -> None:
    """What may act is what may act now, by the same digests. The name of this machine comes along, so that its settings
    count; without others, those that this machine has of its own."""
    items = []
    for key, digest in workspace.trust.digests().items():
        kind, _, name = key.partition(":")
        items += [Item(one, name, digest) for one in get_args(ItemKind) if one == kind]
    Trust(past.state_dir).accept(items)
    for name in ("host", "local.yaml"):
        if (workspace.state_dir / name).is_file():
            shutil.copyfile(workspace.state_dir / name, past.state_dir / name)
    if settings:
        (past.state_dir / "local.yaml").write_bytes(settings)


def _is_plain(path: str) -> bool:
    try:
        check_path(path)
    except Refused:
        return False
    return True


def _admins(git: Git) -> Iterator[Path]:
    yield from (git.common_dir / "worktrees").glob("*/")


def _state(admin: Path) -> Path:
    return admin / "hermes"


def _is_young(admin: Path) -> bool:
    try:
        return time.time() - admin.stat().st_mtime < _STALE
    except OSError:
        return True


def _read(admin: Path) -> Past | None:
    try:
        noted = json.loads((_state(admin) / PAST).read_text())
        return Past(_place_of(admin), admin, noted["commit"], noted["at"], noted["made"], noted["purpose"])
    except (OSError, ValueError, KeyError, TypeError):  # a worktree that the person made with git
        return None


def _place_of(admin: Path) -> Path:
    try:
        return Path((admin / "gitdir").read_text().strip()).parent
    except OSError:  # git was stopped while it made it
        return Path(tempfile.gettempdir()) / admin.name


def _lying(root: Path) -> Iterator[str]:
    for folder, names, files in os.walk(root):
        if Path(folder) == root and ".git" in names:
            names.remove(".git")
        for name in files:
            path = (Path(folder) / name).relative_to(root).as_posix()
            if path != ".git":
                yield path


def _drop(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _delete(place: Path, admin: Path) -> None:
    """The folder only where it is git's worktree of that name, so that no other folder ever goes."""
    pointer = place / ".git"
    with contextlib.suppress(OSError):  # gone already
        ours = not pointer.exists() or pointer.read_text().strip() == f"gitdir: {admin}"
        if ours and (pointer.exists() or place.name.startswith(_TEMPORARY)):
            shutil.rmtree(place, ignore_errors=True)
    if admin.parent.name == "worktrees":
        shutil.rmtree(admin, ignore_errors=True)
        with contextlib.suppress(OSError):  # others are left
            admin.parent.rmdir()

"""Makes a workspace: from the template, from a folder that holds memories or skills already. Cloning is remote.py's.

Everything is built in .git first; the first commit is what makes the folder a workspace.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hermes_fs.core.errors import Failed, Refused
from hermes_fs.store import acting, identity, isolation, state
from hermes_fs.store.files import Files
from hermes_fs.store.git import Git
from hermes_fs.store.paths import check_path
from hermes_fs.store.workspace import Workspace

_PACKAGED = Path(__file__).resolve().parent.parent / "workspace-template"
_CHECKOUT = Path(__file__).resolve().parent.parent.parent / "workspace-template"
_MIND = ("MEMORY.md", "USER.md", "SOUL.md", "AGENTS.md", "skills", "notes")
"""What tells that a folder holds an agent's memories or skills."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What init would do with a folder. `adopts` are the files of the folder that become part of the mind."""

    root: Path
    exists: bool
    adopts: tuple[str, ...]


def plan(path: Path) -> Plan:
    """Look, change nothing. Refused for a folder that must not become a workspace, with what to do instead."""
    root = path.expanduser().resolve()
    unborn = (root / ".git").is_dir() and _is_unborn(root / ".git")
    if (root / state.MARKER).is_file() and (root / ".git").exists() and not unborn:
        return Plan(root, True, ())
    if root.exists() and not root.is_dir():
        raise Refused(f"{root} is a file", "name a folder")
    if (root / ".git").exists() and not unborn:
        raise Refused(f"{root} is a git repository of its own", "start a workspace elsewhere: hermes init ~/hermes")
    inside = next((parent for parent in root.parents if (parent / ".git").exists()), None)
    if inside:
        raise Refused(
            f"{root} lies in the git repository {inside}", "start a workspace outside of it: hermes init PATH"
        )
    present = sorted(entry.name for entry in root.iterdir() if entry.name != ".git") if root.is_dir() else []
    if present and not any(name in present for name in _MIND):
        raise Refused(f"{root} holds other files", "name a new or empty folder, or one with MEMORY.md or skills/")
    return Plan(root, False, tuple(_adopted(root)) if present else ())


def init(path: Path, *, remote: str = "") -> tuple[Workspace, bool]:
    """The workspace at a path, and whether it was made just now. A second call changes nothing but the remote."""
    wanted = plan(path)
    if not wanted.exists:
        _make(wanted)
    workspace = Workspace.open(wanted.root)
    if not wanted.exists:  # ours, or shown before it was adopted
        workspace.trust.accept(acting.pending(workspace))
    if remote:
        set_remote(workspace.git, remote)
    return workspace, not wanted.exists


def set_remote(git: Git, address: str, name: str = "origin") -> None:
    """Where the workspace is synced to: main, transcripts and proposals. Said again, it replaces the former."""
    git.run("config", f"remote.{name}.url", address)
    git.run("config", "--replace-all", f"remote.{name}.fetch", f"+refs/heads/*:refs/remotes/{name}/*")
    for refs in ("sessions", "proposals"):
        git.run("config", "--add", f"remote.{name}.fetch", f"refs/hermes/{refs}/*:refs/hermes/{refs}/*")


def start_main(git: Git, commit: str) -> None:
    """Puts main at its first commit here, whose files are in place. The ref comes last: until then, whoever looks finds
    an init that was interrupted."""
    git.run("read-tree", commit)
    git.run("update-index", "-q", "--refresh", check=False)
    git.update_ref(state.BRANCH, commit, "")


def template() -> dict[str, bytes]:
    """The files of a new workspace by path."""
    folder = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    files = {str(path.relative_to(folder).as_posix()): path for path in folder.rglob("*") if path.is_file()}
    if state.MARKER not in files:
        raise Failed("the template of a new workspace is missing", "reinstall hermes-fs")
    return {name: path.read_bytes() for name, path in sorted(files.items())}


def make_repository(root: Path) -> Git:
    """An empty repository on main without hooks, in a folder that is made if need be."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failed(f"{root} cannot be made: {error.strerror}", "name a folder that you may write to") from error
    command = [isolation.git_program(), *isolation.flags(root), "init", "-q", "-b", "main", "--template=", str(root)]
    done = subprocess.run(command, capture_output=True, env=isolation.environment(os.environ), check=False)
    if done.returncode:
        raise Failed(f"{root} cannot become a git repository: {done.stderr.decode(errors='replace').strip()[:200]}")
    return Git(root)


def put(files: Files, path: str, data: bytes, mode: str = "100644") -> None:
    """Write a new file of the mind; one that is there already stays. Refused where a symbolic link is in the way."""
    if files.read(path) is None:
        files.place(files.stage(path, data, 0o755 if mode == "100755" else None), path)


def _make(wanted: Plan) -> None:
    files = template()
    git = make_repository(wanted.root)
    try:
        modes = dict.fromkeys(files, "100644")
        disk = Files(wanted.root, git.temporary)
        for name in wanted.adopts:
            if found := disk.read(name):
                files[name], modes[name] = found.data, found.mode
        oids = git.write([("blob", data) for data in files.values()])
        tree = git.write_tree_with("", {name: (modes[name], oid) for name, oid in zip(files, oids, strict=True)})
        author = identity.Person(wanted.root, git.git_dir, os.environ).author(datetime.now(UTC))
        adopted = f"\n\nAdopted: {', '.join(wanted.adopts)}" if wanted.adopts else ""
        message = f"Start the workspace{adopted}\n\nHermes-Kind: config\nHermes-Origin: owner\nHermes-Trigger: user\n"
        commit = git.commit(tree, [], message, author, author)
        for name, data in files.items():
            put(disk, name, data)
        git.syncer.sync(wanted.root / name for name in files)
        start_main(git, commit)
    except OSError as error:
        raise Failed(
            f"{wanted.root} cannot be written: {error.strerror}", "free some space, then run it again"
        ) from error
    finally:
        git.close()


def _is_unborn(git_dir: Path) -> bool:
    """A repository without a commit: one that an init before us was interrupted in."""
    return (
        (git_dir / "HEAD").is_file()
        and not (git_dir / "packed-refs").exists()
        and not any(path.is_file() for path in (git_dir / "refs").rglob("*"))
    )


def _adopted(root: Path) -> list[str]:
    """Files of a folder that belong to a mind; links and hidden files do not."""
    found: list[str] = []
    for name in _MIND:
        place = root / name
        candidates = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in candidates:
            hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
            if path.is_file() and not path.is_symlink() and not hidden and _is_plain(path.relative_to(root).as_posix()):
                found.append(path.relative_to(root).as_posix())
    return found


def _is_plain(path: str) -> bool:
    try:
        check_path(path)
    except Refused:
        return False
    return True

"""Talks to other repositories, through GitPython running real git. Clones without running or following what it brings.

Nothing of a clone is checked out by git: files are written from their blobs, so no filter, hook, link or submodule of a
hostile repository has a say.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hermes_fs.core.errors import Failed, HermesError, Refused, UsageError
from hermes_fs.core.loading import load
from hermes_fs.store import isolation, state
from hermes_fs.store.files import Files
from hermes_fs.store.git import Git
from hermes_fs.store.init import make_repository, plan, put, set_origin, start_main
from hermes_fs.store.objects import TreeEntry
from hermes_fs.store.paths import check_path
from hermes_fs.store.session_refs import REFS
from hermes_fs.store.workspace import Workspace

PROTOCOLS = "https:ssh:git:file:http"
_SCP = re.compile(r"[\w.-]+@?[\w.-]*:[^:]")
_KEEP = {"all": None, "90d": 90, "none": 0}
MAX_FILE = 50 << 20


def clone(url: str, path: Path, sessions: str = "90d") -> tuple[Workspace, list[str]]:
    """A workspace made from another one's repository, and a line for each thing of it that was left out. `sessions`:
    all, 90d or none. Raises UsageError, Refused, Failed; a folder that was made is removed again then."""
    if sessions not in _KEEP:
        raise UsageError(f"--sessions {sessions!r} is not known", "use all, 90d or none")
    address = checked_url(url)
    wanted = plan(path)
    if wanted.exists or (wanted.root.is_dir() and any(wanted.root.iterdir())):
        raise Refused(f"{wanted.root} is not empty", "name a new folder")
    made = not wanted.root.exists()
    git = make_repository(wanted.root)
    try:
        left_out = _bring(git, address, sessions)
    except HermesError:
        shutil.rmtree(wanted.root if made else wanted.root / ".git", ignore_errors=True)
        raise
    finally:
        git.close()
    return Workspace.open(wanted.root), left_out


def checked_url(url: str) -> str:
    """An address that git may be given. UsageError for one that is an option, or that runs a program."""
    if url.startswith("-") or "::" in url.split("/")[0] or "\n" in url:
        raise UsageError(f"{url!r} is no address of a repository", "give a path, https://… or ssh://… address")
    scheme = url.partition("://")[0] if "://" in url else ""
    if scheme and scheme not in PROTOCOLS.split(":"):
        raise UsageError(f"{scheme}:// is not spoken here", "give a path, https://… or ssh://… address")
    if scheme or _SCP.match(url):
        return url
    local = Path(url).expanduser()
    if not local.exists():
        raise UsageError(f"there is no repository at {local}", "look at the path")
    return str(local.resolve())


def fetch(git: Git, address: str, *refspecs: str) -> None:
    """Fetch, with this person's own keys and credentials. Refused where the repository's own configuration, which may
    have come from elsewhere, wants a say in how."""
    own = isolation.redirects(git.own_settings())
    if own:
        raise Refused(
            f"the configuration of this repository itself sets {own[0]}",
            f"move it to your own: git config --global {own[0]} …",
        )
    _run(
        git.root, "fetch", "--no-tags", "--no-auto-gc", "--no-write-fetch-head", "--end-of-options", address, *refspecs
    )


def _bring(git: Git, address: str, sessions: str) -> list[str]:
    listed = _run(
        git.root, "ls-remote", "--end-of-options", address, "refs/heads/main", f"{REFS}/*", "refs/hermes/proposals/*"
    )
    names = [line.partition("\t")[2] for line in listed.splitlines()]
    if "refs/heads/main" not in names:
        raise Refused("that repository has no branch main", "give the address of a workspace")
    wanted = [name for name in names if name.startswith(f"{REFS}/") and _is_wanted(name, sessions)]
    wanted += [name for name in names if name.startswith("refs/hermes/proposals/")]
    fetch(git, address, "+refs/heads/main:refs/remotes/origin/main", *(f"+{name}:{name}" for name in wanted))
    head = git.resolve("refs/remotes/origin/main")
    if not git.blob_at(head, state.MARKER):
        raise Refused("that repository is no workspace", f"it has no {state.MARKER}; start one with `hermes init PATH`")
    left_out = _write_out(git, head)
    start_main(git, head)
    set_origin(git, address)
    return left_out


def _write_out(git: Git, head: str) -> list[str]:
    left_out: list[str] = []
    folded: set[str] = set()
    files = Files(git.root, git.temporary)
    for name, entry in git.files(head):
        problem = _problem(name, entry) or ("a name that differs only in case" if name.casefold() in folded else "")
        folded.add(name.casefold())
        if problem:
            left_out.append(f"{name!r} was left out: {problem}")
            continue
        put(files, name, git.read_blob(entry.oid), entry.mode)
    os.sync()
    return left_out


def _problem(name: str, entry: TreeEntry) -> str:
    """Why a file of a clone is not written, "" if it is."""
    if entry.mode == "120000":
        return "a symbolic link"
    if entry.mode == "160000":
        return "a submodule"
    try:
        check_path(name)
    except HermesError as error:
        return error.message
    return ""


def _is_wanted(ref: str, sessions: str) -> bool:
    """Whether a month of transcripts is asked for: `refs/hermes/sessions/<host>/<YYYY-MM>`."""
    days = _KEEP[sessions]
    month = ref.rsplit("/", 1)[-1]
    if not re.fullmatch(rf"{REFS}/[A-Za-z0-9._-]+/\d{{4}}-\d\d", ref):
        return False
    return days is None or (days > 0 and month >= f"{datetime.now(UTC) - timedelta(days=days):%Y-%m}")


def _run(root: Path, *words: str) -> str:
    """One git command that may open a connection. Raises Failed with git's own last line."""
    git: Any = load("git.cmd:Git")(str(root))
    command = [isolation.git_program(), *isolation.flags(root), *words]
    env = isolation.personal(os.environ, PROTOCOLS)
    try:
        return str(git.execute(command, env=env, with_extended_output=False, strip_newline_in_stdout=False))
    except load("git.exc:CommandError") as error:
        said = [line.strip() for line in str(getattr(error, "stderr", error)).splitlines() if line.strip()]
        why = next((line for line in said if "fatal:" in line or "error:" in line), said[-1] if said else "no answer")
        raise Failed(
            f"git {words[0]} failed: {why.strip(chr(39))[:200]}", "look at the address and your access"
        ) from error

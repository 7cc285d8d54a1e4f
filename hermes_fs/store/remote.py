"""Talks to other repositories, with real git. Clones without running or following what it brings.

Nothing of a clone is checked out by git: files are written from their blobs, so no filter, hook, link or submodule of a
hostile repository has a say.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.store import arriving, bounded, drivers, isolation, state
from hermes_fs.store.bounded import Bounds as Bounds
from hermes_fs.store.files import Files
from hermes_fs.store.git import Git
from hermes_fs.store.init import make_repository, plan, put, set_remote, start_main
from hermes_fs.store.session_refs import REFS
from hermes_fs.store.workspace import Workspace

PROTOCOLS = bounded.PROTOCOLS
OURS = ("refs/heads/hermes/", "refs/hermes/proposals/")
"""Where on a remote lie the refs that we alone write, and may write anew."""

_STRICT = ("http.followRedirects=false", "fetch.fsckObjects=true")
_PUSHING = Bounds(seconds=3600.0, size=0, strict=True)
_OK = "ok"
_SHOWN = 200  # characters of what git or a server says
_SCP = re.compile(r"[\w.-]+@?[\w.-]*:[^:]")
_LOGIN = re.compile(r"://[^/\s]+@")
_KEEP = {"all": None, "90d": 90, "none": 0}


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
    workspace = Workspace.open(wanted.root)
    if workspace.read_only:
        left_out.append(f"nothing can be learned in it: {workspace.read_only}")
    return workspace, left_out


def checked_url(url: str) -> str:
    """An address that git may be given. UsageError for one that is an option, or that runs a program."""
    host = (url.partition("://")[2] or url).rpartition("@")[2] if "://" in url or _SCP.match(url) else url
    if url.startswith("-") or host.startswith("-") or "::" in url.split("/")[0] or "\n" in url:
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


def fetch(git: Git, address: str, *refspecs: str, depth: int = 0, bounds: Bounds | None = None) -> None:
    """Fetch, with this person's own keys and credentials; only so many commits of each, if a `depth` is given. Refused
    where the repository's own configuration, which may have come from elsewhere, wants a say in how."""
    _require_plain(git)
    words = ["--no-tags", "--no-auto-gc", "--no-write-fetch-head", *([f"--depth={depth}"] if depth else [])]
    _run(git.root, "fetch", *words, "--end-of-options", address, *refspecs, bounds=bounds)


def listed(git: Git, address: str, patterns: Sequence[str], bounds: Bounds) -> dict[str, str]:
    """The refs of another repository that match, with what they point to. Raises as `fetch`."""
    _require_plain(git)
    said = _run(git.root, "ls-remote", "--end-of-options", address, *patterns, bounds=bounds)
    rows = [line.partition("\t") for line in said.split("\n") if line]
    return {name: commit for commit, _, name in rows}


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of each ref, by its name over there: `ok`, or `rejected: WHY`. `said`: what the server told, line by
    line; it is a stranger's text."""

    refs: dict[str, str]
    said: tuple[str, ...] = ()


def push(
    git: Git, address: str, refspecs: Sequence[str], *, options: Sequence[str] = (), atomic: bool = False
) -> dict[str, str]:
    """Push; for each ref by its name over there `ok` (also where it was so already) or `rejected: WHY`, which raises
    nothing. Never forces. `options` are told to the server (`git push -o`); `atomic`: all of them or none. Raises
    Failed where there is no connection or the server does not understand, Refused as `fetch`, UsageError for a refspec
    that forces."""
    return push_and_hear(git, address, refspecs, options=options, atomic=atomic).refs


def push_and_hear(
    git: Git,
    address: str,
    refspecs: Sequence[str],
    *,
    options: Sequence[str] = (),
    atomic: bool = False,
    leases: Mapping[str, str] | None = None,
) -> Pushed:
    """As `push`, with what the server said. `leases` are those refs, below one of OURS, that may be written
    anew, each with the commit that it must be at over there ("" for none)."""
    _require_plain(git)
    forced = next((one for one in refspecs if one.startswith("+")), "") or next(
        (name for name in leases or () if not name.startswith(OURS)), ""
    )
    if forced:
        raise UsageError(f"{forced} would be forced", "nothing is: fetch and merge it first")
    words = ["--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--no-recurse-submodules"]
    words += ["--atomic"] * atomic + [f"--push-option={option}" for option in options]
    words += [f"--force-with-lease={name}:{at}" for name, at in (leases or {}).items()]
    return _pushed(git, address, words, refspecs)


def rewrite(git: Git, address: str, refs: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Makes each ref over there point to (new, exactly from old, "" where there is none): all of them or none, by
    force, for what a person purged and nothing else. Answers and raises as `push`."""
    _require_plain(git)
    words = ["--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--no-recurse-submodules", "--atomic"]
    words += [f"--force-with-lease={name}:{old}" for name, (_, old) in refs.items()]
    return _pushed(git, address, words, [f"{new}:{name}" for name, (new, _) in refs.items()]).refs


def _pushed(git: Git, address: str, words: Sequence[str], refspecs: Sequence[str]) -> Pushed:
    here: list[str] = []
    if _is_local(address):  # the other side runs here, as this person: its hooks and settings may be anybody's
        here.append(f"--receive-pack={shlex.join([isolation.git_program(), *_receiving(git.root)])}")
    done = _connected(git.root, "push", *words, *here, "--end-of-options", address, *refspecs, bounds=_PUSHING)
    refs = dict(_fates(done.stdout.decode("utf-8", "replace")))
    if done.returncode and not any(fate != _OK for fate in refs.values()):
        raise _failure("push", done)
    said = done.stderr.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    return Pushed(refs, tuple(line[8:].strip() for line in said if line.startswith("remote: ")))


def address_of(git: Git, name: str) -> str:
    """The address of a remote that this repository names. NotFound, UsageError."""
    if not re.fullmatch(r"\w[\w.-]{0,60}", name) or ".." in name:
        raise UsageError(f"{name!r} is no name of a remote", "see `git remote -v`")
    said = git.ask("config", "--get", f"remote.{name}.url")
    address = os.fsdecode(said.out).strip("\n")
    if said.code or not address:
        raise NotFound(f"there is no remote {name}", f"add it: git remote add {name} ADDRESS")
    return checked_url(address)


def without_login(address: str) -> str:
    """An address as it may be kept and shown."""
    return _LOGIN.sub("://", address) if not address.startswith("ssh://") else address


def _is_local(address: str) -> bool:
    return address.startswith("file://") or ("://" not in address and not _SCP.match(address))


def _receiving(root: Path) -> list[str]:
    settings = ("receive.denyCurrentBranch=refuse", "receive.autogc=false", "core.alternateRefsCommand=true")
    return [*isolation.flags(root), *(word for one in settings for word in ("-c", one)), "receive-pack"]


def _fates(said: str) -> Iterator[tuple[str, str]]:
    """What `git push --porcelain` tells of each ref: a flag, from:to and a summary, between tabs."""
    for line in said.split("\n"):
        flag, _, rest = line.partition("\t")
        names, tab, summary = rest.partition("\t")
        if tab and flag in (" ", "+", "-", "*", "=", "!"):
            reason = _LOGIN.sub("://", one_line(summary, _SHOWN))
            yield names.rpartition(":")[2], f"rejected: {reason}" if flag == "!" else _OK


def _require_plain(git: Git) -> None:
    own = isolation.redirects(git.own_settings())
    if own:
        raise Refused(
            f"the configuration of this repository itself sets {own[0]}",
            f"move it to your own: git config --global {own[0]} …",
        )


def _bring(git: Git, address: str, sessions: str) -> list[str]:
    listed = _run(
        git.root, "ls-remote", "--end-of-options", address, "refs/heads/main", f"{REFS}/*", f"{arriving.PROPOSALS}/*"
    )
    names = [line.partition("\t")[2] for line in listed.split("\n") if line]
    if "refs/heads/main" not in names:
        raise Refused("that repository has no branch main", "give the address of a workspace")
    known, lines = arriving.refs(names)
    wanted = [name for name in known if not name.startswith(f"{REFS}/") or is_wanted(name, sessions)]
    fetch(git, address, "+refs/heads/main:refs/remotes/origin/main", *(f"+{name}:{name}" for name in wanted))
    head = git.resolve("refs/remotes/origin/main")
    if not git.blob_at(head, state.MARKER):
        raise Refused("that repository is no workspace", f"it has no {state.MARKER}; start one with `hermes init PATH`")
    arrival = arriving.judge(git, head)
    files = Files(git.root, git.temporary)
    for name, entry in arrival.files:
        put(files, name, git.read_blob(entry.oid), entry.mode)
    os.sync()
    start_main(git, head)
    _forget(git, files, [name for names in arrival.left_out.values() for name in names])
    set_remote(git, address)
    return [*lines, *arrival.lines, *arriving.settings(_settings_of(git, address))]


def _forget(git: Git, files: Files, names: Sequence[str]) -> None:
    """What was left out is nobody's deletion: git is told not to look for it. An empty list of submodules is put on the
    disk: without one git reads that of the commit, and stops at a hostile line even for its log."""
    data = b"".join(os.fsencode(name) + b"\0" for name in names if name != arriving.SUBMODULES)
    if data:
        git.run("update-index", "-z", "--skip-worktree", "--stdin", input=data, check=False)
    if arriving.SUBMODULES in names:
        put(files, arriving.SUBMODULES, b"")


def _settings_of(git: Git, address: str) -> list[str]:
    """Keys of the configuration of a repository on this machine's disk; none can be seen of another's."""
    place = Path(address)
    found = next((file for file in (place / ".git" / "config", place / "config") if file.is_file()), None)
    if found is None:
        return []
    said = git.ask("config", "--file", str(found), "--no-includes", "--list", "-z")
    pairs = (item.partition("\n") for item in os.fsdecode(said.out).split("\0") if item)
    return [key for key, _, value in pairs if not drivers.is_ours(key, value)]


def is_wanted(ref: str, sessions: str) -> bool:
    """Whether a month of transcripts is asked for: `refs/hermes/sessions/<host>/<YYYY-MM>`."""
    days = _KEEP[sessions]
    month = ref.rsplit("/", 1)[-1]
    return days is None or (days > 0 and month >= f"{datetime.now(UTC) - timedelta(days=days):%Y-%m}")


def _run(root: Path, *words: str, bounds: Bounds | None = None) -> str:
    """One git command that may open a connection. Raises Failed with git's own last line."""
    done = _connected(root, *words, bounds=bounds)
    if done.returncode:
        raise _failure(words[0], done)
    return done.stdout.decode("utf-8", "replace")


def _connected(root: Path, *words: str, bounds: Bounds | None = None) -> subprocess.CompletedProcess[bytes]:
    """As `_run`, with its exit code for the caller to judge."""
    strict = [word for one in _STRICT for word in ("-c", one)] if bounds and bounds.strict else []
    command = [isolation.git_program(), *isolation.flags(root), *strict, *words]
    env = isolation.personal(os.environ, bounds.protocols if bounds else PROTOCOLS)
    if bounds:
        return bounded.run(command, root, env, bounds)
    return subprocess.run(command, cwd=root, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _failure(what: str, done: subprocess.CompletedProcess[bytes]) -> Failed:
    """With git's own last line."""
    said = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    why = next((line for line in said if "fatal:" in line or "error:" in line), said[-1] if said else "no answer")
    why = _LOGIN.sub("://", why.strip(chr(39)))
    if any("fsck error" in line for line in said):
        return Failed(f"what it sends is damaged, or means harm: {one_line(why, _SHOWN)}", "nothing of it was kept")
    if "returned error: 30" in why:
        return Failed("that server sends us on to another address", "if you trust it, name that address instead")
    return Failed(f"git {what} failed: {one_line(why, _SHOWN)}", "look at the address and your access")

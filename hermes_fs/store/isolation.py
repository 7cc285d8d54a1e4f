"""Owns how git is started: which program, which flags, which environment. Must not start it.

A workspace may be hostile (cloned, unpacked from an archive): nothing that it plants in its configuration, attributes
or hooks may run. Plumbing runs none of it; the rest is switched off here, twice where that costs nothing.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from hermes_fs.core.environment import for_programs, for_remotes
from hermes_fs.core.errors import Failed

OLDEST_GIT = (2, 38)
"""`git merge-tree --write-tree`, and command-line `safe.directory`, need it."""

NO_TRANSPORT = "none"
"""Value of GIT_ALLOW_PROTOCOL under which git opens no connection at all (lazy fetches of a partial clone included)."""

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=keep",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.autocrlf=false",
    "core.quotePath=false",
    "core.pager=cat",
    "core.editor=false",
    "core.askPass=",
    "core.alternateRefsCommand=",
    "core.fsync=loose-object,reference,committed,index",
    "core.fsyncMethod=fsync",
    "core.filesRefLockTimeout=1000",
    "core.logAllRefUpdates=true",
    "core.symlinks=false",
    "color.ui=false",
    "diff.external=",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "advice.detachedHead=false",
    "safe.bareRepository=all",
    "core.protectNTFS=true",
    "core.protectHFS=true",
    "core.bigFileThreshold=16m",
    "transfer.bundleURI=false",
)
_RUNS_SOMETHING = re.compile(
    r"^(filter\..*\.(clean|smudge|process|required)|diff\..*\.(command|textconv)|merge\..*\.driver"
    r"|trailer\..*\.(command|cmd)|gpg(\..*)?\.(program|defaultkeycommand))$"
)
"""Keys of a repository's own configuration, in lower case, that run a program without any connection being made."""


_REDIRECTS = re.compile(
    r"^(core\.(sshcommand|gitproxy|askpass)|url\..*|remote\..*\.(uploadpack|receivepack|vcs|proxy|promisor)"
    r"|credential\..*|http\..*|https\..*|ssh\..*|protocol\..*|include\..*|includeif\..*)$"
)

_ALSO = re.compile(
    r"^(core\.(hookspath|fsmonitor|pager|editor|alternaterefscommand|worktree|gitproxy)|diff\.external|alias\..*"
    r"|sequence\.editor|pager\..*|gpg\..*|uploadpack\..*|(extensions\.)?partialclone.*|browser\..*|man\..*"
    r"|(diff|merge)tool\..*|interactive\.difffilter|submodule\..*|hook\..*|gc\.recentobjectshook)$"
)


def flags(root: Path) -> list[str]:
    """The `-c` flags that every git gets."""
    settings = [*_SETTINGS, f"safe.directory={root}"]
    return ["--no-pager", "--no-replace-objects", *(word for item in settings for word in ("-c", item))]


def environment(environ: Mapping[str, str], protocols: str = NO_TRANSPORT) -> dict[str, str]:
    """What git may see of `environ`: none of the person's other business, no shared configuration, a fixed locale;
    `protocols` it may speak."""
    return _settled(for_programs(environ), protocols)


def _settled(kept: Mapping[str, str], protocols: str) -> dict[str, str]:
    return {
        **kept,
        "LC_ALL": "C",
        "LANGUAGE": "",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": protocols,
        "HERMES_NOTHING": "",
        "HERMES_FALSE": "false",
    }


def personal(environ: Mapping[str, str], protocols: str = NO_TRANSPORT) -> dict[str, str]:
    """As `environment`, but this person's own git configuration counts: their name, their keys, their credentials."""
    env = _settled(for_remotes(environ), protocols)
    return {key: value for key, value in env.items() if key not in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")}


def disarm(own_settings: Iterable[str]) -> list[str]:
    """`-c` flags that empty every setting of the repository's own configuration which could run something.

    `own_settings` are its keys. Filters and drivers have names of the attacker's choice, so no fixed list
    of flags covers them.
    """
    words: list[str] = []
    for key in own_settings:
        if _RUNS_SOMETHING.match(key.lower()):
            # an empty merge driver would count as success and lose a side; one that fails leaves a conflict
            words += [
                "--config-env",
                f"{key}={'HERMES_FALSE' if key.lower().endswith('.driver') else 'HERMES_NOTHING'}",
            ]
    return words


def redirects(own_settings: Iterable[str]) -> list[str]:
    """Those keys of a repository's own configuration that change whom a connection is made to, or by which program."""
    return [key for key in own_settings if _REDIRECTS.match(key.lower())]


def armed(own_settings: Iterable[str]) -> list[str]:
    """Those keys of a repository's own configuration that run programs, or say whom a connection is made to."""
    return [
        key for key in own_settings if any(what.match(key.lower()) for what in (_RUNS_SOMETHING, _REDIRECTS, _ALSO))
    ]


def git_program() -> str:
    """Path of git; Failed where there is none."""
    found = shutil.which("git")
    if not found:
        raise Failed("git is not installed", "install git 2.38 or newer")
    return found


def require_git(remembered: Path) -> None:
    """Raises Failed unless git is new enough. The answer is kept in the file `remembered`: asking costs a process."""
    program = Path(git_program())
    status = program.stat()
    key = f"{program} {status.st_mtime_ns} {status.st_size}\n"
    if remembered.is_file() and remembered.read_text(errors="replace") == key:
        return
    answer = subprocess.run([program, "version"], capture_output=True, check=False, env=environment(os.environ))
    version = parse_version(answer.stdout.decode(errors="replace"))
    if version < OLDEST_GIT:
        shown = ".".join(map(str, version)) or "of unknown version"
        raise Failed(f"git {shown} is too old", "install git 2.38 or newer")
    with contextlib.suppress(OSError):  # read-only: it will be asked again
        remembered.write_text(key)


def parse_version(text: str) -> tuple[int, ...]:
    """(major, minor) of what `git version` prints; empty where it can't be read."""
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else ()

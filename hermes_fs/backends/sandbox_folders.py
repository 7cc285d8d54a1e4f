"""The folders of sandboxes on this machine, in .git/hermes/sandbox: makes, lists and clears them. Runs nothing inside.

`<session>/` holds home, tmp, etc, jobs and output, and a folder for each set of mounts with its sockets.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hermes_fs.backends.housekeeping import KEPT_SECONDS
from hermes_fs.backends.sandbox_client import Address
from hermes_fs.backends.sandbox_mounts import Private
from hermes_fs.core import environment
from hermes_fs.core.errors import HermesError

_LEFT_OUT = ("XDG_", "TMP", "TEMP", "HOME")


@dataclass(frozen=True, slots=True)
class Known:
    """A sandbox that runs. `session` is the key that it was made for, `jobs` how many run in it."""

    session: str
    address: Address
    jobs: int
    pid: int


def folder_of(state_dir: Path, session: str, cwd: Path) -> Path:
    """That of a session; of the work directory where there is none."""
    key = session or "at-" + hashlib.sha256(os.fsencode(cwd)).hexdigest()[:12]
    return state_dir / "sandbox" / key


def private(folder: Path) -> Private:
    """The sandbox's own folders, which may not be there yet."""
    return Private(folder / "home", folder / "tmp", folder / "etc")


def furnish(own: Private, environ: Mapping[str, str]) -> None:
    """Make the sandbox's own folders and the few files of /etc that are made up. Raises OSError."""
    for each in (own.home, own.tmp, own.etc):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    name, user, group = environ.get("USER") or _name(), os.getuid(), os.getgid()
    name = name if name.replace("-", "").replace("_", "").isalnum() else "user"
    home = environ.get("HOME") or "/"
    rows = [f"{name}:x:{user}:{group}::{home}:/bin/bash", "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin"]
    groups = [f"{name}:x:{group}:", "nogroup:x:65534:"]
    texts = {
        "passwd": rows if user == 0 else ["root:x:0:0::/root:/bin/bash", *rows],
        "group": groups if group == 0 else ["root:x:0:", *groups],
        "hosts": ["127.0.0.1 localhost sandbox", "::1 localhost"],
        "nsswitch.conf": ["passwd: files", "group: files", "hosts: files"],
    }
    for file, lines in texts.items():
        text = "\n".join(lines) + "\n"
        path = own.etc / file
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)


def variables(environ: Mapping[str, str], home: str, tmp: str) -> dict[str, str]:
    """What a confined command starts with: as on this machine, but for its own folders and the ways out."""
    kept = {name: value for name, value in environment.for_commands(environ).items() if not name.startswith(_LEFT_OUT)}
    kept = {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}
    return kept | {"HOME": home, "TMPDIR": tmp}


def running(state_dir: Path) -> Iterator[Known]:
    """Every sandbox of this workspace that answers."""
    for control in sorted((state_dir / "sandbox").glob("*/*/control")):
        address = Address(control.parent)
        with contextlib.suppress(OSError, ValueError, HermesError):  # it ended
            state: dict[str, Any] = address.ask("control", {"do": "look"})
            yield Known(control.parent.parent.name, address, int(state["jobs"]), int(state["pid"]))


def stop(known: Known) -> None:
    """End a sandbox with everything in it."""
    with contextlib.suppress(OSError, ValueError):  # it ended by itself
        known.address.ask("control", {"do": "stop"})


def clear(state_dir: Path, kept: Path) -> None:
    """Remove the folders of sandboxes that nobody used for a week and that do not run, but for `kept`."""
    alive = {known.session for known in running(state_dir)}
    before = time.time() - KEPT_SECONDS
    for folder in (state_dir / "sandbox").glob("*/"):
        with contextlib.suppress(OSError):  # another process clears too
            if folder != kept and folder.name not in alive and _used(folder) < before:
                shutil.rmtree(folder, ignore_errors=True)


def _used(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.glob("*/log"), *folder.glob("jobs")))


def _name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        return "user"

"""Whether this machine can isolate commands, and by what: bubblewrap, Landlock, or neither and why. Changes nothing."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.backends import seccomp
from hermes_fs.core.environment import for_programs

_TRIAL_SECONDS = 10
_CREATE_RULESET = 444
_VERSION_FLAG = 1


@dataclass(frozen=True, slots=True)
class Found:
    """`program` is bubblewrap's path, or the Landlock ABI's number; `problem` says why there is none."""

    program: str = ""
    problem: str = ""
    fix: str = ""


def bubblewrap(note: Path | None = None) -> Found:
    """Tried out, not only looked for: many systems have the program and forbid what it needs. A success is noted in the
    file `note`, and holds for this program on this kernel."""
    if not sys.platform.startswith("linux"):
        return Found(problem="bubblewrap needs Linux", fix="nothing to be done: commands run with approval")
    program = shutil.which("bwrap")
    if program is None:
        return Found(
            problem="bubblewrap is not installed", fix="install it: apt install bubblewrap (dnf, pacman, apk …)"
        )
    known = f"{program} {Path(program).stat().st_mtime_ns} {platform.release()}"
    if note is not None and note.is_file() and note.read_text() == known:
        return Found(program)
    problem = _tried(program)
    if problem:
        return Found(problem=f"bubblewrap does not work here: {problem}", fix=_fix(problem))
    if note is not None and note.parent.is_dir():
        with contextlib.suppress(OSError):  # no room for a note: it is tried out again
            note.write_text(known)
    return Found(program)


def hardening(program: str) -> list[str]:
    """The options that every sandbox is started with. `--disable-userns` came with bubblewrap 0.8; the filter of system
    calls forbids the same."""
    done = subprocess.run(
        [program, "--help"],
        env=for_programs(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=_TRIAL_SECONDS,
    )
    newer = ["--disable-userns"] if "--disable-userns" in done.stdout + done.stderr else []
    return ["--unshare-all", "--unshare-user", *newer, "--die-with-parent", "--new-session", "--cap-drop", "ALL",
            "--clearenv", "--as-pid-1", "--hostname", "sandbox"]  # fmt: skip


def landlock_abi() -> int:
    """The kernel's version of Landlock, 0 where it has none (see landlock_create_ruleset(2))."""
    if not sys.platform.startswith("linux"):
        return 0
    version: int = ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    return max(0, version)


def landlock() -> Found:
    abi = landlock_abi()
    if abi == 0:
        return Found(problem="this kernel has no Landlock", fix="use Linux 5.13 or newer with Landlock switched on")
    if not seccomp.program(platform.machine()):
        return Found(problem=f"no filter of system calls for {platform.machine()}", fix="install bubblewrap")
    return Found(str(abi))


def _tried(program: str) -> str:
    shown = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            shown += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            shown += ["--ro-bind", str(path), str(path)]
    line = [program, *hardening(program), *shown, "--proc", "/proc", "--dev", "/dev", "--", "/usr/bin/env", "true"]
    try:
        done = subprocess.run(
            line, env=for_programs(os.environ), capture_output=True, text=True, check=False, timeout=_TRIAL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it fails"])[0]


def _fix(problem: str) -> str:
    if "namespace" in problem or "Operation not permitted" in problem or "uid map" in problem:
        return (
            "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu an AppArmor profile for bwrap)"
        )
    return "run it by hand to see more: bwrap --unshare-all --ro-bind / / true"

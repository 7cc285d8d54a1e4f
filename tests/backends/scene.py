"""A machine worth attacking, for the tests of escapes: a home with secrets, a mind, a repository, and a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.backends import sandbox_folders
from hermes_fs.backends.confined import Ground
from hermes_fs.backends.sandbox import Sandbox
from hermes_fs.core.ports import Completed
from hermes_fs.testing.backend_commands import run

SECRET = "canary-5f1c2a"
"""What no command inside may ever print."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`outside` is a folder beside the work directory, with SECRET in `secret`."""

    work: Path
    outside: Path
    home: Path
    mind: Path
    state: Path
    environ: dict[str, str]
    sandbox: Sandbox

    def inside(self, command: str) -> Completed:
        return run(self.sandbox, command)

    def bare(self, command: str) -> Completed:
        """The same without a sandbox, to see that the attack is one."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.work,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
        )
        return Completed(done.returncode, done.stdout, 0.0)

    def leaks_only_bare(self, command: str) -> None:
        """Prints SECRET on the bare machine and nothing like it inside."""
        assert SECRET in self.bare(command).output
        assert SECRET not in self.inside(command).output


def build(tmp_path: Path) -> Scene:
    folders = {name: tmp_path / name for name in ("work", "outside", "home", "mind")}
    for folder in folders.values():
        folder.mkdir()
    work, outside, home, mind = folders.values()
    (outside / "secret").write_text(SECRET)
    (home / ".ssh").mkdir()
    (home / ".ssh/id_ed25519").write_text(SECRET)
    for repository in (work, mind):
        subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (mind / "MEMORY.md").write_text("- kept\n")
    (mind / "work").mkdir()
    state = mind / ".git/hermes"
    state.mkdir()
    (state / "local.yaml").write_text(SECRET)
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
    }
    environ |= {"SOME_API_KEY": SECRET, "GITHUB_TOKEN": SECRET, "PLAIN": SECRET}
    ground = Ground((work, mind / "work"), (mind,), (mind / ".git",))
    return Scene(work, outside, home, mind, state, environ, Sandbox(work, state, environ, ground))


def tear_down(scene: Scene) -> None:
    scene.sandbox.close()
    for known in sandbox_folders.running(scene.state):
        sandbox_folders.stop(known)


def python(program: str) -> str:
    """A command line that runs a Python program."""
    return f"python3 - <<'END_OF_PROGRAM'\n{program}\nEND_OF_PROGRAM"


def syscall(number: int, *arguments: object) -> str:
    """A command line that makes one system call and prints `0` or the name of its error."""
    listed = "".join(f", {argument}" for argument in arguments)
    return python(
        "import ctypes, errno\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"done = libc.syscall({number}{listed})\n"
        "print(errno.errorcode[ctypes.get_errno()] if done < 0 else 0)"
    )

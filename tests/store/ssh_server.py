"""An ssh server on this machine, for tests: throw-away keys, one port of the loopback, this person alone."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SERVER = """Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/person.pub
PidFile {folder}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
SetEnv PATH={path}
"""
_CLIENT = """Host *
  IdentityFile {folder}/person
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known
  StrictHostKeyChecking yes
  LogLevel ERROR
"""


@contextmanager
def ssh_server(folder: Path, home: Path) -> Iterator[str]:
    """The address to put before a path. This person's own git settings, in `home`, name the keys."""
    folder.mkdir()
    for name in ("host", "person"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "known").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    path = str(Path(shutil.which("git") or "/usr/bin/git").parent)
    (folder / "server").write_text(_SERVER.format(port=port, folder=folder, path=f"{path}:/usr/bin:/bin"))
    (folder / "client").write_text(_CLIENT.format(folder=folder))
    with (home / ".gitconfig").open("a") as settings:
        settings.write(f"[core]\n\tsshCommand = ssh -F {folder}/client\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # without it sshd does not start as root
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    with subprocess.Popen([program, "-D", "-e", "-f", str(folder / "server")], stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield f"ssh://{getpass.getuser()}@127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("sshd does not answer")

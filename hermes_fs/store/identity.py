"""Owns who is named in commits: this host, its agent, and the person at the keyboard."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pwd
import re
import secrets
import socket
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from hermes_fs.store import isolation
from hermes_fs.store.objects import Signature

_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def host_of(state_dir: Path, machine: str) -> str:
    """This machine's name in the workspace: host name and a random suffix, minted once and kept in `state_dir`.

    Minted again where `machine` (see `machine_id`) differs from the one it was minted on: a copied folder is not the
    same host. Not kept where `state_dir` can't be written.
    """
    place = state_dir / "host"
    kept = _kept(place)
    if kept.get("host") and kept.get("machine") == machine:
        return kept["host"]
    short = re.sub(r"[^a-z0-9]+", "-", socket.gethostname().split(".")[0].lower()).strip("-")[:20]
    host = f"{short or 'host'}-{''.join(secrets.choice(_ALPHABET) for _ in range(4))}"
    with contextlib.suppress(OSError):  # read-only: nothing will be committed under this name
        fresh = place.with_name(f"host.{secrets.token_hex(4)}")
        fresh.write_text(json.dumps({"host": host, "machine": machine}) + "\n")
        fresh.replace(place)
    return host


def disown(state_dir: Path, machine: str) -> str:
    """Puts settings aside that another machine made: an archive may bring whom to send which key. A line to say so, ""
    where there are none."""
    kept, settings = _kept(state_dir / "host"), state_dir / "local.yaml"
    if (kept.get("host") and kept.get("machine") == machine) or not settings.exists():
        return ""
    aside = settings.with_name("local.yaml.elsewhere")
    with contextlib.suppress(OSError):  # read-only: nothing can be learned there either
        settings.replace(aside)
    return f"this machine's settings came from another one and do not count: look at {aside}, then say them again"


def machine_id(places: tuple[Path, ...] = _MACHINE_IDS) -> str:
    """A digest of this machine's id, "" where it has none that we know of."""
    for place in places:
        with contextlib.suppress(OSError):  # not on this kind of machine
            return hashlib.sha256(b"hermes-fs:" + place.read_bytes().strip()).hexdigest()[:16]
    return ""


def agent_on(host: str, when: datetime) -> Signature:
    """The agent as the author of a lesson."""
    return Signature("Hermes", f"hermes@{host}", when)


class Person:
    """The human whose git configuration this is. Asked for once, which costs a process."""

    def __init__(self, root: Path, git_dir: Path, environ: Mapping[str, str]) -> None:
        self._root = root
        self._git_dir = git_dir
        self._environ = environ
        self._known: tuple[str, str] | None = None

    def configured(self) -> tuple[str, str]:
        """(user.name, user.email) as git would use them; each "" if it is not set."""
        if self._known is None:
            env = isolation.personal(self._environ) | {"GIT_DIR": str(self._git_dir)}
            command = [isolation.git_program(), "config", "-z", "--includes", "--get-regexp", r"^user\.(name|email)$"]
            said = subprocess.run(command, cwd=self._root, env=env, capture_output=True, check=False)
            pairs = (item.partition("\n") for item in said.stdout.decode(errors="replace").split("\0") if item)
            found = {key: value for key, _, value in pairs}
            self._known = (found.get("user.name", ""), found.get("user.email", ""))
        return self._known

    def committer(self, agent: Signature) -> Signature:
        """Who commits a lesson: the person if git knows them, else the agent."""
        name, email = self.configured()
        return Signature(name, email, agent.when) if name and email else agent

    def author(self, when: datetime) -> Signature:
        """The author of a person's own edits; never the agent: without a git identity, the login name."""
        name, email = self.configured()
        return Signature(name or _login(), email or f"{_login()}@{socket.gethostname()}", when)


def _login() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container whose user has no name
        return f"user{os.getuid()}"


def _kept(place: Path) -> dict[str, str]:
    try:
        kept = json.loads(place.read_text())
    except (OSError, ValueError):  # not minted yet, or damaged: mint it
        return {}
    return kept if isinstance(kept, dict) else {}

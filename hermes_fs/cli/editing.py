"""Files of the mind in a person's own editor: copies in a temporary folder. Changes nothing of the mind itself."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hermes_fs.core.environment import for_editors
from hermes_fs.core.errors import Failed

MOST_BYTES = 10_000_000
"""Of a file that is named; the mind takes less of any."""


def interactive() -> bool:
    """Whether a person is there to edit."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def edited(content: Mapping[str, bytes], environ: Mapping[str, str], purpose: str) -> dict[str, bytes]:
    """The files as a person left them in their editor ($VISUAL, $EDITOR, else vi). Failed where it does not start or
    fails; `purpose` names the temporary folder."""
    command = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix=f"hermes-{purpose}-") as folder:
        places = {path: Path(folder, str(number), Path(path).name) for number, path in enumerate(content, 1)}
        for path, place in places.items():
            place.parent.mkdir()
            place.write_bytes(content[path])
        try:
            words = [*shlex.split(command), *map(str, places.values())]
            done = subprocess.run(words, env=for_editors(environ), check=False)
        except (OSError, ValueError) as error:
            raise Failed(f"the editor {command!r} cannot be started: {error}", "set EDITOR, or name a file") from error
        if done.returncode:
            raise Failed(f"the editor {command!r} ended with exit code {done.returncode}", "nothing was changed")
        return {path: place.read_bytes() for path, place in places.items()}


def paged(text: str, environ: Mapping[str, str]) -> None:
    """A long text in a person's pager ($PAGER, else less); where none starts, as it is."""
    command = environ.get("PAGER") or "less"
    env = {"LESS": "FRX", **for_editors(environ)}  # as git has it: colours, and no page of its own for what fits
    try:
        subprocess.run(shlex.split(command), input=text.encode(errors="replace"), env=env, check=True)
    except (OSError, ValueError, IndexError, subprocess.CalledProcessError):
        print(text, end="")


def keep(name: str, data: bytes) -> Path:
    """Put what a person wrote and could not be taken where they find it again: a temporary file."""
    folder = Path(tempfile.mkdtemp(prefix="hermes-draft-"))
    place = folder / Path(name).name
    place.write_bytes(data)
    return place


def read_file(name: str) -> bytes:
    """A file that a person names, `-` for what is piped in. Failed where it cannot be read, or is too long: a device
    has no end."""
    try:
        with os.fdopen(0, "rb", closefd=False) if name == "-" else Path(name).expanduser().open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Failed(f"{name} cannot be read: {error.strerror}", "name a file, or - for what is piped in") from error
    if len(data) > MOST_BYTES:
        raise Failed(f"{name} is longer than {MOST_BYTES // 1_000_000} MB", "name a smaller file")
    return data

"""Owns writing an API key into ~/.config/hermes/env, beside what stands there; `keys` reads it. Shows none."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from hermes_fs.core.errors import Failed, UsageError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def path_of(home: str) -> Path:
    """Where this person's keys are."""
    return Path(home, ".config/hermes/env")


def problem_of(key: str) -> str:
    """Why a text can be no key, "" where it can. Never repeats it."""
    if not key:
        return "it is empty"
    if not (key.isascii() and key.isprintable()) or any(sign in key for sign in " \"'"):
        return "it holds characters that no key has"
    return ""


def keep(path: Path, name: str, key: str) -> None:
    """Set one name; comments and other names stay as they are. The file appears whole or not at all, and only its owner
    may read it at any moment. Raises UsageError for what is no key, Failed where the disk does not let us."""
    problem = problem_of(key) or ("" if _NAME.fullmatch(name) else "its name is no variable's")
    if problem:
        raise UsageError(f"the key was not kept: {problem}", "copy it again, whole and alone")
    place = path.resolve()  # a link to a folder of dotfiles stays one
    aside = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = place.read_text(encoding="utf-8", errors="surrogateescape") if place.exists() else ""
        data = merged(text, name, key).encode("utf-8", "surrogateescape")
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(place)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise Failed(f"{path} cannot be written: {error.strerror}", "make it yours, with room on its disk") from error


def merged(text: str, name: str, key: str) -> str:
    """`text` with one line `NAME=KEY`, in the place of those that set it before."""
    fresh, lines = f"{name}={key}", []
    for line in text.splitlines():
        if line.strip().removeprefix("export ").partition("=")[0].strip() != name:
            lines.append(line)
        elif fresh and not line.lstrip().startswith("#"):
            lines.append(fresh)
            fresh = ""
    return "".join(f"{line}\n" for line in ([*lines, fresh] if fresh else lines))

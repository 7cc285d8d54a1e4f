"""Tells a model file from anything else by its first bytes. Reads nothing more of it."""

from __future__ import annotations

import struct
from pathlib import Path

from hermes_fs.core.errors import NotFound, Refused

MAGIC = b"GGUF"
_HEAD = 24
"""Magic, version, number of tensors, number of key-value pairs (the GGUF specification, version 2 and 3)."""


def problem(head: bytes) -> str:
    """Why a file that begins so is no model, or nothing. Too few bytes to tell: nothing."""
    if not head.startswith(MAGIC[: len(head)]):
        return "is a web page, not a model" if head.lstrip()[:1] == b"<" else "is no GGUF model file"
    if len(head) >= 8 and struct.unpack("<I", head[4:8])[0] not in (2, 3):
        return "is of a GGUF version that is not known here"
    return ""


def check(path: Path) -> None:
    """Raises NotFound where there is no such file, Refused where it is no model."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        raise NotFound(
            f"there is no file {path}", "see `hermes model list`, or bring one with `hermes model pull`"
        ) from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}", "name a GGUF file") from error
    found = problem(head) or ("is cut off" if len(head) < _HEAD else "")
    if found:
        raise Refused(f"{path} {found}", "download it again, or name another file")

"""Tells by a file's first bytes whether a model can look at it as it is: a picture, or a PDF. Reads no file."""

from __future__ import annotations

from hermes_fs.core.errors import ToolError
from hermes_fs.core.types import Document, Image

LARGEST = 5 * 1024 * 1024
"""Bytes; what the strictest of the providers takes for one picture."""

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


def medium_of(data: bytes, name: str) -> Image | Document | None:
    """What to show a model instead of text; None for anything else. Raises ToolError where it is too large for that."""
    kind = next((kind for start, kind in _BEGINNINGS if data.startswith(start)), "")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "image/webp"
    if not kind:
        return None
    if len(data) > LARGEST:
        hint = "make a smaller one in the terminal, or take the text out of it there"
        raise ToolError(f"{name} is too large to look at: {len(data)} bytes", hint)
    return Document(kind, data, name.rpartition("/")[2]) if kind == "application/pdf" else Image(kind, data)

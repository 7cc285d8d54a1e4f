"""A file's bytes as the text that a model reads and edits, and back without losing what it cannot see."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass

from hermes_fs.core.errors import ToolError

_SNIFFED = 8192


@dataclass(frozen=True, slots=True)
class FileText:
    """`text` has plain newlines; `crlf` tells that every line of the file ends in CR LF."""

    text: str
    crlf: bool = False

    def encode(self) -> bytes:
        return (self.text.replace("\n", "\r\n") if self.crlf else self.text).encode()


def decode(data: bytes, path: str) -> FileText:
    """Raises ToolError for what is no UTF-8 text."""
    if b"\0" in data[:_SNIFFED]:
        raise ToolError(f"{path} is a binary file of {len(data)} bytes", "look at it with `file` in the terminal")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ToolError(
            f"{path} is not UTF-8 text: {error.reason} at byte {error.start}", "convert it first"
        ) from error
    crlf = text.count("\r\n")
    if crlf and crlf == text.count("\n") == text.count("\r"):
        return FileText(text.replace("\r\n", "\n"), crlf=True)
    return FileText(text)


def fingerprint(data: bytes) -> str:
    """What tells one content of a file from another."""
    return hashlib.sha256(data).hexdigest()


def diff(path: str, before: str, after: str) -> str:
    """A unified diff, for a person to decide on."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = difflib.unified_diff(old, new, f"a/{path}" if before else "/dev/null", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

"""Reads many objects of git by one process that is asked for all of them at once: for who would ask a thousand times.
Reads only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hermes_fs.store.git import Git

Found = tuple[str, str, bytes]
"""Id, kind and content of an object; "", "" and b"" where there is none."""
_NOTHING: Found = ("", "", b"")


def ids(git: Git, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """What git calls these objects (`<commit>:<path>`, an id) → id and kind. What there is none of is left out."""
    asked = _askable(names)
    lines = git.run("cat-file", "--batch-check", input=_lines(asked)).split(b"\n") if asked else []
    found: dict[str, tuple[str, str]] = {}
    for name, line in zip(asked, lines, strict=False):
        if not line.endswith((b" missing", b" ambiguous")):
            oid, kind, _ = line.decode("ascii", "replace").split(" ")
            found[name] = oid, kind
    return found


def contents(git: Git, names: Iterable[str]) -> dict[str, Found]:
    """As `ids`, with what they hold."""
    asked = _askable(names)
    answer = git.run("cat-file", "--batch", input=_lines(asked)) if asked else b""
    return {name: one for name, one in zip(asked, _parted(answer, len(asked)), strict=True) if one[0]}


def _parted(answer: bytes, many: int) -> Iterator[Found]:
    start = 0
    for _ in range(many):
        end = answer.index(b"\n", start)
        head, start = answer[start:end], end + 1
        if head.endswith((b" missing", b" ambiguous")):
            yield _NOTHING
            continue
        oid, kind, size = head.decode("ascii").split(" ")
        yield oid, kind, answer[start : start + int(size)]
        start += int(size) + 1


def _askable(names: Iterable[str]) -> list[str]:
    """A line is a name, so a name of two lines is none."""
    return [name for name in dict.fromkeys(names) if name and "\n" not in name]


def _lines(asked: Sequence[str]) -> bytes:
    return "".join(f"{name}\n" for name in asked).encode("utf-8", "surrogateescape")

"""Owns what the door says of files that no format knows: nothing against them, and their name."""

from __future__ import annotations

from typing import Literal


class Plain:
    """Any file."""

    def check(self, path: str, before: bytes | None, after: bytes | None, by: Literal["agent", "person"]) -> list[str]:
        return []

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        verb = "add" if before is None else "delete" if after is None else "edit"
        return f"{verb} {path}"


def format_of(path: str) -> Plain:
    """The format of any path."""
    return Plain()

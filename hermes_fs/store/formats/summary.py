"""A session's summary, the Markdown file beside its transcript: written and read. Pure.

The first line is a comment that says whose words the summary goes back to and up to which event it reaches. A summary
without one may be anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hermes_fs.core import origins
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Origin

SECTIONS = ("Decisions", "Solved", "Open", "People", "Files")
_MARK = re.compile(r"<!-- hermes-summary origin=([a-z]+) through=([0-9A-Za-z]{1,40}) -->")
_LINES = 12
_LENGTH = 400
_UNKNOWN: Origin = "file"


@dataclass(frozen=True, slots=True)
class Summary:
    """`sections` holds the lines of each of SECTIONS, in that order; `through` is the id of the last event that it
    covers."""

    title: str
    sections: Sequence[Sequence[str]]
    origin: Origin
    through: str

    @property
    def is_empty(self) -> bool:
        return not any(self.sections)


def write(summary: Summary, about: str) -> str:
    """The file; `about` is a line on when and where the session took place."""
    parts = [
        f"<!-- hermes-summary origin={summary.origin} through={summary.through} -->\n# {_line(summary.title)}",
        about,
    ]
    for name, lines in zip(SECTIONS, summary.sections, strict=True):
        shown = [f"- {_line(line)}" for line in lines if line.strip()][:_LINES]
        if shown:
            parts.append(f"## {name}\n" + "\n".join(shown))
    return "\n\n".join(parts) + "\n"


def origin_of(text: str) -> Origin:
    """Whose words a summary goes back to; nobody's who is vouched for where it does not say."""
    match = _MARK.match(text)
    return origins.known(match[1]) if match else _UNKNOWN


def plain(text: str) -> str:
    """The summary without its mark."""
    return _MARK.sub("", text, count=1).lstrip("\n") if _MARK.match(text) else text


def through(text: str) -> str:
    """The last event that it covers, "" where it does not say."""
    match = _MARK.match(text)
    return match[2] if match else ""


def _line(text: str) -> str:
    return one_line(text.replace("<!--", "<! --"), _LENGTH)

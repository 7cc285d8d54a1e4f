"""Makes untrusted text safe to print on a terminal. Must not style, wrap or truncate anything."""

from __future__ import annotations

import re
from re import Match

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, modes
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC: titles, clipboard, links
    r"|\x1b[ -/]*[0-~]"  # the rest that starts with ESC
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI as one C1 byte
)
# Controls but newline and tab; what reorders or hides text: bidi marks, zero-width signs, line separators, tags.
# ZWJ and ZWNJ stay: scripts and emoji need them. Lone surrogates cannot be encoded at all.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def neutralise(text: str) -> str:
    """`text` without terminal sequences; other characters that could move, hide or reorder text become visible.

    Newlines and tabs stay, CRLF becomes LF. Linear time; the same text comes back where nothing is unsafe.
    """
    if not _UNSAFE.search(text):
        return text
    return _UNSAFE.sub(_visible, _SEQUENCE.sub("", text.replace("\r\n", "\n")))


def spell_out(text: str) -> str:
    """Like `neutralise`, but sequences become visible too, because a person decides on exactly this text."""
    return _UNSAFE.sub(_visible, text)


def one_line(text: str, width: int = 0) -> str:
    """`text` neutralised, runs of white space as one blank; cut to `width` characters with an ellipsis (0: not)."""
    line = " ".join(neutralise(text).split())
    return line if not width or len(line) <= width else line[: max(width - 1, 0)] + "…"


def spelled_line(text: str, width: int = 0) -> str:
    """`text` on one line, spelled out, for a question: what a stranger wrote into it cannot look like more of it."""
    return one_line(spell_out(text), width)


def _visible(match: Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ␛, ␇ …
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return "\N{REPLACEMENT CHARACTER}"
    return f"⟨U+{code:04X}⟩"

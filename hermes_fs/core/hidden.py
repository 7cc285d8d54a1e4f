"""Finds characters that a reader does not see, that reorder what he sees or that pose as others. Pure, linear.

Every living script, emoji and ordinary typography stay as they are: a joiner, selector or mark next to what it is for
is no finding. Sources: default-ignorable characters and bidi controls (UAX #44, UAX #9), emoji sequences (UTS #51),
standardised variants (UAX #44), mixed scripts and their confusable letters (UTS #39).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

from hermes_fs.core import lookalikes

MOST = 5
"""How many findings `find` names."""

# Where a joiner changes how letters look: Arabic to Thaana and N'Ko, Indic to Sinhala, Myanmar, Khmer, Mongolian.
_JOINING = (
    "\u0600-\u061b\u061d-\u08ff\u0900-\u0dff\u0e80-\u109f\u1780-\u18af\u1a20-\u1aaf\ua8e0-\uaaff\ufb50-\ufdff"
    "\ufe70-\ufefc"
)
# Scripts that write no spaces and mark the ends of words with U+200B: Thai, Lao, Myanmar, Khmer, Tai, Tibetan.
_SPACELESS = "\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u1950-\u1aaf\uaa60-\uaadf"
_RIGHT_TO_LEFT = "\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_EMOJI = (
    "#*0-9\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
"""What takes a presentation selector, and what joiners join; keycaps included."""
_VARIED = f"{_HAN}\u1000-\u109f\u2200-\u22ff\u2a00-\u2aff\u3000-\u303f\ua840-\ua87f\uaa60-\uaa7f\uff00-\uffef0"
"""What has standardised variants: Han, Myanmar, Phags-pa, mathematical signs, CJK punctuation, the digit zero."""

_FLAG = "\U0001f3f4[\U000e0061-\U000e007a]{2}[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,3}\U000e007f"

_NEVER = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u17b4\u17b5\u2060-\u2065\u206a-\u206f\u3164\ufe03-\ufe0d\uffa0"
    "\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""What no text needs."""

_SUSPECT = re.compile(
    "|".join(
        (
            f"(?P<flag>{_FLAG})",  # England, Scotland, Wales: passed over
            f"[{_NEVER}]",
            "\r(?!\n)",
            r"(?!\A)\ufeff",  # a byte order mark starts a text
            "(?<![\u0300-\u036f\u0590-\u05ff])\u034f",
            "\u115f(?![\u1161-\u11a7])|(?<![\u1100-\u115e])\u1160",
            "(?<![\u1820-\u18aa])[\u180b-\u180f]",
            f"(?<![{_SPACELESS}])\u200b(?![{_SPACELESS}])|(?<=\u200b)\u200b",
            f"(?<![{_JOINING}])\u200c",
            f"(?<![{_JOINING}{_EMOJI}\ufe0f])\u200d|(?<![{_JOINING}])\u200d(?![{_EMOJI}])",
            "(?<![\u2800-\u28ff])\u2800++(?![\u2801-\u28ff])",
            f"(?<![{_EMOJI}{_VARIED}])[\ufe0e\ufe0f]|(?<![{_VARIED}])[\ufe00-\ufe02]",
            f"(?<![{_HAN}])[\U000e0100-\U000e01ef]",
        )
    )
)
_ANY = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
"""What of ASCII may be hidden."""
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RTL = re.compile(f"[{_RIGHT_TO_LEFT}]")
_OPENING = re.compile("[\u202a\u202b\u2066-\u2068]([^\u202a-\u202e\u2066-\u2069\n]{0,400})[\u202c\u2069]")
_MARKS = re.compile("[\u061c\u200e\u200f]{3,}+|[\u202a-\u202e\u2066-\u2069]")
_LIGATURES = re.compile("[\ufdf0-\ufdfc]")
"""Whole phrases drawn as one letter, which normalising would make up to eighteen times as long."""
_RUN = 8
"""Of more hidden characters in a row than this only so many are shown each for itself."""


def find(text: str) -> list[str]:
    """What is hidden in the text, one short name each, at most five."""
    found: list[str] = []
    for start, end in _hidden(text):
        found += map(_name, text[start : min(end, start + MOST)])
        if len(found) >= MOST:
            return found[:MOST]
    for start, end, disguised in lookalikes.spans(text):
        what = "letters in disguise" if disguised else "a word that mixes alphabets"
        found.append(f"{what}, {text[start : min(end, start + 40)]!r}")
        if len(found) >= MOST:
            break
    return found


def surface(text: str) -> str:
    """The text with whatever `find` finds made visible, `⟨U+202E⟩`; all else, and a text without any, stays as it is.
    A second time changes nothing."""
    pieces: list[str] = []
    end = 0
    for start, stop, plain in _spans(text):
        pieces += (text[end:start], plain or _shown(text[start:stop]))
        end = stop
    return "".join([*pieces, text[end:]]) if pieces else text


def reveal(text: str) -> str:
    """The text as it reads: hidden characters out, compatibility forms and look-alike letters made plain."""
    if text.isascii():
        return text
    return lookalikes.plain(unicodedata.normalize("NFKC", _LIGATURES.sub(" ", _ANY.sub(_kept, text))))


def _kept(match: re.Match[str]) -> str:
    """Line ends are no hiding place but carry sense."""
    return match[0] if match[0] == "\r" else ""


def _spans(text: str) -> list[tuple[int, int, str]]:
    """Where something is hidden, in order and apart: start, end, and what to show ("": the code of each character)."""
    found = [(start, end, "") for start, end in _hidden(text)]
    for start, end, disguised in lookalikes.spans(text):
        word = text[start:end]
        found.append((start, end, f"⟨disguised: {reveal(word)}⟩" if disguised else lookalikes.marked(word)))
    found.sort()
    return [span for before, span in zip([(0, 0, ""), *found], found, strict=False) if span[0] >= before[1]]


def _hidden(text: str) -> Iterator[tuple[int, int]]:
    """Runs of hidden characters."""
    first = _ANY.search(text) if not text.isascii() or _CONTROL.search(text) else None
    if first is None:
        return
    start = end = -1
    for match in _merged(text, max(0, first.start() - 1)):
        if match[0] != end:
            if end > start:
                yield start, end
            start = match[0]
        end = match[1]
    if end > start:
        yield start, end


def _merged(text: str, start: int) -> Iterator[tuple[int, int]]:
    """What is suspect from `start` on, the letter before the first hidden one (a flag begins with one that shows)."""
    plain = [match.span() for match in _SUSPECT.finditer(text, start) if match.lastgroup is None]
    marks = _bidi(text)
    yield from sorted(plain + marks) if marks else plain


def _bidi(text: str) -> list[tuple[int, int]]:
    """Marks and embeddings that do nothing for a right-to-left script: its letters must stand in the same line, and an
    embedding must be closed and hold, or stand in, what it is for. Overrides are never needed."""
    if not _BIDI.search(text):
        return []
    if not _RTL.search(text):
        return [match.span() for match in _BIDI.finditer(text)]
    found: list[tuple[int, int]] = []
    place = 0
    for line in text.split("\n"):
        if _BIDI.search(line):
            needed = _RTL.search(line) is not None
            found += [(place + start, place + end) for start, end in (_unneeded(line) if needed else _all(line))]
        place += len(line) + 1
    return found


def _all(line: str) -> list[tuple[int, int]]:
    return [match.span() for match in _BIDI.finditer(line)]


def _unneeded(line: str) -> list[tuple[int, int]]:
    """In a line with right-to-left letters: what no closed embedding of either direction accounts for."""
    paired: set[int] = set()
    for match in _OPENING.finditer(line):
        leftward = line[match.start()] in "\u202b\u2067\u2068"
        if not leftward or _RTL.search(match[1]):
            paired |= {match.start(), match.end() - 1}
    return [match.span() for match in _MARKS.finditer(line) if match.start() not in paired]


@functools.lru_cache(maxsize=256)
def _shown(run: str) -> str:
    shown = "".join(f"⟨U+{ord(letter):04X}⟩" for letter in run[:_RUN])
    return shown if len(run) <= _RUN else f"{shown}⟨and {len(run) - _RUN} more hidden⟩"


def _name(letter: str) -> str:
    name = unicodedata.name(letter, "").lower() or ("a control character" if letter < "\xa0" else "unassigned")
    return f"U+{ord(letter):04X} ({name})"

"""Finds characters that a reader does not see or that reorder what he sees. Pure, linear; lets every living script be.

Sources: Unicode default-ignorable and bidi controls (UAX #9, UAX #44), emoji sequences (UTS #51).
"""

from __future__ import annotations

import re
import unicodedata

_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]|\r(?!\n)"
)
# Scripts in which joiners change how letters look: Arabic to Thaana, Indic to Khmer, Mongolian.
_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0dff\u0e80-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufeff]")
_RIGHT_TO_LEFT = frozenset(("R", "AL"))
_LATIN = re.compile("[a-zA-Z]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_WORD = re.compile(r"[^\W\d_]+")
_LOOKALIKES = str.maketrans("аеорсухіјѕԁһӏԛԝАВЕКМНОРСТХІЈЅ", "aeopcyxijsdhlqwABEKMHOPCTXIJS")


def find(text: str) -> list[str]:
    """What is hidden in the text, one short name each, in order, at most five."""
    found: list[str] = []
    for match in _SUSPECT.finditer(text):
        if not _harmless(text, match.start()):
            found.append(_name(match[0]))
            if len(found) == 5:
                return found
    return found + [f"a word that mixes alphabets, {word!r}" for word in _mixed(text)[: 5 - len(found)]]


def reveal(text: str) -> str:
    """The text as it reads: hidden characters out, compatibility forms and look-alike letters made plain."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", _SUSPECT.sub("", text))
    return plain.translate(_LOOKALIKES) if _CYRILLIC.search(plain) and _LATIN.search(plain) else plain


def _harmless(text: str, place: int) -> bool:
    """Whether the character at `place` does what it is for, next to the characters that it is for."""
    letter, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    match letter:
        case "\ufeff":
            return place == 0
        case "\u200c" | "\u200d":
            return bool(_JOINING.match(before)) or (letter == "\u200d" and _emoji(before) and _emoji(after))
        case "\u200e" | "\u200f" | "\u061c":
            return _near_right_to_left(text, place)
        case "\ufe0e" | "\ufe0f":
            return _emoji(before)
        case "\u2800":
            return "\u2801" <= before <= "\u28ff" or "\u2801" <= after <= "\u28ff"
        case "\u180b" | "\u180c" | "\u180d" | "\u180e":
            return "\u1820" <= before <= "\u18aa"
    if "\U000e0100" <= letter <= "\U000e01ef":
        return unicodedata.name(before, "").startswith("CJK UNIFIED") if before else False
    return "\U000e0020" <= letter <= "\U000e007f" and bool(_FLAG.search(text[max(0, place - 8) : place + 8]))


_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a]{4,6}\U000e007f")


def _emoji(letter: str) -> bool:
    """A symbol that takes a presentation selector; digits, # and * are the base of keycaps."""
    return bool(letter) and (
        unicodedata.category(letter) in ("So", "Sm", "Sk", "Po", "Nd", "Pd") or letter in "\ufe0f#*"
    )


def _near_right_to_left(text: str, place: int) -> bool:
    around = text[max(0, place - 40) : place + 40]
    return any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in around if not _SUSPECT.match(letter))


def _mixed(text: str) -> list[str]:
    """Words of Latin letters with Cyrillic ones that look Latin, all of them: nobody writes so by accident."""
    if not (_CYRILLIC.search(text) and _LATIN.search(text)):
        return []
    words = dict.fromkeys(word for word in _WORD.findall(text) if _LATIN.search(word) and _CYRILLIC.search(word))
    return [word for word in words if not _CYRILLIC.search(word.translate(_LOOKALIKES))]


def _name(letter: str) -> str:
    name = unicodedata.name(letter, "").lower() or ("a control character" if letter < "\xa0" else "unassigned")
    return f"U+{ord(letter):04X} ({name})"

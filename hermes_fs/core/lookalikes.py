"""Letters that pose as Latin ones: words that mix alphabets (UTS #39), and letters drawn as other characters. Pure.

Text in any language is left alone, with Latin words in it and with endings on them (`PDFом`, `NFκB`, `ＪＲ東海`).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

_PAIRS = (
    ("аеорсухіјѕԁһӏԛԝАВЕКМНОРСТХІЈЅЗҮԌ", "aeopcyxijsdhlqwABEKMHOPCTXIJS3YG"),
    ("οανιρυκγχητεσωϲϳΑΒΕΖΗΙΚΜΝΟΡΤΧΥϹͿ", "oavipukyxntesocjABEZHIKMNOPTXYCJ"),
    ("օոսհցզյքՕՍԼՏ", "onuhgqjpOULS"),
)
_LOOKALIKES = {ord(letter): latin for letters, latins in _PAIRS for letter, latin in zip(letters, latins, strict=True)}

_LATIN = "a-zA-Z\xc0-\xd6\xd8-\xf6\xf8-\u024f"
_CYRILLIC, _GREEK, _ARMENIAN = "\u0400-\u052f", "\u0370-\u03e1\u03f0-\u03ff", "\u0531-\u0587"
_POSING = f"{_CYRILLIC}{_GREEK}{_ARMENIAN}"
# Whose letters nobody writes in a word with Latin ones: Coptic, Runic, Ogham, Cherokee, Lisu, Deseret, Osage, Gothic,
# Old Italic, Carian, Lycian, Lydian, Warang Citi.
_STRANGE = (
    "\u03e2-\u03ef\u13a0-\u13fd\u1680-\u16f8\u2c80-\u2cff\ua4d0-\ua4ff\uab70-\uabbf\U00010280-\U0001031f"
    "\U00010330-\U0001034a\U00010400-\U0001044f\U000104b0-\U000104fb\U00010920-\U0001093f\U000118a0-\U000118df"
)
_WORD = re.compile("(?:[^\\W\\d_][\u0300-\u036f]*+)++")
_HAS_LATIN = re.compile(f"[{_LATIN}]")
_HAS_POSING = re.compile(f"[{_POSING}]")
_HAS_STRANGE = re.compile(f"[{_STRANGE}]")
_OTHERS = re.compile(f"[{_POSING}{_STRANGE}]")
_ALIKE = "".join(map(chr, _LOOKALIKES))
_DISTINCT = re.compile(f"(?![{_ALIKE}])[{_POSING}]")
_ENDING = re.compile(f"[{_LATIN}]++[{_POSING}]{{1,3}}")

# A small Greek letter beside Latin ones is a symbol (NFκB, αs, hν) unless small Latin letters enclose it; not omicron.
_GREEK_SYMBOLS = re.compile("[α-ξπ-ω]")
_ENCLOSED = re.compile("(?<=[a-z])[α-ξπ-ω]+(?=[a-z])")

_NAME_IN_ADDRESS = re.compile(f"(?<!\\w)[{_ALIKE}]{{3,}}+(?=[.@/_][a-zA-Z]{{2}})")

# Latin letters drawn as others: mathematical alphabets, circled, squared, raised; full width is ordinary beside CJK.
_DRAWN = re.compile(
    "[\U0001d400-\U0001d7ff]{3,}+|[\u249c-\u24e9\U0001f110-\U0001f189]{4,}+"
    "|[\u02b0-\u02b8\u02e1-\u02e3\u1d2c-\u1d6a\u1d78\u1d9b-\u1dbf\u2071\u207f\u2090-\u209c]{4,}+"
    "|[\u0262\u026a\u0274\u0280\u028f\u0299\u029c\u029f\u1d00-\u1d22\ua730\ua731]{4,}+"
)
_WIDE = re.compile("[\uff21-\uff3a\uff41-\uff5a]{3,}+")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where letters pose as Latin ones: start, end, and whether the whole run is drawn in other characters."""
    if text.isascii():
        return
    if _OTHERS.search(text) and _HAS_LATIN.search(text):
        yield from _mixed(text)
    for pattern in (_DRAWN, _WIDE):
        if pattern is _WIDE and _CJK.search(text):
            continue
        for match in pattern.finditer(text):
            yield *match.span(), True


def _mixed(text: str) -> Iterator[tuple[int, int, bool]]:
    foreign = _DISTINCT.search(text) is not None
    for match in _WORD.finditer(text):
        word = match[0]
        if not word.isascii() and _HAS_LATIN.search(word) and _OTHERS.search(word) and _poses(word, foreign):
            yield *match.span(), False
    if not foreign:  # a name of look-alikes alone, in a text that has no word of that script
        for match in _NAME_IN_ADDRESS.finditer(text):
            yield *match.span(), False


@functools.lru_cache(maxsize=2048)
def _poses(word: str, foreign: bool) -> bool:
    """`foreign`: the text has words of the other script, so that a Latin word may well have an ending in it."""
    if _HAS_STRANGE.search(word):
        return True
    if _DISTINCT.search(word) or (foreign and _ENDING.fullmatch(word)):
        return False
    if _GREEK_SYMBOLS.search(word) and not _ENCLOSED.search(word):
        word = _GREEK_SYMBOLS.sub("", word)
    return _HAS_POSING.search(word) is not None


@functools.lru_cache(maxsize=2048)
def marked(word: str) -> str:
    """The word with its posing letters spelt out by their codes."""
    return _OTHERS.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", word)


def plain(text: str) -> str:
    """The text with look-alikes as the Latin letters that they pose as, where both alphabets stand in it."""
    if not (_HAS_POSING.search(text) and _HAS_LATIN.search(text)):
        return text
    return unicodedata.normalize("NFC", text).translate(_LOOKALIKES)

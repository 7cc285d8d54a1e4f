"""How text becomes searchable words: bigrams for scripts without spaces, folding for highlights. Pure; no I/O, no SQL.

SQLite's unicode61 tokenizer sees a run of Chinese, Japanese or Thai as one word (or breaks it at vowel signs), so such
runs are rewritten before indexing: `ABC` becomes `AB BC C`. The last single character makes every character the start
of some token, so that one character alone is found by prefix.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Han, kana, bopomofo, Hangul (words carry particles), their compatibility and half-width forms; Thai, Lao, Khmer and
# Burmese, which put no spaces between words and whose vowel signs unicode61 would take for separators.
_RUN = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc"
    "\U00020000-\U0003ffff]+"
)
# unicode61 splits at marks unless told otherwise; with them as letters, words of Indic scripts and Thai stay whole.
TOKENIZER = "porter unicode61 remove_diacritics 2 categories ''L* N* Co Mn Mc''"
WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e])+")
_MARKS = ("Mn", "Mc", "Me")


def indexed(text: str) -> str:
    """The form of `text` that goes into the full-text index; most text is returned as it is."""
    if text.isascii():
        return text
    return _RUN.sub(_bigrams, text)


def is_run(text: str) -> bool:
    """Whether `text` holds characters of a script that is indexed as bigrams."""
    return not text.isascii() and _RUN.search(text) is not None


def phrase(text: str) -> str:
    """The FTS5 expression that finds `text` as consecutive words; empty if it holds no word at all."""
    text = _trimmed(text.replace("\0", " "))
    form = indexed(text)
    prefix = ""
    last = _last_run(text)
    if len(last) == 1:
        prefix = " *"
    elif last:  # what follows the run in a text is unknown, so its closing single character must not be asked for
        form = form.rstrip()[:-1]
    if not any(character.isalnum() for character in form):
        return ""
    return '"' + form.replace('"', " ").strip() + '"' + prefix


def pieces(text: str) -> list[str]:
    """The single words of `text`; a run of a script without spaces gives its bigrams."""
    found: list[str] = []
    for word in WORD.findall(text):
        if not is_run(word):
            found.append(word)
            continue
        for part in indexed(word).split():
            if len(part) > 1 or len(word) == 1:
                found.append(part)
    return found


def fold(text: str) -> str:
    """Lower case without diacritics, exactly as long as `text`, so that positions carry over."""
    if text.isascii():
        return text.lower()
    return "".join(map(_fold_character, text))


def storable(text: str) -> str:
    """`text` as SQLite can keep it: no lone surrogates, no NUL."""
    if "\0" in text:
        text = text.replace("\0", " ")
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def _bigrams(match: re.Match[str]) -> str:
    run = unicodedata.normalize("NFKC", match[0])
    return " " + " ".join(run[i : i + 2] for i in range(len(run))) + " "


def _trimmed(text: str) -> str:
    end = len(text)
    while end and not (text[end - 1].isalnum() or unicodedata.category(text[end - 1]) in _MARKS):
        end -= 1
    return text[:end]


def _last_run(text: str) -> str:
    """The run that ends `text`, normalised as in `indexed`; empty if it ends with another script."""
    if text.isascii():
        return ""
    last = max(_RUN.finditer(text), key=lambda found: found.end(), default=None)
    return unicodedata.normalize("NFKC", last[0]) if last and last.end() == len(text) else ""


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0].lower()
    return base if len(base) == 1 else character

"""The query language: words in any language, "phrases", kind:, person:, since:, until:. Pure; no input is an error.

A filter that makes no sense is searched for as words; punctuation never breaks a query.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hermes_fs.store.sources import KINDS
from hermes_fs.store.tokens import is_run, phrase, pieces, storable

MAX_TERMS = 32
_TOKEN = re.compile(r'"([^"]*)"|(kind|person|since|until):(\S+)|(\S+)', re.IGNORECASE)
_AGO = re.compile(r"(\d{1,5})([hdwmy])\Z")
_HOURS = {"h": 1, "d": 24, "w": 168, "m": 720, "y": 8760}

FUNCTION_WORDS = frozenset(
    # English, German, French, Spanish: what questions are made of and no answer is found by
    re.findall(
        r"\w+",
        """a about after am an and any are as at be been before but by can could did do does for from had has have he
        her him his how i if in into is it its me my no not of on or our she should so some than that the their them
        then there these they this those to was we were what when where which who whom whose why will with would you
        your der das ein eine und oder ist sind wie wer wann wo warum wir ich du er sie es mit von für auf zu
        im den dem haben le la les un une des et ou est sont qui que quoi quand où pourquoi comment je tu il elle
        nous vous avec pour dans sur du el los las una y o es qué quién cuándo dónde cómo con para en de""",
    )
)
"""They are dropped where any other word remains."""


@dataclass(frozen=True, slots=True)
class Query:
    """`terms` are single words, `phrases` FTS5 expressions; `since` and `until` milliseconds since 1970, 0 for none;
    `text` is what was typed, without filters and phrases."""

    terms: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    person: str = ""
    since: int = 0
    until: int = 0
    text: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.terms and not self.phrases

    @property
    def words(self) -> tuple[str, ...]:
        """What a reader looks for in a hit: all but function words."""
        found = (*self.terms, *(word for made in self.phrases for word in pieces(made)))
        return tuple(word for word in found if word.lower() not in FUNCTION_WORDS) or found


def parse(text: str, now: datetime) -> Query:
    """What a person typed. `now` is what days count back from."""
    terms: list[str] = []
    phrases: list[str] = []
    plain: list[str] = []
    kinds: list[str] = []
    named = {"person": ""}
    bounds = {"since": 0, "until": 0}
    for quoted, key, value, word in _TOKEN.findall(storable(text)):
        key = key.lower()
        if quoted:
            phrases += [made] if (made := phrase(quoted)) else []
        elif key == "kind" and value.lower().rstrip("s") in KINDS:
            kinds.append(value.lower().rstrip("s"))
        elif key == "person":
            named[key] = value
        elif key in bounds and (moment := moment_of(value, now)):
            bounds[key] = moment
        else:
            plain.append(word or f"{key} {value}")
            terms += pieces(plain[-1])
    unique = tuple(dict.fromkeys(terms))[:MAX_TERMS]
    return Query(
        unique, tuple(phrases[:8]), tuple(kinds), named["person"], **bounds, text=" ".join(plain) if terms else ""
    )


def moment_of(text: str, now: datetime) -> int:
    """Milliseconds since 1970 of `2026-01-31`, `2026-01`, `2026`, `7d`, `today`, `yesterday`; 0 where it is no date.
    Days start at midnight in local time."""
    word = text.strip().lower()
    if ago := _AGO.match(word):
        return millis(now - timedelta(hours=int(ago[1]) * _HOURS[ago[2]]))
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    if word in ("today", "yesterday"):
        return millis(midnight - timedelta(days=int(word == "yesterday")))
    if re.fullmatch(r"\d{4}(-\d\d)?", word):
        word += "-01" if len(word) == 7 else "-01-01"
    try:
        moment = datetime.fromisoformat(word.upper().replace("Z", "+00:00"))
        return millis(moment if moment.tzinfo else moment.astimezone())
    except (ValueError, OverflowError):
        return 0


def all_of(parts: Sequence[str], prefix: bool = False) -> str:
    """An FTS5 expression for rows that hold all parts."""
    return " AND ".join(f"{part} *" if prefix and not part.endswith("*") else part for part in parts)


def any_of(parts: Sequence[str], prefix: bool = False) -> str:
    """An FTS5 expression for rows that hold any part."""
    return " OR ".join(f"{part} *" if prefix and not part.endswith("*") else part for part in parts)


def word(term: str) -> str:
    """One word, or bigram, as an FTS5 string; a lone character of a script without spaces as a prefix, for it stands
    within bigrams."""
    made = '"' + term.replace('"', " ") + '"'
    return made + " *" if len(term) == 1 and is_run(term) else made


def millis(moment: datetime) -> int:
    """As `since` and `until` are given."""
    return max(1, int(moment.astimezone(UTC).timestamp() * 1000))

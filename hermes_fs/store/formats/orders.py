"""Finds orders that attackers plant in memories, notes and skills, by the shapes of order_shapes.py and
order_classes.py. Decides nothing."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

from hermes_fs.core import hidden
from hermes_fs.store.formats.order_classes import CLASSES, MORE_WORDS
from hermes_fs.store.formats.order_shapes import ASIDE, CODED, NEEDLES, SHAPES, WORDS


def _compiled(shape: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    shape = re.sub(r"\n {8}", "", shape)
    for name, words in (MORE_WORDS | WORDS).items():
        shape = shape.replace(name, words)
    return re.compile(shape, flags)


def _parts(needles: str) -> tuple[str, ...]:
    """A row of them; what begins with a blank in the text stands alone."""
    return (needles,) if needles.startswith(" ") else tuple(needles.replace("\0", "|").split())


_PATTERNS = tuple(
    (name, _compiled(shape), _parts(needles)) for (name, shape), needles in zip(SHAPES, NEEDLES, strict=True)
) + tuple((name, _compiled(shape), _parts(needles)) for name, needles, shape in CLASSES)
# Words of which a shape needs one, looked for in lower case, which is much faster: without them the shape is not.
_TELLING = (
    "<KEYS>",
    "<TALKS>",
    "<COMING>",
    "<PRIVATE>",
    "<OUT>",
    "<NUMBER>",
    "<STANDING>",
    "<GUARDED>",
    "<SAFETY>",
    "<ROLES>",
)
_NEEDED = {
    _compiled(shape): tuple(_compiled(part, 0) for part in _TELLING if part in shape)
    for shape in (*(shape for _, shape in SHAPES), *(shape for _, _, shape in CLASSES))
}
# Shapes whose gaps may hold no word that turns the order into its opposite (`passwords are not sent to …`).
_PLAIN = frozenset(_compiled(shape) for _, _, shape in CLASSES if "<PLAIN>" in shape)
_DENIED = re.compile(r"\b(?:never|not|nobody|don'?t)\b", re.IGNORECASE)
_LETTERS = {needle: frozenset(needle) for _, _, needles in _PATTERNS for needle in needles}
_DISGUISED = tuple((pattern, needles) for name, pattern, needles in _PATTERNS if name == ASIDE)
_MOST = 3
_REACH = 500  # characters around a needle; no shape is longer
_NEGATED = re.compile(
    r"\b(?:never|not|don'?t|avoid|nobody|cannot|can'?t|no one)(?: \w+){0,2}[ ,:`\"']*$", re.IGNORECASE
)
_LONGEST = 4000  # characters of a paragraph that are looked at together; longer ones go in overlapping pieces
_OVERLAP = 300


def find(text: str) -> list[tuple[str, str]]:
    """What reads like a planted order: (what it does, the words), at most three. Never raises."""
    found: dict[tuple[str, str], None] = {}
    for piece in _pieces(hidden.reveal(text)):
        found |= dict.fromkeys(_orders_in(piece))
        if len(found) >= _MOST:
            break
    return list(found)[:_MOST]


def _orders_in(piece: str) -> list[tuple[str, str]]:
    lowered = piece.lower()
    found = []
    known: dict[tuple[re.Pattern[str], str], bool] = {}
    letters = frozenset(lowered)  # a text of few letters holds few needles
    for name, pattern, needles in _PATTERNS:
        there = [needle for needle in needles if _LETTERS[needle] <= letters]
        match = next((hit for part in _around(piece, lowered, there) if (hit := _search(pattern, part, known))), None)
        if match:
            found.append((name, match[0]))
    if not found:
        for disguised in (piece[::-1], codecs.encode(piece, "rot13")):
            match = _aside_in(disguised)
            if match:
                found.append((CODED, match[0]))
    return found


def _aside_in(disguised: str) -> re.Match[str] | None:
    lowered = disguised.lower()
    for pattern, needles in _DISGUISED:
        if any(needle in lowered for needle in needles) and (match := pattern.search(disguised)):
            return match
    return None


def _around(piece: str, lowered: str, needles: Sequence[str]) -> Iterator[str]:
    """The parts of a piece that lie around a needle; the whole where they would cover most of it."""
    places = sorted(place for needle in needles for place in _places(lowered, needle))
    if not places or len(lowered) != len(piece):
        yield from [piece] if places else []
        return
    start, end = 0, -1
    for place in places:
        if place - _REACH > end:
            if end > 0:
                yield piece[start:end]
            start = max(0, place - _REACH)
        end = place + _REACH
    yield piece[start:end]


def _places(text: str, needle: str) -> Iterator[int]:
    """Where a needle stands, at most once in half a reach."""
    place = text.find(needle)
    while place >= 0:
        yield place
        place = text.find(needle, place + _REACH // 2)


def _search(
    pattern: re.Pattern[str], piece: str, known: dict[tuple[re.Pattern[str], str], bool]
) -> re.Match[str] | None:
    """The first match that nothing turns into its opposite (`never send …`). `known`: what other shapes needed too."""
    for needed in _NEEDED[pattern]:
        if (needed, piece) not in known:
            known[needed, piece] = bool(needed.search(piece.lower()))
        if not known[needed, piece]:
            return None
    for match in pattern.finditer(piece):
        if _NEGATED.search(piece, max(0, match.start() - 40), match.start()):
            continue
        if pattern not in _PLAIN or not _DENIED.search(match[0]):
            return match
    return None


def _pieces(text: str) -> list[str]:
    """The text with each paragraph on one line: an order may be wrapped over lines, but not over an empty one, and no
    shape reaches over a line's end. Long texts go in overlapping pieces."""
    flat = "\n".join(" ".join(paragraph.split()) for paragraph in re.split(r"\n[ \t]*+\r?\n", text)).strip()
    return [flat[start : start + _LONGEST] for start in range(0, len(flat), _LONGEST - _OVERLAP)]

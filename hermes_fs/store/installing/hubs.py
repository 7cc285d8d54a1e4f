"""Looks for skills in the indexes that a person configured: asks those and no other, and sends no words anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from hermes_fs.core.errors import HermesError, UsageError
from hermes_fs.store.installing import sites
from hermes_fs.store.installing.source import Source, parse
from hermes_fs.store.tokens import fold, pieces

_AT_ONCE = 8
_NAME, _ABOUT = 3, 1


@dataclass(frozen=True, slots=True)
class Hit:
    """A skill that a hub offers. `source` is what `hermes skills install` takes; `words` is how many of those that were
    sought it holds."""

    name: str
    description: str
    source: str
    score: float
    words: int


def search(hubs: Sequence[str], text: str, limit: int = 20) -> tuple[list[Hit], list[str]]:
    """(what holds most of the words, best first; a line for each hub that could not be asked)."""
    words = list(dict.fromkeys(pieces(fold(text))))
    hits: list[Hit] = []
    problems: list[str] = []
    with ThreadPoolExecutor(min(_AT_ONCE, len(hubs) or 1)) as pool:
        for hub, answer in zip(hubs, pool.map(_asked, hubs), strict=True):
            if isinstance(answer, HermesError):
                problems.append(f"{hub}: {answer.message}")
                continue
            source, found = answer
            hits += [hit for offer in found.offers if (hit := _hit(source, offer, words))]
    most = max((hit.words for hit in hits), default=0)
    hits = [hit for hit in hits if hit.words == most]
    return sorted(hits, key=lambda hit: (-hit.score, hit.name))[:limit], problems


def _asked(hub: str) -> tuple[Source, sites.Index] | HermesError:
    try:
        source = parse(hub, Path("/"))
        if source.how != "site":
            raise UsageError("it is no index of skills", "give the address of a site or of its index.json")
        return source, sites.index(source.address)
    except HermesError as error:  # one hub that is down hides no other
        return error


def _hit(source: Source, offer: sites.Offer, words: Sequence[str]) -> Hit | None:
    """A word counts where it stands, or begins another; more in the name."""
    name, about = pieces(fold(offer.name)), pieces(fold(offer.description))
    scores = [_NAME * _weight(word, name) + _ABOUT * _weight(word, about) for word in words]
    held = sum(score > 0 for score in scores)
    where = replace(source, part=offer.name).text
    return Hit(offer.name, offer.description, where, sum(scores), held) if held else None


def _weight(word: str, parts: Sequence[str]) -> float:
    return 1.0 if word in parts else 0.5 if any(part.startswith(word) for part in parts) else 0.0

"""A seeded corpus of agent transcripts, and queries over it. Must not measure anything.

Words follow Zipf's law (exponent 1.05) over a vocabulary of 60,000, English function words first, with a tail of
identifiers, paths and numbers. Session `n` is made by a random source of its own, so any slice can be made alone and
the same numbers always give the same bytes. A message has about 690 characters in the mean, a session 13 messages.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

VOCABULARY = 60_000
EXPONENT = 1.05
_SPLIT = re.compile(r"\w+")
FUNCTION = tuple(
    _SPLIT.findall(
        """the of and a to in is you that it he was for on are as with his they I at be this have from or one had by
        word but not what all were we when your can said there use an each which she do how their if will up other about
        out many then them these so some her would make like him into time has look two more write go see number no way
        could people my than first been call who its now find long down day did get come made may part should because
        does here just know want after please file error run test server"""
    )
)
CLASSES = ("rare1", "mid2", "mid3", "common1", "common2", "phrase", "nl")
"""One rare word; two and three of medium frequency; one and two common ones; two words in quotation marks; a question
in natural language. The words of a query stand together in some message."""

_HEADS = _SPLIT.findall("b c d f g h k l m n p r s t v w br cl dr fl gr pl pr st tr sh ch")
_HEARTS = _SPLIT.findall("a e i o u ai ea io ou")
_TAILS = ("", "", "n", "r", "s", "t", "l", "m", "x", "ck", "nd")
_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
_MEANS = {"user": 2.9, "assistant": 4.1, "tool": 4.3}  # of the logarithm of the number of words


@dataclass(frozen=True)
class Message:
    role: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Session:
    id: str
    messages: tuple[Message, ...]


@cache
def words() -> tuple[str, ...]:
    """The vocabulary, the commonest first."""
    random = Random(11)
    found = dict.fromkeys(FUNCTION)
    while len(found) < VOCABULARY:
        found.setdefault(_word(random, len(found)))
    return tuple(found)


@cache
def _weights() -> tuple[float, ...]:
    return tuple(itertools.accumulate(1 / (rank + 2.7) ** EXPONENT for rank in range(VOCABULARY)))


@cache
def _ranks() -> dict[str, int]:
    return {word: rank for rank, word in enumerate(words())}


def _word(random: Random, place: int) -> str:
    made = "".join(
        random.choice(_HEADS) + random.choice(_HEARTS) + random.choice(_TAILS)
        for _ in range(random.choices((1, 2, 3, 4), (1, 6, 5, 2))[0])
    )
    kind = random.random()
    if kind < 0.04:
        return f"{made}_{random.choice(_HEADS)}{place}"
    if kind < 0.06:
        return f"/{made}/{place}{random.choice(('.py', '.md', '.log', '.json'))}"
    return f"{made}{random.randint(0, 9999)}" if kind < 0.10 else made


def session(number: int) -> Session:
    random = Random(number * 7919 + 5)
    begun = _BEGIN + timedelta(seconds=number * 977)
    count = max(2, min(60, int(random.lognormvariate(2.35, 0.75))))
    roles = ["user"]
    roles += ["assistant" if place % 2 else random.choice(("tool", "tool", "user")) for place in range(1, count)]
    return Session(
        f"s{number:07}",
        tuple(
            Message(role, _text(random, role), begun + timedelta(seconds=7 * place)) for place, role in enumerate(roles)
        ),
    )


def _text(random: Random, role: str) -> str:
    size = max(2, min(1500, int(random.lognormvariate(_MEANS[role], 0.9))))
    chosen = iter(random.choices(words(), cum_weights=_weights(), k=size))
    sentences = []
    while sentence := " ".join(itertools.islice(chosen, random.randint(5, 16))):
        sentences.append(sentence[0].upper() + sentence[1:] + random.choice((".", ".", ".", "?", ":", "\n")))
    return " ".join(sentences)


def sessions(messages: int, first: int = 0) -> Iterator[Session]:
    """Sessions with so many messages in all."""
    left = messages
    for number in itertools.count(first):
        made = session(number)
        yield Session(made.id, made.messages[:left])
        left -= len(made.messages)
        if left <= 0:
            return


def write(root: Path, made: Session) -> Path:
    """The session as a transcript in a workspace."""
    at = made.messages[0].at
    path = root / f"sessions/{at:%Y/%m/%d}/h-{made.id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [{"type": "header", "format": 1, "session": made.id, "title": f"Session {made.id}", "person": "owner"}]
    lines += [record(f"{made.id}-{place}", message) for place, message in enumerate(made.messages)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def record(key: str, message: Message) -> dict[str, str]:
    """One line of a transcript."""
    at = message.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    common = {"id": key, "at": at, "person": "owner", "channel": "cli", "origin": "owner"}
    if message.role == "tool":
        return {"type": "tool_result", **common, "call": "c", "name": "terminal", "text": message.text}
    return {"type": "message", **common, "role": message.role, "text": message.text}


def queries(count: int, messages: int) -> list[tuple[str, str]]:
    """So many (class, query), the classes in turn."""
    random = Random(3)
    in_all = max(1, messages // 15)
    found: list[tuple[str, str]] = []
    while len(found) < count:
        text = random.choice(session(random.randrange(in_all)).messages).text
        plain = [word for word in (raw.strip(".?:\n").lower() for raw in text.split()) if _is_plain(word)]
        name = CLASSES[len(found) % len(CLASSES)]
        query = _QUERIES[name](random, plain)
        if query:
            found.append((name, query))
    return found


def _is_plain(word: str) -> bool:
    return word.isalpha() and word in _ranks()


def _some(count: int, low: int, high: int, before: str = "") -> Callable[[Random, list[str]], str]:
    def choose(random: Random, plain: list[str]) -> str:
        fitting = sorted({word for word in plain if low <= _ranks()[word] < high})
        return before + " ".join(random.sample(fitting, count)) if len(fitting) >= count else ""

    return choose


def _phrase(random: Random, plain: list[str]) -> str:
    pairs = [pair for pair in itertools.pairwise(plain) if max(_ranks()[word] for word in pair) >= len(FUNCTION)]
    return f'"{" ".join(random.choice(pairs))}"' if pairs else ""


_QUERIES = {
    "rare1": _some(1, 8000, VOCABULARY),
    "mid2": _some(2, 300, 8000),
    "mid3": _some(3, 300, 8000),
    "common1": _some(1, 20, 300),
    "common2": _some(2, 20, 300),
    "phrase": _phrase,
    "nl": _some(2, 300, 8000, "what did we do about "),
}

"""Finds the JSON object in what a model answered, and asks once more where there is none. Trusts nothing in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Message, Reply, Request, Usage, assistant, system, user

T = TypeVar("T")
_LONGEST = 40_000
"""Characters of a reply that are looked at."""
_MOST_STARTS = 20
_TRAILING = re.compile(r",(?=\s*[}\]])")
_decoder = json.JSONDecoder()


class Unfit(Exception):
    """The answer is none; the text says why, in words for the model."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What was made of an answer, None where both tries were unfit: then `problem` says why. `model` answered."""

    value: Any = None
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    problem: str = ""


def ask(
    provider: Provider,
    order: str,
    question: str,
    read: Callable[[dict[str, Any]], T],
    cancel: Cancel,
    tokens: int = 1_200,
) -> Answered:
    """What `read` makes of the object that a model answers with; `read` raises Unfit. Raises ProviderError,
    BudgetSpent, Cancelled."""
    messages: tuple[Message, ...] = (system(order), user(question))
    usage, problem, model = Usage(), "", ""
    for _ in range(2):
        reply = _reply(provider, Request(messages, max_tokens=tokens), cancel)
        usage, model = usage + reply.usage, reply.model
        try:
            return Answered(read(found(reply.message.text)), usage, model)
        except Unfit as unfit:
            problem = str(unfit)
        again = f"That cannot be used: {problem}. Answer again, with the JSON object alone."
        messages = (*messages[:2], assistant(reply.message.text[:_LONGEST] or "(nothing)"), user(again))
    return Answered(None, usage, model, problem)


def found(text: str) -> dict[str, Any]:
    """The first JSON object of a text, in a fence or among words, commas too many forgiven. Raises Unfit."""
    text = text[:_LONGEST]
    for start in [match.start() for match in re.finditer(r"\{", text)][:_MOST_STARTS]:
        for candidate in (text[start:], _TRAILING.sub("", text[start:])):
            try:
                value, _ = _decoder.raw_decode(candidate)
                if isinstance(value, dict):
                    return _writable(value)
            except (ValueError, RecursionError):
                continue
    raise Unfit("there is no JSON object in it")


def _writable(value: dict[str, Any]) -> dict[str, Any]:
    """With half characters (`\\ud800` alone), which no file takes, as question marks."""
    clean: dict[str, Any] = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return clean


def _reply(provider: Provider, request: Request, cancel: Cancel) -> Reply:
    reply = None
    for item in provider.stream(request, cancel):
        if isinstance(item, Reply):
            reply = item
    assert reply is not None  # the port's promise
    return reply

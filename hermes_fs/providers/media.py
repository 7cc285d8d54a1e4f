"""What a server would not take of images, sounds and documents: learnt from its refusal, then left out of requests.

A picture stays in the conversation for ever, so without this every later message would be refused for it, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from hermes_fs.core.errors import ProviderError
from hermes_fs.core.types import Audio, Document, Image, Message, Part, Request, Text, ToolResult

_KINDS: tuple[tuple[str, type[Image] | type[Audio] | type[Document], re.Pattern[str]], ...] = (
    ("image", Image, re.compile(r"image|vision|multimodal|mmproj|picture", re.IGNORECASE)),
    ("sound", Audio, re.compile(r"audio", re.IGNORECASE)),
    ("document", Document, re.compile(r"document|pdf|\bfiles?\b|file_data|input_file", re.IGNORECASE)),
)
_NEVER = re.compile(
    r"\bnot? (?:\w+ )?(?:support|allowed|accepted|enabled|available)|unsupported|only (?:text|support)|text[- ]only"
    r"|(?:does not|doesn't|cannot|can't|do not) (?:accept|take|process|support|handle|have)|that support"
    r"|unknown variant|unknown (?:content|type)|invalid content type|multimodal|mmproj|supported values are",
    re.IGNORECASE,
)
_INSTEAD = re.compile(r"supported values are|expected|must be|only support", re.IGNORECASE)
"""After this a server names what it would take."""

Medium = Image | Audio | Document


class LeftOut:
    """Belongs to one provider; remembers for as long as that lives."""

    def __init__(self, title: str, kinds: Iterable[str] = ()) -> None:
        self._title = title
        self._kinds = set(kinds)
        self._single: set[Medium] = set()
        self._told: set[Medium] = set()

    def learn(self, error: ProviderError, request: Request) -> str:
        """The line to say where the error is about a medium in the request, which is left out from now on; else "".
        A server that takes none of a kind is told apart from one that does not like this file."""
        never = bool(_NEVER.search(error.message))
        if error.fault != "invalid" and not (never and error.fault in ("not_found", "overloaded")):
            return ""
        said = _INSTEAD.split(error.message)[0]
        blamed = {name for name, _, pattern in _KINDS if pattern.search(said)}
        there = [part for part in _media(request.messages) if not self._is_out(part) and _kind(part) in blamed]
        if not there:
            return ""
        self._told.update(there)
        if never:
            kinds = {_kind(part) for part in there}
            self._kinds |= kinds
            return self._line(kinds)
        self._single.add(there[-1])
        return f"{error.message}; this {_kind(there[-1])} is left out, the text goes on"

    def news(self, request: Request) -> str:
        """The line to say where a message brings something new of a kind that the server does not take; else ""."""
        new = [part for part in _media(request.messages) if _kind(part) in self._kinds and part not in self._told]
        self._told.update(new)
        return self._line({_kind(part) for part in new}) if new else ""

    def spared(self, request: Request) -> Request:
        """The request without what the server does not take; a note stands in its place."""
        if not self._kinds and not self._single:
            return request
        return replace(request, messages=tuple(self._message(message) for message in request.messages))

    def _line(self, kinds: Iterable[str]) -> str:
        named = " and no ".join(f"{kind}s" for kind in sorted(kinds))
        return f"{self._title} takes no {named}: left out, the text goes on"

    def _is_out(self, part: Medium) -> bool:
        return _kind(part) in self._kinds or part in self._single

    def _message(self, message: Message) -> Message:
        return replace(message, parts=tuple(self._part(part) for part in message.parts))

    def _part(self, part: Part) -> Part:
        if isinstance(part, Image | Audio | Document) and self._is_out(part):
            return Text(_note(part), aside=True)
        if isinstance(part, ToolResult) and any(self._is_out(medium) for medium in part.media):
            notes = [_note(medium) for medium in part.media if self._is_out(medium)]
            kept = tuple(medium for medium in part.media if not self._is_out(medium))
            return replace(part, text="\n".join((part.text, *notes)), media=kept)
        return part


def _media(messages: Iterable[Message]) -> Iterator[Medium]:
    for message in messages:
        for part in message.parts:
            if isinstance(part, Image | Audio | Document):
                yield part
            elif isinstance(part, ToolResult):
                yield from part.media


def _kind(part: Medium) -> str:
    return next(name for name, kind, _ in _KINDS if isinstance(part, kind))


def _note(part: Medium) -> str:
    name = f" {part.name}" if isinstance(part, Document) and part.name else ""
    return f"[{_kind(part)}{name} left out: you cannot be shown it]"

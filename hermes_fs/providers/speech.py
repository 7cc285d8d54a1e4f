"""What a model says and thinks, in the order in which it comes; calls written as text are understood. No wire here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hermes_fs.core.events import TextDelta, ThinkingDelta
from hermes_fs.core.types import Text, Thinking
from hermes_fs.providers.textcalls import TextCalls
from hermes_fs.providers.thinktags import ThinkTags


@dataclass(slots=True)
class _Piece:
    thinking: bool
    text: list[str] = field(default_factory=list)
    signature: str = ""


class Speech:
    """Feed it text and thinking; the deltas of the text add up to that of its parts. `names`: of the tools that a call
    written as text may mean; None: take every text as it is, for models that need no such help."""

    def __init__(self, names: Sequence[str] | None = None) -> None:
        self._tags = ThinkTags()
        self._text_calls = TextCalls(names or ())
        self._plain = names is None
        self._pieces: list[_Piece] = []

    @property
    def calls(self) -> Sequence[tuple[str, str]]:
        """(name, arguments) of the calls that were written as text, after `end`."""
        return self._text_calls.calls

    def say(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        if text and self._plain:
            self._piece(thinking=False).text.append(text)
            yield TextDelta(text)
        elif text:
            yield from self._show(*self._tags.feed(text))

    def reason(self, text: str) -> Iterator[ThinkingDelta]:
        if text:
            self._piece(thinking=True).text.append(text)
            yield ThinkingDelta(text)

    def sign(self, signature: str) -> None:
        """End a stretch of thinking; where there was none, this one is opaque."""
        last = self._pieces[-1] if self._pieces else None
        if last is None or not last.thinking or last.signature:
            last = _Piece(thinking=True)
            self._pieces.append(last)
        last.signature = signature

    def sign_before_text(self, signature: str) -> None:
        """Put what is opaque before the newest text, or where the next one will be."""
        at = len(self._pieces) - (1 if self._pieces and not self._pieces[-1].thinking else 0)
        self._pieces.insert(at, _Piece(True, signature=signature))

    def end(self) -> Iterator[TextDelta | ThinkingDelta]:
        """The deltas that were held back to the end."""
        yield from self._show(*self._tags.end())
        if rest := self._text_calls.end():
            self._piece(thinking=False).text.append(rest)
            yield TextDelta(rest)

    def parts(self) -> Iterator[Text | Thinking]:
        """A text of nothing but white space is none."""
        whole = [("".join(piece.text), piece) for piece in self._pieces]
        blank = not any(text.strip() for text, piece in whole if not piece.thinking)
        for text, piece in whole:
            if piece.thinking:
                yield Thinking(text, piece.signature)
            elif not blank:
                yield Text(text)

    def _show(self, thinking: str, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        yield from self.reason(thinking)
        if text and (visible := self._text_calls.feed(text)):
            self._piece(thinking=False).text.append(visible)
            yield TextDelta(visible)

    def _piece(self, thinking: bool) -> _Piece:
        last = self._pieces[-1] if self._pieces else None
        if last is None or last.thinking != thinking or last.signature:
            last = _Piece(thinking)
            self._pieces.append(last)
        return last

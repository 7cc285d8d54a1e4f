"""Markdown as styled terminal lines, calm: no boxes, no backgrounds, nothing of the text hidden.

Imports rich, so load it on use.
"""

from __future__ import annotations

import re
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.markdown import CodeBlock, Heading, HorizontalRule, ImageItem, Markdown, MarkdownElement
from rich.padding import Padding
from rich.rule import Rule
from rich.syntax import Syntax
from rich.text import Text
from rich.theme import Theme

THEME = Theme(
    {
        "markdown.code": "cyan",
        "markdown.code_block": "none",
        "markdown.block_quote": "italic dim",
        "markdown.h1": "bold underline",
        "markdown.h2": "bold",
        "markdown.h3": "bold",
        "markdown.h4": "bold dim",
        "markdown.item.bullet": "dim",
        "markdown.item.number": "dim",
        "markdown.link": "none",
        "markdown.link_url": "dim underline",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
    }
)
PROSE_WIDTH = 100
"""Columns; longer lines are tiring to read."""

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_PADDING = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$")


def rendered(console: Console, text: str, width: int) -> list[str]:
    """`text` (already neutralised) as lines of at most `width` columns, without blank lines at either end."""
    with console.capture() as capture:
        console.print(_Reply(text), width=max(min(width, PROSE_WIDTH), 10), highlight=False)
    lines = [_PADDING.sub(r"\1", line) for line in capture.get().split("\n")]
    filled = [place for place, line in enumerate(lines) if _STYLE.sub("", line)]
    return lines[filled[0] : filled[-1] + 1] if filled else []


class _Code(CodeBlock):
    """Code set off by an indent alone."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip()
        syntax = Syntax(code, self.lexer_name, theme="ansi_dark", background_color="default", word_wrap=True)
        yield Padding(syntax, (0, 0, 0, 4))


class _Heading(Heading):
    LEVEL_ALIGN: ClassVar[dict[str, JustifyMethod]] = {}  # all to the left


class _Break(HorizontalRule):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Rule(style="dim")


class _Image(ImageItem):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text.assemble(self.text, f" ({self.destination})", end="")


class _Reply(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "fence": _Code,
        "code_block": _Code,
        "heading_open": _Heading,
        "hr": _Break,
        "image": _Image,
    }

    def __init__(self, text: str) -> None:
        # No links behind words: the terminal must show where a link goes, the model chose it.
        super().__init__("", hyperlinks=False)
        parser = MarkdownIt().enable(["strikethrough", "table"]).disable(["html_inline", "html_block"])
        self.parsed = [_kept(token) for token in parser.parse(text)]


def _kept(token: Token) -> Token:
    """A line that the model ended stays ended."""
    for child in token.children or ():
        if child.type == "softbreak":
            child.type = "hardbreak"
    return token

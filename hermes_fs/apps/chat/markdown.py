"""Markdown as styled terminal lines, calm: no boxes, no backgrounds, nothing of the text hidden.

Imports rich, so load it on use.
"""

from __future__ import annotations

import re
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import chop_cells
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


MOST_CHARACTERS, MOST_LINES, MOST_MARKS, MOST_IN_LINE = 16_000, 500, 800, 150
"""Of one block, of its marks in all and in one line. Parsing and laying out take up to 0.1 ms for each; what has more
is no reply that gains by it, and is shown as it was written."""

_MARKS = re.compile(r"[\[\]!*_`~|<>&\\]|^[ \t]*(?:[-+#]|\d+[.)])[ \t]|\b(?:https?://|www\.)", re.MULTILINE)


def rendered(console: Console, text: str, width: int) -> list[str]:
    """`text` (already neutralised) as lines of at most `width` columns, without blank lines at either end."""
    if is_wild(text):
        return _as_written(text, max(width, 10))
    with console.capture() as capture:
        console.print(_Reply(text), width=max(min(width, PROSE_WIDTH), 10), highlight=False)
    lines = [_PADDING.sub(r"\1", line) for line in capture.get().split("\n")]
    filled = [place for place, line in enumerate(lines) if _STYLE.sub("", line)]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def is_wild(text: str) -> bool:
    """Whether a block is too long or has too many marks to be laid out at once. Linear."""
    if len(text) > MOST_CHARACTERS or text.count("\n") > MOST_LINES:
        return True
    marks = 0
    for line in text.split("\n"):
        found = sum(1 for _ in _MARKS.finditer(line)) + line.count("- - ") + line.count("\t")
        marks += found
        if found > MOST_IN_LINE or marks > MOST_MARKS:
            return not _is_code(text)
    return False


def _is_code(text: str) -> bool:
    """Whether all of it stands in one fence, where marks are letters."""
    lines = text.rstrip().split("\n")
    fence = lines[0][:3]
    return fence in ("```", "~~~") and not any(line.lstrip().startswith(fence) for line in lines[1:-1])


def _as_written(text: str, width: int) -> list[str]:
    lines = text.strip("\n").split("\n")
    return [part for line in lines for part in _cut(line.expandtabs(4), width)]


def _cut(line: str, width: int) -> list[str]:
    if line.isascii():
        return [line[start : start + width] for start in range(0, len(line), width)] or [""]
    return [str(part) for part in chop_cells(line, width)] or [""]


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

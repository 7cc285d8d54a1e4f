"""Puts an interactive chat together: the best face and reader that this terminal and this installation allow."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from typing import Any

from hermes_fs.apps.chat.history import History
from hermes_fs.apps.chat.ink import Ink
from hermes_fs.apps.chat.interactive import Stage
from hermes_fs.apps.chat.plain import Plain
from hermes_fs.apps.chat.reading import Candidates, Lines, Reader
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.loading import load


def stage(environ: Mapping[str, str]) -> Stage:
    """A live screen on a terminal that can be one, plain lines elsewhere."""
    ink = Ink(sys.stdout, environ)
    if not ink.styled:
        return Plain(sys.stdout, sys.stdout, sys.stdout, interim=True)
    theme = load("hermes_fs.apps.chat.markdown:THEME")
    console = load("rich.console:Console")(file=sys.stdout, theme=theme, no_color=not ink.coloured, highlight=False)
    screen: Stage = load("hermes_fs.apps.chat.screen:Screen")(console, ink, SystemClock())
    return screen


def reader(history: History, candidates: Candidates, environ: Mapping[str, str]) -> tuple[Reader, str]:
    """A prompt with editing where prompt_toolkit is installed and both ends are a terminal; and a hint where it is not
    installed."""
    ink = Ink(sys.stdout, environ)
    if not (ink.styled and sys.stdin.isatty()):
        return Lines(), ""
    if importlib.util.find_spec("prompt_toolkit") is None:
        return Lines(), "for editing, completion and history: pip install 'hermes-fs[tui]'"
    prompt: Any = load("hermes_fs.apps.chat.prompt:Prompt", "tui")
    chosen: Reader = prompt(history, candidates, ink.coloured)
    return chosen, ""


def columns() -> int:
    """Width of the terminal, 80 where there is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError):
        return 80

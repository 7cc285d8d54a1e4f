"""The entry point: answers `--help` and `--version` from the static table, hands the rest to `dispatch`.

Imports nothing but what Python starts with, because these two answers must cost little more than starting Python.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable

from hermes_fs import __version__
from hermes_fs.cli.table import COMMANDS, SECTIONS

_OBJECTS = 100_000
"""New objects between two collections: loading a provider's SDK makes so many that lasting ones were looked through a
hundred times, a sixth of a start's time."""
_HELP_FLAGS = ("-h", "--help")
_SUMMARY = "An AI agent whose whole mind is a git repository."
_EXAMPLES = (
    ("hermes", "chat in your workspace"),
    ('hermes chat -q "what is in this folder?"', "one question, one answer"),
    ('git diff | hermes chat -q "review this"', "piped text joins the message"),
)
_OPTIONS = (
    ("-w, --workspace PATH", "the workspace to use, before or after the command"),
    ("--debug", "show the traceback of an error"),
    ("--version", "print the version"),
    ("-h, --help", "this page; `hermes COMMAND --help` explains a command"),
)


def main() -> None:
    """Run the command line of this process and exit with its code."""
    _open_streams()
    argv = sys.argv[1:]
    if argv in (["--version"], ["-V"]):
        _say(f"hermes-fs {__version__}\n")
        return
    if argv and (argv[0] in _HELP_FLAGS or argv == ["help"]):
        _say(top_level_help(_bold if _styled() else str))
        return
    gc.set_threshold(_OBJECTS)
    code = importlib.import_module("hermes_fs.cli.dispatch").run(argv)
    gc.freeze()  # ending, the interpreter would look through all that the SDK made once more: a tenth of a second
    sys.exit(code)


def top_level_help(heading: Callable[[str], str] = str) -> str:
    """The page that `hermes --help` prints; `heading` styles a heading."""
    lines = [_SUMMARY, "", f"{heading('Usage')}  hermes [COMMAND] [OPTIONS]     (without a command: chat)", ""]
    width = max((len(name) for name in COMMANDS), default=0)
    for title, rows in SECTIONS.items():
        if rows:
            lines += [heading(title), *(f"  {name:<{width}}  {text}" for name, (_, text) in rows.items()), ""]
    lines += [heading("Options"), *(f"  {flag:<20}  {text}" for flag, text in _OPTIONS), ""]
    lines += [heading("Examples")]
    for command, text in _EXAMPLES:
        lines += [f"  {command:<41}  {text}"]
    return "\n".join(lines) + "\n"


def _open_streams() -> None:
    """A stream that whoever started us closed becomes the null device, also for what we start: else there is none to
    ask, and the next file that is opened takes its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(null, True)
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8"))


def _styled() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m"


def _say(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; without this the interpreter complains once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

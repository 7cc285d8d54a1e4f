"""Runs one command of the table: splits off the global flags, loads the command's module, maps errors to exit codes.

Must not know what any command does. Nothing here catches every exception: the unexpected ones reach `sys.excepthook`.
"""

from __future__ import annotations

import difflib
import errno
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import typer
from typer.main import get_command

from hermes_fs.cli.app import Invocation
from hermes_fs.cli.table import COMMANDS
from hermes_fs.core.errors import HermesError, NotFound, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import neutralise, one_line

_ISSUES = "run it again with --debug to see where"
_LONGEST = 600  # characters of an error, and of its hint
_DISK = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some space there",
    errno.ENAMETOOLONG: "give it a shorter name",
    errno.EROFS: "work on a copy that can be written",
}


Table = Mapping[str, tuple[str, str]]


def run(argv: list[str], commands: Table = COMMANDS) -> int:
    """Run one command line (without the program's name); returns the exit code. Errors are one line each on stderr."""
    previous = sys.excepthook
    try:
        invocation, rest = split_globals(argv)
        _stand()
        if not invocation.debug:
            sys.excepthook = _one_line
        code = _run(invocation, rest, commands)
        if sys.stdout:  # closed by who started us
            sys.stdout.flush()
    except HermesError as error:
        if "--debug" in argv:
            previous(type(error), error, error.__traceback__)
        complain(error.message, error.hint)
        return error.exit_code
    except typer.TyperException as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        # The reader has seen enough; without this the interpreter complains once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _stand() -> None:
    """What every command takes for granted. Letters that this locale cannot print are spelt out; without a folder to be
    in, nothing can be found. Raises NotFound."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="backslashreplace")
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise NotFound("the folder that you are in is gone", "go to one that is there: cd ~") from error


def split_globals(argv: list[str]) -> tuple[Invocation, list[str]]:
    """The global flags wherever they stand before a `--`, and the rest. Raises UsageError for `-w` without a path."""
    workspace: Path | None = None
    debug = False
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--debug":
            debug = True
        elif word in ("-w", "--workspace"):
            path = next(words, "")
            if not path:
                raise UsageError(f"{word} needs a path", "give the folder of a workspace: -w ~/hermes")
            workspace = Path(path).expanduser()
        elif word.startswith("--workspace="):
            workspace = Path(word.partition("=")[2]).expanduser()
        else:
            rest.append(word)
    return Invocation(workspace, debug), rest


def complain(message: str, hint: str = "") -> None:
    """One line on stderr: what is wrong, then what to do."""
    said = f"error: {one_line(message, _LONGEST)}"  # what a person gave may be long, and the hint is to be seen
    print(f"{said} — {one_line(hint, _LONGEST)}" if hint else said, file=sys.stderr)


def _run(invocation: Invocation, argv: list[str], commands: Table) -> int:
    name, rest = _command(argv, commands)
    target = commands[name][0]
    app = load(target if ":" in target else f"{target}:app")
    result = get_command(app).main(args=rest, prog_name=f"hermes {name}", standalone_mode=False, obj=invocation)
    return result if isinstance(result, int) else 0


def _command(argv: list[str], commands: Table) -> tuple[str, list[str]]:
    """The command's name and its arguments; without a name it is `chat`."""
    if argv[:1] == ["help"] and len(argv) > 1:
        argv = [*argv[1:], "--help"]
    if not argv or (argv[0].startswith("-") and argv[0] != "--"):
        return "chat", argv
    name, *rest = argv
    if name not in commands:
        near = difflib.get_close_matches(name, commands, 1)
        hint = f"did you mean `hermes {near[0]}`?" if near else "see `hermes --help`"
        raise UsageError(f"there is no command {name!r}", hint)
    return name, rest


def _usage(error: typer.TyperException) -> int:
    """A mistake on the command line; a group that was called without a subcommand shows its help instead."""
    context = getattr(error, "ctx", None)
    text = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        print(neutralise(text), file=sys.stderr)
        return error.exit_code
    complain(text.rstrip("."), f"see `{context.command_path} --help`" if context else "")
    return error.exit_code


def _one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, OSError) and error.errno in _DISK:
        complain(f"{error.filename or 'a file'} cannot be written: {error.strerror}", _DISK[error.errno])
        try:
            sys.stdout.flush()
        except OSError:  # it was what we print: else the interpreter would complain once more, and change the exit code
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    detail = " ".join(str(error).split())
    complain(f"unexpected {kind.__name__}{': ' if detail else ''}{detail}", _ISSUES)

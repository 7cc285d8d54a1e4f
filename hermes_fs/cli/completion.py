"""`hermes completion`: prints a shell's completion of commands, subcommands and options. Writes no file itself.

Everything is in the script, so that a press of Tab starts no program.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import typer
from typer.main import get_command

from hermes_fs.cli.app import example, single
from hermes_fs.cli.output import print_text
from hermes_fs.cli.table import COMMANDS
from hermes_fs.core.errors import UsageError
from hermes_fs.core.loading import load

app = single()

_SHELLS = ("bash", "zsh", "fish")
_GLOBAL = (("--workspace", "the workspace to use"), ("--debug", "show tracebacks"), ("--help", "explain"))

Word = tuple[str, str]
"""A word and what it is for."""


@dataclass(frozen=True, slots=True)
class Point:
    """What may follow the words of `path`, which begins below `hermes`."""

    path: tuple[str, ...]
    commands: tuple[Word, ...]
    options: tuple[Word, ...]


@app.command(
    epilog=example(
        "hermes completion bash > ~/.local/share/bash-completion/completions/hermes",
        'hermes completion zsh > "${fpath[1]}/_hermes"',
        "hermes completion fish > ~/.config/fish/completions/hermes.fish",
    )
)
def completion(shell: Annotated[str, typer.Argument(metavar="|".join(_SHELLS), help="The shell.")]) -> None:
    """Print the completion script of a shell; the examples put it where the shell looks."""
    if shell not in _SHELLS:
        raise UsageError(f"there is no completion for {shell!r}", f"use one of: {', '.join(_SHELLS)}")
    print_text(script(shell))  # type: ignore[arg-type]


def script(shell: Literal["bash", "zsh", "fish"]) -> str:
    """The whole script, ending in a line end."""
    points = list(_points())
    match shell:
        case "bash":
            return _bash(points)
        case "zsh":
            return _zsh(points)
        case "fish":
            return _fish(points)


def _points() -> Iterator[Point]:
    yield Point((), tuple((name, about) for name, (_, about) in COMMANDS.items()), _GLOBAL)
    for name, (target, _) in COMMANDS.items():
        yield from _below((name,), get_command(load(target if ":" in target else f"{target}:app")))


def _below(path: tuple[str, ...], command: Any) -> Iterator[Point]:
    subs = getattr(command, "commands", {})
    options = tuple(
        (flag, _about(getattr(option, "help", "")))
        for option in command.params
        for flag in (*option.opts, *option.secondary_opts)
        if flag.startswith("--")
    )
    commands = tuple((name, _about(sub.get_short_help_str())) for name, sub in subs.items())
    yield Point(path, commands, (*options, ("--help", "explain")))
    for name, sub in subs.items():
        yield from _below((*path, name), sub)


def _about(text: str | None) -> str:
    """The first sentence, on one line."""
    return " ".join((text or "").split()).partition(". ")[0].rstrip(".")


def _words(words: tuple[Word, ...]) -> str:
    return " ".join(word for word, _ in words)


_WALK = """\
    local place="" word index
    for ((index = 1; index < {last}; index++)); do
        word=${{words[index{base}]}}
        case $word in
            -w | --workspace) ((index++)) ;;
            -*) ;;
            *) case " {paths} " in *" ${{place:+$place/}}$word "*) place=${{place:+$place/}}$word ;; esac ;;
        esac
    done
"""


def _bash(points: list[Point]) -> str:
    """Words that are no command fall through to file names."""
    paths = " ".join("/".join(point.path) for point in points if point.path)
    cases = "\n".join(
        f"        {shlex.quote('/'.join(point.path))})"
        f" commands={shlex.quote(_words(point.commands))} options={shlex.quote(_words(point.options))} ;;"
        for point in points
    )
    return f"""\
# hermes completion for bash; made by `hermes completion bash`
_hermes() {{
    local words=("${{COMP_WORDS[@]}}") current=${{COMP_WORDS[COMP_CWORD]}} commands options
{_WALK.format(last="COMP_CWORD", base="", paths=paths)}\
    case $place in
{cases}
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
    fi
}}
complete -o default -F _hermes hermes
"""


def _zsh(points: list[Point]) -> str:
    paths = " ".join("/".join(point.path) for point in points if point.path)
    cases = "\n".join(
        f"        {shlex.quote('/'.join(point.path))}) commands=({_described(point.commands)})"
        f" options=({_described(point.options)}) ;;"
        for point in points
    )
    return f"""\
#compdef hermes
# hermes completion for zsh; made by `hermes completion zsh`
_hermes() {{
    local -a commands options
{_WALK.format(last="CURRENT - 1", base=" + 1", paths=paths)}\
    case $place in
{cases}
    esac
    if [[ $PREFIX == -* ]]; then
        _describe option options
    elif (( $#commands )); then
        _describe command commands || _files
    else
        _files
    fi
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _hermes "$@"; else compdef _hermes hermes; fi
"""


def _described(words: tuple[Word, ...]) -> str:
    return " ".join(shlex.quote(f"{word}:{about.replace(':', ' -')}") for word, about in words)


def _fish(points: list[Point]) -> str:
    lines = ["# hermes completion for fish; made by `hermes completion fish`", _FISH_PATH]
    for point in points:
        here = f"test (__hermes_path) = {shlex.quote('/'.join(point.path))}"
        for word, about in point.commands:
            lines.append(f"complete -c hermes -n {_quoted(here)} -a {word} -d {_quoted(about)}")
        for word, about in point.options:
            lines.append(f"complete -c hermes -n {_quoted(here)} -l {word.removeprefix('--')} -d {_quoted(about)}")
    known = " ".join(shlex.quote("/".join(point.path)) for point in points if point.path)
    return "\n".join(lines).replace("KNOWN", known) + "\n"


_FISH_PATH = """\
function __hermes_path
    set -l place ''
    set -l skip no
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -c / "$place/$word")
        if test $skip = yes
            set skip no
        else if contains -- $word -w --workspace
            set skip yes
        else if contains -- $next KNOWN
            set place $next
        end
    end
    echo "$place"
end"""


def _quoted(text: str) -> str:
    """A word for fish, which escapes within single quotes by a backslash."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

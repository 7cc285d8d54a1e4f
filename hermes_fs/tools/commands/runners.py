"""Judges programs that build, test, debug or run code: whose code, by the paths and the commands on their line.

Runs none. What lies in the work directory is the project's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from hermes_fs.tools.commands.effects import Call, Finding, names, written
from hermes_fs.tools.commands.tokens import Word

_EXECUTES = names(
    """
    make gmake cmake ctest ninja meson scons bazel buck buck2 just task rake invoke inv fab ant mvn mvnw gradle gradlew
    sbt mill lein clojure java kotlin scala groovy jar pytest tox nox coverage jest vitest mocha ava tsx ts-node nodemon
    webpack vite rollup esbuild parcel playwright cypress rspec rails phpunit artisan mix elixir iex rebar3 erl ghc
    runghc cabal stack dune julia Rscript R lua luajit tclsh guile racket sbcl swift nim zig dart flutter
    flask celery gunicorn uvicorn streamlit django-admin jupyter ipython gdb lldb valgrind
    npm pip uv poetry cargo go gem bundle composer
    dotnet conda pre-commit
    """
)
"""Run what they are pointed at; the others only read it."""
_WRITES_LAST = names("ffmpeg convert magick gs inkscape")
_OUTPUT = re.compile(r"-o|--(?:output|out|out-?dir|outfile|output-dir|output-file|target-dir|dist|prefix-out)")
_JOINED = re.compile(r"-[A-Za-z](?=[/~]|\.\.?/)")
_DEBUGGER_LOOKS = re.compile(
    r"set (?:pagination|confirm|width|height|print \w+)(?: \w+)?|r|run|c|continue|n|next|s|step|finish|up|down|q|quit"
    r"|(?:bt|backtrace|where)(?: full| -?\d+)*|thread(?: \d+| apply all (?:bt|backtrace)(?: full)?)?|frame(?: \d+)?"
    r"|(?:i|info) [\w ]+|(?:t?b|t?break|l|list)(?: [\w.:*,]+)?|disassemble(?: \w+)?|p(?:rint)? [\w.$*>&-]+"
    r"|process launch|image list|register read"
)
"""Anything with brackets may call a function of the program."""
_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "gdb": ("-ex", "--ex", "-iex", "--iex", "-eval-command", "--eval-command", "-init-eval-command"),
    "lldb": ("-o", "--one-line", "-O", "--one-line-before-file", "-k", "--one-line-on-crash"),
}
_SCRIPTS = ("-x", "--command", "-ix", "--init-command", "-s", "--source", "-S", "--source-before-file")
_ATTACHES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("gdb", "lldb", "strace", "ltrace", "perf", "py-spy"), ("-p", "--pid", "--attach-pid")),
    "lldb": ("-p", "--attach-pid", "-n", "--attach-name"),
}
_CHOSEN: Mapping[str, str] = {
    **dict.fromkeys(names("gcc g++ cc c++ clang clang++"), r"-wrapper|-specs=.*|-fplugin=.*|-B.*|-load|-Xclang"),
    **dict.fromkeys(names("pdflatex xelatex lualatex latex"), r"--?(?:shell-escape|enable-write18)"),
    "latexmk": r"-e|-r|-(?:pdf)?(?:xe|lua)?latex=.*|--?shell-escape",
    "ld": r"-plugin.*|--plugin.*",
    "make": r"--eval.*|SHELL=.*|CC=.*[;|&].*",
    "shellcheck": r"--rcfile.*",
}
"""Options by which a program runs others."""


def runner(call: Call) -> Iterator[Finding]:
    """What builds, tests or runs the project's code."""
    yield Finding("run", "runs the project's code")
    if call.name in ("strace", "ltrace", "valgrind", "hyperfine") and call.operands:
        yield from call.words(call.operands)
    chosen = _CHOSEN.get("make" if call.name == "gmake" else call.name)
    if chosen and any(re.fullmatch(chosen, text) for text in call.texts):
        yield Finding("unknown", "runs a program of its options' choice")
    if call.name in ("twine", "goreleaser"):
        yield Finding("send", "publishes")
    yield from _debugs(call)
    yield from elsewhere(call)


def _debugs(call: Call) -> Iterator[Finding]:
    """A debugger's own commands can run anything; attached to another program, it reads what that holds."""
    if any(option in call.texts for option in _ATTACHES.get(call.name, ())):
        yield Finding("credentials", "looks into another program")
    options = _COMMANDS.get(call.name, ())
    for option, word in zip(call.texts, call.args[1:], strict=False):
        if option in options and (word.dynamic or not _DEBUGGER_LOOKS.fullmatch(word.text)):
            yield Finding("unknown", f"gives the debugger commands: {word.text[:60]}")
        elif call.name in _COMMANDS and option in _SCRIPTS:
            yield Finding("run", "runs a debugger's commands", path="" if word.dynamic else word.text)
    if call.name in _COMMANDS and call.simple.input is not None:
        yield Finding("unknown", "gives the debugger commands")


def elsewhere(call: Call) -> Iterator[Finding]:
    """Paths on the line that lead out of the work directory: what lies there is run, read or written."""
    name = call.name
    output = False
    for place, word in enumerate(call.args):
        text = _path_in(word)
        is_last = place == len(call.args) - 1 and name in _WRITES_LAST
        if output or is_last:
            yield from [written(word)] if not word.text.startswith("-") else []
        elif text and _OUTPUT.fullmatch(word.text.partition("=")[0]):
            yield written(Word(text))
        elif text and name in _EXECUTES:
            yield Finding("run", "runs the project's code", path=text)
        elif text:
            yield Finding("read", "reads", path=text)
        output = _OUTPUT.fullmatch(word.text) is not None and name not in _COMMANDS


def leading_options(call: Call) -> Iterator[Finding]:
    """Of a program that runs a script: paths in the options before it, from which more is run."""
    for word in call.args:
        if not word.text.startswith("-"):
            return
        if text := _path_in(word):
            yield Finding("run", "runs the project's code", path=text)


def _path_in(word: Word) -> str:
    """The path in a word that leads out of where the line starts, "" for none: bare, after `=`, after a letter."""
    text = word.text
    if text.startswith("-") or re.match(r"\w+=", text):
        joined = _JOINED.match(text)
        text = text[joined.end() :] if joined else text.partition("=")[2]
    if word.dynamic or "://" in text or text.startswith("//") or "\n" in text or len(text) > 300:
        return ""
    return text if text.startswith(("/", "~")) or ".." in PurePosixPath(text).parts else ""

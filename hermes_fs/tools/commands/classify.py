"""What a command line can do: every command in it found, unwrapped and judged by what it is. Touches no file.

What no table knows is unknown, and said so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from hermes_fs.tools.commands import builtins, gitcommand, network, packages, power, programs
from hermes_fs.tools.commands.brackets import Unreadable, evaluates
from hermes_fs.tools.commands.effects import Call, Finding, Handler, names
from hermes_fs.tools.commands.families import ALIASES, CLOUDS, FAMILIES
from hermes_fs.tools.commands.known import RUNNERS
from hermes_fs.tools.commands.parse import Simple, parse
from hermes_fs.tools.commands.surroundings import redirected, secret_paths, setting
from hermes_fs.tools.commands.words import Word

DEEPEST = 8
"""Commands that run commands that run commands."""

_OWN_FOLDERS = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/opt/homebrew/bin")
_ASKED_FOR_HELP = frozenset(("--version", "--help", "-version"))
_SHORTER = frozenset(("-V", "-v", "version", "-h", "help"))
"""What every program takes for a question; and what most do: `sh -v` reads a script, `make help` runs one."""
_WRAPPERS: Mapping[str, tuple[frozenset[str], int]] = {
    "command": (names("-p"), 0),
    "builtin": (frozenset(), 0),
    "exec": (frozenset(), 0),
    "nohup": (frozenset(), 0),
    "busybox": (frozenset(), 0),
    "time": (frozenset(), 0),
    "nice": (names("-n --adjustment"), 0),
    "ionice": (names("-c -n -p"), 0),
    "chrt": (frozenset(), 1),
    "taskset": (frozenset(), 1),
    "timeout": (names("-s --signal -k --kill-after"), 1),
    "stdbuf": (names("-i -o -e"), 0),
    "setsid": (frozenset(), 0),
    "unbuffer": (frozenset(), 0),
    "watch": (names("-n --interval"), 0),
    "xvfb-run": (names("-s -n"), 0),
    "dotenv": (names("-f -e"), 0),
    "hyperfine": (names("-w -r --warmup --runs --export-json --export-markdown"), 0),
    "caffeinate": (frozenset(), 0),
    "rlwrap": (frozenset(), 0),
    "faketime": (frozenset(), 1),
}
"""Programs that run the words after their options → options with a value, operands before the command."""
_ON_WHATEVER_COMES = names("rm mv tee chmod ln python python3 node perl ruby unlink kill curl wget ssh scp")
_XARGS_VALUED = names("-n -P -L -l -s -d -E -a --max-args --max-procs --max-lines --delimiter --arg-file")


def classify(text: str) -> list[Finding]:
    """All that a command line can do, in the order of reading. Raises Unreadable."""
    found = list(_Walk().line(text))
    fetched = False
    brought: set[str] = set()
    for one in found:
        fetched = fetched or one.effect == "fetch"
        if one.effect == "write" and fetched:
            brought.add(PurePosixPath(one.path).name)
        elif one.effect == "run" and one.path and PurePosixPath(one.path).name in brought:
            return [*found, Finding("remote code", f"runs {one.path}, which it has fetched")]
    return found


@dataclass(slots=True)
class _Walk:
    """One command line, with what it runs in turn. `here` is the directory below where it started, as far as `cd` says;
    None where that is not known any more."""

    depth: int = 0
    here: PurePosixPath | None = field(default_factory=lambda: PurePosixPath("."))
    functions: frozenset[str] = frozenset()
    called: list[str] = field(default_factory=list)

    def line(self, text: str) -> Iterator[Finding]:
        if self.depth > DEEPEST:
            raise Unreadable("it is nested too deeply")
        self.depth += 1
        found = parse(text)
        known, self.functions = self.functions, self.functions | found.functions
        for simple in found.commands:
            yield from self._placed(self._simple(simple))
        self.functions = known
        self.depth -= 1

    def _placed(self, findings: Iterator[Finding]) -> Iterator[Finding]:
        """Paths as they stand from where the line starts."""
        for finding in findings:
            path = finding.path
            if not path or path.startswith(("/", "~")):
                yield finding
            elif self.here is None:
                yield Finding("unknown", "works in a directory that is only known when it runs")
            elif str(self.here) == ".":
                yield finding
            else:
                yield Finding(finding.effect, finding.why, str(self.here / path), finding.hosts)

    def _simple(self, simple: Simple) -> Iterator[Finding]:
        for name, value in simple.sets:
            yield from setting(name, value)
        if any(evaluates(text) for text in _counted(simple)):
            yield Finding("unknown", "has an index that runs a command")
        for redirect in simple.redirects:
            yield from redirected(redirect.sign, redirect.target)
            if not simple.words and redirect.sign in (">", ">|", "&>") and not redirect.target.text.startswith("/dev/"):
                yield Finding("delete", f"empties {redirect.target.text}")
        if simple.words:
            yield from self.words(simple.words, simple)

    def words(self, words: Sequence[Word], simple: Simple | None = None) -> Iterator[Finding]:
        """A command by its words."""
        if not words:
            yield Finding("read")
            return
        self.depth += 1
        if self.depth > 2 * DEEPEST:
            raise Unreadable("it is nested too deeply")
        yield from self._command(words, simple or Simple(tuple(words)), simple is not None)
        self.depth -= 1

    def _command(self, words: Sequence[Word], simple: Simple, outermost: bool) -> Iterator[Finding]:
        first = words[0]
        if first.dynamic or (first.glob and first.text != "["):
            yield Finding("unknown", "runs a command that is only known when it runs")
            return
        name = first.text
        if "/" in name:
            if str(PurePosixPath(name).parent) not in _OWN_FOLDERS:
                yield Finding("run", "runs a program of its own folder", path=name)
                return
            name = PurePosixPath(name).name
        call = Call(name, tuple(words[1:]), simple, self.line, self.words)
        if outermost:  # its words hold those of what it runs
            yield from secret_paths(call)
        yield from self._judge(call)

    def _judge(self, call: Call) -> Iterator[Finding]:
        name = call.name
        self.called.append(name)
        if name in self.functions:
            again = self.called.count(name) > 1
            yield Finding("unknown", "calls itself") if again else Finding("read")
        elif name in ("cd", "pushd"):
            self._go(call.operands)
            yield Finding("read")
        elif name == "env":
            yield from self._env(call)
        elif name == "xargs" or name == "parallel":
            yield from self._xargs(call)
        elif name in _WRAPPERS:
            yield from self._wrapped(call, *_WRAPPERS[name])
        elif len(call.args) == 1 and _asks_for_help(name, call.texts[0]):
            yield Finding("read")
        else:
            yield from _by_table(call)

    def _go(self, operands: Sequence[Word]) -> None:
        if len(operands) != 1 or operands[0].dynamic or operands[0].glob or operands[0].text == "-":
            self.here = None
        elif self.here is not None:
            self.here = self.here / operands[0].text

    def _env(self, call: Call) -> Iterator[Finding]:
        rest = list(call.args)
        while rest and (rest[0].text.startswith("-") or re.match(r"\w+=", rest[0].text)):
            word = rest.pop(0)
            if word.text in ("-u", "--unset", "-C", "--chdir") and rest:
                rest.pop(0)
            elif word.text.startswith(("-S", "--split-string")):
                yield Finding("unknown", "splits a text into a command")
            elif "=" in word.text and not word.text.startswith("-"):
                name, _, value = word.text.partition("=")
                yield from setting(name, Word(value, word.dynamic))
        yield from self.words(rest)

    def _xargs(self, call: Call) -> Iterator[Finding]:
        """What is run gets words that nobody has seen."""
        rest = list(call.args)
        while rest and rest[0].text.startswith("-"):
            option = rest.pop(0).text
            if (option in _XARGS_VALUED or option in ("-I", "-i", "--replace", "-j", "--jobs")) and rest:
                rest.pop(0)
        if not rest:
            yield Finding("read")
        else:
            yield from self.words(rest)
            if rest[0].text in _ON_WHATEVER_COMES:
                yield Finding("unknown", f"runs {rest[0].text} on whatever comes in")

    def _wrapped(self, call: Call, valued: frozenset[str], operands: int) -> Iterator[Finding]:
        rest = list(call.args)
        if call.name == "command" and rest and rest[0].text in ("-v", "-V"):
            yield Finding("read")
            return
        while rest and rest[0].text.startswith("-") and len(rest[0].text) > 1:
            option = rest.pop(0).text
            if option in valued and rest:
                rest.pop(0)
        del rest[:operands]
        if call.name in ("watch", "hyperfine") and len(rest) == 1:
            yield from self.line(rest[0].text)
        else:
            yield from self.words(rest)


_COUNTING = names(
    "test [ [[ let declare typeset local readonly export unset read mapfile readarray printf getopts wait"
)


def _counted(simple: Simple) -> Iterator[str]:
    """Words that the shell may take for arithmetic."""
    yield from (value.text for _, value in simple.sets)
    if simple.words and simple.words[0].text in _COUNTING:
        yield from (word.text for word in simple.words[1:])


def _asks_for_help(name: str, word: str) -> bool:
    if word in _SHORTER:  # a program with a table of its own is judged by that
        plain = word == "-V" and name not in programs.SHELLS
        return plain or (name not in _HANDLERS and not name.startswith("python"))
    return word in _ASKED_FOR_HELP and name not in power.POWER


def _by_table(call: Call) -> Iterator[Finding]:
    name = ALIASES.get(call.name, call.name)
    handler = _HANDLERS.get(name)
    if handler is not None:
        yield from handler(Call(name, call.args, call.simple, call.line, call.words))
    elif name.startswith(("python", "pip3.")):
        yield from programs.interpreter(Call("python3", call.args, call.simple, call.line, call.words))
    elif name.startswith("mkfs"):
        yield Finding("system", "changes disks")
    else:
        yield Finding("unknown", f"runs {name[:40]}, which is not known")


def _powerful(call: Call) -> Iterator[Finding]:
    """What it runs in turn counts too."""
    if power.looks(call.name, call.texts):
        yield Finding("read")
        return
    yield Finding(*power.POWER[call.name])
    if call.operands and call.name in power.RUN_OTHERS:
        yield from call.words(call.operands)


def _sets(call: Call) -> Iterator[Finding]:
    """export and its kin."""
    yield Finding("read")
    for word in call.operands:
        name, _, value = word.text.partition("=")
        yield from setting(name, Word(value, word.dynamic)) if value or word.dynamic else ()


def _alias(call: Call) -> Iterator[Finding]:
    changes = any("=" in text for text in call.texts)
    yield Finding("unknown", "changes what a later command means") if changes else Finding("read")


_HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(power.POWER, _powerful),
    **dict.fromkeys(RUNNERS, packages.runner),
    **dict.fromkeys(FAMILIES, packages.family),
    **dict.fromkeys(CLOUDS, packages.cloud),
    **dict.fromkeys(("npx", "pnpx", "bunx", "uvx", "dlx"), packages.package_run),
    **programs.HANDLERS,
    **network.HANDLERS,
    **dict.fromkeys(("export", "declare", "typeset", "local", "readonly"), _sets),
    "alias": _alias,
    "trap": builtins.traps,
    "hash": builtins.hashes,
    **dict.fromkeys(("read", "mapfile", "readarray", "printf"), builtins.sets_by_input),
    "git": gitcommand.judge,
}
"""What stands later goes first."""

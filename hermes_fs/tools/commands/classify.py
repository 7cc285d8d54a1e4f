"""What a command line can do: every command in it found, unwrapped and judged by what it is. Touches no file.

What no table knows is unknown, and said so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from hermes_fs.tools.commands import builtins, gitcommand, network, packages, power, programs, reading, runners
from hermes_fs.tools.commands.effects import Call, Finding, Handler, names, written
from hermes_fs.tools.commands.families import ALIASES, CLOUDS, FAMILIES
from hermes_fs.tools.commands.known import RUNNERS
from hermes_fs.tools.commands.parse import Simple, parse
from hermes_fs.tools.commands.surroundings import moved, redirected, secret_paths, setting
from hermes_fs.tools.commands.tokens import Unreadable, Word, evaluates

DEEPEST = 8
"""Commands that run commands that run commands."""

_OWN_FOLDERS = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/opt/homebrew/bin")
_ASKED_FOR_HELP = frozenset(("--version", "--help", "-version"))
_SHORTER = frozenset(("-V", "-v", "version", "-h", "help"))
"""What every program takes for a question; and what most do: `sh -v` reads a script, `make help` runs one."""
_START = PurePosixPath(".")
_MOST_PLACES = 12
_MOST_WORDS = 2_500
"""Of a line and of all that it runs in turn."""
Places = tuple[PurePosixPath, ...]
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
_XARGS_VALUED = names("-n -P -L -l -s -d -E -a --max-args --max-procs --max-lines --delimiter --arg-file")


def classify(text: str) -> list[Finding]:
    """All that a command line can do, in the order of reading. Raises Unreadable."""
    found = list(_Walk().line(text))
    if any(one.effect == "fetch" for one in found):
        brought = {PurePosixPath(one.path).name for one in found if one.effect == "write"}
        for one in found:
            if one.effect == "run" and one.path and PurePosixPath(one.path).name in brought:
                return [*found, Finding("remote code", f"runs {one.path}, which it has fetched")]
    return found


@dataclass(slots=True)
class _Walk:
    """One command line, with what it runs in turn. `here` are the directories that it may stand in, as far as `cd`
    says; None where that is not known any more. `before` are those in which it stands if a `cd` has failed, `seen` all
    that it has stood in."""

    depth: int = 0
    here: Places | None = (_START,)
    before: Places = ()
    words_read: int = 0
    seen: set[PurePosixPath] = field(default_factory=lambda: {_START})

    def line(self, text: str) -> Iterator[Finding]:
        if self.depth > DEEPEST:
            raise Unreadable("it is nested too deeply")
        self.depth += 1
        found = parse(text)
        self.words_read += sum(len(one.words) for one in (*found.commands, *found.inner))
        if self.words_read > _MOST_WORDS:
            raise Unreadable("it has too many words")
        yield from (_named(name) for name in found.functions if name in known_names())
        yield from self._all(found.commands)
        yield from self._placed(reading.judge(found))
        if found.inner:
            # They run wherever the line stands at their place.
            stands = self.here, self.before
            self.here = None if self.here is None else tuple(self.seen)
            yield from self._all(found.inner)
            self.here, self.before = (None if self.here is None else stands[0]), stands[1]
        self.depth -= 1

    def _all(self, commands: Sequence[Simple]) -> Iterator[Finding]:
        for simple in commands:
            if simple.after != "&&" and self.before and self.here is not None:
                self.here, self.before = tuple(dict.fromkeys((*self.here, *self.before))), ()
            yield from self._placed(self._simple(simple))

    def _placed(self, findings: Iterator[Finding]) -> Iterator[Finding]:
        """Paths as they stand from where the line starts."""
        for finding in findings:
            path = finding.path
            if not path or path.startswith(("/", "~")):
                yield finding
            elif self.here is None:
                yield Finding("unknown", "works in a directory that is only known when it runs")
            else:
                for place in self.here:
                    yield from moved(finding, place)

    def _simple(self, simple: Simple) -> Iterator[Finding]:
        for name, value in simple.sets:
            yield from setting(name, value)
        for redirect in simple.redirects:
            yield from redirected(redirect.sign, redirect.target)
            idle = not simple.words or simple.words[0].text in (":", "true")
            if idle and redirect.sign in (">", ">|", "&>") and not redirect.target.text.startswith("/dev/"):
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
        if name in _COUNTING and any(evaluates(text) for text in (*call.texts, simple.input or "")):
            yield Finding("unknown", "has an index that runs a command")
        yield from self._judge(call)

    def _judge(self, call: Call) -> Iterator[Finding]:
        name = call.name
        if name in ("cd", "pushd", "popd"):
            self._go(name, call.operands)
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

    def _go(self, name: str, operands: Sequence[Word]) -> None:
        """A `cd` may fail: what follows with `&&` does not run then, what follows otherwise does."""
        target = operands[0] if operands else Word("~")
        unclear = target.dynamic or target.glob or target.text == "-" or len(operands) > 1
        if self.here is None or unclear or name == "popd" or (name == "pushd" and not operands):
            self.here = None
            return
        home = target.text.startswith("~")
        went = [PurePosixPath(target.text) if home else place / target.text for place in self.here]
        self.before = tuple(dict.fromkeys((*self.before, *self.here)))
        self.here = tuple(dict.fromkeys(went))
        self.seen.update(went)
        if len(self.seen) > _MOST_PLACES:
            self.here = None

    def _env(self, call: Call) -> Iterator[Finding]:
        rest = list(call.args)
        while rest and (rest[0].text.startswith("-") or re.match(r"\w+=", rest[0].text)):
            word = rest.pop(0)
            if word.text in ("-u", "--unset") and rest:
                rest.pop(0)
            elif word.text.startswith(("-C", "--chdir", "--c")):
                yield Finding("unknown", "works in another directory")
                rest = rest if "=" in word.text or len(word.text) > 2 else rest[1:]
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
            yield from programs.on_whatever_comes(rest)

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
        if call.name == "watch":
            yield from self._joined(rest)
        elif call.name == "hyperfine":
            for word in rest:
                yield from self._joined([word])
        else:
            yield from self.words(rest)

    def _joined(self, words: Sequence[Word]) -> Iterator[Finding]:
        """Words that a shell reads again."""
        if any(word.dynamic for word in words):
            yield Finding("unknown", "runs commands that are only known when it runs")
        yield from self.line(" ".join(word.text for word in words))


def _named(function: str) -> Finding:
    return Finding("unknown", f"gives {function[:40]} another meaning")


def known_names() -> frozenset[str]:
    """Programs that a table knows: a function of such a name may be what runs, or may not."""
    return _KNOWN


_COUNTING = names(
    "test [ [[ let declare typeset local readonly export unset read mapfile readarray printf getopts wait"
)
"""Take words for arithmetic, or give them to what does."""


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
    if call.name == "chown" and call.operands and set(call.operands[0].shape) - {"=:"} == {"$USER"}:
        yield from map(written, call.operands[1:])  # to oneself
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
    **dict.fromkeys(RUNNERS, runners.runner),
    **dict.fromkeys(FAMILIES, packages.family),
    **dict.fromkeys(CLOUDS, packages.cloud),
    **dict.fromkeys(("docker-compose", "podman-compose"), packages.compose),
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
_KNOWN = frozenset(
    (*_HANDLERS, *ALIASES, *_WRAPPERS, "cd", "pushd", "popd", "env", "xargs", "parallel", "command_not_found_handle")
)

"""Decides whether a command line only reads: a short list of commands, each with the options that are known to be safe.

What is not listed is not harmless. It runs nothing; the caller must run what `Judged.hardened` says, not the original.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hermes_fs.tools.sensitive import FOLDERS, NAMES, is_sensitive
from hermes_fs.tools.shellwords import Unreadable, Word, read

Operands = Literal["content", "names", "text", "none"]
"""What a command does with its operands: shows what is in those files, shows only names and sizes, takes them as mere
text, takes none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Options that are safe. `flags` are single letters without a value, `valued` those with one, `long` the names of
    long options (a value only by `=`); `extra` are words to add before the operands. `check` judges the operands."""

    operands: Operands
    flags: str = ""
    valued: str = ""
    long: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    check: Callable[[Sequence[Word]], bool] = lambda words: True


@dataclass(frozen=True, slots=True)
class Judged:
    """`hardened` is the command line to run instead: nothing in the shell's state can change what it means. `shown` are
    the paths whose content it shows, `named` those of which it only tells that they are there, `walked` those of them
    below which it tells of everything."""

    hardened: str
    shown: tuple[str, ...]
    named: tuple[str, ...]
    walked: tuple[str, ...] = ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_EXCLUDED = tuple(f"--exclude={name}" for name in (".git", *FOLDERS, *NAMES))
_GREP_EXTRA = (
    *(f"--exclude-dir={name}" for name in (".git", *FOLDERS)),
    *_EXCLUDED,
)
_RG_EXTRA = ("--no-config", *(f"--glob=!{name}" for name in (".git", *FOLDERS, *NAMES)))
_GREP_LONG = _words(
    "extended-regexp fixed-strings perl-regexp ignore-case invert-match word-regexp line-regexp count color colour"
    " files-with-matches files-without-match max-count only-matching quiet silent no-messages line-number"
    " with-filename no-filename after-context before-context context include exclude exclude-dir recursive text"
)
_RG_LONG = _words(
    "ignore-case smart-case case-sensitive invert-match word-regexp line-regexp count count-matches color"
    " files-with-matches files-without-match max-count only-matching quiet line-number no-line-number with-filename"
    " no-filename no-heading heading after-context before-context context glob iglob type type-not fixed-strings"
    " multiline pcre2 files max-depth sort column stats"
)


def _at_most_one(words: Sequence[Word]) -> bool:
    return len(words) <= 1  # a second one would be written to


def _a_format(words: Sequence[Word]) -> bool:
    return all(word.text.startswith("+") for word in words)  # anything else would set the clock


_PLAIN_FORMAT = re.compile(r"(?:[^%]|%[-+ 0#]*\d*(?:\.\d+)?[sdiuxXofgGeEcbq%])*")


def _is_printf(words: Sequence[Word]) -> bool:
    """-v and %n set a variable, whose subscript may hold commands."""
    return bool(words) and words[0].text[:1] != "-" and bool(_PLAIN_FORMAT.fullmatch(words[0].text))


def _is_test(words: Sequence[Word]) -> bool:
    """-v and -R evaluate array subscripts, which may hold commands."""
    safe = {"-e", "-f", "-d", "-s", "-r", "-w", "-x", "-L", "-h", "-n", "-z", "-nt", "-ot", "-ef", "=", "==", "!="}
    return all(word.text in safe or not word.text.startswith("-") for word in words)


_FIND_TESTS = frozenset(
    _words(
        "-name -iname -path -ipath -type -maxdepth -mindepth -size -mtime -mmin -ctime -cmin -atime -newer -empty -not"
        " -o -or -a -and -print -prune -regex -iregex -perm -user -group ! ( )"
    )
)


def _is_find(words: Sequence[Word]) -> bool:
    return all(word.text in _FIND_TESTS or not word.text.startswith("-") for word in words)


RULES: Mapping[str, Rule] = {
    "pwd": Rule("none", "LP"),
    "ls": Rule(
        "names",
        "aAbBcCdfFgGhHiklLmnNopqQrRsStuUvxXZ1",
        "Iw",
        _words("all almost-all color human-readable sort time full-time recursive reverse size inode directory"),
    ),
    "cat": Rule("content", "AbeEnstTuv", "", ("number", "show-all", "number-nonblank", "squeeze-blank")),
    "head": Rule("content", "qvz0123456789", "cn", ("bytes", "lines", "quiet", "verbose")),
    "tail": Rule("content", "qvz0123456789", "cn", ("bytes", "lines", "quiet", "verbose")),
    "wc": Rule("content", "clmLw", "", ("bytes", "chars", "lines", "words", "max-line-length")),
    "grep": Rule("content", "abcEFGhHiIlLnoPqrsTvwxzZ", "ABCme", _GREP_LONG, _GREP_EXTRA),
    "egrep": Rule("content", "abchHiIlLnoqrsvwx", "ABCme", _GREP_LONG, _GREP_EXTRA),
    "fgrep": Rule("content", "abchHiIlLnoqrsvwx", "ABCme", _GREP_LONG, _GREP_EXTRA),
    "rg": Rule("content", "cFHiIlnNoPqsSUvwx", "ABCegMmtTd", _RG_LONG, _RG_EXTRA),
    "file": Rule("names", "bihkN", "", ("brief", "mime", "mime-type", "mime-encoding")),
    "stat": Rule("names", "Lft", "c", ("format", "printf", "terse", "dereference", "file-system")),
    "du": Rule(
        "names", "abchHkmsSx0", "dt", ("all", "max-depth", "human-readable", "summarize", "total", "apparent-size")
    ),
    "df": Rule("names", "ahHiklPT", "t", ("human-readable", "total", "inodes", "print-type")),
    "date": Rule("text", "uR", "dI", ("date", "utc", "iso-8601", "rfc-3339", "rfc-email"), check=_a_format),
    "whoami": Rule("none"),
    "id": Rule("text", "agGnruz"),
    "uname": Rule("none", "asnrvmpio"),
    "echo": Rule("text", "neE"),
    "printf": Rule("text", check=_is_printf),
    "true": Rule("none"),
    "false": Rule("none"),
    "test": Rule("names", check=_is_test),
    "basename": Rule("text", "az", "s"),
    "dirname": Rule("text", "z"),
    "realpath": Rule("names", "eLmPqsz", "", ("relative-to",)),
    "readlink": Rule("names", "efmn"),
    "sort": Rule("content", "bcCdfghiMmnrRsuVz", "kt", ("reverse", "numeric-sort", "unique", "key", "field-separator")),
    "uniq": Rule("content", "cdDiuz", "fsw", ("count", "repeated", "unique", "ignore-case"), check=_at_most_one),
    "cut": Rule("content", "nsz", "bcdf", ("complement", "delimiter", "fields", "output-delimiter", "characters")),
    "tr": Rule("text", "cCdst"),
    "nl": Rule("content", "", "bwsn"),
    "diff": Rule(
        "content", "abBcdeEinpqstTuwyZ", "CIUWx", ("unified", "context", "brief", "color", "side-by-side"), _EXCLUDED
    ),
    "cmp": Rule("content", "bls", "in"),
    "tree": Rule("names", "aCdDfFghiNpqQrsStuUvx", "ILP", ("dirsfirst", "prune", "noreport", "du", "filelimit")),
    "find": Rule("names", check=_is_find),
    "which": Rule("text", "as"),
    "type": Rule("text", "afptP"),
}

_SEARCHERS = frozenset(("grep", "egrep", "fgrep", "rg"))

_GIT = (
    "GIT_ALLOW_PROTOCOL=none GIT_NO_LAZY_FETCH=1 GIT_OPTIONAL_LOCKS=0 \\command git --no-pager -c core.fsmonitor=false"
    " -c core.hooksPath=/dev/null -c core.alternateRefsCommand= -c log.showSignature=false -c gpg.program=false"
    " -c gpg.openpgp.program=false -c gpg.x509.program=false -c gpg.ssh.program=false -c diff.external="
    " -c diff.submodule=short -c column.ui=never"
)
_GIT_LOG = _words(
    "--oneline --stat --shortstat --numstat --name-only --name-status --graph --decorate --all --no-merges --merges"
    " --reverse --patch -p --no-patch -s --follow --first-parent --abbrev-commit --summary --cherry-pick --left-right"
    " --word-diff --no-color --date-order --topo-order --full-index --raw --branches --tags --remotes"
)
_GIT_LOG_VALUED = ("--max-count=", "--since=", "--until=", "--after=", "--before=", "--author=", "--grep=", "--date=",
                   "--skip=", "--unified=", "--diff-filter=", "--pretty=", "--format=")  # fmt: skip
_NO_PROGRAMS = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all")


def _git_log_option(text: str) -> bool:
    if text.startswith(("--pretty=", "--format=")) and "%G" in text:
        return False  # a signature's state is found out by a program of the repository's choice
    counted = text[:1] == "-" and (text[1:].isdecimal() or (text[1:2] in "nUSG" and len(text) > 2))
    return text in _GIT_LOG or text.startswith(_GIT_LOG_VALUED) or counted or text == "-n"


_GIT_COMMANDS: Mapping[str, tuple[Callable[[str], bool], bool, tuple[str, ...]]] = {
    "log": (_git_log_option, True, _NO_PROGRAMS),
    "show": (_git_log_option, True, _NO_PROGRAMS),
    "rev-parse": (
        lambda text: (
            text
            in (
                "--show-toplevel",
                "--abbrev-ref",
                "--short",
                "--verify",
                "--is-inside-work-tree",
                "--git-dir",
                "--quiet",
            )
        ),
        True,
        (),
    ),
    "branch": (lambda text: text in ("--list", "-l", "-a", "-r", "-v", "-vv", "--show-current", "--all"), False, ()),
    "tag": (lambda text: text in ("--list", "-l"), False, ("--list",)),
    "remote": (lambda text: text == "-v", False, ()),
}
"""Subcommand → which options are safe, whether operands are, what to add. `status`, `diff` and `blame` are not here:
they run the filters that a repository's configuration names, and no fixed set of flags prevents that."""


def harmless(command: str) -> bool:
    """Whether a command line only reads, and nothing that is known to hold secrets."""
    return judge(command) is not None


def judge(command: str) -> Judged | None:
    """None where the command is not known to be harmless."""
    try:
        commands = read(command)
    except Unreadable:
        return None
    if len(commands) == 1 and commands[0][0].text == "cd":
        return _judge_cd(commands[0])
    parts: list[str] = []
    shown: list[str] = []
    named: list[str] = []
    walked: list[str] = []
    for words in commands:
        found = _judge_git(words) if words[0].text == "git" else _judge_simple(words)
        if found is None:
            return None
        parts.append(found.hardened)
        shown += found.shown
        named += found.named
        walked += found.walked
    if any(is_sensitive(path) for path in (*shown, *named)):
        return None
    # A shell of its own: nothing of it stays, and the system's own programs come first.
    return Judged(f"( PATH=/usr/bin:/bin:$PATH; {' | '.join(parts)} )", tuple(shown), tuple(named), tuple(walked))


def _judge_cd(words: Sequence[Word]) -> Judged | None:
    """A directory to stand in changes nothing by itself."""
    if len(words) != 2 or words[1].glob or words[1].text.startswith("-"):
        return None
    return Judged(f"\\builtin cd -- {words[1].shell}", (), ())


def _judge_simple(words: Sequence[Word]) -> Judged | None:
    name = words[0].text
    rule = RULES.get(name)
    if rule is None:
        return None
    read_options = _Options(rule, free=name in ("find", "printf", "test"))
    operands = read_options.take(words[1:])
    if operands is None or not rule.check(operands) or (rule.operands == "none" and operands):
        return None
    if any(word.glob for word in operands) and (rule.operands != "names" or read_options.free):
        return None  # what they lead to cannot be looked at beforehand
    paths = tuple(word.text for word in operands)
    if name in _SEARCHERS:
        paths = (paths if read_options.used & {"e", "files"} else paths[1:]) or (".",)
    line = [f"\\command {name}", *(word.shell for word in read_options.words), *map(shlex.quote, rule.extra)]
    line += ["--"] if rule.operands == "content" and operands else []
    line += [word.shell for word in operands]
    shown = paths if rule.operands == "content" else ()
    named = paths if rule.operands == "names" else ()
    walks = name in ("find", "tree", "du") or bool(read_options.used & {"R", "recursive"})
    return Judged(" ".join(line), shown, named, named if walks else ())


class _Options:
    """Takes a command's options from its operands. `free`: its words that begin with a dash are operands too."""

    def __init__(self, rule: Rule, free: bool) -> None:
        self._rule = rule
        self.free = free
        self.words: list[Word] = []
        self.used: set[str] = set()

    def take(self, words: Sequence[Word]) -> list[Word] | None:
        """The operands; None where an option is not known to be safe. Options may follow operands."""
        operands: list[Word] = []
        waiting = False
        for place, word in enumerate(words):
            if waiting:
                waiting = False
                self.words.append(_literal(word))
            elif self.free or not word.text.startswith("-") or word.text == "-":
                operands.append(word)
            elif word.text == "--":
                return [*operands, *words[place + 1 :]]
            else:
                fits, waiting = self._fits(word.text)
                if not fits:
                    return None
                self.words.append(_literal(word))
        return None if waiting else operands

    def _fits(self, text: str) -> tuple[bool, bool]:
        """Whether an option is safe, and whether the next word is its value."""
        if text.startswith("--"):
            name = text[2:].partition("=")[0]
            self.used.add(name)
            return name in self._rule.long, False
        for place, letter in enumerate(text[1:], 1):
            self.used.add(letter)
            if letter in self._rule.valued:
                return True, place == len(text) - 1
            if letter not in self._rule.flags:
                return False, False
        return True, False


def _literal(word: Word) -> Word:
    """An option's glob is meant for the command, not for the shell."""
    return Word(word.text, shlex.quote(word.text)) if word.glob else word


def _judge_git(words: Sequence[Word]) -> Judged | None:
    name = words[1].text if len(words) > 1 else ""
    if name not in _GIT_COMMANDS:
        return None
    safe, takes_operands, extra = _GIT_COMMANDS[name]
    line = [_GIT, name, *extra]
    after = False
    for word in words[2:]:
        after = after or word.text == "--"
        is_option = word.text.startswith("-") and not after
        if word.glob or (not safe(word.text) if is_option else not takes_operands):
            return None
        if is_sensitive(word.text.rpartition(":")[2]):
            return None
        line.append(word.shell)
    return Judged(" ".join(line), (), ())

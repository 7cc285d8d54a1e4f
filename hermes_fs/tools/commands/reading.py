"""Judges what programs read by way of variables and substitutions: what those may hold, as far as the line says.

Only programs that show or copy what a file holds. Runs nothing, knows no directory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from hermes_fs.tools.commands.effects import Finding, names
from hermes_fs.tools.commands.parse import Line, Simple
from hermes_fs.tools.commands.tokens import Word

_VALUED: Mapping[str, str] = {
    **dict.fromkeys(
        names("cat tac rev paste cmp comm less more most zcat bzcat xzcat zless iconv cp mv ln install"), ""
    ),
    **dict.fromkeys(
        names("bat diff colordiff strings hexdump base64 base32 tar zip html2text pdftotext unexpand"), "nCU"
    ),
    **dict.fromkeys(names("head tail"), "cn"),
    **dict.fromkeys(names("grep egrep fgrep zgrep rg ag ack"), "ABCmegtTMdD"),
    **dict.fromkeys(names("sed gsed awk gawk mawk nawk"), "eFv"),
    **dict.fromkeys(names("jq yq xq"), ""),
    "sort": "ktTS",
    "uniq": "fsw",
    "cut": "bcdf",
    "nl": "bwsnv",
    "od": "AtNjwS",
    "xxd": "clsgo",
    "fold": "w",
    "fmt": "w",
    "column": "tscN",
    "join": "12jteao",
    "expand": "t",
    "split": "abCln",
}
"""Programs that show or copy what files hold → letters of options whose value is the next word."""
_SCRIPT_FIRST = names("grep egrep fgrep zgrep rg ag ack sed gsed awk gawk mawk nawk jq yq xq")
_TELL = names("ls stat du file wc tree find realpath readlink eza exa lsd")
_WRAPPERS = names("command builtin exec nohup nice timeout stdbuf env busybox time")
_LISTERS = names("find fd fdfind ls which pwd basename dirname date nproc mktemp whoami hostname uname tput seq")
_FILTERS: Mapping[str, int] = {**dict.fromkeys(names("sort uniq head tail wc"), 0), "grep": 1, "tr": 2, "cut": 0}
"""Programs that pass on some of what comes in, and how many operands they have where they read no file."""
_GIT_LISTERS = names("ls-files rev-parse merge-base diff-tree ls-tree describe branch status diff show")
_KNOWN: Mapping[str, str] = {"PWD": ".", "HOME": "~", "TMPDIR": "/tmp", **dict.fromkeys("0#?$!", "0")}
_MOST = 24
"""Values of one word that are looked at."""
_UNSEEN = Finding("unknown", "reads what is only known when it runs")


def judge(line: Line) -> Iterator[Finding]:
    """What is read through variables, substitutions and xargs, where that is known; else that it is not."""
    known = _Known.of(line)
    for place, simple in enumerate((*line.commands, *line.inner)):
        shown, named = _shown(simple)
        for word in (*shown, *(one.target for one in simple.redirects if one.sign == "<")):
            if word.dynamic:
                yield from known.reads(word) or (_UNSEEN,)
        yield from (finding for word in named if word.dynamic for finding in known.reads(word) or ())
        if _hands_on(simple) and not (place < len(line.commands) and known.listed[place]):
            yield _UNSEEN


@dataclass(slots=True)
class _Known:
    """What the variables of a line may hold: the words that it gives them, and those that come in. `listed` says of
    each command whether names of files come to it through a pipe, as others list them; `lists` whether all
    substitutions give such names."""

    given: Mapping[str, list[tuple[Simple, Word]]]
    readers: Mapping[str, list[bool]]
    listed: Sequence[bool]
    lists: bool

    @classmethod
    def of(cls, line: Line) -> _Known:
        given: dict[str, list[tuple[Simple, Word]]] = {}
        for one in (*line.commands, *line.inner):
            for name, value in one.sets:
                given.setdefault(name, []).append((one, value))
        lists = bool(line.inner) and all(map(_is_lister, line.inner))
        listed = _listed(line.commands)
        by_file = lists and any(
            to.sign == "<" and to.target.shape == ("<",) for one in line.commands for to in one.redirects
        )
        readers: dict[str, list[bool]] = {}
        for one, comes in zip(line.commands, listed, strict=True):
            if one.words and one.words[0].text in ("read", "mapfile", "readarray"):
                for word in one.words[1:]:
                    readers.setdefault(word.text, []).append(comes or by_file)
        return cls(given, readers, listed, lists)

    def reads(self, word: Word) -> list[Finding] | None:
        """A finding for each path that a word may become, None where that is not known."""
        values = self._values(word.shape, 3)
        if values is None:
            return None
        paths = [path for value in values for path in (re.split(r"[{},]", value) if "{" in value else [value]) if path]
        return [Finding("read", "reads", path=path) for path in paths or ["."]] if len(paths) <= 2 * _MOST else None

    def _values(self, shape: Sequence[str], depth: int) -> list[str] | None:
        pieces: list[list[str]] = []
        for piece in shape:
            found = self._piece(piece, depth)
            if found is None or len(found) > _MOST:
                return None
            pieces.append(found)
        many = 1
        for one in pieces:
            many *= len(one)
        return ["".join(parts) for parts in product(*pieces)] if many <= _MOST else None

    def _piece(self, piece: str, depth: int) -> list[str] | None:
        kind, text = piece[0], piece[1:]
        if kind == "=":
            return [text]
        if kind in "#<":  # a number; what another command of the line gives
            return ["0"]
        if kind == "?":
            return ["."] if self.lists else None
        return self._variable(text, depth)

    def _variable(self, name: str, depth: int) -> list[str] | None:
        given = self.given.get(name, ())
        if not given:
            came = self.readers.get(name)
            return [_KNOWN[name]] if name in _KNOWN else ["."] if came and all(came) else None
        found: list[str] = []
        for one, value in given[: _MOST + 1]:
            values = None if not depth or one.after in ("&&", "||") else [value.text]
            if values and value.dynamic:
                values = self._values(value.shape, depth - 1)
            if values is None:
                return None
            found += values
        return found


def _listed(commands: Sequence[Simple]) -> list[bool]:
    """Of each command, whether all before it in its pipe list names of files, or pass on some of them."""
    found: list[bool] = []
    lists = False  # whether what comes out of the last one does
    for place, one in enumerate(commands):
        comes = one.after == "|" and place > 0 and lists
        found.append(comes)
        lists = _is_lister(one) and (comes or one.after != "|")
    return found


def _unwrapped(simple: Simple) -> Sequence[Word]:
    """A command's words from the first that is no wrapper, no option and no number of one."""
    words = simple.words
    while words and words[0].text in _WRAPPERS:
        words = words[1:]
        while words and re.match(r"-|\d|\w+=", words[0].text):
            words = words[1:]
    return words


def _shown(simple: Simple) -> tuple[list[Word], list[Word]]:
    """The words of a command that name what it shows or copies; those of which it only tells that they are there."""
    words = _unwrapped(simple)
    name = words[0].text.rpartition("/")[2] if words else ""
    if name in _TELL:
        return [], list(words[1:])
    if name not in _VALUED:
        return [], []
    found: list[Word] = []
    script = name in _SCRIPT_FIRST
    for before, word in pairwise(words):
        option = before.text
        takes = re.fullmatch(r"-\w+", option) and option[-1] in _VALUED[name]
        named = option in ("--arg", "--argjson") or (option.startswith("--") and "=" not in option and word.bare)
        script = script and not (takes and option[-1] == "e")
        if not takes and not named and not word.text.startswith("-"):
            found.append(word)
    return found[1:] if script else found, []


def _hands_on(simple: Simple) -> bool:
    """Whether it hands what comes in to a program that shows files."""
    words = simple.words
    if not words or words[0].text not in ("xargs", "parallel"):
        return False
    return any(word.text.rpartition("/")[2] in _VALUED for word in words[1:6] if not word.text.startswith("-"))


def _is_lister(simple: Simple) -> bool:
    """Whether a command prints names of files that it finds, and no text of anybody's choice."""
    words = _unwrapped(simple)
    if not words or any(set(word.names) - _KNOWN.keys() or (word.dynamic and not word.names) for word in words):
        return False
    name, rest = words[0].text, [word.text for word in words[1:]]
    operands = [text for text in rest if not text.startswith("-")]
    if name in _LISTERS:
        return not {"-exec", "-execdir", "-printf", "-x", "--exec"} & set(rest)
    if name in ("rg", "grep", "ag") and any(re.match(r"-\w*[lL]|--files", text) for text in rest):
        return True
    if name == "git":
        return bool(operands) and operands[0] in _GIT_LISTERS and _names_only(operands[0], rest)
    return name in _FILTERS and len(operands) <= _FILTERS[name] + sum(text in ("-n", "-c", "-d", "-f") for text in rest)


def _names_only(sub: str, rest: Sequence[str]) -> bool:
    return sub not in ("diff", "show", "status") or any(
        text.startswith(("--name-", "--short", "--porcelain", "-s")) for text in rest
    )

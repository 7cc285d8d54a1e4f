"""Judges what stands around a command: variables that are set, files that are redirected, words that name secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from hermes_fs.tools.commands.effects import Call, Finding, emptied, names, written
from hermes_fs.tools.commands.tokens import Word, holds_code
from hermes_fs.tools.sensitive import is_sensitive

_RULING = re.compile(
    r"(?:(?:CD)?PATH|LD_\w+|DYLD_\w+|BASH_ENV|ENV|PROMPT_COMMAND|PS4|IFS|SHELLOPTS|BASHOPTS|GIT_\w+|PYTHONPATH|PYTHONSTARTUP"
    r"|PYTHONHOME|PERL5LIB|PERL5OPT|RUBYOPT|RUBYLIB|NODE_OPTIONS|NODE_PATH|JAVA_TOOL_OPTIONS|EDITOR|VISUAL|PAGER"
    r"|HISTFILE|HOME|LESSOPEN|MANPAGER|BROWSER|CC|CXX|RUSTC_WRAPPER|GREP_OPTIONS|TMPDIR|\w+_PROXY|\w+_proxy)"
)
"""Variables that decide what later commands run or where they go."""


def setting(name: str, value: Word) -> Iterator[Finding]:
    """A variable that decides what runs later; others mean nothing."""
    if holds_code(value.text):
        yield Finding("unknown", f"sets {name[:40]} to a text that may run")
    if name == "HISTFILE":
        yield Finding("history", "keeps what is typed from being remembered")
    elif _RULING.fullmatch(name) and not _is_plain(name, value):
        yield Finding("unknown", f"sets {name}, which decides what later commands run")
    elif value.text.startswith(("/", "~")) and is_sensitive(value.text):
        yield Finding("credentials", f"keeps the place of {value.text} for later")


def moved(finding: Finding, place: PurePosixPath) -> Iterator[Finding]:
    """What a path means from another directory."""
    if str(place) == ".":
        yield finding
        return
    path = str(place / finding.path)
    if finding.effect == "write":
        yield written(Word(path))
    else:
        yield Finding(finding.effect, finding.why, path, finding.hosts)
    if is_sensitive(path):
        yield Finding("credentials", f"reads or changes {path}")


def _is_plain(name: str, value: Word) -> bool:
    """What people set every day: a compiler, an editor, the project's own modules, no proxy."""
    if value.dynamic:
        return False
    if name in ("CC", "CXX", "EDITOR", "VISUAL", "PAGER"):
        return bool(re.fullmatch(r"[\w+.-]+", value.text))
    if name == "PYTHONPATH":
        return not value.text.startswith(("/", "~", ".."))
    return name.lower().endswith("_proxy") and not value.text


def redirected(sign: str, target: Word) -> Iterator[Finding]:
    """What a redirection reads or writes."""
    if sign in ("<<", "<<-", "<<<") or (sign in (">&", "<&") and re.fullmatch(r"\d+-?|-", target.text)):
        return
    if target.text.startswith(("/dev/tcp/", "/dev/udp/")):
        host = target.text.split("/")[3]
        yield Finding("send", f"opens a connection to {host or 'elsewhere'}", hosts=(host,) if host else ())
    elif sign == "<" and (target.dynamic or not is_sensitive(target.text)):
        yield Finding("read", "reads", path="" if target.dynamic else target.text)
    elif sign == "<":
        yield Finding("credentials", f"reads {target.text}")
    else:
        yield emptied(target) if sign in (">", ">|", "&>") else written(target)


_TEXT_ONLY = names("echo printf git test [ expr type which basename dirname true false commitlint")
_PUBLIC = re.compile(
    r"/proc/(?:cpuinfo|meminfo|version|loadavg|uptime|filesystems|mounts|stat|swaps|partitions)$"
    r"|/dev/(?:null|zero|stdin|stdout|stderr|tty|urandom|random|fd/\d+)$|/sys/class/(?:net|thermal|power_supply)"
)


def secret_paths(call: Call) -> Iterator[Finding]:
    """Words that name what usually holds credentials."""
    if call.name in _TEXT_ONLY:
        return
    pattern = call.operands[:1] if call.name in ("grep", "egrep", "rg", "ag", "sed", "awk", "jq", "yq") else []
    for word in call.args:
        text = word.text.partition("=")[2] if word.text.startswith("--") and "=" in word.text else word.text
        text = text.lstrip("@")
        if (word in pattern and "/" not in text) or _PUBLIC.match(text) or "\n" in text or len(text) > 300:
            continue
        if is_sensitive(text) and not (
            call.name in ("ls", "find", "chmod", "mkdir", "touch") and not text.startswith("/")
        ):
            yield Finding("credentials", f"reads or changes {text}")

"""Judges what the shell itself does with words that look harmless. Runs nothing.

Indexes that are evaluated, variables that are set by what comes in, commands kept for later.
"""

from __future__ import annotations

from collections.abc import Iterator

from hermes_fs.tools.commands.effects import Call, Finding, names
from hermes_fs.tools.commands.surroundings import setting
from hermes_fs.tools.commands.tokens import Word

_READ_VALUED = names("-a -d -i -n -N -p -t -u")
_UNSEEN = Word("", True)


def traps(call: Call) -> Iterator[Finding]:
    """trap: its first operand is a command line, run later."""
    yield Finding("read")
    operands = call.operands
    if len(operands) > 1 and operands[0].dynamic:
        yield Finding("unknown", "keeps a command for later that is only known when it runs")
    elif len(operands) > 1 and operands[0].text not in ("", "-"):
        yield from call.line(operands[0].text)


def hashes(call: Call) -> Iterator[Finding]:
    """hash -p: another program under a known name."""
    changes = call.has("-p")
    yield Finding("unknown", "changes what a later command means") if changes else Finding("read")


def sets_by_input(call: Call) -> Iterator[Finding]:
    """read, mapfile: variables take what comes in; printf -v what it makes."""
    yield Finding("read")
    if call.name == "printf":
        target = call.value("-v")
        yield from setting(target.text, _UNSEEN) if target is not None else ()
        return
    if call.name in ("mapfile", "readarray") and call.has("-C"):
        yield Finding("unknown", "runs commands for what it reads")
    for place, word in enumerate(call.args):
        if place and call.texts[place - 1] in _READ_VALUED - {"-a"}:
            continue
        yield from setting(word.text, _UNSEEN)

"""Decides, from what a command can do and where it would run, whether a person must be asked. Pure.

Effects × taint × backend. What is contained needs no yes: a sandbox without network can harm neither the machine nor
others. What is lost for good in the work directory is asked about everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from hermes_fs.tools.commands.classify import classify
from hermes_fs.tools.commands.effects import Effect, Finding
from hermes_fs.tools.commands.tokens import Unreadable

Ground = Literal["inside", "granted", "scratch", "system", "mind", "hidden", "outside"]
"""Where a path lies: the work directory and the trusted ones; such a place that the person has opened for writing in
this session; /tmp and the null device; what every user may read of the system; the agent's mind; git's and this
machine's part of it; all else."""

_ALWAYS: frozenset[Effect] = frozenset(("send", "delete", "history"))
_ON_THE_MACHINE: frozenset[Effect] = frozenset(("credentials", "persist", "system", "remote code", "unknown"))
_TAINTED: frozenset[Effect] = frozenset(("run", "fetch"))
_GRAVITY: tuple[Effect, ...] = (
    "delete", "remote code", "credentials", "persist", "system", "history", "send", "unknown", "write", "fetch", "run",
    "read",
)  # fmt: skip
"""A question has room for a few reasons: padding must not push the one that counts out of it."""
_OUT: frozenset[Effect] = frozenset(("send", "fetch", "remote code"))


@dataclass(frozen=True, slots=True)
class Situation:
    """`contained`: a sandbox; `network`: whether commands reach it already; `granted` are hosts that the person has
    allowed there ("" for all); `ground` tells where a path lies."""

    ground: Callable[[str], Ground]
    contained: bool = False
    network: bool = True
    tainted: bool = False
    granted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """`reasons` are why a person is asked, the gravest first, none where it may run; `hosts` are what it wants of the
    network, `goes_out` whether it wants any; `readable` is False where it was not understood."""

    reasons: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    goes_out: bool = False
    readable: bool = True
    effects: frozenset[Effect] = frozenset()


def decide(command: str, situation: Situation) -> Decision:
    """What becomes of a command line."""
    try:
        findings = classify(command)
    except Unreadable as error:
        reason = (f"is not understood: {error}",)
        return Decision(() if situation.contained and not situation.tainted else reason, readable=False)
    gravest_first = sorted(findings, key=lambda one: _GRAVITY.index(one.effect))
    wanted = list(dict.fromkeys(_reasons(gravest_first, situation)))
    hosts = tuple(dict.fromkeys(host for one in findings if one.effect in _OUT for host in one.hosts))
    goes_out = any(one.effect in _OUT for one in findings)
    return Decision(tuple(wanted), hosts, goes_out, True, frozenset(one.effect for one in findings))


def _reasons(findings: Iterable[Finding], situation: Situation) -> Iterable[str]:
    for one in findings:
        if one.effect in _ALWAYS or (one.effect in _ON_THE_MACHINE and not situation.contained):
            yield one.why
        elif one.effect == "credentials" and situation.tainted and (situation.network or situation.granted):
            yield f"{one.why}, in a conversation that has read words of others, and the network is open"
        elif one.effect in _OUT and situation.contained and not _is_granted(one, situation):
            yield f"{one.why}, and the network is off"
        elif one.effect in _TAINTED and situation.tainted and not situation.contained:
            yield f"{one.why}, in a conversation that has read words of others"
        if one.path:
            yield from _of_path(one, situation)


def _of_path(one: Finding, situation: Situation) -> Iterable[str]:
    place = situation.ground(one.path)
    if situation.contained:
        return
    if one.effect == "write" and place in ("mind", "hidden"):
        yield f"writes {one.path}, part of the mind, which has tools of its own"
    elif one.effect == "write" and place in ("outside", "system"):
        yield f"writes {one.path}, outside of the work directory"
    elif one.effect == "write" and place == "inside" and situation.tainted:
        yield f"writes {one.path}, in a conversation that has read words of others"
    elif one.effect in ("read", "run") and place in ("outside", "hidden"):
        yield f"{'reads' if one.effect == 'read' else 'runs'} {one.path}, outside of the work directory"
    elif one.effect == "run" and place == "scratch":
        yield f"runs {one.path}, which is nobody's"


def _is_granted(one: Finding, situation: Situation) -> bool:
    if situation.tainted:
        return False
    if "" in situation.granted or situation.network:
        return True
    return bool(one.hosts) and all(_covered(host, situation.granted) for host in one.hosts)


def _covered(host: str, granted: frozenset[str]) -> bool:
    """As the way out of the sandbox reads it: a name is that very host, `*.name` all below it."""
    return any(host == known or (known.startswith("*.") and host.endswith(known[1:])) for known in granted)

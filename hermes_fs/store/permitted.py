"""Tells who may do what under a policy, by asking the policy itself about samples. Pure; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hermes_fs.core.errors import Refused
from hermes_fs.core.types import Change, Kind, Origin, Provenance, Trigger, Verdict
from hermes_fs.store.paths import LOCK_FILE, SIGNERS, check_change
from hermes_fs.store.policy import Policy

Answer = Literal["at once", "waits for you", "never"]

_SKILL = "skills/sample/SKILL.md"
_PASSED = Verdict("", passed=True)
_UNTAINTED: Origin = "agent"
_TAINTED: Origin = "web"


@dataclass(frozen=True, slots=True)
class Permission:
    """What becomes of one sort of change: when it was asked for, when the agent thought of it itself, when words that
    nobody vouches for stood in its context, and when another machine learned it (`synced`)."""

    what: str
    asked: Answer
    unasked: Answer
    tainted: Answer
    synced: str


@dataclass(frozen=True, slots=True)
class _Sample:
    what: str
    kind: Kind
    path: str
    data: bytes | None = b"text\n"
    new: bool = False
    acts: bool = False


_SAMPLES = (
    _Sample("memory: MEMORY.md, USER.md, model.yaml", "memory", "MEMORY.md"),
    _Sample("notes", "note", "notes/sample.md"),
    _Sample("a new skill", "skill", _SKILL, new=True, acts=True),
    _Sample("the text of a skill", "skill", _SKILL, acts=True),
    _Sample("a program of a skill", "skill", "skills/sample/scripts/sample.py", acts=True),
    _Sample("deleting a skill", "skill", _SKILL, data=None),
    _Sample("scheduled jobs: cron.yaml", "cron", "cron.yaml", acts=True),
    _Sample("its voice: SOUL.md", "config", "SOUL.md", acts=True),
    _Sample("your orders: AGENTS.md", "config", "AGENTS.md", acts=True),
    _Sample("settings: config.yaml", "config", "config.yaml", acts=True),
    _Sample("who may speak to it: people.yaml", "config", "people/people.yaml", acts=True),
    _Sample(f"who may sign: {SIGNERS}", "config", SIGNERS, acts=True),
    _Sample(f"installed skills: {LOCK_FILE}", "skill", LOCK_FILE, acts=True),
)


def permissions(policy: Policy, signed: bool) -> Iterator[Permission]:
    """A row for each sort of change. Of skills, what the gate passes; `signed`: others' lessons must be signed."""
    for sample in _SAMPLES:
        comes = "at once, if signed" if signed else "at once"
        yield Permission(
            sample.what,
            _answer(policy, sample, _UNTAINTED, "user"),
            _answer(policy, sample, _UNTAINTED, "reflection"),
            _answer(policy, sample, _TAINTED, "user"),
            f"{comes}; acts once trusted" if sample.acts else comes,
        )


def _answer(policy: Policy, sample: _Sample, origin: Origin, trigger: Trigger) -> Answer:
    provenance = Provenance(origin, trigger, model="a model")
    expect = {sample.path: ""} if sample.new else {}
    verdict = _PASSED if sample.kind == "skill" else None
    change = Change({sample.path: sample.data}, sample.kind, "", provenance, expect, verdict)
    if not _lets(change, reviewed=True):
        return "never"
    return "waits for you" if policy.objection(change) or not _lets(change, reviewed=False) else "at once"


def _lets(change: Change, reviewed: bool) -> bool:
    try:
        check_change(change, reviewed)
    except Refused:
        return False
    return True

"""Owns the text of a lesson's commit message: made here, read back here. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hermes_fs.core.types import Change
from hermes_fs.store.objects import Signature

SUBJECT_LENGTH = 72
_REASON_LENGTH = 2000
_VALUE_LENGTH = 300
_LISTS = {"Hermes-Reverts": 100_000, "Hermes-Held": 100_000}  # a list that is cut would lose what it names
_FILES_SHOWN = 20
_TRAILER = re.compile(r"^(Hermes-[A-Z][A-Za-z-]*): (.*)$")

Versions = Mapping[str, tuple[bytes | None, bytes | None]]
"""Path → its bytes before and after."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's yes to a proposal, or to a skill that they install. `change` is the id that it keeps, `by` is who said
    so; `edited`: after changing its words; `publisher`: the words are a publisher's, not the agent's; `override`: why
    it may hold what is found wrong with it, "" where it may not; `unread`: they let it in without reading it."""

    change: str
    by: str
    edited: bool = False
    publisher: bool = False
    override: str = ""
    unread: bool = False


def compose(subject: str, versions: Versions, reason: str, trailers: Mapping[str, str]) -> str:
    """Subject, what changed, why, trailers. `reason` holds its label and words already (see `model_reason`)."""
    shown = one_line(subject, SUBJECT_LENGTH) or "change the mind"
    fitted = {name: one_line(raw, _LISTS.get(name, _VALUE_LENGTH)) for name, raw in trailers.items()}
    lines = [f"{name}: {value}" for name, value in fitted.items() if value]
    return "\n\n".join(part for part in (shown, diffstat(versions), reason, "\n".join(lines)) if part) + "\n"


def trailers_of(change: Change, change_id: str) -> dict[str, str]:
    """The trailers of a lesson, in their order; empty ones are left out when they are written."""
    origin, verdict = change.provenance, change.verdict
    return {
        "Hermes-Kind": change.kind,
        "Hermes-Change": change_id,
        "Hermes-Session": origin.session,
        "Hermes-Person": origin.person,
        "Hermes-Evidence": origin.evidence,
        "Hermes-Origin": origin.origin,
        "Hermes-Trigger": origin.trigger,
        "Hermes-Model": origin.model,
        "Hermes-Eval": (verdict.scores or "none") if verdict else "",
        "Hermes-Review": "auto",
        "Hermes-Reverts": origin.reverts,
    }


def approved(approval: Approval, person: Signature) -> dict[str, str]:
    """The trailers of a lesson that a person let in; who edited it is named beside its author."""
    how = "let in unread" if approval.unread else "edited and approved" if approval.edited else "approved"
    also = f"{person.name} <{person.email}>" if approval.edited else ""
    despite = " against the gate" if approval.override else ""
    return {
        "Hermes-Review": f"{how} by {approval.by}{despite}",
        "Hermes-Override": approval.override,
        "Co-authored-by": also,
    }


def read_trailers(message: str) -> dict[str, str]:
    """The Hermes-* trailers of a commit message: those of its last paragraph alone."""
    last = message.rstrip("\n").rpartition("\n\n")[2]
    matches = [_TRAILER.match(line) for line in last.split("\n")]
    return {found[1]: found[2] for found in matches if found}


def join_subjects(subjects: Sequence[str]) -> str:
    """One subject for several files: the same one once, two side by side, else the first and how many more."""
    distinct = list(dict.fromkeys(subjects))
    if len(distinct) < 2:
        return distinct[0] if distinct else ""
    both = "; ".join(distinct)
    if len(distinct) == 2 and len(both) <= SUBJECT_LENGTH:
        return both
    more = f" (and {len(distinct) - 1} more)"
    return one_line(distinct[0], SUBJECT_LENGTH - len(more)) + more


def model_reason(why: str) -> str:
    """The model's words, labelled and quoted, so that no line of theirs passes for a trailer or a heading."""
    return _quoted("Why, in the model's words:", why)


def person_reason(why: str) -> str:
    """What a person, or a command that a person gave, said."""
    return _quoted("Why:", why)


def _quoted(label: str, why: str) -> str:
    words = why.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(words) > _REASON_LENGTH:
        words = words[:_REASON_LENGTH] + " …"
    lines = [("> " + one_line(line, _REASON_LENGTH)).rstrip() for line in words.split("\n")]
    return "\n".join([label, *lines]) if words else ""


def diffstat(versions: Versions) -> str:
    """One line a file: how many lines came and went (counted, not aligned)."""
    lines = [f"{path}: {_change_of(*versions[path])}" for path in sorted(versions)]
    if len(lines) > _FILES_SHOWN:
        lines = [*lines[:_FILES_SHOWN], f"and {len(lines) - _FILES_SHOWN} more files"]
    return "\n".join(lines)


def _change_of(before: bytes | None, after: bytes | None) -> str:
    old, new = before or b"", after or b""
    fate = " (new)" if before is None else " (deleted)" if after is None else ""
    if b"\0" in old or b"\0" in new:
        return f"{len(old)} -> {len(new)} bytes{fate}"
    was, now = Counter(old.splitlines()), Counter(new.splitlines())
    return f"+{(now - was).total()} -{(was - now).total()}{fate}"


def one_line(text: str, length: int) -> str:
    """Printable characters of a text on one line, cut to a length."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= length else flat[: length - 1].rstrip() + "…"

"""Owns the bounded edits of a user model: add, support, contradict, supersede, weigh, move, forget. Pure.

A portrait is a person's model.yaml and USER.md together. No edit rewrites it as a whole, and none but a person's
`forget` loses an id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.core.ids import entry_id
from hermes_fs.core.people import KINDS, Claim
from hermes_fs.store.formats import claims, entries, yaml_blocks
from hermes_fs.store.formats.format import excerpt

MAX_TEXT = 300
"""Characters of a claim that the agent may write."""
MOST_EVIDENCE = 24
"""Places that a claim keeps: the first, and the newest ones."""
HOT_PRIORITY = 4
HOT_CONFIDENCE = 0.6
ROOM = 0.8
"""Share of USER.md's limit up to which claims move there by themselves: the rest is for what a conversation keeps."""

_ORDER = (
    "kind", "text", "hot", "status", "priority", "confidence", "since", "seen", "supersedes", "contradicts", "evidence",
)  # fmt: skip
_ENTRY_ID = re.compile(r"[a-z0-9]{6}")
_Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Portrait:
    """`model` and `user` are the texts of model.yaml and USER.md, `records` what stands in the first."""

    model: str
    user: str
    records: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, model: str, user: str) -> Portrait:
        """Raises Refused where model.yaml is broken: nothing may be written into it until somebody has mended it."""
        reading = claims.read(model)
        if not reading.whole:
            raise Refused(f"model.yaml cannot be read: {reading.problems[0]}", "mend the file, then try again")
        return cls(model, user, reading.records)

    @property
    def claims(self) -> list[Claim]:
        return claims.claims(self.records, self.user)

    def claim(self, which: str) -> Claim:
        """Raises NotFound."""
        wanted = which.strip().strip("[]").lower()
        found = next((claim for claim in self.claims if claim.id == wanted), None)
        if found is None:
            near = ", ".join(claim.id for claim in self.claims[:8])
            raise NotFound(f"no claim {excerpt(which, 40)!r}", f"the ids are: {near}" if near else "there are none yet")
        return found

    def text(self) -> str:
        """model.yaml as it is now. All bytes of what was not edited are as they were."""
        known = claims.read(self.model).records
        if known == self.records:
            return self.model
        return yaml_blocks.rewrite(self.model, known, self.records)

    def holding(self, key: str, record: Mapping[str, Any]) -> Portrait:
        """With this record in place of the one of that id, or added."""
        ordered = {name: record[name] for name in (*_ORDER, *record) if name in record and record[name] != ()}
        return replace(self, records={**self.records, key: ordered})


@dataclass(frozen=True, slots=True)
class Draft:
    """A claim that is to be added. Raises Refused where its text or kind cannot be one."""

    kind: str
    text: str
    priority: int = claims.USUAL_PRIORITY
    confidence: float = claims.USUAL_CONFIDENCE

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise Refused(f"{excerpt(self.kind, 20)!r} is no kind of claim", f"use one of {', '.join(KINDS)}")
        folded = entries.fold(self.text)
        if not any(letter.isalnum() for letter in folded):
            raise Refused("a claim needs a text", "say it in one sentence")
        if len(folded) > MAX_TEXT:
            raise Refused(f"a claim of {len(folded)} characters is too long", f"say it in at most {MAX_TEXT}")
        object.__setattr__(self, "text", folded)


@dataclass(frozen=True, slots=True)
class Grounds:
    """Where an edit comes from: the place in a transcript and the day."""

    span: str
    day: str


# -- edits ------------------------------------------------------------------------------------------------------------


def add(portrait: Portrait, draft: Draft, grounds: Grounds) -> tuple[Portrait, Claim]:
    """A new claim; one that says the same already is supported instead, whatever became of it."""
    twin = _twin(portrait.claims, draft.text)
    if twin:
        return support(portrait, twin.id, grounds)
    key = _free_id(draft.text, portrait)
    record: _Record = {
        "kind": draft.kind,
        "text": draft.text,
        "status": "active",
        "priority": min(max(draft.priority, 1), 5),
        "confidence": _bounded(draft.confidence),
        "since": grounds.day,
        "seen": grounds.day,
        "evidence": [grounds.span] if grounds.span else (),
    }
    made = portrait.holding(key, record)
    return made, made.claim(key)


def support(portrait: Portrait, which: str, grounds: Grounds) -> tuple[Portrait, Claim]:
    """New evidence for a claim: surer, and active again where it was doubted. The same evidence twice counts once."""
    claim = portrait.claim(which)
    if grounds.span and grounds.span in claim.evidence:
        return portrait, claim
    record = _with_evidence(_record(portrait, claim), claim, grounds)
    record["confidence"] = _bounded(claim.confidence + (1 - claim.confidence) * 0.3)
    record["status"] = "active"
    made = portrait.holding(claim.id, record)
    return made, made.claim(claim.id)


def contradict(portrait: Portrait, which: str, grounds: Grounds, by: str = "") -> tuple[Portrait, Claim]:
    """A claim that new evidence speaks against, `by` the claim that says otherwise. It leaves USER.md."""
    portrait = demote(portrait, which)
    claim = portrait.claim(which)
    record = _with_evidence(_record(portrait, claim), claim, grounds)
    record |= {"status": "contradicted", "confidence": _bounded(claim.confidence * 0.4)}
    made = portrait.holding(claim.id, record)
    return _linked(made, by, "contradicts", claim.id), made.claim(claim.id)


def supersede(portrait: Portrait, which: str, draft: Draft, grounds: Grounds) -> tuple[Portrait, Claim]:
    """A claim that held and holds no more, with what holds instead. The old one leaves USER.md."""
    old = portrait.claim(which)
    twin = _twin(portrait.claims, draft.text)
    if twin and twin.id == old.id:
        return support(portrait, which, grounds)
    portrait = demote(portrait, which)
    portrait = portrait.holding(old.id, _record(portrait, portrait.claim(which)) | {"status": "superseded"})
    priority = max(draft.priority, old.priority) if old.kind else draft.priority
    portrait, new = add(portrait, replace(draft, priority=priority), grounds)
    portrait = _linked(portrait, new.id, "supersedes", old.id)
    return portrait, portrait.claim(new.id)


def weigh(portrait: Portrait, which: str, priority: int) -> tuple[Portrait, Claim]:
    """Another priority, from 1 to 5."""
    claim = portrait.claim(which)
    made = portrait.holding(claim.id, _record(portrait, claim) | {"priority": min(max(priority, 1), 5)})
    return made, made.claim(claim.id)


def forget(portrait: Portrait, which: str) -> tuple[Portrait, Claim]:
    """A person's word only: the claim goes, from both files, and so do the edges that lead to it."""
    claim = portrait.claim(which)
    records = {key: dict(record) for key, record in portrait.records.items() if key != claim.id}
    for record in records.values():
        for edge in ("supersedes", "contradicts"):
            if claim.id in (listed := record.get(edge) or ()):
                kept = [key for key in listed if key != claim.id]
                record.pop(edge)
                record |= {edge: kept} if kept else {}
    user = entries.remove(portrait.user, claim.id).text if claim.hot else portrait.user
    return replace(portrait, user=user, records=records), claim


# -- USER.md and model.yaml -------------------------------------------------------------------------------------------


def settle(portrait: Portrait, limit: int) -> Portrait:
    """Important claims into USER.md as long as there is room, the least important out of it where it is over `limit`
    characters. What a person wrote there stays."""
    while entries.rendered_size(portrait.user) > limit and (weakest := _weakest(portrait)):
        portrait = demote(portrait, weakest.id)
    room = int(limit * ROOM) - entries.rendered_size(portrait.user)
    for claim in _strongest(portrait.claims):
        room -= len(claim.text) + 3
        if room < 0:
            break
        portrait = promote(portrait, claim.id)
    return portrait


def promote(portrait: Portrait, which: str) -> Portrait:
    """The claim's text moves to USER.md, its id goes along; the rest of its record stays."""
    claim = portrait.claim(which)
    if claim.hot or not _ENTRY_ID.fullmatch(claim.id):
        return portrait
    edit = entries.add(portrait.user, claim.text, claim.id)
    if not edit.changed:  # a person wrote the same there
        return portrait
    record = {name: value for name, value in portrait.records[claim.id].items() if name != "text"}
    return replace(portrait, user=edit.text).holding(claim.id, record | {"hot": True})


def demote(portrait: Portrait, which: str) -> Portrait:
    """The claim's text moves back to model.yaml, as it stands in USER.md now."""
    claim = portrait.claim(which)
    if not claim.hot:
        return portrait
    record = {name: value for name, value in _record(portrait, claim).items() if name != "hot"}
    user = entries.remove(portrait.user, claim.id).text
    return replace(portrait, user=user).holding(claim.id, record | {"text": entries.fold(claim.text)})


def _strongest(known: Iterable[Claim]) -> list[Claim]:
    """Claims that belong into USER.md, the most important first."""
    fitting = [
        claim
        for claim in known
        if not claim.hot
        and claim.status == "active"
        and claim.priority >= HOT_PRIORITY
        and claim.confidence >= HOT_CONFIDENCE
    ]
    return sorted(fitting, key=lambda claim: (-claim.priority, -claim.confidence, claim.id))


def _weakest(portrait: Portrait) -> Claim | None:
    movable = [claim for claim in portrait.claims if claim.hot and claim.id in portrait.records]
    return min(movable, key=lambda claim: (claim.priority, claim.confidence, claim.seen, claim.id), default=None)


# -- inside -----------------------------------------------------------------------------------------------------------


def _record(portrait: Portrait, claim: Claim) -> _Record:
    """What model.yaml holds of a claim; of one that stands in USER.md alone, what it would."""
    known = portrait.records.get(claim.id)
    if known is not None:
        return dict(known)
    return {"kind": "preference", "hot": True, "status": "active", "priority": claim.priority, "confidence": 0.9}


def _with_evidence(record: _Record, claim: Claim, grounds: Grounds) -> _Record:
    listed = [*claim.evidence, *([grounds.span] if grounds.span not in ("", *claim.evidence) else [])]
    if len(listed) > MOST_EVIDENCE:
        listed = [listed[0], *listed[-MOST_EVIDENCE + 1 :]]
    return record | {"seen": max(grounds.day, claim.seen), "evidence": listed or ()}


def _linked(portrait: Portrait, key: str, edge: str, target: str) -> Portrait:
    if not key or key == target:
        return portrait
    claim = portrait.claim(key)
    listed = claim.supersedes if edge == "supersedes" else claim.contradicts
    if target in listed:
        return portrait
    return portrait.holding(key, _record(portrait, claim) | {edge: [*listed, target]})


def _twin(known: Iterable[Claim], text: str) -> Claim | None:
    folded = text.casefold()
    return next((claim for claim in known if entries.fold(claim.text).casefold() == folded), None)


def _free_id(text: str, portrait: Portrait) -> str:
    """The text's id; where another claim has it, even one that is hot, that of the text and a number."""
    taken = {*portrait.records, *(claim.id for claim in portrait.claims)}
    number, key = 1, entry_id(text)
    while key in taken:
        number += 1
        key = entry_id(f"{text}\n{number}")
    return key


def _bounded(confidence: float) -> float:
    return round(min(max(confidence, 0.05), 0.99), 2)

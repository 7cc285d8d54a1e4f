"""Draws what is believed of a person as a tree: kinds, their claims, below each what it replaced. Pure text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from hermes_fs.cli.output import bold, dim, good, warning
from hermes_fs.core.people import KINDS, Claim
from hermes_fs.core.terminal import one_line

_DEEPEST = 12
"""Replacements that are drawn below one another; what is further down begins anew."""
_PLURAL = {
    "need": "needs",
    "preference": "preferences",
    "goal": "goals",
    "constraint": "constraints",
    "style": "style",
    "": "in USER.md, by hand or from a conversation",
}


@dataclass(frozen=True, slots=True)
class _Branch:
    """A claim, and those that it replaced or contradicts."""

    claim: Claim
    below: tuple[_Branch, ...]


def lines(claims: Sequence[Claim], today: date, places: bool = False) -> Iterator[str]:
    """`places`: with every place of the evidence, not only how many there are."""
    branches = _roots(claims)
    for kind in (*KINDS, ""):
        roots = [branch for branch in branches if branch.claim.kind == kind]
        if not roots:
            continue
        yield bold(_PLURAL[kind])
        for place, root in enumerate(roots):
            yield from _drawn(root, "", place == len(roots) - 1, today, places)


def age(day: str, today: date) -> str:
    """`today`, `3 days ago`, `5 months ago`; "" for an unknown day."""
    try:
        days = (today - date.fromisoformat(day)).days
    except ValueError:
        return ""
    if days < 1:
        return "today"
    number, unit = (days, "day") if days < 60 else (days // 30, "month") if days < 730 else (days // 365, "year")
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


def _roots(claims: Sequence[Claim]) -> list[_Branch]:
    """Claims that stand for themselves. What was replaced hangs on what replaced it; of a circle the first is one."""
    known = {claim.id: claim for claim in claims}
    below: dict[str, list[str]] = {}
    for claim in claims:
        for how, ids in (("superseded", claim.supersedes), ("contradicted", claim.contradicts)):
            below.setdefault(claim.id, []).extend(old for old in ids if old in known and known[old].status == how)
    seen: set[str] = set()

    def branch(claim: Claim, depth: int = 0) -> _Branch:
        seen.add(claim.id)
        hanging = []
        for old in below.get(claim.id, ()) if depth < _DEEPEST else ():
            if old not in seen:
                hanging.append(branch(known[old], depth + 1))
        return _Branch(claim, tuple(hanging))

    hung = {old for listed in below.values() for old in listed}
    ordered = sorted(claims, key=_order)
    roots = [branch(claim) for claim in ordered if claim.id not in hung]
    for claim in ordered:
        if claim.id not in seen:
            roots.append(branch(claim))
    return roots


def _order(claim: Claim) -> tuple[bool, int, float, str]:
    return (claim.status != "active", -claim.priority, -claim.confidence, claim.id)


def _drawn(branch: _Branch, indent: str, last: bool, today: date, places: bool) -> Iterator[str]:
    claim = branch.claim
    fork, onward = ("└─ ", "   ") if last else ("├─ ", "│  ")
    faded = claim.status != "active"
    head = f"{one_line(claim.id)}  {one_line(claim.text)}"
    shown = dim(head) if faded else f"{good(one_line(claim.id))}  {one_line(claim.text)}"
    yield f"{dim(indent + fork)}{shown}"
    beneath = indent + onward + ("│  " if branch.below else "   ")
    status = warning(claim.status) if claim.status == "contradicted" else dim(claim.status) if faded else claim.status
    yield f"{dim(beneath)}{status}{dim(_facts(claim, today))}"
    for place in claim.evidence if places else ():
        yield dim(f"{beneath}{one_line(place)}")
    for number, under in enumerate(branch.below):
        yield from _drawn(under, indent + onward, number == len(branch.below) - 1, today, places)


def _facts(claim: Claim, today: date) -> str:
    """What is known of a claim besides its text, on one line."""
    if not claim.kind and not claim.evidence:
        return " · in USER.md"
    facts = [f"priority {claim.priority}", f"{claim.confidence:.0%} sure"]
    if seen := age(claim.seen or claim.since, today):
        facts.append(f"last seen {seen}" if claim.seen != claim.since else f"since {claim.since}")
    count = len(claim.evidence)
    facts.append("no evidence" if not count else f"evidence in {count} place{'' if count == 1 else 's'}")
    return "".join(f" · {fact}" for fact in [*facts, *(["in USER.md"] if claim.hot else [])])

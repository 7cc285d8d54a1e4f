"""How `hermes review` shows proposals, and lets a person edit one. Decides nothing; nothing shown hides anything."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from hermes_fs.cli import dates, editing
from hermes_fs.cli.evidence import said
from hermes_fs.cli.output import bad, bold, dim, good, print_table
from hermes_fs.core.clock import iso
from hermes_fs.core.errors import Refused
from hermes_fs.core.terminal import one_line, spell_out
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.pulls import Known, Pulls
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace

_LABEL = 9
_SAID = 400  # characters that are shown of each message of the evidence
_NARROWEST = 20
_SOON = timedelta(days=3)


def as_json(one: Proposal, pull: Known | None = None) -> dict[str, Any]:
    """What programs read: stable names."""
    origin = one.provenance
    return {
        "id": one.id,
        "commit": one.commit,
        "change": one.change,
        "subject": one.subject,
        "kind": one.kind,
        "why": one.why,
        "because": one.because,
        "origin": origin.origin,
        "foreign": one.foreign,
        "session": origin.session,
        "person": origin.person,
        "model": origin.model,
        "evidence": origin.evidence,
        "when": iso(one.when),
        "expires": iso(one.expires),
        "paths": list(one.paths),
        "state": one.standing.state,
        "fits": one.standing.fits,
        "detail": one.standing.detail,
        "pull": {"number": pull.number, "url": pull.url, "branch": pull.branch, "remote": pull.remote}
        if pull
        else None,
    }


def table(proposals: list[Proposal], pulls: Mapping[str, Known] | None = None) -> None:
    """One line each."""
    now = dates.utc_now()
    rows = [
        (one.id, dates.friendly(one.when, now), state(one), _told(one, (pulls or {}).get(one.id))) for one in proposals
    ]
    print_table(("id", "when", "state", "what, and why it waits"), rows)


def _told(one: Proposal, pull: Known | None) -> str:
    also = f"; {pull.shown}" if pull else ""
    if one.standing.state in ("waiting", "stale") and one.expires - dates.utc_now() < _SOON:
        also += f"; expires {one.expires.astimezone():%Y-%m-%d}"
    return f"{one_line(one.subject)}  ({one_line(one.because)}{also})"


def state(one: Proposal) -> str:
    """How it stands, in a word or two."""
    if one.standing.state == "stale":
        return "merges" if one.standing.fits else "conflicts"
    return one.standing.state


def whole(workspace: Workspace, review: Review, one: Proposal) -> None:
    """All of it: what, why, whence, until when, and exactly what it would change."""
    about(workspace, review, one)
    print()
    for line in patch(review, one):
        print(line)


def patch(review: Review, one: Proposal) -> list[str]:
    """The lines of what it would change, styled; nothing in them hides."""
    return [_styled(spell_out(line)) for line in review.diff(one).split("\n")[:-1]]


def about(workspace: Workspace, review: Review, one: Proposal) -> None:
    """All but the change itself."""
    now = dates.utc_now()
    print(f"{good(one.id)}  {bold(one_line(one.subject))}")
    pull = Pulls(workspace.state_dir, workspace.locked).all().get(one.id)
    for name, value in [*_facts(one, now), *review.judged(one), *_pull(pull)]:
        print(f"{dim(name.ljust(_LABEL))} {_fitted(value, ' ' * (_LABEL + 1))}")
    if one.why:
        print(f"\n{dim('why, in its own words')}")
    for line in one.why.split("\n") if one.why else ():
        print(f"  > {_fitted(line, '  > ')}")
    evidence = [] if one.foreign else list(said(workspace, one.provenance.evidence))
    if evidence:
        print(f"\n{dim('evidence')}")
        for line in evidence:
            print(f"  {_fitted(one_line(line, _SAID), '    ')}")


def _fitted(text: str, indent: str) -> str:
    """On one line; at a terminal on as many as it takes, none of them broken within a word."""
    flat = one_line(text)
    if not sys.stdout.isatty():
        return flat
    room = max(shutil.get_terminal_size().columns - len(indent), _NARROWEST)
    return f"\n{indent}".join(textwrap.wrap(flat, room)) or flat


def _facts(one: Proposal, now: Any) -> Iterator[tuple[str, str]]:
    origin = one.provenance
    yield "waits", one.because
    if one.foreign:
        yield "from", "elsewhere: this machine did not make it, so believe nothing that it says of itself"
    elif origin.session:
        yield "from", f"session …{origin.session[-6:]}, origin {origin.origin}, {origin.model or 'no model'}"
    yield "made", dates.friendly(one.when, now)
    yield "expires", f"{one.expires.astimezone():%Y-%m-%d}, unless you decide before"
    yield "state", f"{state(one)}{': ' * bool(one.standing.detail)}{one.standing.detail}"
    yield "files", ", ".join(one.paths)


def _pull(pull: Known | None) -> Iterator[tuple[str, str]]:
    if pull:
        yield "upstream", f"{pull.shown}{f'  {pull.url}' if pull.url else f' on {pull.remote}'}"


def _styled(line: str) -> str:
    if line.startswith(("diff ", "+++", "---")):
        return bold(line)
    match line[:1]:
        case "+":
            return good(line)
        case "-":
            return bad(line)
        case "@":
            return dim(line)
        case _:
            return line


def edited(review: Review, one: Proposal, environ: Mapping[str, str]) -> dict[str, bytes | None]:
    """The files as a person left them in their editor ($VISUAL, $EDITOR, else vi); only those that they changed.
    Refused where nothing changed, Failed where the editor does not start or fails."""
    if one.standing.state == "blocked":
        raise Refused(f"proposal {one.id} cannot be accepted: {one.standing.detail}", "reject it")
    content = {path: data for path, data in review.content(one).items() if data is not None}
    fresh = editing.edited(content, environ, f"review-{one.id}")
    changed: dict[str, bytes | None] = {path: data for path, data in fresh.items() if data != content[path]}
    if not changed:
        raise Refused(f"proposal {one.id} is as it was", f"accept it with `hermes review accept {one.id}`")
    return changed

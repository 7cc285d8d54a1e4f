"""Sites that offer skills by `/.well-known/agent-skills/index.json`. Reads an index, and one skill by its digest.

Source: Agent Skills Discovery, version 0.2.0 (github.com/cloudflare/agent-skills-discovery-rfc).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.core.terminal import one_line
from hermes_fs.store.formats import skill
from hermes_fs.store.installing import archives, fetching, pile

SCHEMA = "https://schemas.agentskills.io/discovery/0.2.0/schema.json"
MAX_INDEX = 5 << 20
MAX_OFFERS = 20_000

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_KINDS = ("skill-md", "archive")
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Offer:
    """One skill of an index. `address` is absolute; `sha256` is of the file at it, an archive or a SKILL.md."""

    name: str
    description: str
    kind: str
    address: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Index:
    """What a site offers; `skipped` says in a line each what in it is no offer."""

    offers: tuple[Offer, ...]
    skipped: tuple[str, ...]


def index(address: str, seconds: float = 30.0) -> Index:
    """What the index at an address offers. Raises Refused for what is none, or of another version; and as
    `fetching.get`."""
    answer = fetching.get(address, fetching.Bounds(MAX_INDEX, seconds))
    return read(answer.data, answer.address)


def read(data: bytes, address: str) -> Index:
    """An index that lies at an address. What is no offer in it is skipped. Raises Refused."""
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refused("the index of that site is no JSON", "look at its address") from error
    rows = whole.get("skills") if isinstance(whole, dict) else None
    if not isinstance(rows, list):
        raise Refused("the index of that site lists no skills", "look at its address")
    if whole.get("$schema") != SCHEMA:
        found = one_line(str(whole.get("$schema") or "of version 0.1, without digests"), 100)
        raise Refused(f"the index of that site is not of version 0.2.0: {found}", "nothing in it can be checked")
    if len(rows) > MAX_OFFERS:
        raise Refused(
            f"the index of that site lists more than {MAX_OFFERS:,} skills", "name a skill by its own address"
        )
    offers: dict[str, Offer] = {}
    skipped: list[str] = []
    for row in rows:
        wrong = _wrong(row, address) or ("it is listed twice" if row["name"] in offers else "")
        if wrong:
            skipped.append(f"{_called(row)}: {wrong}")
        else:
            offers[row["name"]] = _offer(row, address)
    return Index(tuple(offers.values()), tuple(skipped))


def choose(found: Index, name: str) -> Offer:
    """The offer of that name, "" for the only one. NotFound."""
    chosen = [offer for offer in found.offers if offer.name == name or not name]
    if len(chosen) == 1:
        return chosen[0]
    listed = _list([offer.name for offer in found.offers])
    if not chosen:
        why = next((line for line in found.skipped if line.startswith(f"{name}:")), "")
        raise NotFound(f"that site offers no skill {name}", why or (f"it offers {listed}" if listed else "it has none"))
    raise NotFound(f"that site offers {len(chosen)} skills", f"add #NAME to the source: {listed}")


def fetch(offer: Offer) -> pile.Pile:
    """The files of an offer. Refused where they are not what the index says; raises as `fetching.get`."""
    bounds = fetching.Bounds(archives.MAX_BYTES, fetching.LONG)
    if offer.kind == "skill-md":
        bounds = fetching.Bounds(pile.MAX_FILE)
    answer = fetching.get(offer.address, bounds)
    found = hashlib.sha256(answer.data).hexdigest()
    if found != offer.sha256:
        raise Refused(
            f"{offer.name} is not what its index says: its SHA-256 is {found[:12]}…, not {offer.sha256[:12]}…",
            "it was changed on the way, or the site is being updated: try again later",
        )
    return Single(answer.data) if offer.kind == "skill-md" else archives.Archive(answer.data)


class Single:
    """A SKILL.md alone."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.names: Sequence[str] = (pile.FILE,)

    def read(self, name: str) -> bytes:
        return self._data


def _wrong(row: Any, base: str) -> str:
    """Why an entry of an index that lies at `base` is no offer, "" if it is one."""
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("name", "type", "url", "digest")):
        return "it lacks name, type, url or digest"
    if problems := skill.name_problems(row["name"]):
        return problems[0]
    if row["type"] not in _KINDS:
        return f"its type is {one_line(row['type'], 40)!r}"
    if fetching.leads_here(base, _joined(base, row["url"])):
        return "it points to an address of this machine or its network"
    return "" if _DIGEST.fullmatch(row["digest"]) else "its digest is no sha256"


def _offer(row: dict[str, Any], base: str) -> Offer:
    about = row.get("description")
    described = about[: skill.MAX_DESCRIPTION] if isinstance(about, str) else ""
    digest = row["digest"].removeprefix("sha256:")
    return Offer(row["name"], described, row["type"], _joined(base, row["url"]), digest)


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:  # fetching it will say what is wrong with it
        return url


def _called(row: Any) -> str:
    name = row.get("name") if isinstance(row, dict) else None
    return one_line(name, 64) if isinstance(name, str) else "an entry without a name"


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more

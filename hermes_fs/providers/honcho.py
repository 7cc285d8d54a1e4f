"""The model of a person as a Honcho server keeps it, through its SDK. Sends what the person said and what is asked of
them, no more, and only where this machine's person chose it; credentials are blotted out first.

What comes back are others' words: an answer carries the origin `mcp`. Paths, shapes and errors are the SDK's, honcho-ai
2.7 (https://docs.honcho.dev/v3).
"""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hermes_fs.core.config_sections import PeopleConfig
from hermes_fs.core.errors import Cancelled, HermesError, NotFound, ProviderError, ProviderFault
from hermes_fs.core.loading import load
from hermes_fs.core.origins import is_trusted
from hermes_fs.core.people import Claim, Observed, Opinion, Said, Status
from hermes_fs.core.ports import Cancel
from hermes_fs.core.secrets import redact
from hermes_fs.providers.keys import Keys

HOSTED = "https://api.honcho.dev"
MOST_CLAIMS = 1_000
LONGEST = 20_000
"""Characters of one message that are sent."""
_BATCH = 100  # messages that the server takes at a time
_SECONDS = 60.0
_TICK = 0.05
_NO_KEY = "none"  # an empty one would have the SDK look for another in the environment
_SURE = {"explicit": 0.8, "deductive": 0.7, "inductive": 0.5, "contradiction": 0.5}
_FAULTS: Mapping[int, ProviderFault] = {401: "auth", 403: "auth", 404: "not_found", 429: "rate_limit"}
T = TypeVar("T")


def of(person: str, wanted: PeopleConfig, environ: Mapping[str, str]) -> HonchoUserModel:
    """The model of a person, by handle. Raises ProviderError("auth") where the hosted server has no key, Failed where
    the extra is not installed."""
    name = wanted.api_key_env
    key = Keys(environ).get(name, "") if name else ""
    if not key and not wanted.base_url:
        raise ProviderError(
            "auth", "there is no key for Honcho", f"set {name or 'people.api_key_env'}, or people.base_url"
        )
    client = load("honcho:Honcho", "honcho")(
        api_key=key or _NO_KEY,
        base_url=wanted.base_url or HOSTED,
        workspace_id=wanted.workspace,
        timeout=_SECONDS,
        max_retries=1,
    )
    return HonchoUserModel(person, client)


@dataclass(frozen=True, slots=True)
class HonchoUserModel:
    """`client` is the SDK's. What it raises becomes ProviderError."""

    person: str
    client: Any
    peers: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "honcho"

    @property
    def remote(self) -> bool:
        return True

    def observe(self, said: Sequence[Said], cancel: Cancel) -> Observed:
        kept = [one for one in said if is_trusted(one.origin) and one.text.strip()]
        if said and not kept:
            return Observed(problem="nothing of a tainted session is sent to Honcho")
        sent = 0
        for session, group in itertools.groupby(kept, key=lambda one: one.session):
            sent += _within(cancel, lambda: self._send(session, list(group)))  # noqa: B023
        return Observed((f"sent {sent} message{'' if sent == 1 else 's'} to Honcho",) if sent else ())

    def ask(self, question: str, cancel: Cancel) -> Opinion:
        try:
            answered = _within(cancel, lambda: self._peer().chat(redact(question)[:LONGEST], include_evidence=True))
        except ProviderError as error:
            return Opinion("", problem=f"Honcho does not answer: {error}", origin="mcp")
        read = answered.evidence.conclusions if answered.evidence else ()
        mine = tuple(_claim(one) for one in read if one.observed_id in (None, self._id))
        text = answered.content.strip() if isinstance(answered.content, str) else ""
        if not text:
            return Opinion("", nearest=mine[:5], problem="Honcho knows nothing that bears on it", origin="mcp")
        sure = max((claim.confidence for claim in mine), default=0.5)
        return Opinion(text, mine, sure, origin="mcp")

    def claims(self) -> list[Claim]:
        known = _within(Cancel(), lambda: list(itertools.islice(self._conclusions(), MOST_CLAIMS)))
        doubted = {old for one in known if one.level == "contradiction" for old in one.source_ids or ()}
        return [_claim(one, "contradicted" if one.id in doubted else "active") for one in known]

    def forget(self, which: str) -> Claim:
        wanted = which.strip("[] ")
        found = next((claim for claim in self.claims() if claim.id == wanted), None)
        if found is None:
            raise NotFound(f"no claim {which!r:.40}", "see them with `hermes people show`")
        _within(Cancel(), lambda: self._peer().conclusions.delete(found.id))
        return found

    # -- inside -------------------------------------------------------------------------------------------------------

    @property
    def _id(self) -> str:
        """The handle in the letters that Honcho takes; no two handles become one."""
        return re.sub(r"[^A-Za-z0-9-]", lambda match: f"_{ord(match[0]):02x}", self.person)

    def _peer(self) -> Any:
        if self._id not in self.peers:
            self.peers[self._id] = self.client.peer(self._id)
        return self.peers[self._id]

    def _conclusions(self) -> Iterator[Any]:
        return iter(self._peer().conclusions.list(size=_BATCH))

    def _send(self, session: str, said: Sequence[Said]) -> int:
        """How many were sent: those that the server has not yet."""
        peer, place = self._peer(), self.client.session(session or "hermes")
        held = {message.metadata.get("hermes") for message in place.messages(size=_BATCH)}
        fresh = {_mark(one): one for one in said if _mark(one) not in held}
        messages = [peer.message(redact(one.text)[:LONGEST], metadata={"hermes": mark}) for mark, one in fresh.items()]
        for start in range(0, len(messages), _BATCH):
            place.add_messages(messages[start : start + _BATCH])
        return len(messages)


def _mark(said: Said) -> str:
    """What tells a message from others without telling where it stands."""
    return hashlib.sha256(f"{said.span}\n{'' if said.span else said.text}".encode()).hexdigest()[:24]


def _claim(one: Any, status: Status = "active") -> Claim:
    """A conclusion of Honcho's as a claim. It has no kind and no priority there."""
    day = f"{one.created_at:%Y-%m-%d}"
    derived = getattr(one, "times_derived", 1)
    sure = min(_SURE.get(one.level, 0.5) + 0.05 * (derived - 1), 0.95)
    return Claim(
        id=one.id,
        kind="",
        text=" ".join(one.content.split()),
        status=status,
        confidence=round(sure * (0.4 if status == "contradicted" else 1), 2),
        evidence=(f"honcho:{one.session_id}",) if one.session_id else (),
        since=day,
        seen=day,
        contradicts=tuple(one.source_ids or ()) if one.level == "contradiction" else (),
    )


def _within(cancel: Cancel, call: Callable[[], T]) -> T:
    """What a call of the SDK returns; it blocks, so it has a thread of its own, which is left behind where it is
    stopped. Raises Cancelled, ProviderError."""
    cancel.check()
    done: list[T] = []
    failed: list[Exception] = []
    errors: tuple[type[Exception], ...] = (
        load("honcho.http.exceptions:HonchoError", "honcho"),
        HermesError,
        *(
            ValueError,
            TypeError,
            AttributeError,
            LookupError,
        ),  # what a server that answers anything makes the SDK raise
    )

    def run() -> None:
        try:
            done.append(call())
        except errors as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="hermes-honcho", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_TICK)
        if cancel.is_set:
            raise Cancelled
    if done:
        return done[0]
    if failed and isinstance(failed[0], HermesError):
        raise failed[0]
    raise _fault(failed[0] if failed else ValueError("it broke off"))


def _fault(error: Exception) -> ProviderError:
    status, code = getattr(error, "status", 0), getattr(error, "code", "")
    said = " ".join(str(error).split())[:200]
    if code in ("timeout", "connection_error"):
        return ProviderError("network", said, "check people.base_url, and that the server runs")
    if status >= 500:
        return ProviderError("overloaded", said, "try again later")
    hint = "check the key that people.api_key_env names" if status in (401, 403) else ""
    return ProviderError(_FAULTS.get(status, "invalid"), said, hint)

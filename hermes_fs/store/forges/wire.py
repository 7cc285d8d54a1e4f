"""Asks a forge's API in JSON, within bounds. Gives the token to the API's own host and to no other, never over plain
http but to this machine, and in no message; believes nothing that comes back.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import one_line
from hermes_fs.store.installing.fetching import is_here

LARGEST = 4_000_000
"""Bytes of one answer."""
_SECONDS, _CONNECT_SECONDS, _READ_SECONDS = 30.0, 10.0, 20.0
_SHOWN = 160
_FOLLOWED = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_KEEP_METHOD = (307, 308)


class Exists(Failed):
    """The forge has such a pull request already."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One API. `headers` are its own, `secret` those of them that hold the `token`; `variable` is where that comes
    from, for messages. Blocks; thread-safe."""

    api: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    variable: str = ""
    seconds: float = _SECONDS

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer's JSON, None for an empty one. `path` begins with a slash and is quoted. Raises Exists, NotFound,
        Refused (not allowed), Failed (no answer, too much, nonsense, too often)."""
        first = url = self.api.rstrip("/") + path
        _require_safe(url)
        deadline = time.monotonic() + self.seconds
        timeout = load("httpx2:Timeout")(min(_READ_SECONDS, self.seconds), connect=min(_CONNECT_SECONDS, self.seconds))
        errors = (load("httpx2:HTTPError"), load("httpx2:InvalidURL"), OSError, ValueError)
        data = json.dumps(body).encode() if body is not None else None
        try:
            # a proxy would see in plain what goes to this machine
            with load("httpx2:Client")(timeout=timeout, follow_redirects=False, trust_env=not _loops(url)) as client:
                for _ in range(_FOLLOWED):
                    with client.stream(method, url, headers=self._headers(data), content=data) as response:
                        if response.status_code not in _REDIRECTS:
                            return self._answer(response, _read(response, self.host, deadline), method)
                        url = self._next(method, url, first, response)
        except errors as error:
            raise Failed(
                f"{self.host} did not answer: {self._told(str(error) or type(error).__name__)}", _LOOK
            ) from None
        raise Failed(f"{self.host} points from one address to the next without an end", _LOOK)

    @property
    def host(self) -> str:
        return one_line(urlsplit(self.api).netloc.rpartition("@")[2], 80)

    def _headers(self, data: bytes | None) -> dict[str, str]:
        kind = {"content-type": "application/json"} if data is not None else {}
        plain = {"accept-encoding": "identity", "user-agent": "hermes-fs", "accept": "application/json"}
        return {**plain, **kind, **self.headers, **self.secret}

    def _next(self, method: str, url: str, first: str, response: Any) -> str:
        """Where an answer points: to the same host, or nowhere."""
        target = urljoin(url, str(response.headers.get("location", "")))
        if _place(target) != _place(first):
            raise Refused(f"{self.host} points to another host", "look at the remote's address: has it moved?")
        if method != "GET" and response.status_code not in _KEEP_METHOD:
            raise Failed(f"{self.host} has the repository at another address", "set the remote's address anew")
        return target

    def _answer(self, response: Any, data: bytes, method: str) -> Any:
        status: int = response.status_code
        if 200 <= status < 300:
            return self._parsed(data)
        said = self._reason(data)
        if status == 429 or (status == 403 and _is_limit(response.headers, said)):
            raise Failed(f"{self.host} was asked too often{_until(response.headers)}", "try again later")
        named = f"the token in {self.variable}" if self.variable else "what is asked without a token"
        if status == 401:
            raise Refused(f"{self.host} does not accept {named}", "make a new token with the right to pull requests")
        if status == 403:
            raise Refused(f"{self.host} does not allow it with {named}{said}", "look at the token's rights")
        if status in (404, 410):
            raise NotFound(f"{self.host} shows no such thing to {named}", "look at the remote's address and the token")
        if status in (409, 422) and method == "POST":
            raise Exists(f"{self.host} refuses it{said}", "look at the pull requests there")
        raise Failed(f"{self.host} answered with {status}{said}", "try again later")

    def _parsed(self, data: bytes) -> Any:
        if not data.strip():
            return None
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Failed(f"{self.host} sent no JSON", "is it the API's address?") from error

    def _reason(self, data: bytes) -> str:
        """What an error's body says, as `: …`; "" for nothing."""
        with contextlib.suppress(HermesError, AttributeError, TypeError):  # any other shape says nothing
            body = self._parsed(data)
            more = next((one.get("message", "") for one in body.get("errors") or () if isinstance(one, dict)), "")
            said = more or body.get("message") or body.get("error") or ""
            text = self._told(said if isinstance(said, str) else json.dumps(said))
            return f": {text}" if text else ""
        return ""

    def _told(self, text: str) -> str:
        """A line of somebody else's, without the token, should they send it back."""
        for value in self.secret.values():
            for piece in (value, value.rpartition(" ")[2]):
                text = text.replace(piece, "[token]") if piece else text
        return one_line(text, _SHOWN)


_LOOK = "look at the address and your connection"


def _read(response: Any, host: str, deadline: float) -> bytes:
    data = bytearray()
    for piece in response.iter_raw():
        data += piece
        if len(data) > LARGEST:
            raise Failed(f"{host} sends more than {LARGEST // 1_000_000} MB", _LOOK)
        if time.monotonic() > deadline:
            raise Failed(f"{host} took too long", "try again later")
    return bytes(data)


def _require_safe(url: str) -> None:
    split = urlsplit(url)
    if split.scheme == "https" and split.hostname and "@" not in split.netloc:
        return
    if not (split.scheme == "http" and _loops(url)):
        raise UsageError(f"{one_line(split.netloc, 80)} is no https address", "a token is sent over https only")


def _loops(url: str) -> bool:
    return is_here(url, loopback=True)


def _place(url: str) -> tuple[str, str]:
    try:
        split = urlsplit(url)
    except ValueError:
        return "", ""
    return split.scheme, split.netloc


def _is_limit(headers: Mapping[str, str], said: str) -> bool:
    """As GitHub's "Rate limits for the REST API" describes primary and secondary limits."""
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in said.lower()


def _until(headers: Mapping[str, str]) -> str:
    wait, reset = str(headers.get("retry-after", "")), str(headers.get("x-ratelimit-reset", ""))
    if re.fullmatch(r"[0-9]{1,6}", wait):
        return f", for {wait} s"
    if re.fullmatch(r"[0-9]{1,10}", reset):
        return f", until {datetime.fromtimestamp(int(reset), UTC):%H:%M} UTC"
    return ""

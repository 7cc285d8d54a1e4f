"""Gets one file from an address, within bounds. Sends a person's credentials to the host that they named and to no
other; is sent neither to plain http nor, from elsewhere, to an address of this machine or its network.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from hermes_fs.core.errors import Failed, NotFound, Refused, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import one_line
from hermes_fs.store.installing.source import without_password

LONG = 300.0
"""Seconds for what may be large."""
_REDIRECTS = (301, 302, 303, 307, 308)
_MISSING = (404, 410)
_CONNECT_SECONDS, _READ_SECONDS = 10.0, 15.0
_SHOWN = 200
_LOOK = "look at the address and your connection"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one answer: bytes, seconds from the first connection to the last byte, how often it may point elsewhere."""

    size: int
    seconds: float = 60.0
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What came, byte for byte; `address` is where from in the end, `kind` its media type in lower case."""

    data: bytes
    address: str
    kind: str = ""


def get(address: str, bounds: Bounds) -> Answer:
    """The file at an address. Raises NotFound, Refused (too large, led astray), Failed (no answer), UsageError."""
    deadline = time.monotonic() + bounds.seconds
    _require_safe(address)
    errors = (load("httpx2:HTTPError"), load("httpx2:InvalidURL"), OSError, ValueError)
    timeout = load("httpx2:Timeout")(min(_READ_SECONDS, bounds.seconds), connect=min(_CONNECT_SECONDS, bounds.seconds))
    url, login = _apart(address)
    first = url
    try:
        with load("httpx2:Client")(timeout=timeout, follow_redirects=False) as client:
            for _ in range(bounds.redirects + 1):
                auth = login if _same_place(url, first) else None
                headers = {"accept-encoding": "identity", "user-agent": "hermes-fs"}
                with client.stream("GET", url, headers=headers, auth=auth) as response:
                    if response.status_code not in _REDIRECTS:
                        return _answer(response, url, bounds, deadline)
                    url = _next(url, response.headers.get("location", ""))
                    client.cookies.clear()
    except errors as error:
        raise Failed(f"{_host(url)} did not answer: {_why(error)}", _LOOK) from error
    raise Refused(f"{_host(first)} points from one address to the next without an end", "name the last of them")


def _answer(response: Any, url: str, bounds: Bounds, deadline: float) -> Answer:
    status: int = response.status_code
    if status in _MISSING:
        raise NotFound(f"there is nothing at {without_password(url)[:_SHOWN]}", "look at the address")
    if status != 200:
        raise Failed(f"{_host(url)} answered with {status}", _LOOK)
    too_large = Refused(f"what {_host(url)} sends has more than {_amount(bounds.size)}", "name something smaller")
    said = response.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:20]) > bounds.size:
        raise too_large
    data = bytearray()
    for piece in response.iter_raw():
        data += piece
        if len(data) > bounds.size:
            raise too_large
        if time.monotonic() > deadline:
            raise Failed(f"{_host(url)} took more than {bounds.seconds:.0f} s", "try again later")
    kind = str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
    return Answer(bytes(data), url, kind)


def _next(url: str, location: str) -> str:
    """Where an answer points; checked as the first address was. What it holds of credentials is not used."""
    target, _ = _apart(urljoin(url, location))
    _require_safe(target)
    if leads_here(url, target):
        raise Refused(
            f"{_host(url)} points to {_host(target)}, an address of this machine or its network", "look at it"
        )
    return target


def _require_safe(address: str) -> None:
    """Raises UsageError unless it is https, or a server on this machine."""
    split = urlsplit(address)
    if split.scheme == "https" and split.hostname:
        return
    if split.scheme == "http" and is_here(address, loopback=True):
        return
    shown = one_line(without_password(address), _SHOWN)
    raise UsageError(f"{shown} is no https address", "plain http can be changed by anybody on the way")


def leads_here(base: str, target: str) -> bool:
    """Whether something elsewhere points to this machine or its network."""
    try:
        return is_here(target) and not is_here(base)
    except ValueError:  # no address at all: fetching it will say so
        return False


def is_here(address: str, loopback: bool = False) -> bool:
    """Whether a host is this machine (or, unless `loopback`, one of its own network) by the look of its name."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:  # a name
        return False
    return number.is_loopback or (not loopback and not number.is_global)


def _apart(address: str) -> tuple[str, tuple[str, str] | None]:
    """(address without user and password, those)."""
    split = urlsplit(address)
    netloc = split.netloc.rpartition("@")[2]
    login = (unquote(split.username or ""), unquote(split.password or "")) if "@" in split.netloc else None
    return urlunsplit((split.scheme, netloc, split.path, split.query, "")), login


def _same_place(one: str, other: str) -> bool:
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc) == (second.scheme, second.netloc)


def _host(address: str) -> str:
    return one_line(urlsplit(address).netloc.rpartition("@")[2], 80) or "it"


def _amount(size: int) -> str:
    return f"{size >> 20} MB" if size >= 1 << 20 else f"{size:,} bytes"


def _why(error: Exception) -> str:
    return one_line(str(error), _SHOWN) or type(error).__name__

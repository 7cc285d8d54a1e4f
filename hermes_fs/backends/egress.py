"""The way out of a sandbox: an HTTP proxy that connects to granted hosts only, and to no address of this machine's own.

It accepts on a socket that was made inside the sandbox, and connects from outside. A name is resolved once, here, and
the address that was judged is the one connected to, so a name whose answer changes gains nothing.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from hermes_fs.core.errors import UsageError

MOST_CONNECTIONS = 64
CONNECT_SECONDS = 20.0
IDLE_SECONDS = 600.0
_LONGEST_HEAD = 64 * 1024
_MOST_REFUSED = 20
_HOP = frozenset(("proxy-connection", "proxy-authorization", "connection", "keep-alive"))

Resolve = Callable[[str, int], Sequence[str]]
"""A name's addresses, as text. Raises OSError."""


def resolve(host: str, port: int) -> list[str]:
    """As this machine resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request wants to go. `head` is what is sent on for it, b"" for a tunnel."""

    host: str
    port: int
    head: bytes = b""


class Denied(Exception):
    """A request that is not let out; the text says why."""


class Egress:
    """Serves until its socket is closed. `granted` is asked at every request: host names or addresses, each with an
    optional `:port`; `*.name` grants all below a name; "" grants every public host."""

    def __init__(
        self,
        listener: socket.socket,
        granted: Callable[[], Sequence[str]],
        resolving: Resolve = resolve,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._listener = listener
        self._granted = granted
        self._resolve = resolving
        self._upstream = _upstream(environ)
        self._slots = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._refused: dict[str, None] = {}
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self._serve, name="egress", daemon=True).start()

    def take_refused(self) -> list[str]:
        """Whom commands asked for in vain since the last call, and why, a line each."""
        with self._lock:
            taken, self._refused = list(self._refused), {}
        return taken

    def cut(self) -> None:
        """Ends every connection that is open now; who may still go out connects again."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):  # it has just ended by itself
                    connection.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        self._listener.setblocking(True)
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                if self._listener.fileno() < 0:
                    return
                time.sleep(0.05)  # out of descriptors
                continue
            self._slots.acquire()
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        try:
            with connection:
                with self._lock:
                    self._open.add(connection)
                connection.settimeout(CONNECT_SECONDS)
                try:
                    self._pass_on(connection)
                finally:
                    with self._lock:
                        self._open.discard(connection)
        except (OSError, ValueError):
            return  # one of both sides went away
        finally:
            self._slots.release()

    def _pass_on(self, connection: socket.socket) -> None:
        head, rest = _read_head(connection)
        try:
            target = parse(head)
            outside = self._connect(target)
        except Denied as denied:
            self._note(str(denied))
            connection.sendall(_answer(403, "Forbidden", str(denied)))
            return
        except OSError as error:
            connection.sendall(_answer(502, "Bad Gateway", f"{error.strerror or error}"))
            return
        with outside:
            if target.head:
                outside.sendall(target.head + rest)
            else:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                outside.sendall(rest)
            _pump(connection, outside)

    def _connect(self, target: Target) -> socket.socket:
        grant = granted_by(self._granted(), target.host, target.port)
        if grant is None:
            raise Denied(f"network is off here for {target.host}:{target.port}")
        if self._upstream and not _is_address(target.host):
            return _through(self._upstream, target)
        addresses = self._resolve(target.host, target.port)
        allowed = [address for address in addresses if may_reach(address, target.host, self._granted())]
        if not allowed:
            raise Denied(f"{target.host} is {', '.join(addresses)}, an address of this machine or its own network")
        return _first(allowed, target.port)

    def _note(self, line: str) -> None:
        with self._lock:
            if len(self._refused) < _MOST_REFUSED:
                self._refused[line] = None


def grant(host: str) -> str:
    """A grant as it is compared. Raises UsageError for what names no host."""
    wanted = host.strip().lower()
    name, _, port = wanted.rpartition(":") if wanted.count(":") == 1 else (wanted, "", "")
    if (host and not name) or (port and not port.isdecimal()) or any(sign in name for sign in " /@\\\n"):
        raise UsageError(f"not a host: {host!r}", "name one such as example.org or example.org:443")
    return wanted


def parse(head: bytes) -> Target:
    """CONNECT host:port, or a request for an absolute http: address. Raises Denied for anything else."""
    line, _, fields = head.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if len(words) != 3:
        raise Denied("not a request to a proxy")
    method, wanted, version = words
    if method == "CONNECT":
        host, _, port = wanted.rpartition(":")
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise Denied("a tunnel needs host:port")
        return Target(_plain(host), int(port))
    try:
        url = urlsplit(wanted)
        port_number = url.port or 80
    except ValueError as error:
        raise Denied("not an address") from error
    if url.scheme != "http" or not url.hostname:
        raise Denied("only CONNECT and http: addresses go out here")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    kept = [row for row in fields.split(b"\r\n") if row and _name(row) not in _HOP and _name(row) != "host"]
    first = f"{method} {path} {version}".encode("latin-1")
    host_row = b"Host: " + url.netloc.rpartition("@")[2].encode("latin-1")
    return Target(
        _plain(url.hostname), port_number, b"\r\n".join((first, host_row, b"Connection: close", *kept)) + b"\r\n\r\n"
    )


def granted_by(grants: Sequence[str], host: str, port: int) -> str | None:
    """The grant that names this host, by name, by `*.` and a name above it, or "" for all."""
    for grant in grants:
        name, _, number = grant.rpartition(":") if grant.count(":") == 1 else (grant, "", "")
        if number and int(number) != port:
            continue
        name = _plain(name)
        if name == host or (name.startswith("*.") and host.endswith(name[1:])):
            return grant
    return "" if "" in grants else None


def may_reach(address: str, host: str, grants: Sequence[str]) -> bool:
    """Public addresses, and those that a grant spells out; localhost may be this machine. A name alone opens nothing in
    the machine's own networks: whoever owns the name says where it leads."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if found.is_global and not found.is_multicast and not _carries_another(found):
        return True
    spelled = {_plain(grant.rpartition(":")[0] if grant.count(":") == 1 else grant) for grant in grants}
    return str(found) in spelled or (host == "localhost" and found.is_loopback and "localhost" in spelled)


def _carries_another(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """6to4, Teredo and NAT64 addresses lead to whatever IPv4 address is written in them."""
    if isinstance(address, ipaddress.IPv4Address):
        return False
    return bool(address.sixtofour or address.teredo) or address in ipaddress.ip_network("64:ff9b::/96")


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _name(row: bytes) -> str:
    return row.partition(b":")[0].strip().lower().decode("latin-1")


def _upstream(environ: Mapping[str, str]) -> tuple[str, int] | None:
    """The proxy that this machine itself goes out by, if any."""
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        url = urlsplit(environ.get(name, ""))
        if url.scheme == "http" and url.hostname and not url.username:
            return url.hostname, url.port or 80
    return None


def _through(upstream: tuple[str, int], target: Target) -> socket.socket:
    """A tunnel by way of the machine's own proxy, which resolves the name and is the one to judge the address."""
    connection = socket.create_connection(upstream, CONNECT_SECONDS)
    connection.sendall(
        f"CONNECT {target.host}:{target.port} HTTP/1.1\r\nHost: {target.host}:{target.port}\r\n\r\n".encode()
    )
    head, _ = _read_head(connection)
    if head.split(b" ")[1:2] != [b"200"]:
        connection.close()
        raise OSError(f"this machine's proxy refused {target.host}")
    return connection


def _first(addresses: Sequence[str], port: int) -> socket.socket:
    problem: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), CONNECT_SECONDS)
        except OSError as error:
            problem = error
    raise problem or OSError("no address")


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    """The lines up to the empty one, and what came behind it."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece or len(data) > _LONGEST_HEAD:
            raise ValueError("no request")
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _answer(code: int, reason: str, text: str) -> bytes:
    body = f"hermes sandbox: {text}{'. Ask for this host to be allowed.' if code == 403 else ''}\n".encode()
    fields = ("Content-Type: text/plain", f"Content-Length: {len(body)}", "Connection: close")
    return "\r\n".join((f"HTTP/1.1 {code} {reason}", *fields, "", "")).encode() + body


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Both ways, until both have said all, or nothing came for long."""
    toward = {one: other, other: one}
    for each in toward:
        each.settimeout(IDLE_SECONDS)
    while toward:
        ready, _, _ = select.select(list(toward), [], [], IDLE_SECONDS)
        if not ready:
            return
        for each in ready:
            data = each.recv(65536)
            if data:
                toward[each].sendall(data)
            else:
                with contextlib.suppress(OSError):  # it closed first
                    toward[each].shutdown(socket.SHUT_WR)
                del toward[each]

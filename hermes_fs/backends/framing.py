"""Messages over a stream socket: a length of four bytes, JSON, and descriptors beside it. Knows no message."""

from __future__ import annotations

import array
import json
import socket
import struct
from collections.abc import Sequence
from typing import Any

LONGEST = 64 * 1024 * 1024
_LENGTH = struct.Struct("=I")


def send(connection: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Blocks until it is on its way. Raises OSError."""
    body = json.dumps(message).encode()
    data = _LENGTH.pack(len(body)) + body
    if descriptors:
        beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        data = data[connection.sendmsg([data], beside) :]
    connection.sendall(data)


def receive(connection: socket.socket) -> dict[str, Any]:
    """Blocks until there is a whole one. Raises OSError at the end, ValueError for what is no message."""
    (size,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    if size > LONGEST:
        raise ValueError("a message that is too long")
    found = json.loads(_exactly(connection, size))
    if not isinstance(found, dict):
        raise ValueError("no message")
    return found


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionError("the other side has gone")
        data += piece
    return bytes(data)

"""A loopback server that speaks as much of Honcho's wire as our adapter uses. It proves our side only: what we send and
how we read what the SDK makes of it. Its reasoning is a function of the test's, not Honcho's.

Shapes as honcho-ai 2.7 reads and writes them (https://docs.honcho.dev/v3/api-reference).
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

_NOW = "2026-01-31T08:15:00Z"
Derive = Callable[[str], str]
"""What is concluded from a message, "" for nothing."""
Reply = Callable[[str], str]
"""The answer to a question, "" for none."""


class HonchoServer:
    """Use as a context manager. `requests` are those that came: method, path, headers, body; `fail` is a status that
    every further request is answered with; while `hanging` is set none is; `odd` gives a path another body, `...` for
    the right one."""

    def __init__(self, derive: Derive = lambda text: "", reply: Reply = lambda question: "") -> None:
        self.derive, self.reply = derive, reply
        self.requests: list[dict[str, Any]] = []
        self.fail = 0
        self.hanging = threading.Event()
        self.odd: Callable[[str], Any] = lambda path: ...
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.conclusions: list[dict[str, Any]] = []
        self._count = itertools.count(1)
        self._lock = threading.Lock()
        owner = self

        class Handler(_Handler):
            server_side = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hanging.clear()
        self._server.shutdown()
        self._server.server_close()

    def conclude(self, peer: str, text: str, session: str | None = None, **more: Any) -> str:
        """Hold a conclusion about a peer; returns its id."""
        made = {
            "id": f"c{next(self._count)}", "content": text, "observer_id": peer, "observed_id": peer,
            "session_id": session, "level": "explicit", "created_at": _NOW, **more,
        }  # fmt: skip
        self.conclusions.append(made)
        return str(made["id"])

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """(status, body) of a request."""
        with self._lock:
            for wanted, pattern, make in _ROUTES:
                found = re.fullmatch(rf"/v3/workspaces{pattern}", path.partition("?")[0])
                if found and method == wanted:
                    made = make(self, found, body)
                    return (404, {"detail": "not found"}) if made is None else (200, made)
        return 404, {"detail": f"no route {method} {path}"}

    # -- routes -------------------------------------------------------------------------------------------------------

    def _workspace(self, found: re.Match[str], body: dict[str, Any]) -> Any:
        return {"id": body["id"], "metadata": {}, "configuration": {}, "created_at": _NOW}

    def _peer(self, found: re.Match[str], body: dict[str, Any]) -> Any:
        return {"id": body["id"], "workspace_id": found[1], "created_at": _NOW, "metadata": {}, "configuration": {}}

    def _session(self, found: re.Match[str], body: dict[str, Any]) -> Any:
        return {**self._peer(found, body), "is_active": True}

    def _add(self, found: re.Match[str], body: dict[str, Any]) -> Any:
        made = [
            {"id": f"m{next(self._count)}", "session_id": found[2], "workspace_id": found[1], "token_count": 1,
             "created_at": _NOW, "metadata": {}, **one}
            for one in body["messages"]
        ]  # fmt: skip
        self.messages.setdefault(found[2], []).extend(made)
        for one in made:
            if text := self.derive(one["content"]):
                self.conclude(one["peer_id"], text, found[2])
        return made

    def _messages(self, found: re.Match[str], body: dict[str, Any]) -> Any:
        return _page(self.messages.get(found[2], []))

    def _list(self, found: re.Match[str], body: dict[str, Any]) -> Any:
        wanted = (body.get("filters") or {}).items()
        return _page([one for one in self.conclusions if all(one[key] == value for key, value in wanted)])

    def _delete(self, found: re.Match[str], body: dict[str, Any]) -> Any:
        kept = [one for one in self.conclusions if one["id"] != found[2]]
        gone = len(kept) < len(self.conclusions)
        self.conclusions = kept
        return {} if gone else None

    def _chat(self, found: re.Match[str], body: dict[str, Any]) -> Any:
        mine = [one for one in self.conclusions if one["observed_id"] == found[2]]
        said = self.reply(body["query"]) if mine else ""
        read = {"conclusions": mine if said else [], "messages": [], "tool_calls": []}
        return {"content": said or None, "evidence": read if body.get("include_evidence") else None}


_ROUTES: tuple[tuple[str, str, Callable[[HonchoServer, re.Match[str], dict[str, Any]], Any]], ...] = (
    ("POST", "", HonchoServer._workspace),
    ("POST", "/([^/]+)/peers", HonchoServer._peer),
    ("POST", "/([^/]+)/sessions", HonchoServer._session),
    ("POST", "/([^/]+)/sessions/([^/]+)/messages", HonchoServer._add),
    ("POST", "/([^/]+)/sessions/([^/]+)/messages/list", HonchoServer._messages),
    ("POST", "/([^/]+)/conclusions/list", HonchoServer._list),
    ("DELETE", "/([^/]+)/conclusions/([^/]+)", HonchoServer._delete),
    ("POST", "/([^/]+)/peers/([^/]+)/chat", HonchoServer._chat),
)


def _page(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": items, "page": 1, "size": max(len(items), 1), "total": len(items), "pages": 1}


class _Handler(BaseHTTPRequestHandler):
    server_side: HonchoServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _serve(self, method: str) -> None:
        side = self.server_side
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        side.requests.append({"method": method, "path": self.path, "headers": dict(self.headers), "body": body})
        while side.hanging.is_set():
            threading.Event().wait(0.02)
        status, made = (side.fail, {"detail": "as told"}) if side.fail else side.answer(method, self.path, body)
        odd = side.odd(self.path)
        data = json.dumps(made if odd is ... else odd).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

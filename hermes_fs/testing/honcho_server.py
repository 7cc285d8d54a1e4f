"""A loopback server that speaks as much of Honcho's wire as our adapter uses. It proves our side only: what we send and
how we read what the SDK makes of it. Its reasoning is a function of the test's, not Honcho's.

Shapes as honcho-ai 2.7 reads and writes them (https://docs.honcho.dev/v3/api-reference).
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from typing import Any

from hermes_fs.testing.loopback import Incoming, Loopback, Outgoing

_ALL = "/v3/workspaces"
_JSON = {"Content-Type": "application/json"}
_NOW = "2026-01-31T08:15:00Z"
Derive = Callable[[str], str]
"""What is concluded from a message, "" for nothing."""
Reply = Callable[[str], str]
"""The answer to a question, "" for none."""


class HonchoServer(Loopback):
    """`fail` is a status that every further request is answered with; while `hanging` is set none is; `odd` gives a
    path another body, `...` for the right one."""

    def __init__(self, derive: Derive = lambda text: "", reply: Reply = lambda question: "") -> None:
        super().__init__(
            ("POST", _ALL, self._workspace),
            ("POST", f"{_ALL}/([^/]+)/peers", self._peer),
            ("POST", f"{_ALL}/([^/]+)/sessions", self._session),
            ("POST", f"{_ALL}/([^/]+)/sessions/([^/]+)/messages", self._add),
            ("POST", f"{_ALL}/([^/]+)/sessions/([^/]+)/messages/list", self._messages),
            ("POST", f"{_ALL}/([^/]+)/conclusions/list", self._list),
            ("DELETE", f"{_ALL}/([^/]+)/conclusions/([^/]+)", self._delete),
            ("POST", f"{_ALL}/([^/]+)/peers/([^/]+)/chat", self._chat),
        )
        self.derive, self.reply = derive, reply
        self.fail = 0
        self.hanging = threading.Event()
        self.odd: Callable[[str], Any] = lambda path: ...
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.conclusions: list[dict[str, Any]] = []
        self._count = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return self.root

    def __exit__(self, *why: object) -> None:
        self.hanging.clear()
        super().__exit__(*why)

    def conclude(self, peer: str, text: str, session: str | None = None, **more: Any) -> str:
        """Hold a conclusion about a peer; returns its id."""
        made = {
            "id": f"c{next(self._count)}", "content": text, "observer_id": peer, "observed_id": peer,
            "session_id": session, "level": "explicit", "created_at": _NOW, **more,
        }  # fmt: skip
        self.conclusions.append(made)
        return str(made["id"])

    def answer(self, asked: Incoming) -> Outgoing:
        while self.hanging.is_set():
            threading.Event().wait(0.02)
        if self.fail:
            made = Outgoing({"detail": "as told"}, self.fail)
        else:
            with self._lock:
                made = super().answer(asked)
        odd = self.odd(asked.path)
        return made if odd is ... else Outgoing(json.dumps(odd).encode(), made.status, _JSON)

    # -- routes -------------------------------------------------------------------------------------------------------

    def _workspace(self, asked: Incoming) -> Outgoing:
        return Outgoing({"id": asked.body["id"], "metadata": {}, "configuration": {}, "created_at": _NOW})

    def _peer(self, asked: Incoming, workspace: str) -> Outgoing:
        return Outgoing(_member(asked, workspace))

    def _session(self, asked: Incoming, workspace: str) -> Outgoing:
        return Outgoing({**_member(asked, workspace), "is_active": True})

    def _add(self, asked: Incoming, workspace: str, session: str) -> Outgoing:
        made = [
            {"id": f"m{next(self._count)}", "session_id": session, "workspace_id": workspace, "token_count": 1,
             "created_at": _NOW, "metadata": {}, **one}
            for one in asked.body["messages"]
        ]  # fmt: skip
        self.messages.setdefault(session, []).extend(made)
        for one in made:
            if text := self.derive(one["content"]):
                self.conclude(one["peer_id"], text, session)
        return Outgoing(made)

    def _messages(self, asked: Incoming, workspace: str, session: str) -> Outgoing:
        return _page(self.messages.get(session, []))

    def _list(self, asked: Incoming, workspace: str) -> Outgoing:
        wanted = (asked.body.get("filters") or {}).items()
        return _page([one for one in self.conclusions if all(one[key] == value for key, value in wanted)])

    def _delete(self, asked: Incoming, workspace: str, conclusion: str) -> Outgoing:
        kept = [one for one in self.conclusions if one["id"] != conclusion]
        gone = len(kept) < len(self.conclusions)
        self.conclusions = kept
        return Outgoing({}) if gone else Outgoing({"detail": "not found"}, 404)

    def _chat(self, asked: Incoming, workspace: str, peer: str) -> Outgoing:
        mine = [one for one in self.conclusions if one["observed_id"] == peer]
        said = self.reply(asked.body["query"]) if mine else ""
        read = {"conclusions": mine if said else [], "messages": [], "tool_calls": []}
        return Outgoing({"content": said or None, "evidence": read if asked.body.get("include_evidence") else None})


def _member(asked: Incoming, workspace: str) -> dict[str, Any]:
    known = {"workspace_id": workspace, "created_at": _NOW, "metadata": {}, "configuration": {}}
    return {"id": asked.body["id"], **known}


def _page(items: list[dict[str, Any]]) -> Outgoing:
    return Outgoing({"items": items, "page": 1, "size": max(len(items), 1), "total": len(items), "pages": 1})

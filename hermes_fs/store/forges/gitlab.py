"""Merge requests of GitLab, by its REST API; without a token, by options of the push itself.

Shapes as of "Merge requests API" and "Notes API" (docs.gitlab.com/api), options as of "Push options"
(docs.gitlab.com/topics/git/commit).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode

from hermes_fs.store.forges.forge import (
    COMMENTS,
    Comment,
    Draft,
    Pull,
    PullState,
    account,
    comment,
    commit,
    link,
    number_of,
    open_or_change,
    require,
    row,
    rows,
)
from hermes_fs.store.forges.wire import Wire

_PAGE = 100
_STATES: dict[str, PullState] = {"merged": "merged", "closed": "closed"}


def secret(token: str) -> dict[str, str]:
    return {"private-token": token}


@dataclass(frozen=True, slots=True)
class GitLab:
    """One project, `group/…/name`."""

    wire: Wire
    repository: str
    kind: Literal["gitlab"] = "gitlab"

    @property
    def host(self) -> str:
        return self.wire.host

    def open_pull(self, draft: Draft) -> tuple[Pull, bool]:
        text = {"title": draft.title, "description": draft.body}
        ends = {"source_branch": draft.branch, "target_branch": draft.base, "remove_source_branch": True}
        return open_or_change(
            lambda: self._open_one(draft),
            lambda: self._pull(self.wire.ask("POST", self._at(""), {**text, **ends})),
            lambda number: self._pull(self.wire.ask("PUT", self._at(f"/{number}"), text)),
        )

    def state_of(self, number: int) -> Pull:
        return self._pull(self.wire.ask("GET", self._at(f"/{number}")))

    def comments_of(self, number: int) -> list[Comment]:
        notes = (one for one in self._notes(number) if one.get("system") is not True)  # those are GitLab's own
        found = [comment(one, "c", "username") for one in notes]
        return sorted((one for one in found if one), key=lambda one: one.when)

    def _open_one(self, draft: Draft) -> int:
        """The number of the open merge request of this branch, 0 for none."""
        query = urlencode({"state": "opened", "source_branch": draft.branch, "target_branch": draft.base})
        found = rows(self.wire.ask("GET", self._at(f"?{query}")))
        mine = (one for one in found if one.get("source_branch") == draft.branch)
        return next((number for one in mine if (number := number_of(one.get("iid")))), 0)

    def _notes(self, number: int) -> Iterator[Any]:
        for page in range(1, COMMENTS // _PAGE + 1):
            query = f"sort=asc&order_by=created_at&per_page={_PAGE}&page={page}"
            found = rows(self.wire.ask("GET", self._at(f"/{number}/notes?{query}")))
            yield from found
            if len(found) < _PAGE:
                break

    def _pull(self, raw: Any) -> Pull:
        return require(_pull(raw), self.host)

    def _at(self, path: str) -> str:
        return f"/projects/{quote(self.repository, safe='')}/merge_requests{path}"


def _pull(raw: Any) -> Pull:
    found = row(raw)
    state = _STATES.get(str(found.get("state")), "open")
    who = {"merged": found.get("merge_user") or found.get("merged_by"), "closed": found.get("closed_by")}.get(state)
    names = ("merge_commit_sha", "squash_commit_sha", "sha") if state == "merged" else ()
    merged = next((oid for name in names if (oid := commit(found.get(name)))), "")
    return Pull(number_of(found.get("iid")), link(found.get("web_url")), state, account(who, "username"), merged)

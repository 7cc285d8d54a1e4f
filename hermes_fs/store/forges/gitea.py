"""Pull requests of Gitea and Forgejo, by the REST API that both speak.

Shapes as of the "Gitea API" reference (its swagger file, /api/swagger of each server): repository, issue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from hermes_fs.core.errors import NotFound
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

_PAGE = 50  # the most that a server gives by default
_OPEN = 500


def secret(token: str) -> dict[str, str]:
    return {"authorization": f"token {token}"}


@dataclass(frozen=True, slots=True)
class Gitea:
    """One repository, `owner/name`."""

    wire: Wire
    repository: str
    kind: Literal["gitea"] = "gitea"

    @property
    def host(self) -> str:
        return self.wire.host

    def open_pull(self, draft: Draft) -> tuple[Pull, bool]:
        text = {"title": draft.title, "body": draft.body}
        ends = {"head": draft.branch, "base": draft.base}
        return open_or_change(
            lambda: self._open_one(draft),
            lambda: self._pull(self.wire.ask("POST", self._at("pulls"), {**text, **ends})),
            lambda number: self._pull(self.wire.ask("PATCH", self._at(f"pulls/{number}"), text)),
        )

    def state_of(self, number: int) -> Pull:
        found = row(self.wire.ask("GET", self._at(f"pulls/{number}")))
        return self._pull(found, self._closed_by(number) if _state(found) == "closed" else "")

    def comments_of(self, number: int) -> list[Comment]:
        said = rows(self.wire.ask("GET", self._at(f"issues/{number}/comments")))[:COMMENTS]
        found = [comment(one, "c", "login") for one in said]
        for review in self._pages(f"pulls/{number}/reviews", COMMENTS):
            found.append(comment(review, "v", "login", when="submitted_at"))
            id = number_of(review.get("id"))
            if id and review.get("comments_count"):
                lines = rows(self.wire.ask("GET", self._at(f"pulls/{number}/reviews/{id}/comments")))
                found += [comment(one, "r", "login") for one in lines]
            if len(found) > COMMENTS:
                break
        return sorted((one for one in found[:COMMENTS] if one), key=lambda one: one.when)

    def _open_one(self, draft: Draft) -> int:
        """The number of the open pull request of this branch, 0 for none."""
        for one in self._pages("pulls?state=open", _OPEN):
            ends = row(one.get("head")).get("ref"), row(one.get("base")).get("ref")
            if ends == (draft.branch, draft.base):
                return number_of(one.get("number"))
        return 0

    def _closed_by(self, number: int) -> str:
        try:
            events = rows(self.wire.ask("GET", self._at(f"issues/{number}/timeline?limit={_PAGE}")))
        except NotFound:  # an older server
            return ""
        return next((account(one.get("user"), "login") for one in reversed(events) if one.get("type") == "close"), "")

    def _pages(self, path: str, most: int) -> Iterator[Any]:
        joint = "&" if "?" in path else "?"
        for page in range(1, most // _PAGE + 1):
            found = rows(self.wire.ask("GET", self._at(f"{path}{joint}limit={_PAGE}&page={page}")))
            yield from found
            if len(found) < _PAGE:
                break

    def _pull(self, raw: Any, closed_by: str = "") -> Pull:
        return require(_pull(raw, closed_by), self.host)

    def _at(self, path: str) -> str:
        return f"/repos/{quote(self.repository)}/{path}"


def _pull(raw: Any, closed_by: str = "") -> Pull:
    found = row(raw)
    state = _state(found)
    merged = commit(found.get("merge_commit_sha") or found.get("merged_commit_id")) if state == "merged" else ""
    by = account(found.get("merged_by"), "login") if state == "merged" else closed_by
    return Pull(number_of(found.get("number")), link(found.get("html_url")), state, by, merged)


def _state(found: Any) -> PullState:
    if found.get("merged") is True:
        return "merged"
    return "closed" if found.get("state") == "closed" else "open"

"""Pull requests of GitHub and GitHub Enterprise, by its REST API.

Shapes as of "REST API endpoints for pull requests", "… for issue comments", "… for pull request review comments" and
"… for pull request reviews" (docs.github.com/rest, version 2022-11-28).
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

VERSION = "2022-11-28"
_PAGE = 100


def headers() -> dict[str, str]:
    return {"accept": "application/vnd.github+json", "x-github-api-version": VERSION}


def secret(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class GitHub:
    """One repository, `owner/name`."""

    wire: Wire
    repository: str
    kind: Literal["github"] = "github"

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
        closed_by = ""
        if _state(found) == "closed":
            closed_by = account(row(self.wire.ask("GET", self._at(f"issues/{number}"))).get("closed_by"), "login")
        return self._pull(found, closed_by)

    def comments_of(self, number: int) -> list[Comment]:
        found = [
            comment(one, prefix, "login", when=when)
            for prefix, path, when in (
                ("c", f"issues/{number}/comments", "created_at"),
                ("r", f"pulls/{number}/comments", "created_at"),
                ("v", f"pulls/{number}/reviews", "submitted_at"),
            )
            for one in self._pages(path)
        ]
        return sorted((one for one in found if one), key=lambda one: one.when)

    def _open_one(self, draft: Draft) -> int:
        """The number of the open pull request of this branch, 0 for none."""
        owner = self.repository.partition("/")[0]
        query = urlencode({"state": "open", "base": draft.base, "head": f"{owner}:{draft.branch}"})
        found = rows(self.wire.ask("GET", self._at(f"pulls?{query}")))
        mine = (one for one in found if row(one.get("head")).get("ref") == draft.branch)
        return next((number for one in mine if (number := number_of(one.get("number")))), 0)

    def _pages(self, path: str) -> Iterator[Any]:
        for page in range(1, COMMENTS // _PAGE + 1):
            found = rows(self.wire.ask("GET", self._at(f"{path}?per_page={_PAGE}&page={page}")))
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
    merged = commit(found.get("merge_commit_sha")) if state == "merged" else ""  # of an open one it is a trial
    by = account(found.get("merged_by"), "login") if state == "merged" else closed_by
    return Pull(number_of(found.get("number")), link(found.get("html_url")), state, by, merged)


def _state(found: Any) -> PullState:
    if found.get("merged") is True or isinstance(found.get("merged_at"), str):
        return "merged"
    return "closed" if found.get("state") == "closed" else "open"

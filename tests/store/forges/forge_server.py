"""Loopback servers that speak as much of three forges' documented REST APIs as our adapters use, with a bare repository
behind. They prove our side of the wire only: what we send, and how we read answers of the documented shapes.
"""

from __future__ import annotations

import itertools
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from hermes_fs.testing.loopback import Incoming, Loopback, Outgoing

TOKEN = "tok-" + "3f9a" * 6
WHEN = "2026-11-21T12:00:{:02d}Z"


@dataclass
class Request:
    """A pull request as every forge has one. `said` are (kind, author, text) with kind c, r or v."""

    number: int
    head: str
    base: str
    title: str
    body: str
    state: str = "open"
    by: str = ""
    merged: str = ""
    said: list[tuple[str, str, str]] = field(default_factory=list)


class ForgeServer(Loopback):
    """One repository `owner/mind`, below `api`. Without the token everything is 401; a branch that is not in `bare`, or
    has a pull request already, is refused."""

    kind = ""
    prefix = ""
    refused = 422

    def __init__(self, bare: Path) -> None:
        super().__init__()
        self.bare = bare
        self.pulls: dict[int, Request] = {}
        self.numbers = itertools.count(12)
        self.late = False
        self.routes = [("", f"{re.escape(self.prefix)}(/.*)", self._checked)]

    @property
    def api(self) -> str:
        return self.root + self.prefix

    def token_of(self, asked: Incoming) -> str:
        return asked.headers.get("authorization", "").rpartition(" ")[2]

    def _checked(self, asked: Incoming, path: str) -> Outgoing:
        if self.token_of(asked) != TOKEN:
            return Outgoing({"message": "Bad credentials"}, 401)
        query = {key: values[0] for key, values in parse_qs(asked.query).items()}
        return self.route(asked, path, query) or Outgoing({"message": "Not Found"}, 404)

    def route(self, asked: Incoming, path: str, query: dict[str, str]) -> Outgoing | None:
        raise NotImplementedError

    def create(self, head: str, base: str, title: str, body: str) -> Outgoing:
        there = subprocess.run(
            ["git", "rev-parse", "--verify", f"refs/heads/{head}"], cwd=self.bare, capture_output=True, check=False
        )
        if there.returncode:
            return Outgoing({"message": "Validation Failed", "errors": [{"field": "head", "code": "invalid"}]}, 422)
        if any(one.head == head and one.state == "open" for one in self.pulls.values()):
            told = f"A pull request already exists for owner:{head}."
            return Outgoing({"message": "Validation Failed", "errors": [{"message": told}]}, self.refused)
        made = Request(next(self.numbers), head, base, title, body)
        self.pulls[made.number] = made
        return Outgoing(self.shown(made), 201)

    def open_of(self, head: str) -> list[dict[str, Any]]:
        if self.late:  # as if somebody opened it between two of our requests
            self.late = False
            return []
        return [self.shown(one) for one in self.pulls.values() if one.state == "open" and head in ("", one.head)]

    def shown(self, one: Request) -> dict[str, Any]:
        raise NotImplementedError

    def comments(self, one: Request, kind: str, author: str = "user", key: str = "login") -> list[dict[str, Any]]:
        return [
            {"id": 100 + place, "body": text, author: {key: who}, "created_at": WHEN.format(place)}
            for place, (what, who, text) in enumerate(one.said)
            if what == kind
        ]


class GitHubServer(ForgeServer):
    kind = "github"
    prefix = "/api/v3"

    def route(self, asked: Incoming, path: str, query: dict[str, str]) -> Outgoing | None:
        assert asked.headers["x-github-api-version"] == "2022-11-28"
        match asked.method, path.removeprefix("/repos/owner/mind/").split("/"):
            case "GET", ["pulls"]:
                assert query["state"] == "open" and query["base"] == "main"
                return Outgoing(self.open_of(query["head"].removeprefix("owner:")))
            case "POST", ["pulls"]:
                return self.create(**asked.body)
            case "PATCH", ["pulls", number]:
                self.pulls[int(number)].title, self.pulls[int(number)].body = asked.body["title"], asked.body["body"]
                return Outgoing(self.shown(self.pulls[int(number)]))
            case "GET", ["pulls", number] if int(number) in self.pulls:
                return Outgoing(self.shown(self.pulls[int(number)]))
            case "GET", ["issues", number]:
                by = self.pulls[int(number)].by
                return Outgoing({"number": int(number), "closed_by": {"login": by} if by else None})
            case "GET", [kind, number, what]:
                letter = {"issuescomments": "c", "pullscomments": "r", "pullsreviews": "v"}[kind + what]
                found = self.comments(self.pulls[int(number)], letter)
                if letter == "v":
                    found = [{**one, "submitted_at": one.pop("created_at")} for one in found]
                if letter == "r":
                    found = [{**one, "path": "notes/a.md"} for one in found]
                return Outgoing(found)
        return None

    def shown(self, one: Request) -> dict[str, Any]:
        return {
            "number": one.number,
            "html_url": f"https://github.example/owner/mind/pull/{one.number}",
            "state": "open" if one.state == "open" else "closed",
            "merged": one.state == "merged",
            "merge_commit_sha": one.merged or "f" * 40,  # of an open one: a trial merge
            "merged_by": {"login": one.by} if one.state == "merged" and one.by else None,
            "head": {"ref": one.head},
            "base": {"ref": one.base},
        }


class GiteaServer(ForgeServer):
    kind = "gitea"
    prefix = "/api/v1"
    refused = 409

    def route(self, asked: Incoming, path: str, query: dict[str, str]) -> Outgoing | None:
        match asked.method, path.removeprefix("/repos/owner/mind/").split("/"):
            case "GET", ["pulls"]:
                return Outgoing(self.open_of("") if query["page"] == "1" else [])
            case "POST", ["pulls"]:
                return self.create(**asked.body)
            case "PATCH", ["pulls", number]:
                self.pulls[int(number)].title, self.pulls[int(number)].body = asked.body["title"], asked.body["body"]
                return Outgoing(self.shown(self.pulls[int(number)]), 201)
            case "GET", ["pulls", number] if int(number) in self.pulls:
                return Outgoing(self.shown(self.pulls[int(number)]))
            case "GET", ["issues", number, "timeline"]:
                by = self.pulls[int(number)].by
                return Outgoing([{"type": "comment"}, {"type": "close", "user": {"login": by}}])
            case "GET", ["issues", number, "comments"]:
                return Outgoing(self.comments(self.pulls[int(number)], "c"))
            case "GET", ["pulls", number, "reviews"]:
                found = self.comments(self.pulls[int(number)], "v")
                lines = any(kind == "r" for kind, _, _ in self.pulls[int(number)].said)
                return Outgoing(
                    [{**one, "comments_count": int(lines), "submitted_at": WHEN.format(0)} for one in found]
                )
            case "GET", ["pulls", number, "reviews", _, "comments"]:
                return Outgoing([{**one, "path": "notes/a.md"} for one in self.comments(self.pulls[int(number)], "r")])
        return None

    def shown(self, one: Request) -> dict[str, Any]:
        return {
            "number": one.number,
            "html_url": f"https://gitea.example/owner/mind/pulls/{one.number}",
            "state": "open" if one.state == "open" else "closed",
            "merged": one.state == "merged",
            "merge_commit_sha": one.merged or None,
            "merged_by": {"login": one.by} if one.state == "merged" and one.by else None,
            "head": {"ref": one.head},
            "base": {"ref": one.base},
        }


class GitLabServer(ForgeServer):
    kind = "gitlab"
    prefix = "/api/v4"
    refused = 409

    def token_of(self, asked: Incoming) -> str:
        return asked.headers.get("private-token", "")

    def route(self, asked: Incoming, path: str, query: dict[str, str]) -> Outgoing | None:
        assert path.startswith("/projects/owner%2Fmind/"), path
        body = asked.body or {}
        match asked.method, unquote(path).removeprefix("/projects/owner/mind/").split("/"):
            case "GET", ["merge_requests"]:
                assert query["state"] == "opened" and query["target_branch"] == "main"
                return Outgoing(self.open_of(query["source_branch"]))
            case "POST", ["merge_requests"]:
                assert body["remove_source_branch"] is True
                return self.create(body["source_branch"], body["target_branch"], body["title"], body["description"])
            case "PUT", ["merge_requests", number]:
                self.pulls[int(number)].title, self.pulls[int(number)].body = body["title"], body["description"]
                return Outgoing(self.shown(self.pulls[int(number)]))
            case "GET", ["merge_requests", number] if int(number) in self.pulls:
                return Outgoing(self.shown(self.pulls[int(number)]))
            case "GET", ["merge_requests", number, "notes"]:
                notes = self.comments(self.pulls[int(number)], "c", "author", "username")
                system = {"id": 1, "body": "changed the title", "author": {"username": "bot"}, "system": True}
                return Outgoing([system, *({**one, "system": False} for one in notes)])
        return None

    def shown(self, one: Request) -> dict[str, Any]:
        state = "opened" if one.state == "open" else one.state
        who = {"username": one.by} if one.by else None
        return {
            "id": 90000 + one.number,
            "iid": one.number,
            "web_url": f"https://gitlab.example/owner/mind/-/merge_requests/{one.number}",
            "state": state,
            "source_branch": one.head,
            "target_branch": one.base,
            "merge_user": who if state == "merged" else None,
            "closed_by": who if state == "closed" else None,
            "merge_commit_sha": one.merged or None,
            "squash_commit_sha": None,
            "sha": "a" * 40,
        }


SERVERS = {one.kind: one for one in (GitHubServer, GiteaServer, GitLabServer)}

"""What a forge can do for proposals: the port, and the values that cross it. Everything a forge says is
foreign, and believed only in its shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from hermes_fs.core.errors import Failed
from hermes_fs.store.forges.wire import Exists

Kind = Literal["github", "gitlab", "gitea"]
PullState = Literal["open", "merged", "closed"]

COMMENTS = 300
"""Most comments of one pull request that are read."""
_COMMENT = 2000
_ACCOUNT = re.compile(r"[\w.@+-]{1,60}", re.ASCII)
_URL = re.compile(r"https?://[\w.:/%~!#?&=+-]{1,300}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Draft:
    """A pull request to open: of a branch, by its short name, into `base`; `title` is one line, `body` Markdown."""

    branch: str
    base: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as the forge has it. `merged` is the commit that it became there, where that is told; `by` the
    account that closed or merged it, "" where that is not told."""

    number: int
    url: str
    state: PullState
    by: str = ""
    merged: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote about a pull request. `id` is unique within it, `when` as the forge says."""

    id: str
    author: str
    text: str
    when: str = ""


class Forge(Protocol):
    """Blocks; every call may raise Refused, NotFound, Failed (one line each, with no token in it)."""

    @property
    def kind(self) -> Kind: ...

    @property
    def host(self) -> str: ...

    def open_pull(self, draft: Draft) -> tuple[Pull, bool]:
        """The pull request of a branch that is there already, and whether it is new: where one is open it gets this
        title and body."""
        ...

    def state_of(self, number: int) -> Pull: ...

    def comments_of(self, number: int) -> list[Comment]:
        """Oldest first, of people, not of the forge itself."""
        ...


def open_or_change(
    find: Callable[[], int], create: Callable[[], Pull], change: Callable[[int], Pull]
) -> tuple[Pull, bool]:
    """The one that is open with its text brought up to date, or a new one; and whether it is new."""
    number = find()
    if not number:
        try:
            return create(), True
        except Exists:  # somebody was quicker, or it is refused for another reason
            number = find()
            if not number:
                raise
    return change(number), False


def require(pull: Pull, host: str) -> Pull:
    """Failed for one without a number."""
    if not pull.number:
        raise Failed(f"{host} sent no pull request that can be understood", "is it the API's address?")
    return pull


def shown(kind: str, number: int) -> str:
    """As people call it: `pull request #12`, at GitLab `merge request !12`."""
    return f"merge request !{number}" if kind == "gitlab" else f"pull request #{number}"


def row(value: Any) -> Mapping[str, Any]:
    """A JSON object; empty for anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a JSON list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def number_of(value: Any) -> int:
    """A pull request's number, 0 for nonsense."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 53 else 0


def account(user: Any, key: str) -> str:
    """The name of an account in a JSON object; "" for nonsense."""
    name = row(user).get(key)
    return name if isinstance(name, str) and _ACCOUNT.fullmatch(name) else ""


def link(value: Any) -> str:
    """An address to show; "" for nonsense."""
    return value if isinstance(value, str) and _URL.fullmatch(value) else ""


def commit(value: Any) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", value) else ""


def comment(raw: Any, prefix: str, key: str, text: str = "body", when: str = "created_at") -> Comment | None:
    """One comment out of a JSON object whose author's account stands in `user` or `author`, below `key`. None without
    words, or without anybody who said them."""
    found = row(raw)
    author = account(found.get("user") or found.get("author"), key)
    said, number, at = found.get(text), found.get("id"), found.get(when)
    if not author or not isinstance(said, str) or not said.strip() or not isinstance(number, int | str):
        return None
    path = found.get("path")
    place = f"{path[:200]}: " if isinstance(path, str) and path else ""
    return Comment(f"{prefix}{number}"[:60], author, (place + said)[:_COMMENT], at if isinstance(at, str) else "")

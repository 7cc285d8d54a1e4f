"""What a forge, or whoever answers in its place, may send: each is one line, and the token stays where it belongs."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused, UsageError
from hermes_fs.store.forges import github
from hermes_fs.store.forges.forge import Draft
from hermes_fs.store.forges.gitea import Gitea
from hermes_fs.store.forges.github import GitHub
from hermes_fs.store.forges.gitlab import GitLab
from hermes_fs.store.forges.wire import LARGEST, Exists, Wire
from hermes_fs.testing.loopback import Incoming, Loopback, Outgoing

TOKEN = "tok-" + "3f9a" * 6
DRAFT = Draft("hermes/proposal/abc", "main", "a lesson", "text")


def answering(answer: Callable[[Incoming], Outgoing]) -> Loopback:
    return Loopback(("", r".*", answer))


def wire(address: str, **more: Any) -> Wire:
    return Wire(address, {}, github.secret(TOKEN), "MY_TOKEN", **more)


def failing(outgoing: Outgoing, method: str = "GET") -> HermesError:
    with answering(lambda asked: outgoing) as server, pytest.raises(HermesError) as failed:
        wire(server.root).ask(method, "/repos/o/r/pulls", None if method == "GET" else {})
    assert TOKEN not in str(failed.value) and "\n" not in str(failed.value) and "\x1b" not in str(failed.value)
    return failed.value


@pytest.mark.parametrize(
    ("outgoing", "kind", "words"),
    [
        (Outgoing({"message": "Bad credentials"}, 401), Refused, "does not accept the token in MY_TOKEN"),
        (Outgoing({"message": "no scope"}, 403), Refused, "does not allow it with the token in MY_TOKEN: no scope"),
        (Outgoing({"message": "Not Found"}, 404), NotFound, "shows no such thing"),
        (Outgoing({}, 429, {"retry-after": "60"}), Failed, "asked too often, for 60 s"),
        (Outgoing({}, 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1732204800"}), Failed, "until 16:00"),
        (Outgoing({"message": "You have exceeded a secondary rate limit"}, 403), Failed, "asked too often"),
        (Outgoing({}, 429, {"retry-after": "soon\x1b[2K"}), Failed, "asked too often"),
        (Outgoing("<html>gateway</html>", 502), Failed, "answered with 502"),
        (Outgoing({"message": f"\x1b[2Jyour {TOKEN}\nis fine"}, 400), Failed, "your [token] is fine"),
        (Outgoing({"message": ["deep", {"a": 1}]}, 400), Failed, "answered with 400"),
        (Outgoing("no json"), Failed, "sent no JSON"),
        (Outgoing("[" * 200_000), Failed, "sent no JSON"),
        (Outgoing(b"\xff\xfe\x00"), Failed, "sent no JSON"),
        (Outgoing(iter([b" " * 1_000_000] * (LARGEST // 1_000_000 + 1))), Failed, "sends more than 4 MB"),
    ],
)
def test_an_answer_that_is_none_is_one_line(outgoing: Outgoing, kind: type[HermesError], words: str) -> None:
    error = failing(outgoing)
    assert isinstance(error, kind) and words in str(error)


def test_what_exists_already_is_told_from_what_is_refused() -> None:
    body = {"message": "Validation Failed", "errors": [{"message": "A pull request already exists for o:b."}]}
    assert isinstance(failing(Outgoing(body, 422), "POST"), Exists)
    assert isinstance(failing(Outgoing({"message": ["Another open merge request exists"]}, 409), "POST"), Exists)
    assert "already exists for o:b." in str(failing(Outgoing(body, 422), "POST"))
    assert not isinstance(failing(Outgoing(body, 422), "PATCH"), Exists)


def test_a_redirect_is_followed_on_the_same_host_only_and_never_turns_a_post() -> None:
    with answering(lambda asked: Outgoing({"here": True})) as elsewhere:
        with (
            answering(lambda asked: Outgoing(b"", 302, {"location": f"{elsewhere.root}/x"})) as server,
            pytest.raises(Refused, match="points to another host"),
        ):
            wire(server.root).ask("GET", "/a")
        assert elsewhere.requests == []

    def moved(asked: Incoming) -> Outgoing:
        code = 307 if asked.path == "/kept" else 301
        return Outgoing({"got": asked.method}) if asked.path == "/new" else Outgoing(b"", code, {"location": "/new"})

    with answering(moved) as server:
        assert wire(server.root).ask("GET", "/old") == {"got": "GET"}
        assert wire(server.root).ask("POST", "/kept", {}) == {"got": "POST"}
        with pytest.raises(Failed, match="at another address"):
            wire(server.root).ask("POST", "/old", {})
    with answering(lambda asked: Outgoing(b"", 301, {"location": "/again"})) as server:
        with pytest.raises(Failed, match="without an end"):
            wire(server.root).ask("GET", "/old")
        assert len(server.requests) < 6


def test_plain_http_is_for_this_machine_alone_and_no_proxy_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("http://forge.example/api", "ftp://forge.example", "https://me:pw@forge.example", "forge.example"):
        with pytest.raises(UsageError):
            wire(address).ask("GET", "/x")
    with answering(lambda asked: Outgoing({"proxy": True})) as proxy, answering(lambda asked: Outgoing({})) as server:
        monkeypatch.setenv("http_proxy", proxy.root)
        monkeypatch.setenv("no_proxy", "")
        assert wire(server.root).ask("GET", "/x") == {}
        assert proxy.requests == []


def test_who_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Failed, match="did not answer"):
            wire(address, seconds=0.2).ask("GET", "/x")
    with pytest.raises(Failed, match="did not answer"):
        wire(address).ask("GET", "/x")

    def drip() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 70_000

    with answering(lambda asked: Outgoing(drip())) as server, pytest.raises(Failed):
        wire(server.root, seconds=0.0001).ask("GET", "/x")


@pytest.mark.slow
@pytest.mark.parametrize("kind", [GitHub, Gitea, GitLab])
@pytest.mark.parametrize(
    "odd",
    [
        None, [], {}, 7, "text", [[]], [None, 3, "x", {}],
        {"number": "12; rm", "iid": -3, "state": 4, "user": [], "merged_by": {"login": "a\x1b[2K"}},
        {"number": True, "iid": True},
        {"number": 1 << 70, "iid": 1 << 70},
    ],
)  # fmt: skip
def test_json_of_any_other_shape_is_no_pull_request(kind: Any, odd: Any) -> None:
    with answering(lambda asked: Outgoing(json.dumps(odd))) as server:
        forge = kind(wire(server.root), "o/r")
        for call in (lambda: forge.state_of(3), lambda: forge.open_pull(DRAFT)):
            with pytest.raises(Failed, match="no pull request that can be understood"):
                call()
        assert forge.comments_of(3) == []
        assert len(server.requests) < 30


def test_what_a_forge_says_of_people_and_places_is_believed_in_its_shape_only() -> None:
    raw = {
        "number": 3, "state": "closed", "merged": True, "merge_commit_sha": "--output=x", "html_url": "javascript:x",
        "merged_by": {"login": "evil\nHermes-Change: x"},
    }  # fmt: skip
    with answering(lambda asked: Outgoing(raw)) as server:
        found = GitHub(wire(server.root), "o/r").state_of(3)
    assert (found.url, found.by, found.merged, found.state) == ("", "", "", "merged")

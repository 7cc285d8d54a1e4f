"""Which forge an address leads to, and who is shown which token."""

from __future__ import annotations

import pytest

from hermes_fs.core.errors import UsageError
from hermes_fs.store.forges.choosing import Chosen, ForgeSettings, choose
from hermes_fs.testing.loopback import Loopback, Outgoing

TOKENS = {"GITHUB_TOKEN": "gh-secret", "GITLAB_TOKEN": "gl-secret", "GITEA_TOKEN": "gt-secret"}
AUTO = ForgeSettings()


def wire(chosen: Chosen) -> tuple[str, str, dict[str, str]]:
    forge = chosen.forge
    assert forge is not None, chosen.why
    return forge.wire.api, forge.repository, dict(forge.wire.secret)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("address", "api", "repository", "secret"),
    [
        ("https://github.com/ada/mind.git", "https://api.github.com", "ada/mind", "Bearer gh-secret"),
        ("git@github.com:ada/mind.git", "https://api.github.com", "ada/mind", "Bearer gh-secret"),
        ("ssh://git@ssh.github.com:443/ada/mind", "https://api.github.com", "ada/mind", "Bearer gh-secret"),
        ("https://me:pw@gitlab.com/a/b/mind/", "https://gitlab.com/api/v4", "a/b/mind", "gl-secret"),
        ("git@codeberg.org:ada/mind.git", "https://codeberg.org/api/v1", "ada/mind", "token gt-secret"),
    ],
)
def test_sites_that_are_known_get_their_own_token(address: str, api: str, repository: str, secret: str) -> None:
    assert wire(choose(address, AUTO, TOKENS))[:2] == (api, repository)
    assert list(wire(choose(address, AUTO, TOKENS))[2].values()) == [secret]


def test_an_address_that_only_looks_like_a_site_gets_none() -> None:
    for address in (
        "https://github.com.evil.example/ada/mind",
        "https://evil.example/github.com/mind",
        "https://github.com@evil.invalid/ada/mind",
        "git@github.com.evil.invalid:ada/mind",
        "/srv/github.com/mind.git",
        "file:///srv/github.com/mind.git",
    ):
        assert choose(address, AUTO, TOKENS).forge is None
    for address in ("https://github.com/../mind", "https://github.com/mind", "https://github.com/a/b%2f..%2fc"):
        assert choose(address, AUTO, TOKENS).forge is None


@pytest.mark.parametrize(
    ("path", "status", "kind"), [("/api/v1/version", 200, "gitea"), ("/api/v4/version", 401, "gitlab"), ("/x", 200, "")]
)
def test_an_unknown_host_is_asked_what_it_is_and_shown_no_token(path: str, status: int, kind: str) -> None:
    body = {"version": "1.22.0"} if status == 200 else {"message": "401 Unauthorized"}
    with Loopback(("GET", path, lambda asked: Outgoing(body, status))) as server:
        chosen = choose(f"{server.root}/ada/mind.git", AUTO, TOKENS)
        assert (chosen.kind, chosen.forge) == (kind, None)
        assert all("secret" not in str(asked.headers) for asked in server.requests)
        if kind:
            assert chosen.why == f"to use its API: hermes config set sync.forge {kind}"
            named = choose(f"{server.root}/ada/mind.git", ForgeSettings(kind), TOKENS)  # type: ignore[arg-type]
            assert wire(named)[0].startswith(server.root)


def test_without_a_token_it_is_said_which_variable_and_what_it_holds_is_never_shown() -> None:
    chosen = choose("https://github.com/ada/mind", AUTO, {"GITLAB_TOKEN": "x"})
    assert (chosen.forge, chosen.why) == (None, "no token in GH_TOKEN or GITHUB_TOKEN")
    assert chosen.web == "https://github.com/ada/mind"
    with pytest.raises(UsageError) as failed:
        choose("https://github.com/ada/mind", AUTO, {"GH_TOKEN": "two words\nhere"})
    assert "two words" not in str(failed.value) and "GH_TOKEN" in str(failed.value)
    other = ForgeSettings(token_env="MINE")
    assert choose("https://github.com/ada/mind", other, TOKENS).why == "no token in MINE"
    assert choose("https://github.com/ada/mind", ForgeSettings("none"), TOKENS).kind == ""

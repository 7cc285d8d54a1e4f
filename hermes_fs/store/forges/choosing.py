"""Chooses the forge that a remote's address leads to, and the token that may be shown to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from hermes_fs.core.errors import HermesError, Refused, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.store.forges import gitea, github, gitlab
from hermes_fs.store.forges.forge import Forge, Kind, row
from hermes_fs.store.forges.gitea import Gitea
from hermes_fs.store.forges.github import GitHub
from hermes_fs.store.forges.gitlab import GitLab
from hermes_fs.store.forges.wire import Wire

KNOWN: Mapping[str, Kind] = {
    "github.com": "github",
    "ssh.github.com": "github",
    "gitlab.com": "gitlab",
    "altssh.gitlab.com": "gitlab",
    "codeberg.org": "gitea",
    "gitea.com": "gitea",
}
TOKENS: Mapping[Kind, tuple[str, ...]] = {
    "github": ("GH_TOKEN", "GITHUB_TOKEN"),
    "gitlab": ("GITLAB_TOKEN",),
    "gitea": ("GITEA_TOKEN", "FORGEJO_TOKEN"),
}
_APIS: Mapping[Kind, str] = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}
_ALIASES = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):([^:].*)")
_PART = re.compile(r"[\w.~-]{1,200}")
_PROBE_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class ForgeSettings:
    """This machine's own: `forge` is auto, none or a kind; `api` the address of its API, "" for the usual place;
    `token_env` the name of the variable with the token, "" for the usual ones."""

    forge: Literal["auto", "github", "gitlab", "gitea", "none"] = "auto"
    api: str = ""
    token_env: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a remote is: `forge` where its API can be used, else `why` not, and `kind`, "" for no forge at all. `web` is
    the repository's page, "" where nobody knows it."""

    kind: Kind | Literal[""]
    forge: Forge | None
    why: str = ""
    web: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """`host` with its port where it is a web server's; "" for a folder. `path` has no `.git`."""

    scheme: str
    host: str
    path: str


def choose(address: str, settings: ForgeSettings, environ: Mapping[str, str], ask: bool = True) -> Chosen:
    """The forge of a remote. A token of a usual name is shown to the sites that it is known to be for; to any other
    only where this machine's settings name the forge. Unless `ask` is off, an unknown host is asked what it is, without
    a token. Raises UsageError for settings that make no sense."""
    place = _place(address)
    if settings.forge == "none":
        return Chosen("", None, "sync.forge says none")
    named = settings.forge != "auto" or bool(settings.api)
    kind = settings.forge if settings.forge != "auto" else KNOWN.get(place.host) or _asked(place, settings, ask)
    if not kind:
        return Chosen("", None, f"{place.host or 'a folder'} is no forge that is known")
    repository = _repository(kind, place)
    api = settings.api or _api(kind, place)
    if not repository or not api:
        return Chosen(kind, None, "its address is not that of a repository on a forge")
    web = f"https://{place.host}/{place.path}" if place.host in KNOWN.keys() - _ALIASES.keys() else ""
    variable, token = _token(kind, settings, environ)
    if not named and place.host not in KNOWN:
        return Chosen(kind, None, f"to use its API: hermes config set sync.forge {kind}", web)
    if not token:
        return Chosen(kind, None, f"no token in {variable}", web)
    return Chosen(kind, _forge(kind, api, repository, variable, token), web=web)


def _forge(kind: Kind, api: str, repository: str, variable: str, token: str) -> Forge:
    match kind:
        case "github":
            return GitHub(Wire(api, github.headers(), github.secret(token), variable), repository)
        case "gitlab":
            return GitLab(Wire(api, {}, gitlab.secret(token), variable), repository)
        case "gitea":
            return Gitea(Wire(api, {}, gitea.secret(token), variable), repository)


def _place(address: str) -> _Place:
    """Raises UsageError for what is no address."""
    if "://" in address:
        try:
            split = urlsplit(address)
            port = f":{split.port}" if split.port and split.scheme in ("http", "https") else ""
        except ValueError as error:
            raise UsageError(f"{one_line(address, 80)!r} is no address", "look at the remote's address") from error
        host = (split.hostname or "").lower()
        host = _ALIASES.get(host, host)
        return _Place(split.scheme, f"{host}{port}" if split.scheme != "file" else "", _trimmed(split.path))
    if found := _SCP.fullmatch(address):
        host = found[1].lower()
        return _Place("ssh", _ALIASES.get(host, host), _trimmed(found[2]))
    return _Place("file", "", _trimmed(address))


def _trimmed(path: str) -> str:
    return path.strip("/").removesuffix(".git").strip("/")


def _repository(kind: Kind, place: _Place) -> str:
    """`owner/name`, at GitLab with all groups; "" where the address has none."""
    parts = place.path.split("/")
    if any(not _PART.fullmatch(part) or part in (".", "..") for part in parts):
        return ""
    taken = parts if kind == "gitlab" and place.host else parts[-2:]
    return "/".join(taken) if len(taken) > 1 else ""


def _base(place: _Place) -> str:
    return f"{'http' if place.scheme == 'http' else 'https'}://{place.host}" if place.host else ""


def _api(kind: Kind, place: _Place) -> str:
    if kind == "github" and place.host == "github.com":
        return "https://api.github.com"
    return f"{_base(place)}{_APIS[kind]}" if place.host else ""


def _asked(place: _Place, settings: ForgeSettings, ask: bool) -> Kind | Literal[""]:
    """What an unknown host says that it is: Gitea tells its version to everybody, GitLab asks for a token first."""
    base = _base(place)
    if settings.api:
        kinds = [kind for kind, end in _APIS.items() if settings.api.rstrip("/").endswith(end)]
        return kinds[0] if kinds else ""
    if not base or not ask:
        return ""
    if _version(base + _APIS["gitea"]) == "told":
        return "gitea"
    return "gitlab" if _version(base + _APIS["gitlab"]) else ""


def _version(api: str) -> Literal["told", "for a token", ""]:
    """Whether an API says its version: to everybody, or to who has a token."""
    try:
        said = Wire(api, seconds=_PROBE_SECONDS).ask("GET", "/version")
    except Refused as error:
        return "for a token" if "does not accept" in error.message else ""
    except HermesError:
        return ""
    return "told" if isinstance(row(said).get("version"), str) else ""


def _token(kind: Kind, settings: ForgeSettings, environ: Mapping[str, str]) -> tuple[str, str]:
    """(variable, token); the token is "" where there is none, and the variables are all those that were looked at."""
    names = (settings.token_env,) if settings.token_env else TOKENS[kind]
    name = next((name for name in names if environ.get(name, "").strip()), "")
    token = environ.get(name, "").strip()
    if any(not "!" <= c <= "~" for c in token):
        raise UsageError(f"what {name} holds is no token", "set it anew")
    return (name, token) if token else (" or ".join(names), "")

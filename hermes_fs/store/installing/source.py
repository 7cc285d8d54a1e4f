"""Reads what a person names as the source of a skill: repository, forge, folder, archive, site. Opens nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from hermes_fs.core.errors import NotFound, UsageError
from hermes_fs.core.types import Origin

How = Literal["git", "folder", "archive", "site", "file"]

INDEX = "/.well-known/agent-skills/index.json"
"""Where a site says which skills it offers: the Agent Skills discovery proposal, version 0.2.0."""
FORGES: Mapping[str, str] = {
    "github": "https://github.com",
    "gitlab": "https://gitlab.com",
    "codeberg": "https://codeberg.org",
}
ARCHIVES = (".zip", ".skill", ".tar.gz", ".tgz", ".tar")

_HOSTS = {urlsplit(address).netloc: name for name, address in FORGES.items()}
_FORGE = re.compile(
    r"(?:(?P<forge>[a-z]+):)?(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)(?:/(?P<path>[^#@]*))?(?P<rest>[#@].*)?"
)
_REF = re.compile(r"[A-Za-z0-9_][\w./+-]{0,200}", re.ASCII)
_BROWSED = re.compile(r"(?:/-)?/(?:tree|blob|src/branch|src/tag|src/commit)/(?P<ref>[^/]+)/?(?P<path>.*)")
_SCP = re.compile(r"[\w.-]+@[\w.-]+:[^:]")
_EXAMPLES = "give a folder, an archive, a git address, OWNER/REPO or the address of a site"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a skill comes from. `address` is a path or an address without credentials of ours to add; `part` the
    folder or the name of the skill inside, "" for the only one; `ref` a branch, tag or commit, "" for the default."""

    how: How
    address: str
    part: str = ""
    ref: str = ""

    @property
    def text(self) -> str:
        """How a person would name it again; without a password."""
        fragment = self.part + (f"@{self.ref}" if self.ref else "")
        forced = "git+" if self.how == "git" and _looks_other(self.address) else ""
        return forced + _told(self.address) + (f"#{fragment}" if fragment else "")

    @property
    def origin(self) -> Origin:
        """Whose words its files carry."""
        return "web" if "://" in self.address or _SCP.match(self.address) else "file"


def parse(text: str, here: Path) -> Source:
    """The source that a person means; relative paths are those of the folder `here`. Raises UsageError for what is
    none, NotFound for a path with nothing there."""
    wanted = text.strip()
    if not wanted or wanted.startswith("-") or any(not letter.isprintable() for letter in wanted):
        raise UsageError(f"{text!r} names no source of skills", _EXAMPLES)
    if wanted.startswith("git+"):
        return _repository(*_cut(wanted[4:]))
    if "://" in wanted:
        return _address(*_cut(wanted))
    if _SCP.match(wanted):
        return _repository(*_cut(wanted))
    address, part, ref = _cut(wanted)
    place = (here / Path(address).expanduser()).resolve()
    if place.exists():
        return _local(place, part, ref)
    forge = _FORGE.fullmatch(wanted)
    if forge and not wanted.startswith((".", "~")) and forge["forge"] in (None, *FORGES):
        return _of_forge(forge)
    raise NotFound(f"there is nothing at {place}", _EXAMPLES)


def without_password(address: str) -> str:
    """The address as it may be shown and kept."""
    scheme, separator, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    if not separator or "@" not in host or scheme == "ssh":
        return address
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _looks_other(address: str) -> bool:
    """Whether an address of a repository would be taken for something else."""
    return address.startswith(("http:", "https:")) and _address(address, "", "").how != "git"


def _told(address: str) -> str:
    home = f"{Path.home()}/"
    return f"~/{address.removeprefix(home)}" if address.startswith(home) else without_password(address)


def _cut(text: str) -> tuple[str, str, str]:
    """(address, part, ref) of `address#part@ref`."""
    address, _, fragment = text.partition("#")
    part, _, ref = unquote(fragment).rpartition("@") if "@" in fragment else (unquote(fragment), "", "")
    if ref and (not _REF.fullmatch(ref) or ".." in ref or ref.endswith((".lock", "/", "."))):
        raise UsageError(f"{ref!r} is no name of a branch, tag or commit", "write it as ADDRESS#FOLDER@REF")
    if part.startswith("/") or ".." in part.split("/") or "\\" in part:
        raise UsageError(f"{part!r} is no folder inside of a source", "write it as ADDRESS#FOLDER@REF")
    return address, part.strip("/"), ref


def _address(address: str, part: str, ref: str) -> Source:
    split = urlsplit(address)
    scheme, path = split.scheme.lower(), split.path
    if scheme == "file":
        if path.lower().endswith(ARCHIVES):
            return _local(Path(unquote(path)), part, ref)
        return _repository(address, part, ref)
    if scheme not in ("http", "https"):
        return _repository(address, part, ref)
    if path.lower().endswith(ARCHIVES):
        return Source("archive", address, part)
    if path.endswith("/SKILL.md") and not _HOSTS.get(split.netloc):
        return Source("file", address)
    if path.endswith("/index.json"):
        return Source("site", address, part)
    if path in ("", "/"):
        return Source("site", address.rstrip("/") + INDEX, part)
    if split.netloc in _HOSTS:
        return _browsed(address, part, ref)
    return _repository(address, part, ref)


def _browsed(address: str, part: str, ref: str) -> Source:
    """A page of a forge, as copied from a browser: /owner/repo/tree/main/skills/pdf."""
    split = urlsplit(address)
    owner, _, rest = split.path.strip("/").partition("/")
    repo, slash, more = rest.partition("/")
    if not repo:
        raise UsageError(f"{address} is no repository", _EXAMPLES)
    base = f"{split.scheme}://{split.netloc}/{owner}/{repo.removesuffix('.git')}.git"
    browsed = _BROWSED.fullmatch(slash + more)
    if not browsed:
        return _repository(address, part, ref) if more else _repository(base, part, ref)
    inner = unquote(browsed["path"]).removesuffix("SKILL.md").strip("/")
    return _repository(base, *_cut(f"#{part or inner}@{ref or unquote(browsed['ref'])}")[1:])


def _of_forge(match: re.Match[str]) -> Source:
    base = f"{FORGES[match['forge'] or 'github']}/{match['owner']}/{match['repo'].removesuffix('.git')}.git"
    rest = match["rest"] or ""
    _, part, ref = _cut(f"#{match['path'] or ''}{rest}" if rest.startswith("@") or not rest else rest)
    return _repository(base, part or (match["path"] or "").strip("/"), ref)


def _repository(address: str, part: str, ref: str) -> Source:
    return Source("git", address, part, ref)


def _local(place: Path, part: str, ref: str) -> Source:
    if place.is_dir():
        return Source("git" if ref else "folder", str(place), part, ref)
    if place.name.lower().endswith(ARCHIVES):
        return Source("archive", str(place), part)
    if place.name == "SKILL.md":
        return Source("folder", str(place.parent), part)
    raise UsageError(f"{place} is no archive", f"archives end in {', '.join(ARCHIVES)}")

"""A skill from elsewhere as a person is to judge it: its files, what is found in them, what was done to it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hermes_fs.core.errors import Refused
from hermes_fs.store import alike
from hermes_fs.store.formats import front, lint, skill
from hermes_fs.store.installing import pile
from hermes_fs.store.installing.lock import Entry
from hermes_fs.store.installing.source import Source
from hermes_fs.store.judging import problems_of
from hermes_fs.store.message import Versions
from hermes_fs.store.policy import is_program
from hermes_fs.store.workspace import Workspace

MAX_INSTRUCTIONS = 200_000
"""Bytes of a SKILL.md: a model is to read it whole."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What a source gave: the files of one skill by their path in its folder `part`, what was left out, and what
    pins it (`commit` of a repository, `artifact` SHA-256 of an archive or a single file)."""

    source: Source
    part: str
    files: Mapping[str, bytes]
    left_out: tuple[str, ...] = ()
    commit: str = ""
    artifact: str = ""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A skill that may be installed as `name`. `files` are what would be installed; `sha256` is of what its publisher
    has; `remarks` say what was left out or written anew, one line each."""

    name: str
    description: str
    files: Mapping[str, bytes]
    source: Source
    sha256: str
    commit: str
    artifact: str
    remarks: tuple[str, ...]

    @property
    def programs(self) -> list[str]:
        """Paths of files that are meant to be run."""
        return [path for path, data in self.files.items() if is_program(self.place(path), data)]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))

    def place(self, path: str) -> str:
        """Where a file of it lies in the mind."""
        return f"skills/{self.name}/{path}"

    def entry(self, today: str) -> Entry:
        """Its line in skills.lock."""
        files = {path: hashlib.sha256(data).hexdigest() for path, data in self.files.items()}
        return Entry(self.source.text, files, self.sha256, self.commit, self.artifact, today)


def newcomer(found: Found, name: str = "") -> Newcomer:
    """The skill under this name, "" for its own. Its SKILL.md is written as the standard wants it. Refused for one that
    cannot be made a skill."""
    raw = found.files.get(pile.FILE)
    if raw is None:
        raise Refused(f"{found.source.text} has no {pile.FILE}", "name the folder of a skill")
    if len(raw) > MAX_INSTRUCTIONS:
        raise Refused(
            f"its {pile.FILE} has {len(raw):,} bytes, at most {MAX_INSTRUCTIONS:,} are taken", "tell its author"
        )
    text = _decoded(raw)
    name = name or _own_name(text, found)
    strict = _without_marks(skill.strictly(text, name))
    if problems := skill.check(strict, name):
        raise Refused(f"skill {name}: {problems[0]}", "tell its author")
    remarks = [*_left_out(found)]
    if strict != text:
        wrong = skill.check(text, name) or ["marks of hermes' own are left out"]
        remarks.append(f"{pile.FILE} is written as the standard wants it: {wrong[0]}")
    return Newcomer(
        name,
        skill.load(strict.encode(), name).description,
        {pile.FILE: strict.encode(), **{path: data for path, data in sorted(found.files.items()) if path != pile.FILE}},
        found.source,
        pile.digest(found.files),
        found.commit,
        found.artifact,
        tuple(remarks),
    )


def beside(workspace: Workspace, one: Newcomer) -> Newcomer:
    """With a remark where a skill that is here says nearly the same."""
    twin = alike.twin(workspace.root, workspace.state_dir, alike.text_of(one.files[pile.FILE], one.name), None)
    return replace(one, remarks=(*one.remarks, f"the skill {twin} says nearly the same")) if twin else one


def findings(workspace: Workspace, one: Newcomer) -> list[str]:
    """What speaks against it, a line each that names the file: credentials, hidden characters, orders, broken code."""
    return findings_in(workspace, one.name, {one.place(path): (None, data) for path, data in one.files.items()})


def findings_in(workspace: Workspace, name: str, versions: Versions) -> list[str]:
    """As `findings`, of files of the mind before and after: what was there before was judged before."""
    lines = problems_of(versions, "publisher", workspace.formats, workspace.trust.knows_secret)
    for path, (before, after) in versions.items():
        known = lint.problems(path, before) if before is not None else []
        lines += [f"{path}: {one}" for one in lint.problems(path, after or b"") if after and one not in known]
    return [line.removeprefix(f"skills/{name}/") for line in dict.fromkeys(lines)]


def _without_marks(text: str) -> str:
    """Whether a skill is archived or pinned is decided here, not where it comes from."""
    own = skill.metadata(front.strict(text)[0])
    return skill.with_metadata(text, {key: own[key] for key in own if key not in (skill.STATUS, skill.PINNED)})


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{pile.FILE} is no UTF-8 text", "tell its author") from error


def _own_name(text: str, found: Found) -> str:
    """What its site calls it, or it itself, else what its folder, or its source, is called."""
    own = str(skill.load(text.encode()).front.get("name") or "").strip()
    folder = (found.part or found.source.address).rstrip("/").rpartition("/")[2].lower().partition(".")[0]
    listed = found.part if found.source.how == "site" else ""
    name = next((each for each in (listed, own, folder) if each and not skill.name_problems(each)), "")
    if not name:
        raise Refused(f"the skill calls itself {own[:40]!r}, which is no name of one", "give it one with --name")
    return name


def _left_out(found: Found) -> list[str]:
    names = found.left_out
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"left out: {', '.join(names[:_SHOWN])}{more}"] if names else []

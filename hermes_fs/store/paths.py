"""Owns which paths belong to the mind, what kind of lesson each is, and who may write it. Pure; touches no disk."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from hermes_fs.core.errors import Refused
from hermes_fs.core.types import Change, Kind
from hermes_fs.store.formats.format import By

LOCK_FILE = "skills.lock"
"""Which skills came from elsewhere, and exactly what came."""

SIGNERS = "allowed_signers"
"""Whose signed lessons hold, in the format of ssh-keygen(1), ALLOWED SIGNERS."""

VARIOUS = "notes/various.md"
"""For what belongs to no topic that has a name."""

_HANDLE = r"[a-z0-9][a-z0-9._-]*"
_Rule = tuple[re.Pattern[str], Kind, Literal["yes", "reviewed", "never"]]
_MIND: tuple[_Rule, ...] = (
    (re.compile(r"MEMORY\.md"), "memory", "yes"),
    (re.compile(r"USER\.md|model\.yaml"), "user", "yes"),
    (re.compile(rf"people/{_HANDLE}/(USER\.md|model\.yaml)"), "user", "yes"),
    (re.compile(r"notes/.+"), "note", "yes"),
    (re.compile(r"skills/[^/]+/.+"), "skill", "yes"),
    (re.compile(re.escape(LOCK_FILE)), "skill", "reviewed"),
    (re.compile(r"cron\.yaml"), "cron", "yes"),
    (re.compile(r"audits/.+"), "audit", "yes"),
    (re.compile(r"conflicts/.+"), "merge", "yes"),
    (re.compile(r"people/people\.yaml"), "config", "never"),
    (re.compile(r"SOUL\.md"), "config", "reviewed"),
    (re.compile(r"AGENTS\.md|config\.yaml|allowed_signers"), "config", "never"),
    (re.compile(r"\.hermes-workspace|\.gitattributes|\.gitignore|README\.md|LICENSE"), "config", "never"),
)
"""(path, the kind of a lesson that changes it, whether the agent may: yes, once a person has seen it, never)."""

ANY_PATH: frozenset[Kind] = frozenset(("revert", "merge", "purge"))
"""Kinds that touch whatever they touch: they put together what was written before."""
_NOTED: frozenset[Kind] = frozenset(("memory", "user", "note"))
"""Kinds of which one lesson may join several."""

_FORBIDDEN_CHARACTERS = frozenset('\\:*?"<>|')
_LONGEST_NAME = 200  # bytes; file systems stop at 255
_LONGEST_PATH = 900
_LONGEST_TOPIC, _DEEPEST = 80, 4  # characters of a name, names


def author_of(change: Change) -> By:
    """Whose write a change is. Limits and protected paths bind the agent, also where it writes what the owner said.
    What the owner did with a command, no model in between, is theirs; so are settings, reverts, merges and purges that
    they ordered."""
    ordered = change.kind == "config" or change.kind in ANY_PATH or not change.provenance.model
    return "person" if ordered and change.provenance.origin == "owner" else "agent"


def kind_of(path: str) -> Kind | None:
    """The kind of a lesson that changes this path; None outside the mind."""
    return next((kind for pattern, kind, _ in _MIND if pattern.fullmatch(path)), None)


def skill_of(path: str) -> str:
    """The folder of the skill that a path belongs to (`skills/<name>`), "" for others."""
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 and parts[0] == "skills" else ""


def note_of(topic: str) -> str:
    """The path of the note on a topic that somebody put in words, "" where they hold no letter. Letters of every
    language stay, a slash makes a folder; what was a note's path stays it."""
    name = unicodedata.normalize("NFC", topic.strip()).removeprefix("notes/").removesuffix(".md")
    parts = (_short(re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", part.lower()))) for part in name.split("/"))
    kept = [part for part in parts if part][:_DEEPEST]
    return f"notes/{'/'.join(kept)}.md" if kept else ""


def _short(name: str) -> str:
    whole = name.strip("-")[:_LONGEST_TOPIC]
    return whole.encode()[: _LONGEST_NAME - len(".md")].decode("utf-8", "ignore").strip("-")


def check_change(change: Change, reviewed: bool = False) -> None:
    """Raises Refused unless every path of the change is well-formed, of its kind, and its author's to write.
    `reviewed`: a person has seen it, or will before it holds."""
    if not change.files:
        raise Refused("a change without files")
    by = author_of(change)
    for path in {**change.files, **change.expect}:
        check_path(path)
    for path in change.files:
        kind = kind_of(path)
        if kind is None:
            raise Refused(f"{path} is no path of the mind", _nearest(path))
        if by == "agent" and not _agent_may(path, reviewed):
            raise Refused(f"{path} is never written by the agent", _instead(path))
        if not _fits(change.kind, kind, by):
            raise Refused(f"a change of kind {change.kind} does not write {path}")


def _fits(asked: Kind, kind: Kind, by: By) -> bool:
    alike = asked == kind or (asked in _NOTED and kind in _NOTED)
    return alike or asked in ANY_PATH or (asked == "config" and by == "person")


def check_path(path: str) -> None:
    """Raises Refused unless the path is relative, normal, portable, and stays inside the workspace and out of .git."""
    problem = _problem(path)
    if problem:
        raise Refused(f"{path!r} {problem}", "name a path like notes/topic.md")


def _problem(path: str) -> str:
    if not path or path.startswith("/"):
        return "is not a path inside the workspace"
    if path != unicodedata.normalize("NFC", path):
        return "is not in Unicode's composed form (NFC)"
    if any(c in _FORBIDDEN_CHARACTERS or not c.isprintable() for c in path):
        return "holds a character that file names should not have"
    if len(path.encode("utf-8", "replace")) > _LONGEST_PATH:
        return "is too long"
    return next((problem for name in path.split("/") if (problem := _name_problem(name))), "")


def _name_problem(name: str) -> str:
    if name in ("", ".", ".."):
        return "is not in its shortest form"
    if name != name.strip() or name.endswith("."):
        return "has a name that starts or ends with a space or ends with a dot"
    if name.casefold() in (".git", "git~1") or name.casefold().startswith(".git/"):
        return "leads into a .git folder"
    if len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        return "has a name that is too long"
    return ""


def _agent_may(path: str, reviewed: bool) -> bool:
    allowed = ("yes", "reviewed") if reviewed else ("yes",)
    return any(agent in allowed and pattern.fullmatch(path) for pattern, _, agent in _MIND)


def _nearest(path: str) -> str:
    """A hint for a path that differs in case only, or that lies elsewhere."""
    for pattern, _, _ in _MIND:
        if re.fullmatch(pattern.pattern, path, re.IGNORECASE):
            return "mind the upper and lower case of its name"
    if path.startswith(("sessions/", "work/")):
        return "sessions/ and work/ are not kept on main"
    return "memory, notes, skills, people, cron.yaml and audits are"


def _instead(path: str) -> str:
    if path == LOCK_FILE:
        return "the owner installs skills: hermes skills install"
    return "propose it to the owner instead" if path == "SOUL.md" else "ask the owner to edit it"

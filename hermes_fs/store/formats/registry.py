"""The one table of formats: which path of the workspace has which. Knows no format's inside."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from hermes_fs.store.formats import lint, runs
from hermes_fs.store.formats.claims_format import ClaimsFormat
from hermes_fs.store.formats.config import ConfigFormat
from hermes_fs.store.formats.format import Format, Merged
from hermes_fs.store.formats.installed import InstalledFormat
from hermes_fs.store.formats.memory import MEMORY_LIMIT, USER_LIMIT, EntriesFormat
from hermes_fs.store.formats.note import NoteFormat
from hermes_fs.store.formats.plain import PlainFormat
from hermes_fs.store.formats.records import CRON, PEOPLE
from hermes_fs.store.formats.skill_format import (
    SkillFileFormat,
    SkillFormat,
    python_problems,
    yaml_problems,
)

__all__ = ["Format", "Merged", "format_of", "formats"]

_PLAIN = PlainFormat()
_TABLE: tuple[tuple[re.Pattern[str], Format], ...] = (
    (re.compile(r"notes/.+"), NoteFormat()),
    (re.compile(r"skills/[^/]+/SKILL\.md"), SkillFormat()),
    (re.compile(r"skills/[^/]+/.+\.(md|markdown)"), SkillFileFormat(join=runs.prose)),
    (re.compile(r"skills/[^/]+/.+\.py"), SkillFileFormat(problems=python_problems)),
    (re.compile(r"skills/[^/]+/.+\.json"), SkillFileFormat(problems=functools.partial(lint.problems, "skill.json"))),
    (re.compile(r"skills/[^/]+/.+\.ya?ml"), SkillFileFormat(join=runs.keyed, problems=yaml_problems)),
    (re.compile(r"skills/[^/]+/.+"), SkillFileFormat()),
    (re.compile(r"skills\.lock"), InstalledFormat()),
    (re.compile(r"cron\.yaml"), CRON),
    (re.compile(r"people/people\.yaml"), PEOPLE),
    (re.compile(r"(people/[^/]+/)?model\.yaml"), ClaimsFormat()),
    (re.compile(r"config\.yaml"), ConfigFormat()),
    (re.compile(r"audits/.+"), PlainFormat("audit", "audit", join=runs.prose, apart=True)),
    (re.compile(r"conflicts/.+"), PlainFormat("conflict", "conflict", join=runs.prose)),
    (re.compile(r".+\.md"), PlainFormat(join=runs.prose)),
)


@functools.cache
def formats(memory_limit: int = MEMORY_LIMIT, user_limit: int = USER_LIMIT) -> Callable[[str], Format]:
    """A `format_of` with these limits, in characters as rendered."""
    table = (
        (re.compile(r"MEMORY\.md"), EntriesFormat("memory", memory_limit)),
        (re.compile(r"(people/[^/]+/)?USER\.md"), EntriesFormat("user", user_limit)),
        *_TABLE,
    )

    def format_of(path: str) -> Format:
        return next((known for pattern, known in table if pattern.fullmatch(path)), _PLAIN)

    return format_of


format_of = formats()
"""The format of a workspace-relative POSIX path. Every path has one."""

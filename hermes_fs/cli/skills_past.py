"""`hermes skills log | diff`: the versions of a skill of the mind, out of its history. Reads only."""

from __future__ import annotations

from typing import Annotated

import typer

from hermes_fs.cli import dates
from hermes_fs.cli.app import example
from hermes_fs.cli.history import print_patch
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import dim, print_json, print_table
from hermes_fs.cli.skills_keep import version_of
from hermes_fs.core.clock import iso
from hermes_fs.core.errors import NotFound
from hermes_fs.store import history, skill_versions
from hermes_fs.store.skill_versions import Version
from hermes_fs.store.workspace import Workspace

LOG = example("hermes skills log deploy", "hermes skills log deploy --json")
DIFF = example("hermes skills diff deploy", "hermes skills diff deploy 2", "hermes skills diff deploy 2 5 --json")
Name = Annotated[str, typer.Argument(help="The skill's name; one that was removed has a history, too.")]


def log(
    context: typer.Context,
    name: Name,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array, newest first.")] = False,
) -> None:
    """The versions of a skill, newest first: when, why, and by whom."""
    with opened(context) as workspace:
        versions = _versions(workspace, name)
        lessons = {lesson.commit: lesson for lesson in history.walk(workspace.git, (f"skills/{name}",))}
    if as_json:
        print_json([_as_json(one, lessons[one.commit]) for one in reversed(versions)])
        return
    now = dates.utc_now()
    rows = [
        (f"v{one.number}", one.commit[:8], dates.friendly(one.when, now), lessons[one.commit].author.split(" <")[0],
         f"{one.subject}{': ' * bool(lessons[one.commit].why)}{lessons[one.commit].why}")
        for one in reversed(versions)
    ]  # fmt: skip
    print_table(("version", "lesson", "when", "by", "what, and why"), rows)
    if len(versions) > 1:
        print(dim(f"What changed: hermes skills diff {name} 1 {versions[-1].number}"))


def _as_json(one: Version, lesson: history.Lesson) -> dict[str, object]:
    return {**history.as_json(lesson), "version": one.number, "tree": one.tree, "when": iso(one.when)}


def diff(
    context: typer.Context,
    name: Name,
    old: Annotated[str, typer.Argument(metavar="[FROM]", help="A version or a date; the one before TO.")] = "",
    new: Annotated[str, typer.Argument(metavar="[TO]", help="A version or a date; as it is now.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """What changed between two versions of a skill, your own edits included; without versions, by the last one."""
    with opened(context) as workspace:
        versions = _versions(workspace, name)
        until = version_of(name, versions, new) if new else versions[-1]
        since = version_of(name, versions, old) if old else versions[until.number - 2] if until.number > 1 else None
        end = until.commit if new else workspace.tree_with_edits()
        patch = history.diff(workspace.git, since.commit if since else "", end, [f"skills/{name}"])
    if as_json:
        print_json({"name": name, "from": since.number if since else 0, "to": until.number, "diff": patch})
    else:
        print_patch(patch)


def _versions(workspace: Workspace, name: str) -> list[Version]:
    found = skill_versions.versions(workspace.git, name)
    if not found:
        raise NotFound(f"no lesson made a skill {name!r}", "see them with `hermes skills list`")
    return found

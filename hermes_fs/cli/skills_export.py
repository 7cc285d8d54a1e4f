"""`hermes skills export`: a skill as a folder or an archive that any agent of the standard loads."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli import skill_found
from hermes_fs.cli.app import example
from hermes_fs.cli.open import confirm, opened
from hermes_fs.cli.output import dim, print_json
from hermes_fs.core.errors import Refused
from hermes_fs.core.terminal import one_line
from hermes_fs.store import outcomes, skill_copy, skill_export, skill_versions
from hermes_fs.store.skill_places import Spot
from hermes_fs.store.workspace import Workspace

EPILOG = example(
    "hermes skills export parse-logs ~/.claude/skills", "hermes skills export parse-logs --archive zip --figures"
)


class Archive(enum.StrEnum):
    zip = "zip"
    tar = "tar"


def export(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The skill's name.")],
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to: DIR/NAME is made.")] = Path(),
    archive: Annotated[Archive | None, typer.Option(help="One file, DIR/NAME.zip or .tar, instead.")] = None,
    figures: Annotated[
        bool, typer.Option("--figures", help="Write its version, age and success into metadata.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Even where it holds what looks like a credential.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Copy a skill for other agents, with front matter as the standard wants it."""
    with opened(context) as workspace:
        spot = skill_found.found(workspace, name)
        goes_by = skill_export.portable(name) or "skill"
        told = _figures(workspace, spot) if figures else {}
        made = skill_export.exported(goes_by, skill_copy.files(spot), told)
        target = (folder.expanduser().resolve() / goes_by).absolute()
        root = workspace.root.resolve()
        if target.is_relative_to(root) and not target.is_relative_to(root / "work"):
            raise Refused(f"{target} is part of the mind", "export it elsewhere")
        if found := skill_export.credentials(made):
            named = ", ".join(found[:5])
            confirm(one_line(f"It holds what looks like a credential: {named}. Export it all the same?"), yes)
        if archive:
            target = target.with_name(f"{goes_by}.{archive.value}")
            skill_export.write_archive(target, goes_by, made, archive.value, force)
        else:
            skill_export.write_folder(target, made, force)
    if as_json:
        print_json({"name": goes_by, "path": str(target), "files": sorted(made), "metadata": told})
        return
    print(one_line(str(target)))
    if goes_by != name:
        print(dim(one_line(f"as {goes_by}: the standard does not take the name {name}")))


def _figures(workspace: Workspace, spot: Spot) -> dict[str, str]:
    """What is derived of a skill: which version it is, since when, and how the tasks went that used this very one."""
    versions = skill_versions.versions(workspace.git, spot.name) if spot.is_own else []
    if not versions:
        return {}
    last = versions[-1]
    told = {"hermes-version": str(last.number), "hermes-updated": f"{last.when:%Y-%m-%d}"}
    done = outcomes.by_version(outcomes.tasks(workspace.root / "sessions", workspace.state_dir))
    score = skill_versions.uses(workspace.git, spot.name, versions, done)[-1].score
    return told | ({"hermes-success": f"{score.good:g} of {score.uses} tasks"} if score.uses else {})

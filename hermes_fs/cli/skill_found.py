"""What the commands about skills share: which places count here, one skill by its name, what is wrong with one."""

from __future__ import annotations

import os
from pathlib import Path

from hermes_fs.cli.open import config_of
from hermes_fs.core.errors import HermesError, NotFound, Refused
from hermes_fs.store import skill_places
from hermes_fs.store.formats import scan, skill
from hermes_fs.store.skill_places import FILE, Place, Spot
from hermes_fs.store.workspace import Workspace


def beyond(workspace: Workspace) -> tuple[Place, ...]:
    """The read-only places, as a chat that is started here would see them."""
    return skill_places.beyond(*_told(workspace))


def left_out(workspace: Workspace) -> list[str]:
    """A line for each place that is not used."""
    return skill_places.left_out(*_told(workspace))


def _told(workspace: Workspace) -> tuple[tuple[str, ...], Path, tuple[str, ...], Path | None]:
    config = config_of(workspace.root)
    home = Path(os.environ["HOME"]) if os.environ.get("HOME") else None
    return config.skills.directories, Path.cwd(), config.trusted_directories, home


def found(workspace: Workspace, name: str) -> Spot:
    """The skill that counts under a name. Raises NotFound."""
    spot = skill_places.find(name, (skill_places.own(workspace.root), *beyond(workspace)))
    if spot is None:
        raise NotFound(f"there is no skill {name!r}", "see them with `hermes skills list`")
    return spot


def own(workspace: Workspace, name: str) -> Spot:
    """A skill of the mind, to be changed. Raises NotFound; Refused for one that lies elsewhere."""
    spot = found(workspace, name)
    if not spot.is_own:
        hint = f"change it there, or copy it: hermes skills new {name} --from {spot.folder}"
        raise Refused(f"{spot.where} is no part of the mind", hint)
    return spot


def problems(workspace: Workspace, spot: Spot) -> list[str]:
    """What the standard has against a skill; of one that came through no door, what a scan finds, too."""
    if not spot.is_own:
        data = spot.read()
        text = (data or b"").decode("utf-8", "replace")
        return ["it cannot be read"] if data is None else [*skill.check(text, spot.name), *scan.problems(text)]
    try:
        return skill.check(workspace.read(f"skills/{spot.name}/{FILE}").text, spot.name)
    except HermesError as error:
        return [str(error)]

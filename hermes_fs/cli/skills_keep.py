"""`hermes skills pin | unpin | archive | restore | remove`: what becomes of a skill of the mind. Each is a lesson."""

from __future__ import annotations

from typing import Annotated

import typer

from hermes_fs.cli import dates, gating, skill_found, skills_change
from hermes_fs.cli.app import example
from hermes_fs.cli.open import BY_HAND, confirm, opened
from hermes_fs.cli.output import bold
from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Change, Commit
from hermes_fs.store import skill_places, skill_versions, taking_back
from hermes_fs.store.formats import skill
from hermes_fs.store.installing import lock
from hermes_fs.store.paths import LOCK_FILE
from hermes_fs.store.skill_places import FILE
from hermes_fs.store.skill_versions import Version
from hermes_fs.store.workspace import Workspace

PIN = example("hermes skills pin deploy")
UNPIN = example("hermes skills unpin deploy")
ARCHIVE = example("hermes skills archive deploy --why 'the site is gone'")
RESTORE = example("hermes skills restore deploy", "hermes skills restore deploy --at 3")
REMOVE = example("hermes skills remove deploy --yes")
Name = Annotated[str, typer.Argument(help="The skill's name.")]
Why = skills_change.Why
AsJson = skills_change.AsJson


def pin(context: typer.Context, name: Name, why: Why = "", as_json: AsJson = False) -> None:
    """Have the audit leave a skill alone: it is neither called stale nor proposed for archiving or reverting."""
    with opened(context) as workspace:
        _mark(workspace, name, (skill.PINNED, "true"), why or "Pinned: the audit leaves it alone.", as_json)


def unpin(context: typer.Context, name: Name, why: Why = "", as_json: AsJson = False) -> None:
    """Let the audit look at a skill again."""
    with opened(context) as workspace:
        _mark(workspace, name, (skill.PINNED, ""), why or "Pinned no more.", as_json)


def archive(context: typer.Context, name: Name, why: Why = "", as_json: AsJson = False) -> None:
    """Put a skill away: the agent is neither told of it nor offered it. `restore` brings it back."""
    with opened(context) as workspace:
        _mark(workspace, name, (skill.STATUS, "archived"), why or "Put away.", as_json)


def _mark(workspace: Workspace, name: str, mark: tuple[str, str], why: str, as_json: bool) -> None:
    """Its words and programs stay, so the gate reads it and has nothing to try."""
    skill_found.own(workspace, name)
    path = f"skills/{name}/{FILE}"
    doc = workspace.read(path)
    fresh = skill.set_mark(doc.text, name, *mark)
    if fresh == doc.text:
        raise Refused(f"skill {name} is so already", "see it with `hermes skills list --all`")
    change = Change({path: fresh.encode()}, "skill", why, BY_HAND, {path: doc.blob})
    skills_change.say(gating.commit(workspace, change), as_json)


def restore(
    context: typer.Context,
    name: Name,
    at: Annotated[str, typer.Option(help="A version's number, or a date; without it: before its last change.")] = "",
    why: Why = "",
    override: gating.Override = "",
    as_json: AsJson = False,
) -> None:
    """Bring a skill back: out of the archive, after it was removed, or as it was at an earlier version."""
    with opened(context) as workspace:
        spot = skill_places.find(name, (skill_places.own(workspace.root),))
        data = spot.read() if spot and not at else None
        if data is not None and skill.marks(data)[0]:
            _mark(workspace, name, (skill.STATUS, ""), why or "Brought back.", as_json)
            return
        versions = skill_versions.versions(workspace.git, name)
        if not versions:
            raise NotFound(f"there never was a skill {name!r}", "see them with `hermes skills list --all`")
        wanted = version_of(name, versions, at) if at else _last(name, versions, bool(spot))
        why = why or f"Skill {name} as it was in version {wanted.number}."
        change = taking_back.restored(workspace, f"skills/{name}", wanted.commit, why, BY_HAND)
        skills_change.say(gating.commit(workspace, change, override, "publisher"), as_json)


def _last(name: str, versions: list[Version], exists: bool) -> Version:
    """The one before the present one, or the last that was."""
    kept = [one for one in (versions[:-1] if exists else versions) if one.tree]
    if not kept:
        raise NotFound("it has no earlier version", f"see them with `hermes skills log {name}`")
    return kept[-1]


def version_of(name: str, versions: list[Version], at: str) -> Version:
    """By its number, or the one that held on a date."""
    digits = at.removeprefix("v")
    if digits.isdecimal():
        fits = [one for one in versions if one.number == int(digits)]
    else:
        moment = dates.require(at, dates.utc_now())
        fits = [one for one in versions if one.when <= moment][-1:]
    if not fits or not fits[0].tree:
        raise NotFound(f"there is no version {at}", f"see them with `hermes skills log {name}`")
    return fits[0]


def remove(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="The skills' names.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Delete skills of the mind with all their files, as one lesson; `restore` brings one back."""
    with opened(context) as workspace:
        spots = [skill_found.own(workspace, name) for name in dict.fromkeys(names)]
        named = ", ".join(bold(one_line(spot.name)) for spot in spots)
        confirm(f"Remove {named} with {sum(len(_files(workspace, spot.name)) for spot in spots)} files?", yes)
        skills_change.say(_remove(workspace, [spot.name for spot in spots], why or "Removed by hand."), as_json)


def _remove(workspace: Workspace, names: list[str], why: str) -> Commit:
    with workspace.locked():
        files: dict[str, bytes | None] = {}
        for name in names:
            files |= dict.fromkeys(_files(workspace, name))
        data = workspace.read_bytes(LOCK_FILE)
        for name in names:
            data = lock.without(data, name) or data
        if data != workspace.read_bytes(LOCK_FILE):
            files[LOCK_FILE] = data
        return gating.commit(workspace, Change(files, "skill", why, BY_HAND))  # nothing is left that could be tried


def _files(workspace: Workspace, name: str) -> list[str]:
    """All that git keeps of it, and all that lies there."""
    git, folder = workspace.git, f"skills/{name}"
    tree = git.tree_at("HEAD", folder)
    kept = {path for path, _ in git.files(tree)} if tree else set()
    spot = skill_places.Spot(skill_places.own(workspace.root), name)
    return sorted(f"{folder}/{path}" for path in kept | set(spot.files()))

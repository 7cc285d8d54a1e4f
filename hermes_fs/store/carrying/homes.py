"""Recognises whose folder it is, and reads it: a home of hermes-agent, of OpenClaw, or plain files of a mind."""

from __future__ import annotations

from pathlib import Path

from hermes_fs.core.errors import NotFound, Refused, UsageError
from hermes_fs.store.carrying import hermes_agent, openclaw, words
from hermes_fs.store.carrying.reading import Place
from hermes_fs.store.carrying.things import Home, Kind, LeftOut
from hermes_fs.store.state import MARKER

KINDS: tuple[Kind, ...] = ("hermes-agent", "openclaw", "folder")
_OPENCLAW_STATE = ("openclaw.json", "clawdbot.json", "moltbot.json")
_OPENCLAW = ("IDENTITY.md", "TOOLS.md", "HEARTBEAT.md", "BOOTSTRAP.md", "memory")
_FOLDER = ("MEMORY.md", "USER.md", "skills", "notes")


def open_home(path: Path, state_dir: Path, kind: str = "") -> Home:
    """What a folder holds, of this kind ("": as it looks). `state_dir` is where copies of databases may lie meanwhile.
    NotFound, UsageError; Refused for a folder that is nothing of that sort."""
    if kind and kind not in KINDS:
        raise UsageError(f"--as {kind!r} is not known", f"use {', '.join(KINDS)}")
    place = Place(path)
    if not place.root.is_dir():
        raise NotFound(f"there is no folder {place.root}", "look at the path")
    if place.is_file(MARKER):
        raise Refused(f"{place.root} is a workspace of hermes itself", f"hermes init PATH --from {place.root}")
    match kind or recognised(place):
        case "hermes-agent":
            return hermes_agent.read(place, state_dir)
        case "openclaw":
            return _openclaw(place, state_dir)
        case "folder":
            return _folder(place)
    raise Refused(
        f"{place.root} holds no memories, skills or conversations that are known here",
        f"name a folder with MEMORY.md, a ~/.hermes or ~/.openclaw, or say what it is: --as {'|'.join(KINDS)}",
    )


def recognised(place: Place) -> str:
    """The kind of a folder, "" for none."""
    if place.is_dir("memories") or (place.is_file(hermes_agent.DATABASE) and not place.has("openclaw.json")):
        return "hermes-agent"
    if _is_state(place) or (place.has("AGENTS.md") and any(place.has(name) for name in _OPENCLAW)):
        return "openclaw"
    if place.is_dir("cron") and place.has("SOUL.md") and place.is_dir("skills"):
        return "hermes-agent"
    if any(place.has(name) for name in _FOLDER):
        return "folder"
    return "openclaw" if _keeps_workspace(place) else ""


def _is_state(place: Place) -> bool:
    return any(place.has(name) for name in _OPENCLAW_STATE) or (place.is_dir("agents") and place.is_dir("workspace"))


def _keeps_workspace(place: Place) -> bool:
    """A state folder of which no more is left, or was copied, than the workspace in it."""
    return any(place.has(f"workspace/{name}") for name in ("AGENTS.md", *_FOLDER, *_OPENCLAW))


def _openclaw(place: Place, state_dir: Path) -> Home:
    """Of the state folder, the workspace in it; of a workspace, the state folder that it lies in."""
    if _is_state(place) or (_keeps_workspace(place) and not place.has("MEMORY.md")):
        return openclaw.read(Place(place.root / "workspace"), place, state_dir)
    above = Place(place.root.parent)
    return openclaw.read(place, above if _is_state(above) else None, state_dir)


def _folder(place: Place) -> Home:
    """MEMORY.md, USER.md, SOUL.md, notes/*.md and skills/, wherever they come from."""
    notes: dict[str, str] = {}
    for name in place.names("notes", ".md"):
        if (text := place.text(f"notes/{name}")).strip():
            notes[openclaw.free_topic(openclaw.topic(name), notes)] = text
    left = [LeftOut("AGENTS.md", "standing orders are yours to write: copy what still holds")]
    return Home(
        "folder",
        place.root,
        tuple(words.of_markdown(place.text("MEMORY.md"))),
        tuple(words.of_markdown(place.text("USER.md"))),
        notes,
        soul=place.text("SOUL.md"),
        skills=(place.root / "skills",) if place.is_dir("skills") else (),
        left_out=(*(left if place.has("AGENTS.md") else ()), *place.left_out),
    )

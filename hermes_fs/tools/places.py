"""Where a path lies and what file tools may do there: in the mind, the work directory, outside. Asks nobody.

Links are followed by the backend's `stat`, here, once; what is judged is its answer, a path without links. The backend
then opens that path and follows none, so what was judged is what is opened, whoever changes the folders meanwhile.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.core.ports import FileStat
from hermes_fs.store import skill_places
from hermes_fs.tools.context import ToolContext
from hermes_fs.tools.sensitive import is_sensitive

Zone = Literal["mind", "hidden", "work", "outside"]
"""The mind's own files; git's and this machine's state of it; the work directory and the trusted ones; the rest."""

_MIND_TOOLS: Mapping[str, str] = {
    "MEMORY.md": "use the memory tool",
    "USER.md": "use the memory tool with target user",
    "notes": "use the note tool",
    "skills": "use the skill_edit tool",
}


@dataclass(frozen=True, slots=True)
class Place:
    """`path` is absolute and free of links; `stat` is None where nothing is there yet. `sensitive`: its name says that
    it holds credentials. `shared`: the file has further names (hard links), which may lie anywhere."""

    path: str
    zone: Zone
    stat: FileStat | None
    sensitive: bool

    @property
    def is_dir(self) -> bool:
        return self.stat is not None and self.stat.is_dir

    @property
    def shared(self) -> bool:
        return self.stat is not None and self.stat.names > 1

    @property
    def outside(self) -> bool:
        """What the backend must be told of a place that a person allowed: that it lies off the declared ground."""
        return self.zone == "outside"


def locate(context: ToolContext, path: str) -> Place:
    """Raises Refused for a path that leads nowhere through `..`."""
    resolved, stat = _resolve(context, path)
    if resolved in context.memo.overflows:
        return Place(resolved, "work", stat, sensitive=False)
    return Place(resolved, _zone(context, resolved), stat, is_sensitive(resolved) or is_sensitive(path))


def _resolve(context: ToolContext, path: str) -> tuple[str, FileStat | None]:
    """The path without links, as far as it exists."""
    rest: list[str] = []
    here = PurePosixPath(path)
    while True:
        try:
            stat = context.backend.stat(str(here))
        except NotFound:
            if here.name == ".." or here == here.parent:
                raise Refused(f"{path} leads through a directory that does not exist", "name it without ..") from None
            rest.insert(0, here.name)
            here = here.parent
        else:
            return str(PurePosixPath(stat.path, *rest)), None if rest else stat


def _zone(context: ToolContext, path: str) -> Zone:
    root = str(context.workspace.root.resolve())
    if is_below(path, f"{root}/.git") or is_below(path, str(context.workspace.state_dir.parent.resolve())):
        return "hidden"
    if is_below(path, root) and not is_below(path, f"{root}/work"):
        return "mind"
    if any(is_below(path, _resolve(context, root)[0]) for root in context.memo.settings.roots):
        return "work"
    return "outside"


def is_below(path: str, folder: str) -> bool:
    """Whether an absolute path is that folder or in it; both without links."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def is_of_skill(context: ToolContext, path: str) -> bool:
    """Whether an absolute path without links belongs to a skill beside the mind."""
    for place in context.memo.settings.places:
        if is_below(path, str(place.folder)):
            name = path[len(str(place.folder)) :].strip("/").partition("/")[0]
            return skill_places.find(name, (place,)) is not None
    return False


STRAYED = 97
"""The exit code of `standing_in` where the directory is another."""


def standing_in(folder: str) -> str:
    """A shell line that goes to a directory which was judged and ends its shell where another has come in its place:
    what follows works on `.`, which no link can move. The program pwd asks the system; the builtin would guess."""
    quoted = shlex.quote(folder)
    came = f'\\builtin test "$(\\command env pwd -P)" = {quoted}'
    return f"\\builtin cd -P -- {quoted} && {came} || \\builtin exit {STRAYED}"


def readable(context: ToolContext, path: str) -> Place:
    """The place of something to be read. Raises NotFound where there is nothing, Refused where nobody may look."""
    place = locate(context, path)
    if place.zone == "hidden":
        raise Refused(f"{path} belongs to git or to this machine's private state", "look elsewhere")
    if place.stat is None:
        raise NotFound(f"no such file: {path}", f"relative paths start at {context.backend.cwd}")
    return place


def writable(context: ToolContext, path: str) -> Place:
    """The place of a file to be written. Raises Refused for the mind, naming the tool that may, and for git's files."""
    place = locate(context, path)
    if place.zone == "mind":
        inside = PurePosixPath(place.path).relative_to(str(context.workspace.root.resolve()))
        hint = _MIND_TOOLS.get(inside.parts[0] if inside.parts else "", "only the user changes it")
        raise Refused(f"{path} is part of the mind, which file tools may not write", hint)
    if place.zone == "hidden" or ".git" in map(str.lower, PurePosixPath(place.path).parts):
        raise Refused(f"{path} belongs to git", "use git in the terminal")
    if place.is_dir:
        raise Refused(f"{path} is a directory", "name a file")
    return place

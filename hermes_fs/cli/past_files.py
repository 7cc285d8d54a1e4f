"""The part of `hermes show` that is about files: one of the mind as it was at a moment. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from hermes_fs.cli import dates
from hermes_fs.cli.moments import commit_at
from hermes_fs.cli.output import bold, dim, print_json, print_text, warning
from hermes_fs.core.errors import Failed, NotFound, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.store import as_it_was, history
from hermes_fs.store.as_it_was import Stood
from hermes_fs.store.history import MAIN
from hermes_fs.store.workspace import Workspace


def show(workspace: Workspace, what: Sequence[str], at: str, as_json: bool) -> None:
    """Prints a file, or what lies in a folder. NotFound, UsageError."""
    commit = commit_at(workspace, at) if at else workspace.git.resolve(MAIN)
    path = _path(what)
    if as_it_was.below(workspace.git, commit, path):
        _list(workspace, commit, path, as_json)
        return
    try:
        found = as_it_was.file(workspace.git, commit, path)
    except NotFound as error:
        raise NotFound(error.message, _hint(workspace, path)) from error
    _print(workspace, found, commit, as_json)


def _path(what: Sequence[str]) -> str:
    """The path of the mind that a person names. UsageError."""
    match what:
        case ["memory"]:
            return "MEMORY.md"
        case ["user"]:
            return "USER.md"
        case ["user", name]:
            return "USER.md" if name == "owner" else f"people/{name}/USER.md"
        case ["notes" | "note", *rest] if len(rest) < 2:
            return "/".join(["notes", *(f"{name.removesuffix('.md')}.md" for name in rest)])
        case ["skill" | "skills", *rest] if len(rest) < 2:
            return "/".join(["skills", *rest])
        case [path]:
            return "" if path in (".", "./", "/") else str(PurePosixPath(path))
    raise UsageError(f"{' '.join(what)!r} names no file", "memory, user [NAME], notes [TOPIC], skill NAME, or a path")


def _list(workspace: Workspace, commit: str, folder: str, as_json: bool) -> None:
    """A skill is its SKILL.md; of another folder, what lies in it."""
    names = as_it_was.below(workspace.git, commit, folder)
    if f"{folder}/SKILL.md" in names:
        _print(workspace, as_it_was.file(workspace.git, commit, f"{folder}/SKILL.md"), commit, as_json, names)
        return
    if as_json:
        print_json({"path": folder, "at": commit, "files": names})
        return
    print(dim(f"{one_line(folder) or 'the mind'} at {commit[:8]}"))
    for name in names:
        print(one_line(name))


def _print(workspace: Workspace, found: Stood, commit: str, as_json: bool, beside: Sequence[str] = ()) -> None:
    text = found.data.decode("utf-8", "replace")
    if "\0" in text:
        raise Failed(f"{found.path} is no text", f"write it out: git show {commit[:8]}:{found.path}")
    others = [name for name in beside if name != found.path]
    if as_json:
        more = {"files": others} if others else {}
        about = {"path": found.path, "at": commit, "lesson": history.as_json(found.lesson), "text": text}
        print_json({**about, **more})
        return
    lesson = found.lesson
    print(f"{bold(one_line(found.path))}  {dim(f'as it was at {commit[:8]}')}")
    when = dates.friendly(lesson.when, dates.utc_now())
    print(dim(f"from {lesson.short}  {one_line(lesson.subject)}, {when}"))
    if workspace.git.resolve(MAIN) == commit and _differs(workspace, found):
        print(warning("the file holds edits of yours that are no lesson yet: hermes diff"))
    print()
    print_text(text or "(empty)")
    if others:
        print(dim("\nbeside it"))
        for name in others:
            print(f"  {one_line(name)}")


def _differs(workspace: Workspace, found: Stood) -> bool:
    return workspace.read_bytes(found.path) != found.data


def _hint(workspace: Workspace, path: str) -> str:
    first = next(iter(reversed(history.log(workspace.git, history.Filter(paths=(path,))))), None)
    if first:
        return f"it began with {first.short}, {first.when.astimezone():%Y-%m-%d %H:%M}: {one_line(first.subject)}"
    return "conversations lie beside the mind: hermes sessions" if path.startswith("sessions") else "see: hermes show ."

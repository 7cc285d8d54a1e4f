"""`hermes skills new | edit`: a person writes a skill, in their editor or from a file; the gate tries it out first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli import editing, gating, skill_found
from hermes_fs.cli.app import example
from hermes_fs.cli.open import BY_HAND, opened
from hermes_fs.cli.output import dim, good, print_json
from hermes_fs.core.clock import iso
from hermes_fs.core.errors import HermesError, NotFound, Refused, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Change, Commit
from hermes_fs.store import skill_copy, skill_places
from hermes_fs.store.formats import skill
from hermes_fs.store.skill_places import FILE, Place, Spot
from hermes_fs.store.workspace import Workspace

NEW = example(
    "hermes skills new deploy",
    "hermes skills new deploy --from notes/deploying.md",
    "hermes skills new deploy --from ~/.claude/skills/deploy",
)
EDIT = example(
    "hermes skills edit deploy",
    "hermes skills edit deploy --file scripts/run.sh",
    "hermes skills edit deploy --file references/hosts.md --from hosts.md",
)
Why = Annotated[str, typer.Option(help="Recorded in the history.")]
AsJson = Annotated[bool, typer.Option("--json", help="The new lesson as one JSON object.")]

_TEMPLATE = """\
# {title}

What it is for, in a sentence or two.

## Steps

1. The first step, with the exact command.
2. How to see that it worked.

## Pitfalls

- What goes wrong, and what to do then.
"""
_DESCRIPTION = "What it does. Use when …"


@dataclass(frozen=True, slots=True)
class _Draft:
    """Files of one skill, by path in its folder, as they are to be; `expect` are the blobs that they replace."""

    name: str
    files: Mapping[str, bytes]
    expect: Mapping[str, str]
    why: str
    override: str

    def change(self) -> Change:
        def path(file: str) -> str:
            return f"skills/{self.name}/{file}"

        files = {path(file): data for file, data in self.files.items()}
        return Change(files, "skill", self.why, BY_HAND, {path(file): blob for file, blob in self.expect.items()})


def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Lower-case words joined by hyphens.")],
    source: Annotated[str, typer.Option("--from", metavar="PATH", help="A Markdown file, - or a skill's folder.")] = "",
    description: Annotated[str, typer.Option(help="What it does and when to use it.")] = "",
    why: Why = "",
    override: gating.Override = "",
    as_json: AsJson = False,
) -> None:
    """Write a skill: from a template in your editor ($VISUAL, $EDITOR), from a file, or as a copy of one."""
    if problems := skill.name_problems(name):
        raise UsageError(problems[0], "such as parse-nginx-logs")
    with opened(context) as workspace:
        if skill_places.find(name, (skill_places.own(workspace.root),)):
            raise Refused(f"there is a skill {name} already", f"change it: hermes skills edit {name}")
        files = _taken(source, name) if source else {FILE: _from_template(name, description)}
        if source and description:
            files[FILE] = skill.set_description(files[FILE].decode(), name, description).encode()
        draft = _Draft(name, files, {f: "" for f in files}, why or "Written by hand.", override)
        say(_commit(workspace, draft), as_json)


def _taken(source: str, name: str) -> dict[str, bytes]:
    """A skill's folder, or a text that becomes one: what the standard does not take is written as it wants it."""
    place = Path(source).expanduser()
    if source == "-" or not place.is_dir():
        return {FILE: _strict(editing.read_file(source), name)}
    folder = place.resolve()
    copied = skill_copy.files(Spot(Place("directory", folder.parent, str(folder.parent)), folder.name))
    if FILE not in copied:
        raise NotFound(f"{folder} holds no {FILE}", "name the folder of one skill")
    return {path: file.data for path, file in copied.items()} | {FILE: _strict(copied[FILE].data, name)}


def _strict(data: bytes, name: str) -> bytes:
    return skill.strictly(data.decode("utf-8", "replace"), name).encode()


def _from_template(name: str, description: str) -> bytes:
    title = name.replace("-", " ").capitalize()
    text = skill.create(name, description or _DESCRIPTION, _TEMPLATE.format(title=title)).encode()
    if editing.interactive():
        written = editing.edited({FILE: text}, os.environ, f"skill-{name}")[FILE]
        if written == text:
            raise Refused("the template was left as it is, so there is no skill", "write down the steps")
        return written
    raise UsageError("nobody is there to write it", "give its text: --from FILE, or --from - for what is piped in")


def edit(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The skill's name.")],
    file: Annotated[str, typer.Option(help="One of its files, or a new one.")] = FILE,
    source: Annotated[str, typer.Option("--from", metavar="FILE", help="Its new text; - for what is piped in.")] = "",
    why: Why = "",
    override: gating.Override = "",
    as_json: AsJson = False,
) -> None:
    """Change a file of a skill in your editor ($VISUAL, $EDITOR), or replace it."""
    with opened(context) as workspace:
        skill_found.own(workspace, name)
        path = f"skills/{name}/{file.strip('/')}"
        old = workspace.read_bytes(path) or b""
        blob = workspace.git.oid_of("blob", old) if old else ""
        if source:
            data = editing.read_file(source)
        elif editing.interactive():
            data = editing.edited({path: old}, os.environ, f"skill-{name}")[path]
        else:
            raise UsageError(
                "nobody is there to edit it", "give its text: --from FILE, or --from - for what is piped in"
            )
        if data == old:
            raise Refused(f"{path} is as it was", "change something, or leave it")
        draft = _Draft(name, {file.strip("/"): data}, {file.strip("/"): blob}, why or "Edited by hand.", override)
        say(_commit(workspace, draft), as_json)


def _commit(workspace: Workspace, draft: _Draft) -> Commit:
    """Through the gate and the door. What a person wrote in their editor is kept where it is not taken."""
    try:
        return gating.commit(workspace, draft.change(), draft.override)
    except HermesError as error:
        if editing.interactive() and len(draft.files) == 1:
            [(file, data)] = draft.files.items()
            error.hint = f"{error.hint}; your text is in {editing.keep(file, data)}: --from takes it"
        raise


def say(done: Commit, as_json: bool) -> None:
    if as_json:
        print_json({"commit": done.id, "change": done.change, "subject": done.subject, "when": iso(done.when)})
        return
    print(f"{good(done.id[:8])}  {one_line(done.subject)}")
    print(dim(f"Changed your mind? hermes revert {done.id[:8]}"))

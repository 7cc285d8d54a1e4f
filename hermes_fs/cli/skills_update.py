"""`hermes skills update`: new versions of what was installed, merged with what was edited here, shown, accepted."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from hermes_fs.cli import skills_install, skills_shown
from hermes_fs.cli.app import example
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import bad, bold, dim, good, print_json, warning
from hermes_fs.cli.skills_install import Override, Yes
from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Commit
from hermes_fs.store import acting
from hermes_fs.store.installing import accepting, lock, newcomer, source, updating
from hermes_fs.store.installing.lock import Entry
from hermes_fs.store.installing.newcomer import Found, Newcomer
from hermes_fs.store.installing.source import Source
from hermes_fs.store.installing.updating import Update
from hermes_fs.store.paths import LOCK_FILE
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.workspace import Workspace

EPILOG = example(
    "hermes skills update",
    "hermes skills update --check",
    "hermes skills update pdf --from anthropics/skills#pdf@v2",
)
_BRINGING = "hermes_fs.store.installing.bringing"  # loaded on use: archives, http, git


def update(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Only these; none: all installed.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say which have a new version.")] = False,
    origin: Annotated[
        str, typer.Option("--from", metavar="SOURCE", help="From now on from there: another tag, say.")
    ] = "",
    yes: Yes = False,
    override: Override = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array; nothing is asked.")] = False,
) -> None:
    """Bring skills from elsewhere up to date: your edits are kept, the difference is shown, and you say yes."""
    if as_json and not (yes or check):
        raise Refused("nobody is asked with --json", "add --yes, or --check")
    if origin and len(names or ()) != 1:
        raise UsageError("--from is for one skill", "hermes skills update NAME --from SOURCE")
    wish = _Wish(check, yes, as_json, override, source.parse(origin, Path.cwd()) if origin else None)
    rows: list[dict[str, Any]] = []
    failures: list[HermesError] = []
    with opened(context) as workspace:
        if not check:
            workspace.require_learning()
        for name, entry in _wanted(workspace, names or []).items():
            try:
                row = _one(workspace, name, entry, wish)
            except HermesError as error:  # one that cannot be updated keeps no other from it
                failures.append(error)
                row = {"name": name, "state": "failed", "why": str(error)}
                if not as_json:
                    print(f"{bad('left')}  {one_line(name)}: {one_line(str(error))}", file=sys.stderr)
            rows.append(row)
    if as_json:
        print_json(rows)
    elif not rows:
        print(dim("Nothing was installed from elsewhere. See `hermes skills install --help`."))
    if failures:
        raise typer.Exit(failures[0].exit_code if len(rows) == 1 else Failed.exit_code)


@dataclass(frozen=True, slots=True)
class _Wish:
    """How the command was given."""

    check: bool
    yes: bool
    silent: bool
    override: str
    source: Source | None


def _wanted(workspace: Workspace, names: list[str]) -> Mapping[str, Entry]:
    known = lock.read(workspace)
    unknown = next((name for name in names if name not in known), "")
    if unknown:
        raise NotFound(f"{unknown} was not installed from elsewhere", f"installed are: {', '.join(known) or 'none'}")
    return {name: entry for name, entry in known.items() if name in names} if names else known


def _one(workspace: Workspace, name: str, entry: Entry, wish: _Wish) -> dict[str, Any]:
    if not (workspace.root / "skills" / name).is_dir():
        _say(wish, f"{one_line(name)}  {dim(f'is gone; install it anew, or take it out of {LOCK_FILE}')}")
        return {"name": name, "state": "gone"}
    if not wish.source and name in acting.unknown_sources(workspace):
        hint = f"look at it: hermes trust show source:{name}, then hermes trust accept source:{name}"
        raise Refused(f"{entry.source} came from elsewhere, and is not asked", hint)
    wanted = wish.source or source.parse(entry.source, Path.home())
    if not wish.source and load(f"{_BRINGING}:is_same")(wanted, entry, workspace.state_dir):
        return _current(name, wish)
    skills_shown.waiting(wanted)
    found: Found = load(f"{_BRINGING}:bring")(wanted, workspace.state_dir)
    new = newcomer.newcomer(found, name)
    if not updating.is_new(entry, new) and new.source.text == entry.source:
        return _current(name, wish)
    planned = updating.plan(workspace, entry, new)
    row = {"name": name, "state": "new version", **_json(planned, entry)}
    if wish.check:
        _say(wish, f"{one_line(name)}  {good('new version')}  {dim(_pins(entry, new))}")
        return row
    return {**row, **_settle(workspace, planned, entry, wish)}


def _current(name: str, wish: _Wish) -> dict[str, Any]:
    _say(wish, f"{one_line(name)}  {dim('up to date')}")
    return {"name": name, "state": "up to date"}


def _settle(workspace: Workspace, planned: Update, entry: Entry, wish: _Wish) -> dict[str, Any]:
    """Shown, scanned, accepted."""
    versions = {path: (planned.before[path], data) for path, data in planned.files.items()}
    problems = newcomer.findings_in(workspace, planned.new.name, versions)
    if not wish.silent:
        _show(workspace, planned, entry, problems)
    skills_install.require_clean(problems, wish.override)
    why = skills_shown.why(planned.new).replace("installed", "updated", 1)
    why += "".join(f"\n{line}" for line in planned.conflicts)
    done: Commit | Proposal
    if wish.yes or sys.stdin.isatty():
        if not wish.yes:
            skills_shown.ask("Take it?", planned.new)
        done = accepting.update(workspace, planned, skills_install.said_yes(workspace, why, wish.override, problems))
        _say(wish, f"{good('Updated')} {one_line(planned.new.name)}  {dim(done.id[:8])}  hermes undo takes it back")
        return {"state": "updated", "commit": done.id}
    made = skills_install.propose(workspace, accepting.change_of_update(workspace, planned, why), bool(problems))
    return {"state": "proposed", "proposal": made.id}


def _show(workspace: Workspace, planned: Update, entry: Entry, problems: list[str]) -> None:
    print(f"{bold(one_line(planned.new.name))}  {one_line(_pins(entry, planned.new))}\n")
    for label, value in _facts(planned):
        print(f"{dim(label.ljust(skills_shown.LABEL))} {one_line(value)}")
    for line in planned.conflicts:
        print(f"{warning('conflict'.ljust(skills_shown.LABEL))} {one_line(line)}")
    skills_shown.found(problems)
    print()
    for line in updating.diff(workspace, planned).split("\n")[:-1]:
        skills_shown.diff_line(line)


def _facts(planned: Update) -> Iterator[tuple[str, str]]:
    yield "from", planned.new.source.text
    if planned.edited:
        yield "edited", f"{', '.join(planned.edited)}: what was changed here is kept"
    programs = [path for path in planned.new.programs if planned.new.place(path) in planned.files]
    if programs:
        yield "programs", ", ".join(programs)
    for remark in planned.remarks:
        yield "note", remark


def _pins(entry: Entry, new: Newcomer) -> str:
    was, now = (entry.commit, new.commit) if new.commit and entry.commit else (entry.sha256, new.sha256)
    return f"{was[:12]} -> {now[:12]}"


def _json(planned: Update, entry: Entry) -> dict[str, Any]:
    return {
        "source": planned.new.source.text,
        "from": {"commit": entry.commit, "sha256": entry.sha256},
        "to": {"commit": planned.new.commit, "sha256": planned.new.sha256},
        "files": sorted(planned.files),
        "edited": list(planned.edited),
        "conflicts": list(planned.conflicts),
    }


def _say(wish: _Wish, line: str) -> None:
    if not wish.silent:
        print(line)

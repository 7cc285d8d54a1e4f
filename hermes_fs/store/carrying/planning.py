"""Decides what of another agent's home becomes what here: new, there already, or left out and why. Writes nothing.

Entries and notes are a person's own data, so they come in as theirs, but what holds a credential or reads like a
planted order does not come at all. What acts (skills, jobs) comes in as somebody else's, and waits for trust.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hermes_fs.core import config
from hermes_fs.core.errors import HermesError, Refused
from hermes_fs.core.secrets import redact
from hermes_fs.core.types import Change, Kind, Provenance
from hermes_fs.store.carrying import talks
from hermes_fs.store.carrying.things import Home, LeftOut
from hermes_fs.store.formats import entries, records, scan, yaml_file
from hermes_fs.store.formats.format import counted, excerpt
from hermes_fs.store.installing import newcomer, pile
from hermes_fs.store.installing.folders import Folder
from hermes_fs.store.installing.newcomer import Found, Newcomer
from hermes_fs.store.installing.source import Source
from hermes_fs.store.judging import is_harmless
from hermes_fs.store.ledger import Ledger
from hermes_fs.store.workspace import Workspace

MAX_NOTES = 5_000
CRON = "cron.yaml"
_OWN = Provenance("owner", "user", person="owner")
_THEIRS = Provenance("file", "user", person="owner")
"""Whose words: a person's own, brought by themself; those of a file that somebody else may have written."""
_REST = {"MEMORY.md": "imported-memory", "USER.md": "imported-user"}
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Row:
    """A line of what is shown: `new` things go to `where`, `there` are there already."""

    what: str
    where: str
    new: int
    there: int = 0
    note: str = ""


@dataclass(slots=True)
class Plan:
    """What would be done. `lessons` become one each, in their order; `proposal` waits for review."""

    home: Home
    rows: list[Row] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    lessons: list[Change] = field(default_factory=list)
    skills: list[Newcomer] = field(default_factory=list)
    proposal: Change | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is new."""
        return not any(row.new for row in self.rows)


def plan(workspace: Workspace, home: Home, bundled: bool = False) -> Plan:
    """What an import would do now. `bundled`: the skills that came with the other agent, too."""
    made = Plan(home, left_out=list(home.left_out))
    limits = config.load(workspace.root, workspace.state_dir).memory
    rest: dict[str, str] = {}
    for path, texts, limit in (
        ("MEMORY.md", home.memory, limits.memory_limit),
        ("USER.md", home.user, limits.user_limit),
    ):
        rest |= _plan_entries(workspace, made, path, texts, limit)
    _plan_notes(workspace, made, rest)
    _plan_skills(workspace, made, bundled)
    _plan_jobs(workspace, made)
    _plan_soul(workspace, made)
    _plan_talks(workspace, made)
    return made


# -- entries and notes ------------------------------------------------------------------------------------------------


def _plan_entries(workspace: Workspace, made: Plan, path: str, texts: Sequence[str], limit: int) -> dict[str, str]:
    """Puts as many as fit under the limit in the file; returns the others as the text of a note, by its path."""
    doc = workspace.read(path)
    note = f"notes/{_REST[path]}.md"
    kept, rest = doc.text, workspace.read(note).text
    before, new, there, moved = rest, 0, 0, 0
    for text in texts:
        if problem := _problem(workspace, text):
            made.left_out.append(LeftOut(f"entry {excerpt(redact(text), _SHOWN)!r}", problem))
            continue
        if _block(text) in rest:
            there += 1
            continue
        edited = _added(kept, text)
        if edited and not edited.changed:
            there += 1
        elif edited and entries.rendered_size(edited.text) <= limit:
            kept, new = edited.text, new + 1
        else:
            rest, moved = (rest or f"# What {path} has no room for\n\n") + _block(text), moved + 1
    what = "entries about you" if path == "USER.md" else "entries"
    if new or there:
        made.rows.append(Row(what, path, new, there))
    if moved:
        made.rows.append(Row(what, note, moved, 0, f"{path} holds {limit:,} characters, and an entry 1,000"))
    if kept != doc.text:
        kind: Kind = "user" if path == "USER.md" else "memory"
        made.lessons.append(Change({path: kept.encode()}, kind, _why(made.home), _OWN, {path: doc.blob}))
    return {note: rest} if rest != before else {}


def _added(text: str, new: str) -> entries.Edit | None:
    """None for what is no entry: too long, or no words."""
    try:
        return entries.add(text, new)
    except Refused:
        return None


def _block(text: str) -> str:
    """An entry as a note has it: whole, with its lines."""
    first, *more = text.split("\n")
    return "\n".join([f"- {first.strip()}", *(f"  {line.rstrip()}".rstrip() for line in more)]) + "\n"


def _plan_notes(workspace: Workspace, made: Plan, rest: Mapping[str, str]) -> None:
    files: dict[str, bytes | None] = {path: text.encode() for path, text in rest.items()}
    new = there = 0
    for topic, text in list(made.home.notes.items())[:MAX_NOTES]:
        path = f"notes/{topic}.md"
        fresh, problem = _clean(workspace, text)
        now = workspace.read(path).text
        if problem:
            made.left_out.append(LeftOut(path, problem))
        elif now == fresh or (now and now.startswith(fresh)):
            there += 1
        elif now and not fresh.startswith(now):
            made.left_out.append(LeftOut(path, "a note of that name says something else here"))
        else:
            files[path] = fresh.encode()
            new += 1
            if fresh != text:
                made.left_out.append(LeftOut(f"credentials in {path}", "they are blotted out in the note"))
    if len(made.home.notes) > MAX_NOTES:
        made.left_out.append(LeftOut("notes", f"{len(made.home.notes):,} of them; the first {MAX_NOTES:,} come over"))
    if new or there:
        made.rows.append(Row("notes", "notes/", new, there))
    if files:
        expect = {path: workspace.read(path).blob for path in files}
        made.lessons.append(Change(files, "note", _why(made.home), _OWN, expect))


def _clean(workspace: Workspace, text: str) -> tuple[str, str]:
    """(the text without credentials, what else speaks against it)."""
    if not scan.problems(text):
        return text, ""
    safe = redact(text) if _credentials(workspace, text) else text
    return safe, _problem(workspace, safe)


def _credentials(workspace: Workspace, text: str) -> bool:
    return any("leave the credential out" in line for line in _problems(workspace, text))


def _problem(workspace: Workspace, text: str) -> str:
    return next(_problems(workspace, text), "")


def _problems(workspace: Workspace, text: str) -> Iterator[str]:
    """What the agent would not be let keep, but for credentials that this person called none."""
    return (line for line in scan.problems(text) if not is_harmless(line, workspace.trust.knows_secret))


def _why(home: Home) -> str:
    return f"imported from {home.kind}, {Source('folder', str(home.root)).text}"


# -- what acts --------------------------------------------------------------------------------------------------------


def _plan_skills(workspace: Workspace, made: Plan, bundled: bool) -> None:
    there = skipped = 0
    taken = {one.name for one in made.skills}
    for root in made.home.skills:
        try:
            folder = Folder(root)
            parts = pile.skills_in(folder.names)
        except HermesError as error:
            made.left_out.append(LeftOut("skills", error.message))
            continue
        made.left_out += [LeftOut(f"skills/{name}", "a link: name what it leads to") for name in folder.links]
        for part in parts:
            if not bundled and part.rpartition("/")[2] in made.home.bundled:
                skipped += 1
                continue
            found = _skill(workspace, folder, str(root), part)
            if found is None or (isinstance(found, Newcomer) and found.name in taken):
                there += 1
            elif isinstance(found, Newcomer):
                made.skills.append(found)
                taken.add(found.name)
            else:
                made.left_out.append(found)
    if skipped:
        why = f"they came with {made.home.kind}; add --bundled to take them, too"
        made.left_out.append(LeftOut(counted(skipped, "skill"), why))
    if made.skills or there:
        programs = sum(bool(one.programs) for one in made.skills)
        note = "off until you trust them" + (f"; {programs} bring programs" if programs else "")
        made.rows.append(Row("skills", "skills/", len(made.skills), there, note if made.skills else ""))


def _skill(workspace: Workspace, folder: Folder, root: str, part: str) -> Newcomer | LeftOut | None:
    """The skill as it would be installed, why it is not, or None where exactly it is here."""
    label = f"skill {part.rpartition('/')[2] or part}"
    try:
        files, left = pile.take(folder, part)
        one = newcomer.newcomer(Found(Source("folder", root, part), part, files, tuple(left)))
    except HermesError as error:
        return LeftOut(label, error.message)
    tree = workspace.git.tree_at(workspace.head(), f"skills/{one.name}")
    if tree:
        now = {path: entry.oid for path, entry in workspace.git.files(tree)}
        if now == {path: workspace.git.oid_of("blob", data) for path, data in one.files.items()}:
            return None
        return LeftOut(label, f"there is another skill {one.name}: hermes skills install '{root}#{part}' --name NEW")
    if problems := newcomer.findings(workspace, one):
        return LeftOut(label, f"{problems[0]}; look at it: hermes skills install '{root}#{part}'")
    return one


def _plan_jobs(workspace: Workspace, made: Plan) -> None:
    if not made.home.jobs:
        return
    doc = workspace.read(CRON)
    try:
        known = yaml_file.parse(doc.text.encode())
    except yaml_file.Broken as error:
        made.left_out.append(LeftOut(f"{len(made.home.jobs)} jobs", f"cron.yaml here cannot be read: {error}"))
        return
    fresh: dict[str, Any] = {}
    there = 0
    for id, job in made.home.jobs.items():
        if any(_same_job(job, other) for other in known.values()):
            there += 1
        elif problem := _job_problem(workspace, id, job):
            made.left_out.append(LeftOut(f"job {id}", problem))
        else:
            fresh[_free(id, {*known, *fresh})] = dict(job)
    if fresh:
        text = yaml_file.written(doc.text.encode(), {**known, **fresh})
        made.lessons.append(Change({CRON: text}, "cron", _why(made.home), _THEIRS, {CRON: doc.blob}))
    if fresh or there:
        made.rows.append(Row("jobs", CRON, len(fresh), there, "switched off" if fresh else ""))


def _same_job(job: Mapping[str, Any], other: Any) -> bool:
    """Whether it was imported before: a person may have switched it on, or moved it, since."""
    return isinstance(other, Mapping) and other.get("prompt") == job["prompt"]


def _job_problem(workspace: Workspace, id: str, job: Mapping[str, Any]) -> str:
    if problem := _problem(workspace, str(job["prompt"])):
        return problem
    return next(iter(records.CRON.check(CRON, None, yaml_file.written(b"", {id: dict(job)}), "agent")), "")


def _free(id: str, taken: Iterable[str]) -> str:
    names = set(taken)
    number = 2
    candidate = id
    while candidate in names:
        candidate = f"{id}-{number}"
        number += 1
    return candidate


def _plan_soul(workspace: Workspace, made: Plan) -> None:
    """How the agent speaks is put before a person, like any change of it."""
    text = made.home.soul
    if not text.strip():
        return
    doc = workspace.read("SOUL.md")
    if doc.text == text:
        made.rows.append(Row("voice", "SOUL.md", 0, 1))
    elif _was_proposed(workspace, "SOUL.md", text):
        made.rows.append(Row("voice", "SOUL.md", 0, 1, "proposed already: hermes review"))
    elif problem := _problem(workspace, text):
        made.left_out.append(LeftOut("SOUL.md", problem))
    else:
        made.proposal = Change({"SOUL.md": text.encode()}, "config", _why(made.home), _THEIRS, {"SOUL.md": doc.blob})
        made.rows.append(Row("voice", "SOUL.md", 1, 0, "a proposal, in place of the one here"))


def _was_proposed(workspace: Workspace, path: str, text: str) -> bool:
    """Whether it waits for a person already, or they said no to it."""
    wanted = workspace.git.oid_of("blob", text.encode())
    ledger = Ledger.read(workspace.state_dir / "proposals.json")
    return any(made.files.get(path, ("", ""))[1] == wanted for made in ledger.made.values())


def _plan_talks(workspace: Workspace, made: Plan) -> None:
    new = there = 0
    for talk in made.home.talks():
        if isinstance(talk, LeftOut):
            made.left_out.append(talk)
        elif talks.place_of(workspace.root, talk):
            there += 1
        else:
            new += 1
    if new or there:
        made.rows.append(Row("conversations", "sessions/", new, there, "by their own dates" if new else ""))

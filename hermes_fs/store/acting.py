"""Names what of a workspace acts on this machine or steers the agent, and which of it waits for trust. Runs nothing.

Read from `main`, not from the disk: what lies there uncommitted is an edit of the person at this machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol

from hermes_fs.core.loading import load
from hermes_fs.core.origins import is_trusted, known
from hermes_fs.core.types import Commit
from hermes_fs.store.git import Git
from hermes_fs.store.message import one_line, read_trailers
from hermes_fs.store.paths import LOCK_FILE, SIGNERS, skill_of
from hermes_fs.store.trust import MIND, Item, ItemKind, Trust

INSTRUCTIONS = ("SOUL.md", "AGENTS.md")
_INERT = {"format", "prices", "limits", "retries", "approvals", "trusted_directories", "memory", "recall", "compaction"}
_INERT |= {"sessions", "git", "model", "auxiliary"}
"""Sections of config.yaml that start nothing. Every other acts until it is named here: the next one is no hole."""
_YAML = "hermes_fs.store.formats.yaml_file"  # loaded on use: what only opens a workspace reads none
_SETS = re.compile(rb"^(?!\s*(?:#|$)|format: 1\s*$)", re.MULTILINE)
"""A line of config.yaml that sets anything: most set nothing, and then no YAML is read."""
_RUNS = ("scripts/", "tests/", "bin/", "evals/")
_MAX_YAML = 200_000
_MAX_LOCK = 2_000_000  # a line a file, which the plain reader takes in one piece
_SHOWN = 3
_DOES = 160


class Mind(Protocol):
    """What a workspace has that is asked here."""

    @property
    def git(self) -> Git: ...
    @property
    def trust(self) -> Trust: ...
    def head(self) -> str: ...


Skip = Callable[[str, str], bool]
"""(key, digest) → whether that item needs no description, and is left out."""


def pending(workspace: Mind) -> list[Item]:
    """What of `main` waits for this machine's person to trust it, the gravest first."""
    trust = workspace.trust
    kept = trust.digests()
    head = workspace.head()
    return list(items(workspace.git, head, lambda key, digest: kept.get(key) == digest)) if head else []


def items(git: Git, commit: str, skip: Skip = lambda key, digest: False) -> Iterator[Item]:
    """Everything of a commit that acts, but for what `skip` knows."""
    if not skip(MIND.key, MIND.digest):
        yield MIND
    for path in INSTRUCTIONS:
        yield from _instructions(git, commit, path, skip)
    yield from _signers(git, commit, skip)
    for path in _READERS:
        yield from _records(git, commit, path, skip)
    folder = git.tree_at(commit, "skills")
    for entry in git.tree(folder) if folder else ():
        if entry.kind == "tree" and not skip(f"skill:{entry.name}", entry.oid):
            yield Item("skill", entry.name, entry.oid, _skill_does(git, entry.oid))


def knows_skill(workspace: Mind, name: str) -> bool:
    """Whether a skill is trusted as `main` has it. One that is on the disk alone is this person's own."""
    folder = workspace.git.tree_at(workspace.head(), "skills") if workspace.head() else ""
    rows = workspace.git.tree(folder) if folder else []
    alike = [entry for entry in rows if entry.name.casefold() == name.casefold()]  # one folder on some disks
    return all(workspace.trust.knows_skill(entry.name, entry.oid) for entry in alike)


def unknown_skills(workspace: Mind) -> set[str]:
    """Names of the skills on `main` that wait for trust."""
    head, kept = workspace.head(), workspace.trust.digests()
    folder = workspace.git.tree_at(head, "skills") if head else ""
    rows = workspace.git.tree(folder) if folder else []
    return {entry.name for entry in rows if entry.kind == "tree" and kept.get(f"skill:{entry.name}") != entry.oid}


def unknown_sources(workspace: Mind) -> set[str]:
    """Names of the installed skills whose entry in skills.lock waits for trust: nobody is asked for an update then."""
    head, kept = workspace.head(), workspace.trust.digests()
    if not head:
        return set()
    return {one.name for one in _records(workspace.git, head, LOCK_FILE, lambda key, digest: kept.get(key) == digest)}


def withheld(workspace: Mind) -> tuple[str, ...]:
    """Dotted keys of config.yaml that wait for trust, and are not used until then."""
    head = workspace.head()
    blob = workspace.git.blob_at(head, "config.yaml") if head else ""
    if not blob or not _SETS.search(workspace.git.read_blob(blob)):
        return ()
    kept = workspace.trust.digests()
    waiting = _records(workspace.git, head, "config.yaml", lambda key, digest: kept.get(key) == digest)
    return tuple(item.name for item in waiting if item.name != "config.yaml")


def follows(workspace: Mind, path: str) -> bool:
    """Whether standing instructions are trusted as `main` has them, or are this person's and not committed yet."""
    head = workspace.head()
    return workspace.trust.knows_file(path, workspace.git.blob_at(head, path) if head else "")


def learn(git: Git, trust: Trust, commit: Commit, paths: Collection[str]) -> None:
    """Trust what was made here, by this machine's person or in an untainted conversation of theirs, as it is made, and
    what they accepted in a review.

    What stood there before must have been trusted: one edit of a stranger's skill does not vouch for the rest of it.
    Nothing that a sync brought is trusted by being merged, and what is brought back is trusted no more than it was.
    """
    touched = [path for path in paths if _acts(path)]
    if not touched:
        return
    raw = git.read("commit", commit.id)
    head, _, text = raw.decode("utf-8", "replace").partition("\n\n")
    trailers = read_trailers(text)
    ours = is_trusted(known(trailers.get("Hermes-Origin", "web"))) and trailers.get("Hermes-Trigger") != "sync"
    reviewed = "approved by " in trailers.get("Hermes-Review", "")  # the door's own word, of the person at this machine
    if not (ours or reviewed) or trailers.get("Hermes-Kind") == "merge":
        return
    parents = [line[7:] for line in head.split("\n") if line.startswith("parent ")]
    before = {item.key: item for item in _of_paths(git, parents[0], touched)} if parents else {}
    after = {item.key: item for item in _of_paths(git, commit.id, touched)}
    back = trailers.get("Hermes-Kind") == "revert"  # what was deleted may have been a stranger's
    fresh = [item for key, item in after.items() if key not in before and (not back or trust.was_trusted(item))]
    trust.accept([*fresh, *(item for key, item in after.items() if key in before and trust.is_trusted(before[key]))])
    trust.retire(item for key, item in before.items() if key not in after)


def _acts(path: str) -> bool:
    return path in (*INSTRUCTIONS, SIGNERS) or path in _READERS or bool(skill_of(path))


def _of_paths(git: Git, commit: str, paths: Collection[str]) -> Iterator[Item]:
    for path in sorted({skill_of(path) or path for path in paths}):
        if path in INSTRUCTIONS:
            yield from _instructions(git, commit, path, _never)
        elif path == SIGNERS:
            yield from _signers(git, commit, _never)
        elif path in _READERS:
            yield from _records(git, commit, path, _never)
        elif tree := git.tree_at(commit, path):
            yield Item("skill", path.removeprefix("skills/"), tree)


def _never(key: str, digest: str) -> bool:
    return False


def _instructions(git: Git, commit: str, path: str, skip: Skip) -> Iterator[Item]:
    blob = git.blob_at(commit, path)
    if blob and not skip(f"instructions:{path}", blob):
        yield Item("instructions", path, blob, "orders that the agent would follow as yours in every conversation")


def signers_in(text: bytes) -> list[str]:
    """The names on a list of signers: the first of each line."""
    lines = (line.split() for line in text.decode("utf-8", "replace").splitlines())
    return [words[0].split(",")[0].strip('"') for words in lines if len(words) > 1 and not words[0].startswith("#")]


def _signers(git: Git, commit: str, skip: Skip) -> Iterator[Item]:
    blob = git.blob_at(commit, SIGNERS)
    if blob and not skip(f"signers:{SIGNERS}", blob):
        names = ", ".join(signers_in(git.read_blob(blob))) or "nobody"
        yield Item("signers", SIGNERS, blob, one_line(f"says whose signed lessons hold: {names}", _DOES))


def _skill_does(git: Git, tree: str) -> str:
    runs = [path for path, entry in git.files(tree) if entry.mode == "100755" or path.startswith(_RUNS)]
    if not runs:
        return "tells the agent how to do something; brings no script"
    more = f" and {len(runs) - _SHOWN} more" if len(runs) > _SHOWN else ""
    return one_line(f"brings programs: {', '.join(runs[:_SHOWN])}{more}", _DOES)


def changed_by(git: Git, item: Item) -> str:
    """Who changed an item last, and by which commit of main: `Bo <bo@example.org> in 1a2b3c4d`. Costs a process."""
    head = git.resolve("refs/heads/main")
    paths = (
        [f":(literal)skills/{item.name}"] if item.kind == "skill" else [f":(literal){one}" for one in _files_of(item)]
    )
    said = git.run("log", "-1", "--no-merges", "--no-show-signature", "--format=%an <%ae> in %h", head, "--", *paths)
    return one_line(said.decode("utf-8", "replace"), _DOES)


def texts(git: Git, commit: str, item: Item) -> Iterator[tuple[str, str]]:
    """(path, text) of what an item consists of."""
    if item.kind == "skill":
        for path, entry in git.files(item.digest):
            yield f"skills/{item.name}/{path}", _text(git, entry.oid) if entry.kind == "blob" else "(no file)"
        return
    for path in _files_of(item):
        if blob := git.blob_at(commit, path):
            yield path, _text(git, blob)


def _files_of(item: Item) -> list[str]:
    paths = [path for path, reader in _READERS.items() if reader[0] == item.kind]
    return paths or ([item.name] if item.kind in ("instructions", "signers") else ["MEMORY.md", "USER.md"])


def _text(git: Git, blob: str) -> str:
    data = git.read_blob(blob)
    return f"({len(data):,} bytes)" if b"\0" in data else data.decode("utf-8", "replace")


# -- YAML files -------------------------------------------------------------------------------------------------------


def _records(git: Git, commit: str, path: str, skip: Skip) -> Iterator[Item]:
    blob = git.blob_at(commit, path)
    data = git.read_blob(blob) if blob else b""
    kind, acting, does = _READERS[path]
    if not data.strip():
        return
    broken: type[Exception] = load(f"{_YAML}:Broken")
    try:
        if len(data) > (_MAX_LOCK if path == LOCK_FILE else _MAX_YAML):
            raise broken("it is too large")
        records = acting(load(f"{_YAML}:parse")(data))
    except broken as error:
        if not skip(f"{kind}:{path}", blob):
            yield Item(kind, path, blob, one_line(f"it cannot be read: {error}", _DOES))
        return
    for name, record in records.items():
        digest = hashlib.sha256(json.dumps(record, sort_keys=True, default=str).encode()).hexdigest()
        if not skip(f"{kind}:{name}", digest):
            yield Item(kind, str(name), digest, one_line(does(record), _DOES))


def _sections(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Each entry of a section of entries (a server, a channel) for itself, else the section."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if name in _INERT:
            continue
        single = isinstance(value, Mapping) and value and all(isinstance(entry, Mapping) for entry in value.values())
        found |= {f"{name}.{key}": entry for key, entry in value.items()} if single else {str(name): value}
    return found


def _everything(records: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): record for name, record in records.items()}


def _config_does(value: Any) -> str:
    return f"sets {json.dumps(value, default=str)}"


def _cron_does(job: Any) -> str:
    if not isinstance(job, Mapping):
        return "a job that cannot be read"
    with contextlib.suppress(TypeError):
        return f"at {job.get('schedule', 'no time')}: {job.get('script') or job.get('prompt') or 'nothing'}"
    return "a job"


def _people_does(record: Any) -> str:
    return f"lets somebody speak to the agent: {json.dumps(record, default=str)}"


def _source_does(record: Any) -> str:
    where = record.get("source") if isinstance(record, Mapping) else ""
    return f"says where `hermes skills update` asks for new versions: {where or 'nowhere'}"


_Reader = tuple[ItemKind, Callable[[Mapping[str, Any]], dict[str, Any]], Callable[[Any], str]]
_READERS: Mapping[str, _Reader] = {
    "config.yaml": ("config", _sections, _config_does),
    "cron.yaml": ("cron", _everything, _cron_does),
    "people/people.yaml": ("people", _everything, _people_does),
    LOCK_FILE: ("source", _everything, _source_does),
}

"""Judges lessons from elsewhere by who signed them, and makes the tree that main gets without those that nobody vouches
for. Moves no ref; `held.py` proposes what was left out.

A joining commit needs no signature where it is exactly what we would have made of its parents: it adds nothing. Where a
lesson is left out, its files are put together anew from the lessons that hold; one of those that does not fit without
it is left out, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hermes_fs.core.errors import Refused
from hermes_fs.core.loading import load
from hermes_fs.store import conflicts, message, signers
from hermes_fs.store.git import Git
from hermes_fs.store.judging import FormatOf
from hermes_fs.store.merging import Difference, base_of, differences, merge
from hermes_fs.store.objects import TreeEntry
from hermes_fs.store.paths import SIGNERS
from hermes_fs.store.workspace import Workspace

OWNER = "owner"
HELD = "Hermes-Held"
"""The trailer of a commit that leaves lessons out: their ids."""

_LOOK = f"look at it: hermes trust show signers:{SIGNERS}, then: hermes trust accept signers:{SIGNERS}"
_FILES = ("100644", "100755")
_SAID = 200
_MOST = 20_000
"""Commits that are judged in one sync."""
_ASKED = 20  # lessons held back elsewhere of which is asked whether they were ours
_ID = re.compile(r"[0-9a-f]{40,64}")
_SAYS = re.compile(r"\b(?:require_signed|protected)\b")
_ALWAYS = ("config.yaml", SIGNERS)
"""What says who may do what is protected as soon as anything is."""

File = tuple[str, bytes | None]
"""(mode, content); None: there is none."""


@dataclass(frozen=True, slots=True)
class Protected:
    """Files that a lesson from elsewhere changes only where one of these names signed it; no names: anybody listed."""

    pattern: str
    names: tuple[str, ...]

    def covers(self, path: str) -> bool:
        return bool(_compiled(self.pattern).fullmatch(path))


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of lessons from elsewhere: a signature of somebody listed, `protected` files apart."""

    signed: bool
    protected: tuple[Protected, ...] = ()

    def __bool__(self) -> bool:
        return self.signed or bool(self.protected)

    def objection(self, signer: str, paths: Iterable[str]) -> str:
        """Why a lesson does not hold at once; "" where it does. `signer` is "" where nobody on the list signed it."""
        if self.signed and not signer:
            return f"nobody in {SIGNERS} signed it"
        for path in paths:
            rule = next((one for one in self.protected if one.covers(path)), None)
            if rule and not (signer in rule.names if rule.names else signer):
                return f"only {' and '.join(rule.names) or f'who is in {SIGNERS}'} may change {path}"
        return ""


class NewSigners(Refused):
    """A changed list names somebody whose lessons came. `lesson` changed it; it is "" where main has it."""

    def __init__(self, lesson: str) -> None:
        super().__init__(f"{SIGNERS} was changed elsewhere, and lessons came that only the new one knows", _LOOK)
        self.lesson = lesson


@dataclass(frozen=True, slots=True)
class Held:
    """A lesson that does not hold here, and why not."""

    commit: str
    because: str


@dataclass(frozen=True, slots=True)
class _Step:
    """What a commit did: to which files, from what to what."""

    commit: str
    because: str
    changes: Mapping[str, Difference]


def rules_of(workspace: Workspace) -> Rules:
    """As the settings on the disk have them, trusted or not: they only ever narrow. Raises ConfigError."""
    places = (workspace.root / "config.yaml", workspace.state_dir / "local.yaml")
    if not any(place.is_file() and _SAYS.search(place.read_text(errors="replace")) for place in places):
        return Rules(False)
    known = load("hermes_fs.core.config:load")(workspace.root, workspace.state_dir)
    asked = tuple(map(protected, known.git.protected))
    always = tuple(Protected(path, ()) for path in _ALWAYS) if asked else ()
    return Rules(known.git.require_signed, (*asked, *always))


def protected(text: str) -> Protected:
    """`PATTERN` or `PATTERN by NAME, NAME`; without a name it is the owner's."""
    pattern, _, names = text.partition(" by ")
    return Protected(pattern.strip(), tuple(name.strip() for name in names.split(",") if name.strip()) or (OWNER,))


def vouched(workspace: Workspace, head: str, tip: str, rules: Rules) -> tuple[dict[str, File], list[Held]]:
    """(what becomes of which files of a commit, the lessons that this leaves out), oldest first; both empty where all
    of it holds. Raises Refused where nobody here has said whose signatures count, NewSigners where a newer list waits
    for that."""
    git = workspace.git
    incoming = _incoming(git, head, tip)
    trusted = signers.trusted(git, workspace.trust)
    by = signers.signed_by(git, workspace.state_dir, trusted, list(incoming))
    steps = [_step(workspace, commit, parents, by.get(commit, ""), rules) for commit, parents in incoming.items()]
    settled = _settled(git, by)
    held = {
        one.commit: Held(one.commit, one.because)
        for one in steps
        if one.because and all(rules.objection(signer, one.changes) for signer in settled.get(one.commit, ()))
    }
    if not held:
        return {}, []
    if not trusted.strip():
        raise Refused(f"nobody here has said whose signatures count: {SIGNERS} is not trusted", _LOOK)
    _require_newest(workspace, steps, by)
    files = _replayed(git, base_of(git, head, tip, workspace.formats), steps, held, workspace.formats)
    wrong = {path: file for path, file in files.items() if not _is(git, tip, path, file)}
    gone = [step.commit for step in steps if step.commit in held and not wrong.keys().isdisjoint(step.changes)]
    return wrong, [held[commit] for commit in gone]


def _settled(git: Git, by: Mapping[str, str]) -> dict[str, list[str]]:
    """Lessons that were held back already → by whom: what is left of them is theirs, if they might have taught it."""
    found: dict[str, list[str]] = {}
    for commit, signer in by.items():
        text = git.read("commit", commit).partition(b"\n\n")[2].decode("utf-8", "replace")
        for lesson in message.read_trailers(text).get(HELD, "").split():
            found.setdefault(lesson, []).append(signer)
    return found


def warm(workspace: Workspace, tip: str) -> None:
    """Verifies what came before anybody is kept waiting for the workspace."""
    if rules_of(workspace):
        git = workspace.git
        came = list(_incoming(git, workspace.head(), tip))
        signers.signed_by(git, workspace.state_dir, signers.trusted(git, workspace.trust), came)


def _incoming(git: Git, head: str, tip: str) -> dict[str, list[str]]:
    """Commit → parents, the oldest first."""
    said = git.run("rev-list", "--topo-order", "--reverse", "--parents", tip, f"^{head}", "--").decode()
    found = {words[0]: words[1:] for line in said.splitlines() if (words := line.split())}
    if len(found) > _MOST:
        raise Refused(f"{len(found):,} commits came at once, of which each must be judged", "ask whose they are")
    return found


def _require_newest(workspace: Workspace, steps: Sequence[_Step], by: Mapping[str, str]) -> None:
    """Raises NewSigners where a list that is not trusted yet, by the hand of somebody who is, knows more of them."""
    git = workspace.git
    changed = next((step.commit for step in reversed(steps) if SIGNERS in step.changes and step.commit in by), "")
    newer = git.blob_at(changed or workspace.head(), SIGNERS)
    if newer and newer != workspace.trust.digest_of(f"signers:{SIGNERS}"):
        left = [step.commit for step in steps if step.because]
        if signers.signed_by(git, workspace.state_dir, git.read_blob(newer), left, remember=False):
            raise NewSigners(changed)


def told(git: Git, before: str, after: str) -> list[str]:
    """A line on each lesson of main as it was that somebody else held back since."""
    words = ("log", "--no-merges", "--no-show-signature", "--format=%x00%b", "--fixed-strings", f"--grep={HELD}: ")
    said = git.run(*words, after, f"^{before}", "--").decode("utf-8", "replace").split("\0")[1:]
    gone = [id for body in said for id in message.read_trailers(body).get(HELD, "").split() if _ID.fullmatch(id)]
    ours = {id[:8] for id in gone[:_ASKED] if not git.ask("merge-base", "--is-ancestor", id, before).code}
    lines = [line[2:] for body in said for line in body.split("\n") if line.startswith("> ") and line[2:10] in ours]
    return [f"held back elsewhere: {message.one_line(line, _SAID)}: hermes review" for line in lines]


# -- what each did ----------------------------------------------------------------------------------------------------


def _step(workspace: Workspace, commit: str, parents: Sequence[str], signer: str, rules: Rules) -> _Step:
    git = workspace.git
    before = parents[0] if parents else git.empty_tree
    if len(parents) == 2:
        tree, clashes = merge(git, parents[0], parents[1], workspace.formats)
        before = conflicts.kept(git, tree, clashes)
    changes = {each.path: each for each in differences(git, before, commit)}
    return _Step(commit, rules.objection(signer, changes) if changes else "", changes)


def _replayed(git: Git, base: str, steps: Sequence[_Step], held: dict[str, Held], formats: FormatOf) -> dict[str, File]:
    """The files that lessons in `held` touched, as the others make them of `base`. Adds to `held` what does not fit."""
    while True:
        paths = {path for step in steps if step.commit in held for path in step.changes}
        files = {path: _file(git, git.entry_at(base, path) if base else None) for path in sorted(paths)}
        unfit: list[Held] = []
        for step in steps:
            if step.commit not in held:
                unfit += _apply(git, step, files, formats)
        if not unfit:
            return files
        held |= {one.commit: one for one in unfit}


def _apply(git: Git, step: _Step, files: dict[str, File], formats: FormatOf) -> Iterator[Held]:
    for path in sorted(step.changes.keys() & files.keys()):
        before, after = (_file(git, entry) for entry in (step.changes[path].first, step.changes[path].second))
        now = files[path]
        merged = formats(path).merge(before[1], now[1], after[1])
        if merged.conflicts:
            yield Held(step.commit, f"it builds on what nobody vouches for: {path}")
            return
        files[path] = (after[0] if after[1] is not None else now[0], merged.content)


def _file(git: Git, entry: TreeEntry | None) -> File:
    """A link or a submodule counts as none."""
    return (entry.mode, git.read_blob(entry.oid)) if entry and entry.mode in _FILES else ("100644", None)


def _is(git: Git, tree: str, path: str, file: File) -> bool:
    entry = git.entry_at(tree, path)
    if file[1] is None:
        return entry is None or entry.mode not in _FILES
    return entry is not None and (entry.mode, entry.oid) == (file[0], git.oid_of("blob", file[1]))


def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` and `?` stay within a folder, `**` does not; the name of a folder is all that is in it."""
    words = re.split(r"(\*\*/?|\*|\?)", pattern.rstrip("/"))
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(word, re.escape(word)) for word in words) + "(?:/.*)?", re.IGNORECASE)

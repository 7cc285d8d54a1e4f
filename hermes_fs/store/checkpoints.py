"""Owns copies of the work directory from before and after each turn that changed it, so that a turn can be taken back.

They lie in a git repository of their own in .git/hermes: the person's own git is neither read nor written. What the
person changed themselves is never overwritten.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.clock import Clock, iso
from hermes_fs.core.errors import Failed, HermesError, NotFound
from hermes_fs.store import isolation
from hermes_fs.store.files import Files
from hermes_fs.store.lock import Lock
from hermes_fs.store.transcript import write_whole

MOST_FILES = 10_000
"""Files of a work directory beyond which only those are kept that file tools change."""
LARGEST = 5 * 1024 * 1024
"""Bytes of a file that is kept."""
MOST_BYTES = 300 * 1024 * 1024
LISTED = 50

_FLAGS = (
    "-c",
    "core.fsync=none",
    "-c",
    "core.looseCompression=1",
    "-c",
    "gc.auto=0",
    "-c",
    "core.quotePath=false",
    "-c",
    "core.fsmonitor=false",
)
_ATTRIBUTES = "* -text -ident -filter -working-tree-encoding -diff -merge !eol\n"
_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A turn that changed files. `number` counts from 1 in the session; `label` is how its message began; `before` and
    `after` are trees; `whole` is False where the folder was too large, and only files that tools wrote are in it."""

    number: int
    label: str
    when: str
    before: str
    after: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Rewound:
    """`restored` paths are as they were before the turn; `kept` ones were changed since by somebody else and stay."""

    restored: tuple[str, ...]
    kept: tuple[str, ...]


_HEAD = b"ref: refs/heads/none\n"
_ABANDONED = 30.0  # seconds


class Checkpoints:
    """Those of one session in one work directory. `begin` a turn, `cover` before each thing that may write, `settle`
    at its end. A checkpoint is a help: where none can be made, `cover` returns why and the work goes on."""

    def __init__(self, folder: Path, work_dir: Path, session: str, clock: Clock) -> None:
        key = hashlib.sha256(os.fsencode(work_dir)).hexdigest()[:16]
        self._git_dir = folder / f"{key}.git"
        self._work_dir = work_dir
        self._ref = f"refs/sessions/{session}" if _SESSION.fullmatch(session) else "refs/sessions/other"
        self._clock = clock
        self._files = Files(work_dir, self._git_dir / "aside")
        self._lock = Lock(folder / f"{key}.lock")
        self._label = ""
        self._before = ""
        self._named: set[str] = set()
        self._whole = True

    def begin(self, label: str) -> None:
        """A turn starts. Costs nothing until something is about to write."""
        self._label, self._before, self._named, self._whole = label, "", set(), True

    def cover(self, paths: Iterable[str] = ()) -> str:
        """Before something writes: `paths` (absolute) surely, whatever else is in the work directory too. Returns a
        line on why there is no checkpoint, "" where there is."""
        named = {name for path in paths if (name := self._relative(path))}
        if self._before and named <= self._named:
            return ""
        self._named |= named
        try:
            with self._alone():
                self._before = self._before or self._snapshot(self._named)
                if not self._whole:
                    self._before = self._with(self._before, named)
        except HermesError as error:
            return f"this turn's files cannot be put back with /rewind: {error.message}"
        return ""

    def settle(self) -> str:
        """The turn is over: keep what it changed. Returns a line on why that failed, "" where it did not."""
        if not self._before:
            return ""
        before, self._before = self._before, ""
        try:
            with self._alone():
                after = self._snapshot(self._named) if self._whole else self._with(before, self._named)
                if after != before:
                    self._record(self._label, before, after, self._whole)
        except HermesError as error:
            return f"this turn's files cannot be put back with /rewind: {error.message}"
        return ""

    def turns(self) -> list[Checkpoint]:
        """The session's turns that changed files, oldest first. Raises Failed."""
        if not self._exists(self._ref):
            return []
        rows = (
            self._git("log", "--reverse", "--first-parent", "--format=%B%x00", self._ref, "--")
            .decode(errors="replace")
            .split("\0")
        )
        found = [parsed for row in rows if (parsed := _parsed(row))]
        return [Checkpoint(number, *fields) for number, fields in enumerate(found, 1)]

    def rewind(self, number: int) -> Rewound:
        """Puts the files back as they were before that turn, what later turns of the agent changed included. Raises
        NotFound for a turn that is not there. It is recorded like a turn, so that it can be taken back too."""
        turns = self.turns()
        if not 1 <= number <= len(turns):
            raise NotFound(f"there is no turn {number} that changed files", "see /rewind for those there are")
        with self._alone():
            wanted, expected, kept = self._plan(turns[number - 1 :])
            restored = []
            for path in sorted(wanted):
                if self._entry_on_disk(path) == expected[path]:
                    self._put(path, wanted[path])
                    restored.append(path)
                else:
                    kept.add(path)
            self._note_rewind(number, {path: expected[path] for path in restored}, wanted)
        return Rewound(tuple(restored), tuple(sorted(kept)))

    # -- what to put back ---------------------------------------------------------------------------------------------

    def _plan(self, turns: list[Checkpoint]) -> tuple[dict[str, str], dict[str, str], set[str]]:
        """For each path that these turns changed: the entry (`mode oid`, "" for none) to put back, the one that must be
        there now, and the paths that somebody else changed between two of them."""
        wanted: dict[str, str] = {}
        expected: dict[str, str] = {}
        kept: set[str] = set()
        for turn in turns:
            for path, old, new in self._changes(turn.before, turn.after):
                if path in wanted and expected[path] != old:
                    kept.add(path)
                wanted.setdefault(path, old)
                expected[path] = new
        return ({path: entry for path, entry in wanted.items() if path not in kept}, expected, kept)

    def _changes(self, before: str, after: str) -> Iterator[tuple[str, str, str]]:
        out = self._git("diff-tree", "-r", "-z", "--no-renames", before, after).split(b"\0")
        for about, path in zip(out[::2], out[1::2], strict=False):
            old_mode, new_mode, old, new, _ = about.decode().removeprefix(":").split()
            yield os.fsdecode(path), _entry(old_mode, old), _entry(new_mode, new)

    def _entry_on_disk(self, path: str) -> str:
        """A link, or something else that is no regular file, is no entry that we know."""
        try:
            found = self._files.read(path)
        except HermesError:
            return "?"
        if found is None:
            return ""
        oid = self._git("hash-object", "--no-filters", "--stdin", input=found.data).decode().strip()
        return _entry(found.mode, oid)

    def _put(self, path: str, entry: str) -> None:
        if not entry:
            self._files.remove(path)
            return
        mode, oid = entry.split()
        if mode in ("100644", "100755"):
            self._files.put(path, self._git("cat-file", "blob", oid), 0o755 if mode == "100755" else 0o644)

    def _note_rewind(self, number: int, was: Mapping[str, str], now: Mapping[str, str]) -> None:
        if was:
            before, after = self._tree_of(was), self._tree_of({path: now[path] for path in was})
            self._record(f"rewind to before turn {number}", before, after, False)

    # -- trees --------------------------------------------------------------------------------------------------------

    def _snapshot(self, named: Iterable[str]) -> str:
        """The tree of the folder as it is. The index that it leaves knows which files are unchanged, so the next one is
        quick."""
        self._require()
        paths = self._worth_keeping()
        if paths is None:
            self._whole = False
            return self._tree_of({})
        self._git("update-index", "-z", "--add", "--remove", "--stdin", input=_joined({*paths, *named}))
        return self._git("write-tree").decode().strip()

    def _worth_keeping(self) -> set[str] | None:
        """Paths of the folder that git would not ignore and of those that were kept before; None where it is too large
        to be kept as a whole."""
        if self._work_dir in (Path.home(), Path("/")):
            return None
        listed = self._git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split(b"\0")
        names = {os.fsdecode(name) for name in listed if name and not name.endswith(b"/")}
        if len(names) > MOST_FILES:
            return None
        kept: set[str] = set()
        size = 0
        for name in names:
            try:
                status = os.lstat(self._work_dir / name)
            except OSError:  # gone: git is to notice
                kept.add(name)
                continue
            if status.st_size <= LARGEST:
                kept.add(name)
                size += status.st_size
        return kept if size <= MOST_BYTES else None

    def _with(self, tree: str, paths: Iterable[str]) -> str:
        """A tree with these paths as they are on the disk."""
        entries = dict(self._entries(tree))
        for path in paths:
            found = self._files.read(path)
            if found is None or len(found.data) > LARGEST:
                entries.pop(path, None)
            else:
                oid = self._git("hash-object", "-w", "--no-filters", "--stdin", input=found.data).decode().strip()
                entries[path] = _entry(found.mode, oid)
        return self._tree_of(entries)

    def _entries(self, tree: str) -> Iterator[tuple[str, str]]:
        for row in self._git("ls-tree", "-r", "-z", tree).split(b"\0"):
            if row:
                about, path = row.split(b"\t", 1)
                mode, _, oid = about.decode().split()
                yield os.fsdecode(path), _entry(mode, oid)

    def _tree_of(self, entries: Mapping[str, str]) -> str:
        rows = b"".join(entry.encode() + b"\t" + os.fsencode(path) + b"\0" for path, entry in entries.items() if entry)
        index = {"GIT_INDEX_FILE": str(self._git_dir / "index.other")}
        (self._git_dir / "index.other").unlink(missing_ok=True)
        self._git("update-index", "-z", "--index-info", input=rows, more=index)
        return self._git("write-tree", more=index).decode().strip()

    def _record(self, label: str, before: str, after: str, whole: bool) -> None:
        """As a commit on the session's ref, whose first parent is the turn before and whose second holds the tree of
        before, so that git keeps both."""
        about = {"label": label, "when": iso(self._clock.now()), "before": before, "after": after, "whole": whole}
        held = self._commit(before, "before", [])
        parents = [self._ref] if self._exists(self._ref) else []
        done = self._commit(after, json.dumps(about), parents, held)
        self._git("update-ref", self._ref, done)

    def _commit(self, tree: str, message: str, parents: list[str], held: str = "") -> str:
        words = [word for parent in (*parents, *([held] if held else [])) for word in ("-p", parent)]
        return self._git("commit-tree", tree, *words, input=message.encode()).decode().strip()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two sessions may work in one folder. Raises Failed."""
        try:
            self._git_dir.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise Failed(
                f"{self._git_dir.parent} cannot be made: {error.strerror}", "look at the space left"
            ) from error
        with self._lock:
            self._clear_what_a_kill_left()
            yield

    def _clear_what_a_kill_left(self) -> None:
        """git gives up at a lock file, and one that was killed leaves it for good. Ours is held, so it is nobody's; a
        git that outlived its hermes has ended by then."""
        for name in ("index.lock", "index.other.lock", f"{self._ref}.lock"):
            left = self._git_dir / name
            with contextlib.suppress(OSError):  # none, as nearly always
                if self._clock.now().timestamp() - left.stat().st_mtime > _ABANDONED:
                    left.unlink()

    # -- git ----------------------------------------------------------------------------------------------------------

    def _require(self) -> None:
        if self._is_made():
            return
        try:
            for name in ("objects", "refs", "info"):
                (self._git_dir / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._git_dir / "info" / "attributes").write_text(_ATTRIBUTES)
            (self._git_dir / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
            write_whole(self._git_dir / "HEAD", _HEAD)  # last: it says that the rest is there
        except OSError as error:
            raise Failed(f"{self._git_dir} cannot be made: {error.strerror}", "look at the space left") from error

    def _is_made(self) -> bool:
        """Whether the repository is whole: a full disk may have left a beginning of one."""
        try:
            return (self._git_dir / "HEAD").read_bytes() == _HEAD
        except OSError:
            return False

    def _exists(self, ref: str) -> bool:
        if not self._is_made():
            return False
        return bool(self._git("for-each-ref", "--format=%(objectname)", ref).strip())

    def _git(self, *words: str, input: bytes = b"", more: Mapping[str, str] | None = None) -> bytes:
        settings = isolation.environment(os.environ) | {
            "GIT_DIR": str(self._git_dir),
            "GIT_WORK_TREE": str(self._work_dir),
            "GIT_AUTHOR_NAME": "hermes",
            "GIT_AUTHOR_EMAIL": "hermes@localhost",
            "GIT_COMMITTER_NAME": "hermes",
            "GIT_COMMITTER_EMAIL": "hermes@localhost",
        }
        try:
            done = subprocess.run(
                [isolation.git_program(), *_FLAGS, *words],
                input=input,
                capture_output=True,
                check=False,
                cwd=self._work_dir,
                env={**settings, **(more or {})},
            )
        except OSError as error:
            raise Failed(f"git cannot be started: {error.strerror}", "look at the work directory") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise Failed(f"git {words[0]}: {said[-1] if said else done.returncode}", "look at the space left")
        return done.stdout

    def _relative(self, path: str) -> str:
        """Relative to the work directory, "" outside it: what is there is not ours to keep."""
        return path.removeprefix(f"{self._work_dir}/") if path.startswith(f"{self._work_dir}/") else ""


def tidy(folder: Path, older_than_days: int, now: float, remove: Callable[[Path], None]) -> None:
    """Removes the checkpoints of work directories that were not used for so long."""
    for place in sorted(folder.glob("*.git")) if folder.is_dir() else ():
        index = place / "index"
        used = max((path.stat().st_mtime for path in (index, place) if path.exists()), default=now)
        if now - used > older_than_days * 86_400:
            remove(place)


def _entry(mode: str, oid: str) -> str:
    return "" if mode == "000000" else f"{mode} {oid}"


def _joined(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in sorted(paths))


def _parsed(row: str) -> tuple[str, str, str, str, bool] | None:
    try:
        data = json.loads(row)
        return str(data["label"]), str(data["when"]), str(data["before"]), str(data["after"]), bool(data["whole"])
    except (ValueError, KeyError, TypeError):  # the commit that only holds a tree
        return None

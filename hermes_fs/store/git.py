"""Owns reading and writing one repository's objects and refs by git plumbing. Must not touch the work tree or index.

Everything goes through kept-open co-processes, so that a write costs no process start; `run` is for the rest.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.errors import Conflict, Failed, NotFound
from hermes_fs.store import isolation
from hermes_fs.store.coprocess import Coprocess, Died, repeated
from hermes_fs.store.durable import Syncer
from hermes_fs.store.object_writer import ObjectWriter
from hermes_fs.store.objects import (
    TREE_MODE,
    ObjectKind,
    Remembered,
    Rows,
    Signature,
    TreeEntry,
    commit_text,
    entry_of,
    parse_rows,
    render_rows,
    row_of,
)
from hermes_fs.store.state import BRANCH, common_dir_of, git_dir_of, is_past

_ROOM, _OWN = "free some space there", "work on a copy that can be written"
_WAYS_OUT = {"No space left": _ROOM, "Out of diskspace": _ROOM, "Read-only file system": _OWN}
_WHY_NOT = "look whether there is space left and the folder may be written"
_WHOLE_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a git that was run said. `code` is its exit code."""

    code: int
    out: bytes
    err: str


class RefLocked(Failed):
    """Another git holds the ref's lock file, or one that was killed left it behind."""


class Git:
    """One repository with a work tree at `root`. Thread-safe; blocks for the duration of git's answer.

    Raises Failed where git fails, NotFound for a missing object, Conflict where a ref moved in between.
    """

    def __init__(self, root: Path, git_dir: Path | None = None) -> None:
        self.root = root
        self.git_dir = git_dir or git_dir_of(root)
        self.common_dir = common_dir_of(self.git_dir)
        self.is_past = is_past(self.git_dir)
        self.syncer = Syncer()
        self.temporary = self.git_dir / "hermes" / "tmp"
        self._env = isolation.environment(os.environ) | {
            "GIT_DIR": str(self.git_dir),
            "GIT_WORK_TREE": str(root),
            "GIT_COMMITTER_NAME": "Hermes",  # of the reflog's lines only; commits carry their own
            "GIT_COMMITTER_EMAIL": "hermes@localhost",
        }
        self._reader = self._coprocess("cat-file", "--batch-command")
        self._refs = self._coprocess("update-ref", "-m", "hermes", "--stdin", "-z")
        self._writer = ObjectWriter(self._coprocess, self.root, self.temporary)
        self._known = Remembered()
        self._settings: tuple[int, list[str]] = (0, [])

    # -- reading ------------------------------------------------------------------------------------------------------

    def resolve(self, rev: str) -> str:
        """Object id of a revision, "" if there is none (or it is ambiguous)."""
        return self._info(rev)[0]

    def kind_of(self, oid: str) -> str:
        """blob, tree, commit or tag; "" for a missing object."""
        return self._info(oid)[1]

    def size_of(self, oid: str) -> int:
        """Bytes of an object, 0 for a missing one."""
        return self._info(oid)[2]

    def read_blob(self, oid: str) -> bytes:
        """Content of a blob. Raises NotFound."""
        return self.read("blob", oid)

    def read(self, kind: str, oid: str) -> bytes:
        """Raw content of an object of this kind; a tag or commit is followed where a tree is asked for."""
        name = f"{oid}^{{{kind}}}" if kind in ("tree", "commit") else oid
        _checked_name(name)
        found, data = repeated(lambda: self._contents(name))
        if found != kind:
            raise NotFound(f"no {kind} {oid} in this repository")
        return data

    def blob_at(self, commit: str, path: str) -> str:
        """Id of the blob at a path in a commit or tree, "" if there is none (or a folder is there)."""
        if path.startswith(("./", "../")) or "\n" in path:
            return ""
        oid, kind, _ = self._info(f"{commit}:{path}")
        return oid if kind == "blob" else ""

    def tree_at(self, commit: str, path: str) -> str:
        """Id of the folder at a path in a commit or tree, "" if there is none; path "" is the root."""
        if path.startswith(("./", "../")) or "\n" in path:
            return ""
        oid, kind, _ = self._info(f"{commit}:{path}")
        return oid if kind == "tree" else ""

    def tree(self, oid: str) -> list[TreeEntry]:
        """Entries of a tree (or of a commit's tree), in git's order. Raises NotFound."""
        return [entry_of(name, row) for name, row in self.rows(oid).items()]

    def entry_at(self, commit: str, path: str) -> TreeEntry | None:
        """What lies at a path in a commit or tree, None if nothing does."""
        oid, found = commit, None
        for name in map(os.fsencode, path.split("/")):
            row = self.rows(oid).get(name) if oid else None
            found = entry_of(name, row) if row else None
            oid = found.oid if found and found.kind == "tree" else ""
        return found

    def files(self, tree: str, prefix: str = "") -> Iterator[tuple[str, TreeEntry]]:
        """Every file (and symlink, and gitlink) under a tree or commit, with its path."""
        for entry in self.tree(tree):
            path = prefix + entry.name
            if entry.kind == "tree":
                yield from self.files(entry.oid, path + "/")
            else:
                yield path, entry

    @functools.cached_property
    def object_format(self) -> str:
        """sha1 or sha256."""
        head = self.resolve("HEAD")
        if head:
            return "sha1" if len(head) == 40 else "sha256"
        return os.fsdecode(self.run("rev-parse", "--show-object-format")).strip()

    # -- writing objects ----------------------------------------------------------------------------------------------

    def hash_blob(self, data: bytes) -> str:
        """Writes a blob, durably; its id."""
        return self.write([("blob", data)])[0]

    def make_tree(self, entries: Iterable[TreeEntry]) -> str:
        """Writes one tree, durably; its id. The entries' objects must exist."""
        rows = {os.fsencode(entry.name): row_of(entry) for entry in entries}
        return self.write([("tree", render_rows(rows))])[0]

    def commit(self, tree: str, parents: Sequence[str], message: str, author: Signature, committer: Signature) -> str:
        """Writes a commit, durably; its id. No ref is moved."""
        return self.write([("commit", commit_text(tree, parents, message, author, committer))])[0]

    def write(self, objects: Sequence[tuple[ObjectKind, bytes]]) -> list[str]:
        """Writes objects, durably; their ids in order. Kinds are written at the same time, by one process each."""
        oids = self.write_soon(objects)
        self.syncer.sync(self.loose_files(oids))
        return oids

    def write_soon(self, objects: Sequence[tuple[ObjectKind, bytes]]) -> list[str]:
        """As `write`, but they are durable only after `syncer` has waited for their `loose_files`."""
        return self._writer.write(objects)

    def loose_files(self, oids: Iterable[str]) -> list[Path]:
        """Where objects lie that are in no pack."""
        return [self.common_dir / "objects" / oid[:2] / oid[2:] for oid in oids]

    def write_tree_with(self, base: str, files: Mapping[str, tuple[str, str] | None]) -> str:
        """Id of the tree that equals `base` (a commit or tree id, "" for none) but for these files.

        A value is (mode, blob id); None deletes, and folders that become empty go with it.
        """
        new: list[tuple[ObjectKind, bytes]] = []
        oid = self.plan_tree(base, files, new)
        self.write(new)
        return oid

    def plan_tree(
        self, base: str, files: Mapping[str, tuple[str, str] | None], new: list[tuple[ObjectKind, bytes]]
    ) -> str:
        """As `write_tree_with`, but the trees to write are appended to `new` instead of written."""
        kept = dict(self.rows(base)) if base else {}
        below: dict[str, dict[str, tuple[str, str] | None]] = {}
        here: dict[bytes, tuple[str, str] | None] = {}
        for path, value in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = value
            else:
                here[os.fsencode(name)] = value
        for name, inner in below.items():
            mode, raw = kept.get(os.fsencode(name), (b"", b""))
            oid = self.plan_tree(raw.hex() if mode == TREE_MODE else "", inner, new)
            if oid == self.empty_tree:
                kept.pop(os.fsencode(name), None)
            else:
                kept[os.fsencode(name)] = TREE_MODE, bytes.fromhex(oid)
        for raw_name, value in here.items():  # after what is below: a file may come where a folder goes, or go for one
            if value:
                kept[raw_name] = value[0].encode(), bytes.fromhex(value[1])
            elif os.fsdecode(raw_name) not in below:
                kept.pop(raw_name, None)
        data = render_rows(kept)
        new.append(("tree", data))
        oid = self.oid_of("tree", data)
        self._known.put(oid, kept)  # the next lesson starts from it
        return oid

    def commit_of(self, text: bytes) -> tuple[ObjectKind, bytes]:
        """A raw commit as an object to write, whose tree is remembered: the next lesson starts from it."""
        tree = text[5 : text.index(b"\n")].decode()
        if (rows := self._known.get(tree)) is not None:
            self._known.put(self.oid_of("commit", text), rows)
        return "commit", text

    def oid_of(self, kind: ObjectKind, data: bytes) -> str:
        """The id that such an object has; nothing is written."""
        digest = hashlib.new(self.object_format, b"%s %d\0" % (kind.encode(), len(data)), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest()

    @functools.cached_property
    def empty_tree(self) -> str:
        return self.oid_of("tree", b"")

    # -- refs ---------------------------------------------------------------------------------------------------------

    def update_ref(self, name: str, new: str, old: str) -> None:
        """Moves a ref from `old` to `new`, durably ("" = does not exist). Conflict if it is not at `old`."""
        with self.moving_ref(name, new, old):
            pass
        self.syncer.sync([(self.common_dir / name).parent])

    @contextlib.contextmanager
    def moving_ref(self, name: str, new: str, old: str) -> Iterator[None]:
        """Locks a ref and compares it with `old`, lets the body run, then moves it to `new`.

        What is left to make it durable is to wait for the ref's folder.
        Conflict, before the body runs, if the ref is not at `old`; an exception of the body leaves it where it is.
        """
        _checked_name(name)
        if old == new:
            yield
            return
        request = b"start\0update %s\0%s\0%s\0prepare\0" % (
            os.fsencode(name),
            (new or self._no_id).encode(),
            (old or self._no_id).encode(),
        )
        with self._refs.talking() as refs:
            try:
                refs.send(request)
                refs.line()
                refs.line()
            except Died as error:
                raise self._ref_error(name, old, error) from error
            yield
            self._finish_move(refs, name, new)

    # -- anything else ------------------------------------------------------------------------------------------------

    def run(self, *args: str, input: bytes = b"", check: bool = True) -> bytes:
        """Output of one git command, isolated. Costs a process. Raises Failed on a non-zero exit if `check`."""
        answer = self.ask(*args, input=input)
        if check and answer.code:
            lines = answer.err.strip().splitlines() or [f"exit {answer.code}"]
            said = next((line for line in reversed(lines) if line.startswith(("fatal: ", "error: "))), lines[-1])
            hint = next((hint for sign, hint in _WAYS_OUT.items() if sign in said), "")
            raise Failed(f"git {args[0]} failed: {said}", hint)
        return answer.out

    def ask(self, *args: str, input: bytes = b"", env: Mapping[str, str] | None = None) -> Answer:
        """As `run`, with the exit code for the caller to judge; `env` is added to the isolated environment."""
        command = [isolation.git_program(), *isolation.flags(self.root), *isolation.disarm(self.own_settings()), *args]
        return self._spawn(command, input, {**self._env, **(env or {})})

    def set_identity(self, name: str, email: str) -> None:
        """Who the reflog says moved a ref. Takes effect for co-processes that start afterwards."""
        self._env |= {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email}

    def warm(self) -> None:
        """Starts every co-process, so that the first write does not wait for them one by one."""
        self._writer.start()
        self._refs.start()
        self._reader.start()

    def close(self) -> None:
        """Ends the co-processes. The repository may be used again; they start anew."""
        self._writer.close()
        self._refs.close()
        self._reader.close()
        self.syncer.close()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _coprocess(self, *args: str) -> Coprocess:
        command = [isolation.git_program(), *isolation.flags(self.root), *args]
        return Coprocess(command, self.root, self._env)

    def _info(self, name: str) -> tuple[str, str, int]:
        if not name:
            return "", "", 0
        _checked_name(name)
        if self.is_past and re.split("[:^~]", name)[0] == BRANCH:  # its main is as it was
            name = "HEAD" + name.removeprefix(BRANCH)
        line = repeated(lambda: self._one_line(b"info %s\n" % os.fsencode(name)))
        if line.endswith((b" missing", b" ambiguous")):
            return "", "", 0
        oid, kind, size = line.decode("ascii", "replace").split(" ")
        return oid, kind, int(size)

    def _one_line(self, request: bytes) -> bytes:
        with self._reader.talking() as reader:
            reader.send(request)
            return reader.line()

    def _contents(self, name: str) -> tuple[str, bytes]:
        with self._reader.talking() as reader:
            reader.send(b"contents %s\n" % os.fsencode(name))
            line = reader.line()
            if line.endswith((b" missing", b" ambiguous")):
                return "", b""
            _, kind, size = line.split(b" ")
            data = reader.read(int(size) + 1)[:-1]
            return kind.decode(), data

    def rows(self, rev: str) -> Rows:
        """As `tree`, by name and as git has them: for who compares many."""
        oid = rev if _WHOLE_ID.fullmatch(rev) else self.resolve(rev)  # only what never changes is remembered
        rows = self._known.get(oid)
        if rows is None:
            rows = parse_rows(self.read("tree", oid or rev), self._id_bytes)
            self._known.put(oid, rows)
        return rows

    def _finish_move(self, refs: Coprocess, name: str, new: str) -> None:
        try:
            refs.send(b"commit\0")
            refs.line()
        except Died as error:
            if self.resolve(name) != new:
                raise Failed(f"{name} could not be moved: {error.message}", _WHY_NOT) from error

    def _ref_error(self, name: str, old: str, error: Died) -> Failed | Conflict:
        if self.resolve(name) != old:
            return Conflict(f"{name} was moved by somebody else", "try again")
        if ".lock': File exists" in error.message:
            return RefLocked(
                f"{name} is locked", f"wait for the git that runs in {self.root}, or remove its .lock file"
            )
        return Failed(f"{name} could not be moved: {error.message}", _WHY_NOT)

    def own_settings(self) -> list[str]:
        """Keys of this repository's own configuration, as written. Costs a process where it changed."""
        config = self.common_dir / "config"
        stamp = config.stat().st_mtime_ns if config.exists() else 0
        if self._settings[0] != stamp:
            command = [isolation.git_program(), *isolation.flags(self.root), "config", "-z", "--local", "--includes"]
            said = self._spawn([*command, "--list"], b"", self._env)
            if said.code:
                raise Failed(f"the configuration of this repository cannot be read: {said.err.strip()}")
            self._settings = stamp, [item.partition("\n")[0] for item in os.fsdecode(said.out).split("\0") if item]
        return self._settings[1]

    def _spawn(self, command: Sequence[str], data: bytes, env: Mapping[str, str]) -> Answer:
        try:
            done = subprocess.run(
                command, input=data, capture_output=True, check=False, cwd=self.root, env=env, start_new_session=True
            )
        except OSError as error:
            raise Failed(f"git cannot be started: {error}", "install git 2.38 or newer") from error
        return Answer(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    @functools.cached_property
    def _id_bytes(self) -> int:
        return 20 if self.object_format == "sha1" else 32

    @functools.cached_property
    def _no_id(self) -> str:
        return "0" * (2 * self._id_bytes)


def _checked_name(name: str) -> None:
    if not name or "\n" in name or "\0" in name:
        raise NotFound(f"not a name of a revision: {name!r}")

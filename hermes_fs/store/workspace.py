"""THE DOOR: the one way to a durable write in the mind. Owns the order of its steps; each step is another module's.

Nothing else in the package writes into the mind, transcripts excepted. docs/store.md tells the steps.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from hermes_fs.core.clock import Clock, SystemClock
from hermes_fs.core.errors import Failed, HermesError, Refused
from hermes_fs.core.ids import Ulids
from hermes_fs.core.loading import load
from hermes_fs.core.types import Change, Commit, Doc, Kind, Provenance
from hermes_fs.store import acting, identity, isolation, message, pending, recovery, signing, state
from hermes_fs.store.failpoint import reach
from hermes_fs.store.files import Files, Found
from hermes_fs.store.follower import Follower
from hermes_fs.store.formats.format import Format
from hermes_fs.store.git import Git
from hermes_fs.store.journal import Journal, Move
from hermes_fs.store.judging import FormatOf, Weighed, check_places, check_skills, judge, problems_of, subject_of
from hermes_fs.store.lock import Lock
from hermes_fs.store.message import Approval
from hermes_fs.store.objects import LINK_MODE
from hermes_fs.store.paths import author_of, check_change, check_path, kind_of
from hermes_fs.store.retrying import Outdated as Outdated
from hermes_fs.store.retrying import retried
from hermes_fs.store.stepping import step_to
from hermes_fs.store.transaction import Lesson, Step, Transaction, clear_leftovers
from hermes_fs.store.trust import Trust

Listener = Callable[[Commit, tuple[str, ...]], None]
"""Called with each acknowledged lesson and its paths, in the committing thread. What it raises is reported, no more."""

_BY_HAND = Provenance(origin="owner", trigger="user")


def _known_format(path: str) -> Format:
    """The registry is loaded by the first lesson: a conversation that learns nothing does without it."""
    found: Format = load("hermes_fs.store.formats.registry:format_of")(path)
    return found


def _without_secrets(why: str) -> str:
    found: str = load("hermes_fs.core.secrets:redact")(why)
    return found


class Workspace:
    """An agent's mind on disk. Thread-safe, and safe beside other processes. Make one with `open`.

    `root` is the folder, `git` its repository, `state_dir` this machine's own part (.git/hermes), `host` this
    machine's name in it, `trust` what its person trusts; `formats` gives each path its format, and with it the limits
    that bind the agent; `clock` and `ids` are what lessons are dated and named by.
    """

    def __init__(self, root: Path, git_dir: Path, clock: Clock, ids: Callable[[], str], formats: FormatOf) -> None:
        self.root = root
        self.git = Git(root, git_dir)
        self.state_dir = git_dir / "hermes"
        self.host = ""
        self.clock = clock
        self.ids = ids
        self.formats = formats
        self._lock = Lock(self.state_dir / "lock")
        self._files = Files(root, self.git.temporary)
        self._edits = pending.Edits(self.git, self._files, state.trusts_modes(git_dir))
        self._journal = Journal(self.state_dir / "journal")
        self._seen_journal = (0, 0)
        self._transaction = Transaction(self.git, self._files, self._journal)
        self._follower = Follower(self.git, self._journal, self._lock, self.locked, self.state_dir / "follower.lock")
        self._person = identity.Person(root, git_dir, os.environ)
        self.trust = Trust(self.state_dir)
        self._listeners: list[Listener] = [functools.partial(acting.learn, self.git, self.trust)]
        self._reports: list[str] = []
        self._reporting = threading.Lock()

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        clock: Clock | None = None,
        ids: Callable[[], str] | None = None,
        formats: FormatOf | None = None,
    ) -> Workspace:
        """The workspace in this folder, recovered from whatever crash there was. NotFound, Refused or Failed if it is
        none, or one that cannot be opened; where it can be read only, `read_only` says why."""
        root = root.expanduser().resolve()
        git_dir = state.require_workspace(root)
        clock = clock or SystemClock()
        workspace = cls(root, git_dir, clock, ids or Ulids(clock), formats or _known_format)
        workspace._settle_in()
        return workspace

    @property
    def read_only(self) -> str:
        """One line on why nothing can be learned at the moment, "" if it can. Looked at anew each time."""
        return state.why_read_only(self.root, self.git.git_dir)

    # -- reading ------------------------------------------------------------------------------------------------------

    def read(self, path: str) -> Doc:
        """A file of the mind as it is on disk; Doc("", "") if there is none. Refused for a path that leads elsewhere,
        Failed for one that is no UTF-8 text."""
        data = self.read_bytes(path)
        if data is None:
            return Doc("", "")
        return Doc(_text(path, data), self.git.oid_of("blob", data))

    def read_bytes(self, path: str) -> bytes | None:
        """As `read`, any bytes; None if there is no such file."""
        check_path(path)
        found = self._files.read(path)
        return found.data if found else None

    def head(self) -> str:
        """Id of the last lesson on main, "" before the first."""
        return self.git.resolve(state.BRANCH)

    def take_reports(self) -> list[str]:
        """What should be said to a person since the last call: one line each, such as a broken file."""
        with self._reporting:
            reports, self._reports = self._reports, []
        if self._follower.problem:
            reports.append(self._follower.problem)
            self._follower.problem = ""
        return list(dict.fromkeys(reports))

    # -- writing ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the workspace against other threads and processes; re-entrant. Blocks; Failed after a minute."""
        with self._lock:
            if self._lock.outermost and self._journal.stamp != self._seen_journal:
                recovery.recover(self.git, self._files, self._journal)
                self._seen_journal = self._journal.stamp
            yield

    def commit(self, change: Change, approval: Approval | None = None) -> Commit:
        """Makes a change durable: all of it, or none. When this returns it is acknowledged: it survives a crash.
        `approval`: a person has looked at it and said yes.

        Refused: not allowed, or nothing would change. Conflict: a file is not as `change.expect` has it.
        """
        check_change(change, approval is not None)
        self.require_learning()
        with self.locked():
            done = retried(lambda: self._apply(*self._lesson(self.weigh(change, approval=approval), approval)))
        self._tell(done, tuple(change.files))
        return done

    def weigh(self, change: Change, reviewed: bool = False, approval: Approval | None = None) -> Weighed:
        """Steps 2 to 4 of a lesson without the lesson: what a person had edited in these files is committed, the rest
        is only looked at. The caller holds the lock. `reviewed`: a person looks at it before it holds. Raises as
        `commit`."""
        reach("door.locked")
        reviewed, override = reviewed or approval is not None, approval.override if approval else ""
        plan = self.plan(change, reviewed)
        if not plan.moves:
            raise Refused("nothing would change: " + ", ".join(change.files))
        check_places(self.git, plan.head, plan.moves)
        self._report(judge(change, plan.versions, self.formats, self.trust.knows_secret, approval))
        check_skills(self.git, plan.head, plan.moves, change, override, reviewed)
        reach("door.judged")
        return plan

    def plan(self, change: Change, reviewed: bool = False) -> Weighed:
        """As `weigh`, unjudged, and with no moves where nothing would change."""
        check_change(change, reviewed)
        self.require_learning()
        self._commit_edits(change.files)
        reach("door.pending")
        head = self.head()
        found = {path: self._files.read(path) for path in {**change.files, **change.expect}}
        self._expect(change, found)
        moves = tuple(
            move for path, data in change.files.items() if (move := self._move(head, path, data, found[path]))
        )
        moves = tuple(
            replace(move, new_mode=change.modes.get(move.path, move.new_mode)) if move.new else move for move in moves
        )
        versions = {move.path: (_bytes(found[move.path]), change.files[move.path]) for move in moves}
        return Weighed(change, head, moves, versions, found)

    def wording(self, weighed: Weighed, trailers: Mapping[str, str]) -> tuple[str, str]:
        """(subject, message) of the commit that a change becomes."""
        subject = message.one_line(subject_of(weighed.versions, self.formats), message.SUBJECT_LENGTH)
        label = message.model_reason if weighed.change.provenance.model else message.person_reason
        reason = label(_without_secrets(weighed.change.why))
        return subject, message.compose(subject, weighed.versions, reason, trailers)

    def update(
        self, path: str, transform: Callable[[str], str], *, kind: Kind, why: str, provenance: Provenance
    ) -> Commit | None:
        """Changes one text file by a function of its text ("" where there is none), with nobody in between.

        None if the function changed nothing. `transform` may be called again after a conflict; it must not commit.
        """

        def attempt() -> Commit | None:
            doc = self.read(path)
            fresh = transform(doc.text)
            if fresh == doc.text:
                return None
            return self.commit(Change({path: fresh.encode()}, kind, why, provenance, {path: doc.blob}))

        with self.locked():
            return retried(attempt, outdated_too=True)

    def advance(self, target: Callable[[str], str]) -> tuple[str, str]:
        """Moves main and the files on to a commit that came from elsewhere, or that joins one with main: what `target`
        makes of main's head. (head before, head now). What a person had edited is committed first, and nothing that
        came is trusted by it. Raises Refused where a file that is not kept on main is in the way."""
        self.require_learning()
        with self.locked():

            def attempt() -> tuple[str, str]:
                self.commit_pending()
                head = self.head()
                tip = target(head)
                if tip != head:
                    self._transaction.follow(step_to(self.git, self._files, head, tip), tip)
                    self._seen_journal = self._journal.stamp
                    self._follower.nudge()
                return head, tip

            return retried(attempt)

    def commit_pending(self) -> list[Commit]:
        """Commits what a person edited in the mind, in their name. Does nothing where learning is off."""
        if self.read_only:
            return []
        with self.locked():
            paths, problems = self._edits.candidates()
            self._report(problems)
            commit = self._commit_edits(paths)
        return [commit] if commit else []

    def tree_with_edits(self) -> str:
        """Id of the tree that main would have if everything that a person edited were committed now."""
        head = self.head()
        edits, problems = pending.readable(self._edits, head, self._edits.candidates()[0])
        self._report(problems)
        return pending.tree_of(self.git, head, edits)

    def on_commit(self, listener: Listener) -> None:
        """Has `listener` told of every lesson that this object commits, after its acknowledgement."""
        self._listeners.append(listener)

    def settle(self) -> bool:
        """Waits until the user's git index has caught up with the lessons; False where it can't at the moment."""
        return self._follower.settle()

    def warm(self) -> None:
        """Starts git beforehand, so that the first lesson does not wait for it."""
        self.git.warm()
        self._person.configured()

    def close(self) -> None:
        """Ends threads and processes. Never raises for work that the next open can finish."""
        self._follower.close()
        self.git.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the steps ----------------------------------------------------------------------------------------------------

    def _settle_in(self) -> None:
        writable = not state.why_not_writable(self.root, self.git.git_dir)
        if writable:
            self._make_state_dir()
        isolation.require_git(self.state_dir / "git")
        machine = identity.machine_id()
        if writable and (said := identity.disown(self.state_dir, machine)):
            self._report([said])
        self.host = identity.host_of(self.state_dir, machine)
        if writable and (self._journal.size or recovery.unfinished(self.git)):
            with self.locked():
                pass
            with contextlib.suppress(HermesError):  # the index will catch up after the next lesson
                self._follower.settle()
        if writable:
            clear_leftovers(self.git.temporary)

    def _make_state_dir(self) -> None:
        try:
            self.state_dir.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Failed(f"{self.state_dir} cannot be made: {error.strerror}", "look at its permissions") from error

    def require_learning(self) -> None:
        """Raises Refused where nothing can be learned."""
        reason = self.read_only
        if reason:
            why, _, fix = reason.partition(": ")
            raise Refused(f"nothing can be learned in {self.root}: {why}", fix or "make its files writable")

    def _lesson(self, weighed: Weighed, approval: Approval | None) -> tuple[Lesson, Commit]:
        change, now = weighed.change, self.clock.now()
        change_id = approval.change if approval else self.ids()
        trailers = message.trailers_of(change, change_id)
        if approval:
            said = replace(approval, override=_without_secrets(approval.override))
            trailers |= message.approved(said, self._person.author(now))
        subject, text = self.wording(weighed, trailers)
        by_hand = author_of(change) == "person" and change.kind not in ("merge", "purge")
        author = self._person.author(now) if by_hand else identity.agent_on(self.host, now)
        files = {move.path: change.files[move.path] for move in weighed.moves}
        committer = self._person.committer(author)
        step = Step(weighed.head, weighed.moves, files, weighed.found)
        return Lesson(step, text, author, committer), Commit("", change_id, subject, now)

    def _apply(self, lesson: Lesson, commit: Commit) -> Commit:
        done = replace(commit, id=self._transaction.apply(lesson, signing.is_wanted(self.root, self.state_dir)))
        self._seen_journal = self._journal.stamp
        self._follower.nudge()
        return done

    def _move(self, head: str, path: str, data: bytes | None, found: Found | None) -> Move | None:
        """The move that gives a file these bytes, None if it has them. Its edits are committed: disk and head agree."""
        move = self._edits.against(head, path, found)
        if move.old_mode == LINK_MODE:
            raise Refused(f"{path} is a symbolic link on main", "delete it with git first")
        fresh = self.git.oid_of("blob", data) if data is not None else ""
        if fresh == move.new:
            return None
        mode = (move.new_mode or "100644") if fresh else ""
        return Move(path, move.new, move.new_mode, fresh, mode)

    def _expect(self, change: Change, found: Mapping[str, Found | None]) -> None:
        for path, wanted in change.expect.items():
            data = _bytes(found[path])
            if (self.git.oid_of("blob", data) if data is not None else "") != wanted:
                raise Outdated(f"{path} was changed in between", "read it again and redo the change")

    def _commit_edits(self, paths: Iterable[str]) -> Commit | None:
        """Step 2: a person's edits of these paths become their own commit. Never refused, only reported."""
        head = self.head()
        edits, problems = pending.readable(self._edits, head, paths)
        self._report(problems)
        if not edits:
            return None
        now = self.clock.now()
        versions = {edit.move.path: (self._blob(edit.move.old), _bytes(edit.found)) for edit in edits}
        self._report(problems_of(versions, "person", self.formats, self.trust.knows_secret))
        change_id = self.ids()
        files = {path: after for path, (_, after) in versions.items()}
        kind = kind_of(edits[0].move.path) or "config"
        trailers = message.trailers_of(Change(files, kind, "", _BY_HAND), change_id) | {"Hermes-Review": ""}
        subject = message.one_line(subject_of(versions, self.formats), message.SUBJECT_LENGTH)
        person = self._person.author(now)
        moves, found = tuple(edit.move for edit in edits), {edit.move.path: edit.found for edit in edits}
        step = Step(head, moves, files, found, placed=True)
        lesson = Lesson(step, message.compose(subject, versions, "", trailers), person, person)
        done = self._apply(lesson, Commit("", change_id, subject, now))
        self._tell(done, tuple(files))
        return done

    def _blob(self, oid: str) -> bytes | None:
        return self.git.read_blob(oid) if oid else None

    def _report(self, lines: Iterable[str]) -> None:
        with self._reporting:
            self._reports += lines

    def _tell(self, commit: Commit, paths: tuple[str, ...]) -> None:
        for listener in self._listeners:
            try:
                listener(commit, paths)
            except HermesError as error:  # the lesson stands, whatever its readers make of it
                self._report([str(error)])


def _bytes(found: Found | None) -> bytes | None:
    return found.data if found else None


def _text(path: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Failed(f"{path} is no UTF-8 text (byte {error.start})", "save it as UTF-8") from error

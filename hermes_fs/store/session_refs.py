"""Commits transcripts to refs of their own, beside `main`, and brings them back from there. Never moves `main`.

One ref a host and month, `refs/hermes/sessions/<host>/<YYYY-MM>`, written by that host alone: fast-forward only, by
plumbing, so a crash leaves the old commit or the new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hermes_fs.core.clock import Clock, iso, parse_iso
from hermes_fs.core.errors import Conflict, HermesError, Refused
from hermes_fs.core.loading import Later
from hermes_fs.store.failpoint import reach
from hermes_fs.store.git import Git
from hermes_fs.store.message import one_line
from hermes_fs.store.objects import Signature
from hermes_fs.store.sessions import SessionInfo, Sessions, info_of, paths_of
from hermes_fs.store.transcript import FOLDER, TITLE, make_folders, on_disk, write_whole

if TYPE_CHECKING:
    from hermes_fs.store import session_copy
else:  # the scan for secrets is loaded by the first session that has anything new
    session_copy = Later("hermes_fs.store.session_copy")

REFS = "refs/hermes/sessions"
IDLE = timedelta(minutes=10)
RUNNING = timedelta(hours=1)
"""A session that goes on is committed when it pauses, and no more often than this."""
RESTS = timedelta(days=1)
"""A day that nothing was written on for so long, and whose sessions are all committed, is not looked at again until
its folder changes: a session that goes on later has a file of its own."""
_ATTEMPTS = 5
_REF = re.compile(rf"{REFS}/(?P<host>[^/]+)/(?P<month>\d{{4}}-\d\d)")
_PLACE = re.compile(
    rf"{FOLDER}/(?P<month>\d{{4}}/\d\d)/\d\d/(?:blobs/(?P<blob>[0-9a-f]{{64}})|(?P<host>[^/]+)-[0-9A-Z]{{26}}\.(?:jsonl|md))"
)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What of a session was committed last, and when."""

    stamp: str
    when: datetime


class SessionRefs:
    """Notes in files of `state_dir` what was committed, which days are over, and what was brought back, so that nothing
    is read twice; all may be deleted."""

    def __init__(self, root: Path, git: Git, state_dir: Path, sessions: Sessions, clock: Clock) -> None:
        self._root = root
        self._git = git
        self._committed = state_dir / "committed-sessions.json"
        self._settled = state_dir / "settled-days.json"
        self._brought = state_dir / "brought-sessions.json"
        self._sessions = sessions
        self._clock = clock
        self._reports: list[str] = []

    def take_reports(self) -> list[str]:
        """What should be said to a person since the last call, one line each."""
        reports, self._reports = self._reports, []
        return list(dict.fromkeys(reports))

    def commit_due(self, running: bool = False) -> list[str]:
        """Commit this host's sessions that ended or pause, or all (`running`); the ids of those that had anything
        new."""
        now = self._clock.now()
        ledger = self._read_ledger()
        settled = {} if running else _read_json(self._settled)
        quiet: dict[str, int] = {}
        over: set[str] = set()
        due: list[SessionInfo] = []
        for day in self._sessions.days():
            name, written = day.relative_to(self._root).as_posix(), day.stat().st_mtime_ns
            if settled.get(name) == written:
                quiet[name] = written
                continue
            paths = [path for path in paths_of(day) if path.stem.rpartition("-")[0] == self._sessions.host]
            fresh = [path for path in paths if not _is_stored(path, ledger)]
            if not fresh and all(_rests(path, now) for path in paths):
                quiet[name] = written
                over |= {path.stem for path in paths}
            for path in fresh:
                with contextlib.suppress(HermesError):  # a broken file is `hermes doctor`'s to name
                    info = info_of(path)
                    if running or not info.open or _pauses(info, ledger.get(path.stem), now):
                        due.append(info)
        if not running and quiet != settled:
            with contextlib.suppress(OSError):  # a cache: all days are looked at once more
                write_whole(self._settled, json.dumps(quiet).encode())
                self._note({}, over)
        return self.commit(due)

    def commit(self, infos: Sequence[SessionInfo]) -> list[str]:
        """Commit these sessions of this host, one commit a month; the ids of those that had anything new."""
        months: dict[str, list[SessionInfo]] = {}
        for info in infos:
            if info.host == self._sessions.host:
                months.setdefault("-".join(info.path.parts[-4:-2]), []).append(info)
        done: list[str] = []
        for month, members in months.items():
            stamps = {info.id: _stamp(info.path) for info in members}
            done += self._commit_month(month, members)
            self._note(stamps)
        return done

    def materialise(self) -> list[Path]:
        """Write the sessions that are in the refs and not, or not as long, in sessions/: other hosts', after a clone or
        a fetch. This host's own files are made where they are missing, and never replaced."""
        seen = _read_json(self._brought)
        made: list[Path] = []
        refs = self._git.run("for-each-ref", "--format=%(refname) %(objectname)", f"{REFS}/").decode().splitlines()
        now = dict(line.split(" ") for line in refs)
        for ref, commit in now.items():
            if seen.get(ref) != commit and (known := _REF.fullmatch(ref)):
                made += self._bring(known["host"], known["month"], commit, str(seen.get(ref, "")))
        if now != seen:
            with contextlib.suppress(OSError):  # without it they are compared with the files once more
                write_whole(self._brought, json.dumps(now).encode())
        return made

    # -- committing ---------------------------------------------------------------------------------------------------

    def _commit_month(self, month: str, infos: Sequence[SessionInfo]) -> list[str]:
        ref = f"{REFS}/{self._sessions.host}/{month}"
        for _ in range(_ATTEMPTS - 1):
            with contextlib.suppress(Conflict):  # another process of this host was quicker: on top of its commit, then
                return self._try_to_commit(ref, infos)
        return self._try_to_commit(ref, infos)

    def _try_to_commit(self, ref: str, infos: Sequence[SessionInfo]) -> list[str]:
        old = self._git.resolve(ref)
        files: dict[str, tuple[str, str] | None] = {}
        fresh: list[SessionInfo] = []
        for info in infos:
            changed = self._changed_files(old, info)
            files |= changed
            fresh += [info] if changed else []
        if not fresh:
            return []
        reach("session-blobs")
        tree = self._git.write_tree_with(old, files)
        reach("session-tree")
        agent = Signature("Hermes", f"hermes@{self._sessions.host}", self._clock.now())
        titles = "\n".join(f"- {info.id}: {one_line(info.header.title, TITLE)}" for info in fresh)
        message = f"sessions: {len(fresh)} of {ref.removeprefix(f'{REFS}/')}\n\n{titles}\n"
        commit = self._git.commit(tree, [old] if old else [], message, agent, agent)
        reach("session-commit")
        self._git.update_ref(ref, commit, old)
        reach("session-ref")
        return [info.id for info in fresh]

    def _changed_files(self, base: str, info: SessionInfo) -> dict[str, tuple[str, str] | None]:
        """The files of a session that a commit does not hold as they are, written as blobs."""
        with on_disk(info.path):
            copy = session_copy.copy_of(info.path)
        changed: dict[str, tuple[str, str] | None] = {}
        for path, data in copy.files.items():
            name = path.relative_to(self._root).as_posix()
            if not base or self._git.blob_at(base, name) != self._git.oid_of("blob", data):
                changed[name] = ("100644", self._git.hash_blob(data))
        if changed and copy.cleaned:
            self._reports.append(f"a secret was taken out of the committed copy of {info.path.name}; the file has it")
        return changed

    def _read_ledger(self) -> dict[str, _Stored]:
        with contextlib.suppress(ValueError, TypeError):  # not ours any more: everything is compared with git again
            rows = _read_json(self._committed).items()
            return {key: _Stored(str(stamp), parse_iso(when)) for key, (stamp, when) in rows}
        return {}

    def _note(self, stamps: dict[str, str], over: Set[str] = frozenset()) -> None:
        """`over` need not be remembered: their day is."""
        when = self._clock.now()
        ledger = self._read_ledger() | {key: _Stored(stamp, when) for key, stamp in stamps.items()}
        rows = {key: [row.stamp, iso(row.when)] for key, row in ledger.items() if key not in over}
        with contextlib.suppress(OSError):  # without it they are compared with git once more
            write_whole(self._committed, json.dumps(rows).encode())
        reach("session-ledger")

    # -- bringing back ------------------------------------------------------------------------------------------------

    def _bring(self, host: str, month: str, commit: str, seen: str) -> Iterator[Path]:
        before = dict(self._git.files(seen)) if self._git.kind_of(seen) == "commit" else {}
        for name, entry in self._git.files(commit):
            place = _PLACE.fullmatch(name)
            if entry == before.get(name) or entry.mode != "100644" or not place:
                continue
            theirs = place["blob"] or place["host"] == host
            if not theirs or place["month"].replace("/", "-") != month:
                continue  # a host speaks for itself alone
            path = self._root / name
            data = self._git.read_blob(entry.oid)
            if place["blob"] and hashlib.sha256(data).hexdigest() != place["blob"]:
                continue
            if not path.exists() or (host != self._sessions.host and _grew(path, data)):
                try:
                    make_folders(path)
                except Refused as error:
                    self._reports.append(str(error))
                    return
                with on_disk(path):
                    write_whole(path, data)
                yield path


def _grew(path: Path, data: bytes) -> bool:
    """Whether what is in git goes on from the file; a summary is simply newer."""
    return len(data) > path.stat().st_size if path.suffix == ".jsonl" else data != path.read_bytes()


def _pauses(info: SessionInfo, stored: _Stored | None, now: datetime) -> bool:
    return now - info.updated >= IDLE and (stored is None or now - stored.when >= RUNNING)


def _is_stored(path: Path, ledger: dict[str, _Stored]) -> bool:
    stored = ledger.get(path.stem)
    return stored is not None and stored.stamp == _stamp(path)


def _rests(path: Path, now: datetime) -> bool:
    """Whether nobody goes on with it in this file any more."""
    with contextlib.suppress(OSError):  # it has just gone: look again later
        return now.timestamp() - path.stat().st_mtime > RESTS.total_seconds()
    return False


def _stamp(path: Path) -> str:
    """Changes when a transcript or its summary does; "" for one that has just gone."""
    summary = path.with_suffix(".md")
    with contextlib.suppress(OSError):  # it is not there any more, so nothing of it is due
        written = summary.stat().st_mtime_ns if summary.is_file() else 0
        return f"{path.stat().st_size} {written}"
    return ""


def _read_json(path: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):  # a cache: without it everything is looked at again
        data = json.loads(path.read_bytes())
        if isinstance(data, dict):
            return data
    return {}

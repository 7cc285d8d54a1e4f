"""A mind of 2,000 skills and 50,000 sessions: what log, review list, a lesson and a sync with nothing new take.

    python benchmarks/mind_scale.py [--skills 2000] [--sessions 50000] [--lessons 2000] [--folder DIR]

The corpus is made by git's fast-import; medians. Beside the time of the clock stands that of the processors: on a busy
machine the first says little. Also: how large a fresh clone of main is with 10,000 sessions beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from measure import ROOT, Row, hermes, interleaved, median, run, show

from hermes_fs.core.clock import SystemClock
from hermes_fs.core.ids import Ulids
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store import acting, init, remote
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.session_refs import REFS, SessionRefs
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.syncing.sync import Sync, Wishes
from hermes_fs.store.workspace import Workspace

ROUNDS = 9
BOUND = 300.0  # ms
_SKILL = (
    "---\nname: {name}\ndescription: Does thing {n} for service {n} when asked to look at its logs.\n---\n\n# {name}\n"
)
_STEPS = "\n## Steps\n\n1. Read the log of service {n}.\n2. Say what is slow, and why.\n"
_MONTHS = 17
_OWNER = Provenance(origin="owner", trigger="user", person="owner")
_AGENT = Provenance(origin="agent", trigger="user", model="m")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skills", type=int, default=2_000)
    parser.add_argument("--sessions", type=int, default=50_000)
    parser.add_argument("--lessons", type=int, default=2_000)
    parser.add_argument(
        "--folder", type=Path, help="where the corpus is made; the system's temporary folder if left out"
    )
    wanted = parser.parse_args()
    show(Row("mind scale", "load of the machine", os.getloadavg()[0], ""))
    if wanted.folder:
        Path(wanted.folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=wanted.folder) as name:
        home = Path(name) / "home"
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
        os.environ["HOME"] = str(home)
        root = made(Path(name), wanted.skills, wanted.sessions, wanted.lessons)
        size = f"{wanted.skills:,} skills, {wanted.sessions:,} sessions"
        show(Row("mind scale", f"first sync ({size})", _seconds(lambda: _sync(root)), "s"))
        commands(root)
        inside(root)
        clone(Path(name), root, wanted.sessions)


# -- what is measured --------------------------------------------------------------------------------------------------


def commands(root: Path) -> None:
    """Whole processes, start-up and all."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "HERMES_WORKSPACE": str(root)}
    asked = {"--version": ["--version"], "log": ["log"], "review list": ["review", "list"], "sync": ["sync", "--quiet"]}
    cases = {name: partial(run, [*hermes(), *words], env, root) for name, words in asked.items()}
    for name, costs in interleaved(cases, ROUNDS).items():
        show(Row("mind scale", f"hermes {name}: processor", median(costs).cpu * 1000, "ms"))
        show(Row("mind scale", f"hermes {name}: clock", median(costs).wall * 1000, "ms", BOUND))


def inside(root: Path) -> None:
    """In a process that runs already, as the chat and the gateway do it."""
    with Workspace.open(root) as mind:
        mind.warm()
        lessons = iter(range(1_000_000))

        def learn() -> None:
            text = f"# N\n\nFact {next(lessons)}\n"
            mind.commit(Change({"notes/fact.md": text.encode()}, "note", "x", _AGENT))

        def teach_skill() -> None:
            text = _SKILL.format(name="skill-0007", n=7) + _STEPS.format(n=next(lessons))
            mind.commit(Change({"skills/skill-0007/SKILL.md": text.encode()}, "skill", "x", _OWNER))

        cases = {"a lesson in a note": learn, "a lesson in a skill": teach_skill}
        for name, times in interleaved({key: partial(_seconds, case) for key, case in cases.items()}, ROUNDS).items():
            show(Row("mind scale", name, statistics.median(times) * 1000, "ms", BOUND))
        mind.settle()
        _sync_of(mind)
        times = [_seconds(lambda: _sync_of(mind)) for _ in range(ROUNDS)]
        show(Row("mind scale", "a sync with nothing new", statistics.median(times) * 1000, "ms", BOUND))


def clone(folder: Path, root: Path, sessions: int) -> None:
    """Main alone, as `init --from … --sessions none` brings it."""
    made, _ = remote.clone(str(folder / "remote.git"), folder / "fresh", "none")
    made.close()
    size = sum(place.lstat().st_size for place in (folder / "fresh/.git").rglob("*") if place.is_file())
    show(Row("mind scale", f"a fresh clone's .git of main, {sessions:,} sessions beside it", size / 1e6, "MB", 5))


def _seconds(act: object) -> float:
    begun = time.perf_counter()
    act()  # type: ignore[operator]
    return time.perf_counter() - begun


def _sync(root: Path) -> None:
    with Workspace.open(root) as mind:
        _sync_of(mind)


def _sync_of(mind: Workspace) -> None:
    clock = SystemClock()
    refs = SessionRefs(mind.root, mind.git, mind.state_dir, Sessions(mind.root, mind.host, clock, Ulids(clock)), clock)
    Sync(mind, refs, Wishes(sessions="origin")).run()


# -- the corpus --------------------------------------------------------------------------------------------------------


def made(folder: Path, skills: int, sessions: int, lessons: int) -> Path:
    """A workspace and its remote, the same, with all of it in packs."""
    bare = folder / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    mind, _ = init.init(folder / "mind", remote=str(bare))
    root, host = mind.root, mind.host
    mind.close()
    _import(root, _lessons(_git(root, "rev-parse", "main"), skills, lessons))
    subprocess.run(["git", "-C", str(root), "reset", "-q", "--hard", "main"], check=True)
    _import(root, _transcripts(root, host, sessions))
    with Workspace.open(root) as mind:
        mind.trust.accept(acting.pending(mind))  # it is this person's own mind
        for number in range(20):
            files: dict[str, bytes | None] = {f"notes/p{number}.md": b"# P\n\nx\n"}
            Proposals(mind).propose(Change(files, "note", "x", _AGENT), "a benchmark")
    _git(root, "push", "-q", str(bare), "main", "refs/hermes/*:refs/hermes/*")
    return root


def _lessons(head: str, skills: int, lessons: int) -> Iterator[bytes]:
    for number in range(max(lessons, 1)):
        when = 1_700_000_000 + number * 600
        yield b"commit refs/heads/main\ncommitter Hermes <hermes@bench> %d +0000\n" % when
        yield _data(
            f"skill: edit {number}\n\nWhy:\n> x\n\nHermes-Kind: skill\n"
            f"Hermes-Change: 01ARZ3NDEKTSV4RRFFQ6{number:06d}\n"
            "Hermes-Origin: agent\nHermes-Trigger: reflection\nHermes-Review: auto\n"
        )
        yield b"from %s\n" % head.encode() if number == 0 else b""
        for n in range(skills) if number == 0 else (number % skills,):
            name = f"skill-{n:04d}"
            yield b"M 100644 inline skills/%s/SKILL.md\n" % name.encode()
            yield _data(_SKILL.format(name=name, n=n) + _STEPS.format(n=n + number))
            if number == 0:
                yield b"M 100755 inline skills/%s/scripts/look.sh\n" % name.encode()
                yield _data(f"#!/bin/sh\ntail -n {n + 10} /var/log/service-{n}.log\n")


def _transcripts(root: Path, host: str, sessions: int) -> Iterator[bytes]:
    """Over some months, on the disk and in their refs."""
    first = datetime.now(UTC) - timedelta(days=30 * (_MONTHS - 1))
    step = timedelta(days=30 * (_MONTHS - 1)) / max(sessions, 1)
    month = ""
    for number in range(sessions):
        at = first + number * step
        day, id = f"{at:%Y/%m/%d}", f"{host}-{number:026d}"
        if f"{at:%Y-%m}" != month:
            month = f"{at:%Y-%m}"
            yield b"commit %s/%s/%s\n" % (REFS.encode(), host.encode(), month.encode())
            yield b"committer Hermes <hermes@bench> %d +0000\n" % at.timestamp() + _data("sessions\n")
        text = "".join(f"{json.dumps(row)}\n" for row in _events(id, host, number, f"{at:%Y-%m-%dT%H:%M:%SZ}"))
        path = root / "sessions" / day / f"{id}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (at.timestamp(), at.timestamp()))
        yield b"M 100644 inline sessions/%s/%s.jsonl\n" % (day.encode(), id.encode()) + _data(text)


def _events(id: str, host: str, number: int, at: str) -> Iterator[dict[str, object]]:
    common = {"at": at, "person": "owner", "channel": "cli", "origin": "owner"}
    yield {
        "type": "header", "format": 1, "session": id, "parent": "", "host": host, "channel": "cli", "person": "owner",
        "model": "m", "provider": "p", "started": at, "commit": "", "title": f"Session {number}",
    }  # fmt: skip
    yield {"id": "a", "type": "message", **common, "role": "user", "text": f"Why is service {number} slow?"}
    yield {"id": "b", "type": "message", **common, "role": "assistant", "text": f"It waits for lock {number * 7919}."}
    yield {"id": "c", "type": "end", **common, "reason": "exit"}


def _import(root: Path, stream: Iterator[bytes]) -> None:
    command = ["git", "-C", str(root), "fast-import", "--quiet", "--force"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for piece in stream:
            process.stdin.write(piece)
    if process.returncode:
        raise RuntimeError(f"git fast-import ended with {process.returncode}")


def _data(text: str) -> bytes:
    raw = text.encode()
    return b"data %d\n%s\n" % (len(raw), raw)


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()

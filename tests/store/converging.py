"""Lets machines live at random for a while, then sync quietly, and says whether all is well. No test of its own."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hermes_fs.store import conflicts
from hermes_fs.store.formats.registry import format_of
from hermes_fs.store.git import Git
from tests.store.clones import Clone

PROJECT = Path(__file__).parents[2]
QUIET = 4
"""Rounds of syncs, with nobody at work, after which all are the same."""

POINTS = (
    "sync.fetched",
    "sync.joined",
    "sync.pushed",
    "sync.proposal",
    "door.pending",
    "door.judged",
    "door.objects",
    "door.staged",
    "door.journal",
    "door.held",
    "door.durable",
    "door.placed",
    "door.renamed",
    "door.ref",
    "review.kept",
    "propose.ledger",
    "session-commit",
)
_WORD = re.compile(rb"life[a-z]\w+x\d{3}")
_MARKER = re.compile(rb"^(<{7} |>{7} |={7}$|\|{7} )", re.MULTILINE)
_LIMITS = re.compile(r"limit|at most|longer|characters|too (long|large)|holds? .* of ")


@dataclass
class Lives:
    """Three clones and what happened to them. `heads` are all commits that a process ever had acknowledged."""

    clones: Sequence[Clone]
    seed: int
    heads: set[str] = field(default_factory=set)
    did: Counter[str] = field(default_factory=Counter)
    killed: int = 0
    _round: int = 0

    def round(self, steps: int) -> None:
        """A process or two for each machine, all at once; some of them are killed."""
        self._round += 1
        dice = random.Random(f"{self.seed} {self._round}")
        running = [
            (clone, self._start(clone, number, twin, dice, steps))
            for number, clone in enumerate(self.clones)
            for twin in range(1 + (dice.random() < 0.25))
        ]
        said = [(clone, process, *process.communicate(timeout=300)) for clone, process in running]
        for clone, process, out, err in said:
            assert process.returncode in (0, -signal.SIGKILL), err
            self.killed += process.returncode != 0
            self.did.update(line for line in re.sub(r" no .*", " no", out).split("\n") if line)
            self.heads.add(clone.mind.git.resolve("refs/heads/main"))

    def _start(self, clone: Clone, number: int, twin: int, dice: random.Random, steps: int) -> subprocess.Popen[str]:
        mark = f"{'abc'[number]}{'yz'[twin]}{self._round}"
        env = dict(os.environ)
        if dice.random() < 0.4:
            env["HERMES_FAILPOINT"] = f"{dice.choice(POINTS)}:{dice.randrange(1, 4)}"
        words = [str(clone.mind.root), f"{self.seed} {mark}", mark, str(steps)]
        words += ["offline"] * (dice.random() < 0.3)
        command = [sys.executable, "-m", "tests.store.random_life", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=PROJECT, env=env, stdout=pipe, stderr=pipe, text=True)

    def live(self, seconds: float, edits: int = 300, steps: int = 10) -> None:
        """Until the time is over, or so many things were done on each."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and sum(self.did.values()) < edits * len(self.clones):
            self.round(steps)

    def calm_down(self) -> None:
        """Syncs, each in its turn, until nothing is new to anybody."""
        for number in range(QUIET):
            outcomes = [clone.sync(sessions="origin") for clone in self.clones]
            if number and not any(one.received or one.sent or any(one.proposals) for one in outcomes):
                return
        raise AssertionError(f"still not quiet: {outcomes}")

    def judge(self) -> None:
        """Asserts all that is promised."""
        [tree] = {clone.tree for clone in self.clones}
        [head] = {clone.mind.head() for clone in self.clones}
        git = self.clones[0].mind.git
        for clone in self.clones:
            assert clone.is_clean(), clone.mind.root
        [_] = {_refs(clone.mind.git, "refs/hermes/proposals/") for clone in self.clones}
        for known in self.heads:
            assert git.ask("merge-base", "--is-ancestor", known, head).code == 0, f"{known} is lost"
        _require_whole(git, tree)
        lost = missing(git, head)
        assert not lost, f"without a trace: {lost}"


def missing(git: Git, head: str) -> list[str]:
    """The words that somebody wrote, nobody took away, and that are nowhere. A rename takes none away."""
    written: set[bytes] = set()
    taken: set[bytes] = set()
    log = git.run("log", "--no-merges", "-p", "-U0", "--no-renames", "--text", "--format=%x00", head)
    for lesson in log.split(b"\0"):
        change: Counter[bytes] = Counter()
        for line in lesson.split(b"\n"):
            if line.startswith((b"+", b"-")):
                change.update(dict.fromkeys(_WORD.findall(line), 1 if line.startswith(b"+") else -1))
        written.update(change)
        taken.update(word for word, balance in change.items() if balance < 0)
    there = {word for _, entry in git.files(head) for word in _WORD.findall(git.read_blob(entry.oid))}
    return sorted(word.decode() for word in written - taken - there)


def _require_whole(git: Git, tree: str) -> None:
    seen: set[str] = set()
    for path, entry in git.files(tree):
        data = git.read_blob(entry.oid)
        assert not _MARKER.search(data), path
        problems = [one for one in format_of(path).check(path, None, data, "person") if not _LIMITS.search(one)]
        assert not problems, problems
        assert path.casefold() not in seen, path
        seen.add(path.casefold())
    assert len(conflicts.waiting(git, tree)) <= 500


def _refs(git: Git, prefix: str) -> bytes:
    return git.run("for-each-ref", "--format=%(refname) %(objectname)", prefix)

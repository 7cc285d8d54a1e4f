"""Finds the lesson that broke something by halving: which to try next, and what the answers come to. Runs nothing.

Over the graph of lessons, not over a list: where a merge joined two lines, a good answer clears all that it came from,
whichever side that is. As `git bisect` does it; n lessons take ceil(log2 n) steps. Writes one line: how to go on with
a search that was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hermes_fs.core.errors import Failed, Refused, UsageError
from hermes_fs.store.git import Git

_NOTE = "bisecting"
Verdict = Literal["good", "bad", "skip"]


@dataclass(frozen=True, slots=True)
class Answer:
    """`figure` says in a few words what it rests on, such as `exit 1` or `4 of 5 passed`."""

    verdict: Verdict
    figure: str = ""


Probe = Callable[[str], Answer]
"""Tries the mind as it was at a commit. May block for minutes, and raise HermesError and KeyboardInterrupt."""


@dataclass(frozen=True, slots=True)
class Span:
    """The lessons after `goods` up to and including `bad`: `commits` with parents before children, `parents` those of
    each that are among them."""

    goods: tuple[str, ...]
    bad: str
    commits: tuple[str, ...]
    parents: Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class Tried:
    """What came of a search so far. `suspects` is the lesson that broke it, or several where those between could only
    be skipped; `steps` how many were tried to halve, `checks` how often an end, or the result, was looked at again;
    `wavering` are commits that answered differently the second time."""

    goods: tuple[str, ...]
    bad: str
    suspects: tuple[str, ...] = ()
    steps: int = 0
    checks: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    wavering: tuple[str, ...] = ()


Told = Callable[[str, Answer, int], None]
"""Called with each commit that was tried, its answer, and how many lessons are left."""


def span(git: Git, goods: Sequence[str], bad: str, paths: Sequence[str] = ()) -> Span:
    """Only lessons that change these paths (none: all). UsageError where a good one is not older than the bad one,
    Refused where nothing lies between."""
    for good in goods:
        if git.ask("merge-base", "--is-ancestor", good, bad).code:
            raise UsageError(f"{good[:8]} is not older than {bad[:8]}", "give --good a lesson that came before --bad")
    limits = [*(f"^{good}" for good in goods), "--", *(f":(literal){path}" for path in paths)]
    said = git.run("rev-list", "--parents", "--topo-order", "--reverse", bad, *limits).decode("ascii")
    rows = [line.split() for line in said.splitlines()]
    known = {row[0] for row in rows}
    if not rows:
        raise Refused("no lesson lies between the good one and the bad one", "see them with `hermes log`")
    parents = {row[0]: tuple(parent for parent in row[1:] if parent in known) for row in rows}
    return Span(tuple(goods), rows[-1][0] if paths else bad, tuple(row[0] for row in rows), parents)


def search(of: Span, probe: Probe, told: Told, tried: Tried) -> None:
    """Fills `tried`, which says how far it came where it is interrupted. The bad end is tried first, the good one where
    nothing else answered good; in the end the result once more. Raises Failed where an end is not as it was said."""
    halves = _Halves(of)
    first = _checked(of.bad, probe, told, tried, halves.left)
    if first.verdict != "bad":
        raise Failed(
            f"{of.bad[:8]}, the bad end, is {_worded(first)}", "name a lesson with --bad at which it is broken"
        )
    if first.figure in ("exit 126", "exit 127"):
        _require_good(of, probe, told, tried)
    while commit := halves.middle():
        answer = tried.answers[commit] = probe(commit)
        tried.steps += 1
        halves.note(commit, answer.verdict)
        if answer.verdict == "good":
            tried.goods = (*(one for one in tried.goods if one not in halves.behind(commit)), commit)
        elif answer.verdict == "bad":
            tried.bad = commit
        told(commit, answer, halves.left)
    tried.suspects = halves.suspects
    if not any(answer.verdict == "good" for answer in tried.answers.values()):
        _require_good(of, probe, told, tried)
    if len(tried.suspects) == 1:
        _look_again(of, probe, told, tried)


def expected(lessons: int) -> int:
    """Steps that so many lessons take at most."""
    return max(lessons - 1, 0).bit_length()


def note(state_dir: Path, words: str) -> None:
    """Keeps how to go on, for the case that this process is killed; "" for nothing more to do."""
    place = state_dir / _NOTE
    if words:
        place.write_text(words + "\n")
    else:
        place.unlink(missing_ok=True)


def noted(state_dir: Path) -> str:
    """How to go on with a search that was killed, "" where none was."""
    place = state_dir / _NOTE
    return place.read_text(errors="replace").strip() if place.is_file() else ""


# -- inside -----------------------------------------------------------------------------------------------------------


class _Halves:
    """Which lessons may still be the one: sets of them as bits of a whole number, a bit a lesson."""

    def __init__(self, of: Span) -> None:
        self._of = of
        self._place = {commit: place for place, commit in enumerate(of.commits)}
        self._from: list[int] = []  # a lesson and all that it came from
        for place, commit in enumerate(of.commits):
            bits = 1 << place
            for parent in of.parents[commit]:
                bits |= self._from[self._place[parent]]
            self._from.append(bits)
        self._open = self._from[self._place[of.bad]]
        self._skipped = 0

    @property
    def left(self) -> int:
        return self._open.bit_count()

    @property
    def suspects(self) -> tuple[str, ...]:
        return tuple(self._of.commits[place] for place in self._places(self._open))

    def behind(self, commit: str) -> set[str]:
        """All that a lesson came from."""
        return {self._of.commits[place] for place in self._places(self._from[self._place[commit]])} | {*self._of.goods}

    def middle(self) -> str:
        """The lesson that halves best those that are left, "" where none is left to be tried. Of two alike the one with
        fewer before it, so that where no answer is good there is a step left to look at the good end."""
        total = self.left
        best, found = 0, ""
        for place in self._places(self._open & ~self._skipped):
            before = (self._from[place] & self._open).bit_count()
            score = min(before, total - before)
            if score > best:
                best, found = score, self._of.commits[place]
        return found

    def note(self, commit: str, verdict: Verdict) -> None:
        place = self._place[commit]
        match verdict:
            case "good":
                self._open &= ~self._from[place]
            case "bad":
                self._open &= self._from[place]
            case "skip":
                self._skipped |= 1 << place

    def _places(self, bits: int) -> Iterator[int]:
        while bits:
            low = bits & -bits
            yield low.bit_length() - 1
            bits ^= low


def _checked(commit: str, probe: Probe, told: Told, tried: Tried, left: int) -> Answer:
    answer = tried.answers[commit] = probe(commit)
    tried.checks += 1
    told(commit, answer, left)
    return answer


def _require_good(of: Span, probe: Probe, told: Told, tried: Tried) -> None:
    for good in of.goods:
        if good in tried.answers:
            continue
        answer = _checked(good, probe, told, tried, len(tried.suspects) or len(of.commits))
        if answer.verdict != "good":
            what = f"{good[:8]}, the good end, is {_worded(answer)}"
            raise Failed(what, "name one with --good at which it still worked")


def _look_again(of: Span, probe: Probe, told: Told, tried: Tried) -> None:
    """At the result and at what it followed: what answers otherwise now cannot be told apart by halving."""
    [found] = tried.suspects
    before = (of.parents[found] or of.goods)[0]
    for commit, wanted in ((before, "good"), (found, "bad")):
        again = probe(commit)
        tried.checks += 1
        told(commit, again, 1)
        if again.verdict != wanted:
            tried.wavering = (*tried.wavering, commit)


def _worded(answer: Answer) -> str:
    return f"{answer.verdict}{f' ({answer.figure})' if answer.figure else ''}"

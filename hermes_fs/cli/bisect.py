"""`hermes bisect`: finds the lesson that broke something, and proposes taking it back. The search is bisecting.py's."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from hermes_fs.agent.trial import Trials
from hermes_fs.cli import probing, skill_found
from hermes_fs.cli.app import example, single
from hermes_fs.cli.bar import Bar
from hermes_fs.cli.moments import commit_at
from hermes_fs.cli.open import BY_HAND, config_of, opened
from hermes_fs.cli.output import bad, bold, dim, good, print_json, warning
from hermes_fs.core.errors import Failed, HermesError, Refused, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store import acting, bisecting, history, past, skill_versions, taking_back
from hermes_fs.store.bisecting import Answer, Span, Tried
from hermes_fs.store.formats.format import counted
from hermes_fs.store.history import Lesson
from hermes_fs.store.policy import Policy
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.workspace import Workspace

app = single()

_MARKS = {"good": good("✓ good"), "bad": bad("✗ bad "), "skip": warning("· skip")}
_WHY = 3  # lines of what a command said last


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line says; exactly one of run, skill and evals is given."""

    run: str
    skill: str
    evals: str
    model: str
    repeat: int

    @property
    def path(self) -> tuple[str, ...]:
        """What of the mind it hangs on, nothing for all of it."""
        name = self.skill or self.evals
        return (f"skills/{name}",) if name else ()

    @property
    def words(self) -> str:
        """As a person types it."""
        flag, value = next((flag, value) for flag, value in self._given if value)
        return f"hermes bisect {flag} {shlex.quote(value)}"

    @property
    def _given(self) -> tuple[tuple[str, str], ...]:
        return ("--run", self.run), ("--skill", self.skill), ("--eval", self.evals)

    def check(self) -> None:
        if sum(bool(value) for _, value in self._given) != 1:
            raise UsageError(
                "one of --run, --skill and --eval", "for example: hermes bisect --run 'grep -q db2 MEMORY.md'"
            )


@app.command(
    epilog=example(
        "hermes bisect --run 'grep -q db2.internal MEMORY.md'",
        "hermes bisect --run ./check.sh --good 2026-01-31",
        "hermes bisect --skill deploy",
        "hermes bisect --eval write-changelog --repeat 5",
    )
)
def bisect(
    context: typer.Context,
    run: Annotated[str, typer.Option(metavar="CMD", help="0: good; 125: cannot tell; up to 127: bad.")] = "",
    skill: Annotated[str, typer.Option(metavar="NAME", help="By the skill's own tests.")] = "",
    evals: Annotated[str, typer.Option("--eval", metavar="NAME", help="By the skill's evals, with the model.")] = "",
    at_good: Annotated[
        list[str] | None, typer.Option("--good", metavar="ID|DATE", help="When it worked; else: at first.")
    ] = None,
    at_bad: Annotated[str, typer.Option("--bad", metavar="ID|DATE", help="When it did not; else: now.")] = "last",
    model: Annotated[str, typer.Option(help="For --eval: another model than the configured one.")] = "",
    repeat: Annotated[int, typer.Option(min=1, max=100, help="For --eval: attempts at each case.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Find the lesson that broke something, by trying the mind as it was at ever fewer lessons, and propose taking it
    back. A command runs as you, in a copy of the mind that is gone afterwards."""
    asked = _Asked(run, skill, evals, model, repeat)
    asked.check()
    with opened(context) as workspace:
        if left := bisecting.noted(workspace.state_dir):
            print(f"note: a search was cut off; go on with: {one_line(left)}", file=sys.stderr)
        workspace.commit_pending()  # what a person edited since may be what broke it
        commit = commit_at(workspace, at_bad)
        goods = [commit_at(workspace, name) for name in at_good or ()] or _first(workspace, asked, commit)
        of = bisecting.span(workspace.git, goods, commit, asked.path)
        with _probe(context, workspace, asked, of) as probe:
            tried = _searched(workspace, asked, of, probe)
            made = _end(workspace, asked, of, probe, tried, as_json)
    raise typer.Exit(0 if made else 1)


def _searched(workspace: Workspace, asked: _Asked, of: Span, probe: Any) -> Tried:
    tried = Tried(of.goods, of.bad)
    most = bisecting.expected(len(of.commits))
    size = f"{counted(len(of.commits), 'lesson')}, at most {counted(most, 'step')}"
    print(dim(size), file=sys.stderr)
    with Bar("bisecting", "steps") as bar:

        def told(commit: str, answer: Answer, left: int) -> None:
            [lesson] = history.these(workspace.git, [commit])
            what = one_line(f"{lesson.subject} ({answer.figure})")
            more = f"  {left} left" if left > 1 else ""
            bisecting.note(workspace.state_dir, _go_on(asked, tried))
            bar.say(f"{_MARKS[answer.verdict]} {commit[:8]}  {what}{dim(more)}")
            bar(tried.steps, most)

        try:
            bisecting.search(of, probe, told, tried)
        except (KeyboardInterrupt, HermesError):
            if tried.steps:
                bar.say(f"stopped after {tried.steps} steps; go on with: {one_line(_go_on(asked, tried))}")
            raise
        finally:
            bisecting.note(workspace.state_dir, "")
    return tried


def _go_on(asked: _Asked, tried: Tried) -> str:
    goods = " ".join(f"--good {one[:12]}" for one in tried.goods)
    return f"{asked.words} {goods} --bad {tried.bad[:12]}"


def _end(workspace: Workspace, asked: _Asked, of: Span, probe: Any, tried: Tried, as_json: bool) -> bool:
    """Says what was found, and proposes; whether one lesson was found."""
    suspects = history.these(workspace.git, list(tried.suspects))
    proposal, problem = None, ""
    if len(suspects) == 1 and not tried.wavering:
        proposal, problem = _proposed(workspace, asked, tried, history.find(workspace.git, tried.suspects[0]))
    helps = probe(proposal.commit) if proposal else None
    if as_json:
        ids = [one.commit for one in suspects]
        print_json(
            {"lessons": ids, "steps": tried.steps, "checks": tried.checks, "wavering": list(tried.wavering),
             "proposal": proposal.id if proposal else "", "problem": problem,
             "mended": helps.verdict == "good" if helps else False}
        )  # fmt: skip
        return len(suspects) == 1 and not tried.wavering
    print(dim(f"{counted(tried.steps, 'step')}, and {tried.checks} looks at the ends and the result"))
    if tried.wavering:
        names = ", ".join(one[:8] for one in tried.wavering)
        print(warning(f"{names} answered differently the second time: halving cannot find what is now good, now bad"))
        print("Have the command try several times and say 125 where it cannot tell.")
        return False
    if len(suspects) > 1:
        print(f"It is one of these {len(suspects)}; those between could not be tried:")
    for lesson in suspects:
        print(f"{bad(lesson.short)}  {bold(one_line(lesson.subject))}")
        print("".join(f"          {one_line(line)}\n" for line in lesson.why.splitlines()[:_WHY]), end="")
    if proposal and helps:
        state = "good again" if helps.verdict == "good" else f"still {helps.verdict}: more than one lesson broke it"
        print(f"Proposed to take it back ({one_line(helps.figure)}, {state}): hermes review show {proposal.id}")
    elif problem:
        print(one_line(problem))
    return len(suspects) == 1


def _proposed(workspace: Workspace, asked: _Asked, tried: Tried, lesson: Lesson) -> tuple[Proposal | None, str]:
    """A proposal to take it back, or why there is none."""
    if len(lesson.parents) != 1:
        return None, f"{lesson.short} joins two lines that were good each: look at it with hermes show {lesson.short}"
    if lesson.reverted_by:
        return None, f"{lesson.short} is taken back already"
    figure = tried.answers[lesson.commit].figure
    before = next((one for one in lesson.parents if one in tried.answers), tried.goods[-1])
    was = tried.answers.get(before)
    because = f"bisect: it broke {asked.words.removeprefix('hermes bisect ')}"
    good_one = f"{was.figure if was else 'good'} at {before[:8]}"
    why = f"{asked.words}: {figure} at {lesson.short}, {good_one}, in {tried.steps} steps."
    policy = Policy(**config_of(workspace.root).review.model_dump())
    try:
        return taking_back.propose(workspace, [lesson], why, BY_HAND, because, policy), ""
    except (Refused, taking_back.InTheWay) as error:
        return None, f"no proposal: {error}"


@contextlib.contextmanager
def _probe(context: typer.Context, workspace: Workspace, asked: _Asked, of: Span) -> Iterator[Any]:
    if asked.run:
        with past.visiting(workspace, of.bad) as copy:
            yield probing.Command(workspace, copy, asked.run, os.environ)
    elif asked.skill:
        skill_found.own(workspace, asked.skill)
        if not acting.knows_skill(workspace, asked.skill):
            raise Refused(f"skill {asked.skill} waits for your trust", f"hermes trust show skill:{asked.skill}")
        trials = Trials(workspace.state_dir, os.environ)
        if problem := trials.isolation():
            raise Failed(f"its tests run in a sandbox only: {problem}", "see `hermes backend test`")
        yield probing.Tests(workspace.git, asked.skill, trials)
    else:
        with Runtime.open(Options(context.obj.workspace, Path.cwd(), os.environ)) as runtime:
            made = probing.Evals(runtime, asked.evals, of.bad, asked.model, asked.repeat)
            made.measure(of.goods, of.bad)
            yield made


def _first(workspace: Workspace, asked: _Asked, commit: str) -> Sequence[str]:
    """The first lesson of all, or that made the skill."""
    name = asked.skill or asked.evals
    if not name:
        return workspace.git.run("rev-list", "--max-parents=0", commit, "--").decode("ascii").split()
    versions = [one for one in skill_versions.versions(workspace.git, name) if one.tree]
    if len(versions) < 2:
        raise Refused(f"skill {name} has no two versions", f"see them with `hermes skills log {name}`")
    return [versions[0].commit]

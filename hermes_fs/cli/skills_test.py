"""`hermes skills test`: runs the tests of skills in a sandbox without network, as the gate does. Runs nothing else."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from hermes_fs.agent.trial import Trial, Trials, is_test
from hermes_fs.cli import skill_found
from hermes_fs.cli.app import example
from hermes_fs.cli.open import opened
from hermes_fs.cli.output import bad, dim, good, print_json, warning
from hermes_fs.core.terminal import one_line
from hermes_fs.store import acting, candidate, catalogue, skill_places
from hermes_fs.store.skill_places import Spot
from hermes_fs.store.workspace import Workspace

EPILOG = example("hermes skills test", "hermes skills test parse-nginx-logs", "hermes skills test --json")
_WAITS = "it came from elsewhere and waits for trust: hermes trust show skill:{}"


def test(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="One skill; empty: all of the mind that have tests.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Run the tests of skills as they lie there, in a sandbox without network; exits with 1 if one fails."""
    with opened(context) as workspace:
        spots = [skill_found.found(workspace, name)] if name else _all(workspace)
        trials = Trials(workspace.state_dir, os.environ)
        rows = []
        for spot in spots:
            files = candidate.lying_at(spot)
            if not name and not any(map(is_test, files)):
                continue
            if spot.is_own and not acting.knows_skill(workspace, spot.name):
                trial = Trial(False, False, why=_WAITS.format(spot.name))
            else:
                trial = trials.run(spot.name, files)
            rows.append((spot.name, trial))
            if not as_json:
                _show(*rows[-1])
    if as_json:
        print_json([_plain(skill, trial) for skill, trial in rows])
    elif not rows:
        print(dim("No skill has tests. They lie in its folder tests/: test_*.py or *.sh."))
    if not all(trial.passed for _, trial in rows):
        raise typer.Exit(1)


def _all(workspace: Workspace) -> list[Spot]:
    place = skill_places.own(workspace.root)
    return [Spot(place, name) for name in catalogue.names(workspace.root)]


def _show(name: str, trial: Trial) -> None:
    count = f"{len(trial.lines) - len(trial.failures)} of {len(trial.lines)} passed"
    count = count if trial.lines else "no result" if trial.why else "no tests"
    state = good("✓") if trial.passed else bad("✗")
    print(f"{state} {one_line(name)}  {dim(f'{count}, {trial.seconds:.1f} s')}")
    for line in trial.lines:
        print(f"    {good('✓') if line.passed else bad('✗')} {one_line(line.name)}")
        for row in line.detail.splitlines() if not line.passed else ():
            print(f"        {dim(one_line(row))}")
    if trial.why:
        print(f"    {warning('not run' if not trial.ran else 'cut short')}: {one_line(trial.why)}")
    sys.stdout.flush()


def _plain(name: str, trial: Trial) -> dict[str, Any]:
    lines = [{"name": line.name, "passed": line.passed, "detail": line.detail} for line in trial.lines]
    return {
        "name": name,
        "passed": trial.passed,
        "ran": trial.ran,
        "why": trial.why,
        "seconds": round(trial.seconds, 2),
        "tests": lines,
    }

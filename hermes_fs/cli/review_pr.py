"""`hermes review pr`: proposals as pull requests, and what became of them. Parses, calls, shows."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hermes_fs.cli.app import example
from hermes_fs.cli.open import confirm, opened
from hermes_fs.cli.output import dim, good, print_json, warning
from hermes_fs.core.errors import Failed, HermesError
from hermes_fs.core.loading import Later
from hermes_fs.core.terminal import one_line
from hermes_fs.store import acting, pulls
from hermes_fs.store.policy import Policy
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace

if TYPE_CHECKING:
    from hermes_fs.cli import evidence as evidences
    from hermes_fs.core import config
    from hermes_fs.providers import keys
    from hermes_fs.store import remote
    from hermes_fs.store.forges import choosing, noticing, publishing
else:  # listing what waits needs none of it
    evidences, config = Later("hermes_fs.cli.evidence"), Later("hermes_fs.core.config")
    keys, remote = Later("hermes_fs.providers.keys"), Later("hermes_fs.store.remote")
    choosing, noticing, publishing = (
        Later(f"hermes_fs.store.forges.{name}") for name in ("choosing", "noticing", "publishing")
    )

EXAMPLE = example("hermes review pr 3k9fzz", "hermes review pr --check", "hermes review pr --yes --remote upstream")


def pr(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[ID]", help="As listed; none: all that wait.")] = None,
    remote_name: Annotated[
        str, typer.Option("--remote", metavar="NAME", help="The remote that it goes to; else as sync.remote says.")
    ] = "",
    check: Annotated[bool, typer.Option("--check", help="Only look what became of those that are open.")] = False,
    evidence: Annotated[bool, typer.Option(help="Show in it what was said before the proposal, redacted.")] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask where it is several.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array; with --check, of lines.")] = False,
) -> None:
    """Put proposals before people as pull requests: push the branch, open or bring up to date. Where there is no forge,
    or no token, the branch alone is pushed."""
    with opened(context) as workspace:
        wanted = config.load(workspace.root, workspace.state_dir, withheld=acting.withheld(workspace))
        policy, settings = Policy(**wanted.review.model_dump()), settings_of(wanted)
        remote_name = remote_name or wanted.sync.remote
        address = remote.address_of(workspace.git, remote_name)
        if check:
            lines = [
                one_line(line) for line in noticing.notice(workspace, address, settings, keys.Keys(os.environ), policy)
            ]
            _print_lines(lines, as_json)
            return
        chosen = _chosen(Review(workspace, policy), names or [])
        if len(chosen) > 1 and not names:
            confirm(f"Push all {len(chosen)} to {remote_name}?", yes)
        target = publishing.Target(remote_name, address, choosing.choose(address, settings, keys.Keys(os.environ)))
        if chosen:
            publishing.require_main(workspace.git, target)
        done, failed = _published(workspace, chosen, target, evidence, as_json)
    if as_json:
        print_json([_as_json(one) for one in done])
    elif not chosen:
        print("Nothing waits for you.")
    if failed:
        raise failed[0]


def look(workspace: Workspace, remote_name: str, pause: float) -> list[str]:
    """What became of the pull requests on a remote, after a sync with it; a forge is asked every `pause` seconds at
    most."""
    if not (workspace.state_dir / pulls.FILE).exists():
        return []
    wanted = config.load(workspace.root, workspace.state_dir, withheld=acting.withheld(workspace))
    address = remote.address_of(workspace.git, remote_name)
    return noticing.notice(
        workspace, address, settings_of(wanted), keys.Keys(os.environ), Policy(**wanted.review.model_dump()), pause
    )


def settings_of(wanted: config.Config) -> choosing.ForgeSettings:
    """What this machine says of forges."""
    return choosing.ForgeSettings(wanted.sync.forge, wanted.sync.forge_api, wanted.sync.forge_token_env)


def _chosen(review: Review, names: list[str]) -> list[Proposal]:
    if names:
        return [review.find(name) for name in names]
    return [one for one in review.waiting() if one.standing.fits and not one.foreign]


def _published(
    workspace: Workspace, found: list[Proposal], target: publishing.Target, evidence: bool, silent: bool
) -> tuple[list[publishing.Published], list[HermesError]]:
    """One that cannot be pushed keeps no other from it."""
    done: list[publishing.Published] = []
    failed: list[HermesError] = []
    for one in found:
        try:
            heard = list(evidences.said(workspace, one.provenance.evidence)) if evidence else []
            done.append(publishing.publish(workspace, one, target, heard))
        except HermesError as error:
            failed.append(error)
            if len(found) > 1:
                print(f"{warning('left')}  {one_line(str(error))}", file=sys.stderr)
            continue
        if not silent:
            _show(done[-1], one, target)
        if done[-1].note and target.chosen.forge:  # there is a token, so there was to be a pull request
            failed.append(Failed(f"the branch is pushed, but there is {done[-1].note}", "run it again"))
    return done, failed


def _show(done: publishing.Published, one: Proposal, target: publishing.Target) -> None:
    known = done.known
    if known.number:
        how = "opened" if done.new else "brought up to date" if done.moved else "is up to date"
        print(f"{good(known.shown)} {how}  {one_line(one.subject)}  {dim(one_line(known.url))}")
    else:
        how = "pushed" if done.moved else "is up to date"
        print(f"{good(known.branch)} {how} on {target.name}  {one_line(one.subject)}")
    if done.note:
        print(f"  {warning('note')}  {one_line(done.note)}")


def _print_lines(lines: list[str], as_json: bool) -> None:
    if as_json:
        print_json(lines)
        return
    for line in lines or ["Nothing new."]:
        print(line)


def _as_json(done: publishing.Published) -> dict[str, Any]:
    known = done.known
    return {
        "id": known.id,
        "change": known.change,
        "branch": known.branch,
        "commit": known.commit,
        "remote": known.remote,
        "forge": known.kind,
        "number": known.number,
        "url": known.url,
        "new": done.new,
        "moved": done.moved,
        "note": done.note,
    }

"""What `hermes config check` shows: who may do what here, and what of it waits for somebody. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from hermes_fs.cli.output import bold, dim, print_table
from hermes_fs.core.config import Config
from hermes_fs.core.people import OWNER
from hermes_fs.core.terminal import one_line
from hermes_fs.store import acting, permitted, signers
from hermes_fs.store.paths import SIGNERS
from hermes_fs.store.policy import Policy
from hermes_fs.store.syncing import vouching
from hermes_fs.store.workspace import Workspace

_HEADERS = ("what", "you asked for it", "its own idea", "tainted session", "by sync from elsewhere")


def facts(workspace: Workspace, config: Config) -> dict[str, Any]:
    """All of it, for programs."""
    rows = permitted.permissions(Policy(**config.review.model_dump()), config.git.require_signed)
    return {
        "permissions": [asdict(row) for row in rows],
        "rules": dict(_rules(workspace, config)),
        "trust_waits": [item.key for item in acting.pending(workspace)],
    }


def show(workspace: Workspace, config: Config) -> None:
    """All of it, for a person."""
    rows = permitted.permissions(Policy(**config.review.model_dump()), config.git.require_signed)
    print(bold("\nWhat becomes of a change"))
    print_table(_HEADERS, [(row.what, row.asked, row.unasked, row.tainted, row.synced) for row in rows])
    print(
        dim(
            "What waits: hermes review. Your own edits always hold, at once. Of skills: what the gate passes; a new one"
        )
    )
    print(dim("that is its own idea holds at once where a test or an eval of its own passes."))
    print(bold("\nWho, and where to"))
    for what, said in _rules(workspace, config):
        print(f"{what.ljust(_WIDTH)} {one_line(said)}")


def _rules(workspace: Workspace, config: Config) -> Iterator[tuple[str, str]]:
    yield "at this machine", config.people.me or OWNER
    yield "approvals", _APPROVALS[config.approvals.mode]
    yield "lessons made here", "are signed" if config.git.sign else "are not signed: git.sign"
    yield "lessons from elsewhere", _signatures(workspace, config)
    for rule in map(vouching.protected, config.git.protected):
        yield one_line(f"  {rule.pattern}"), f"only by {' and '.join(rule.names)}, signed"
    yield "proposals", f"{config.review.expire_days} days each, {config.review.waiting} at a time"
    yield "syncs with", _address(workspace, config)
    yield "mirrors, which only receive", ", ".join(config.sync.mirrors) or "none"
    yield "conversations go to", config.sync.sessions or "nobody: sync.sessions"
    waits = [item.key for item in acting.pending(workspace)]
    named = ", ".join(waits[:_NAMED]) + (f" and {len(waits) - _NAMED} more" if len(waits) > _NAMED else "")
    yield "waits for your trust", f"{named}: hermes trust" if waits else "nothing"


_NAMED = 5
_WIDTH = 27
_APPROVALS = {
    "ask": "asks you before what is not known to be harmless",
    "allow": "does what it wants without asking",
    "deny": "refuses what is not known to be harmless",
}


def _signatures(workspace: Workspace, config: Config) -> str:
    if not config.git.require_signed and not config.git.protected:
        return "need no signature: git.require_signed"
    names = " or ".join(acting.signers_in(signers.trusted(workspace.git, workspace.trust)))
    who = f"a signature of {names}" if names else f"a signature, and nobody's counts: {SIGNERS} is not trusted here"
    return f"{'need' if config.git.require_signed else 'need, for protected files,'} {who}; the rest as proposals"


def _address(workspace: Workspace, config: Config) -> str:
    said = workspace.git.ask("config", "--get", f"remote.{config.sync.remote}.url")
    address = said.out.decode("utf-8", "replace").strip()
    when = "when conversations begin and end" if config.sync.auto else "by hermes sync alone"
    return one_line(f"{address} ({when})") if address else "nothing: hermes sync --remote ADDRESS"

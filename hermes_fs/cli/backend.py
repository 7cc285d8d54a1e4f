"""`hermes backend`: where commands run on this machine, trying it out, and the sandboxes that run now."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.backends import registry, sandbox_folders
from hermes_fs.backends.isolation_probe import Found, bubblewrap, landlock
from hermes_fs.cli.app import example, group
from hermes_fs.cli.open import config_of, opened, root_of
from hermes_fs.cli.output import bad, dim, good, print_json, print_table
from hermes_fs.core.errors import Failed, HermesError, NotFound, UsageError
from hermes_fs.core.ports import Backend, Cancel
from hermes_fs.store import settings
from hermes_fs.store.state import git_dir_of

app = group("Where commands run: in a sandbox, or on this machine as you.")

_SECONDS = 20.0
AsJson = Annotated[bool, typer.Option("--json", help="One JSON value.")]


@app.command("list", epilog=example("hermes backend list", "hermes backend list --json"))
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """What there is on this machine, which is used, and the sandboxes that run."""
    root, state_dir = root_of(context), _state_dir(context)
    wanted = config_of(root).terminal.backend
    used = _used(wanted, state_dir)
    found = {"sandbox": bubblewrap(), "landlock": landlock(), "local": Found("bash")}
    alive = list(sandbox_folders.running(state_dir))
    if as_json:
        running = [{"session": each.session, "jobs": each.jobs, "pid": each.pid} for each in alive]
        rows = [{"name": name, "problem": each.problem, "used": name == used} for name, each in found.items()]
        print_json({"setting": wanted, "backends": rows, "running": running})
        return
    means = {"sandbox": "bubblewrap", "landlock": f"Landlock, ABI {found['landlock'].program}", "local": "unconfined"}
    table = [
        ("*" if name == used else "", name, means[name] if not each.problem else f"{each.problem}: {each.fix}")
        for name, each in found.items()
    ]
    print_table(("", "backend", ""), table)
    if alive:
        print()
        print_table(("running for", "jobs", "pid"), [(each.session, each.jobs, each.pid) for each in alive])


@app.command(epilog=example("hermes backend use auto", "hermes backend use local"))
def use(context: typer.Context, name: Annotated[str, typer.Argument(help="auto, sandbox, landlock or local.")]) -> None:
    """Choose for this machine; a session that runs keeps what it has."""
    with opened(context) as workspace:
        choice = registry.choose(name, workspace.state_dir)
        settings.write_local(workspace.state_dir, {"terminal.backend": name})
    print(f"{name}: commands run in {choice.name}" + (f"  {dim(choice.remark)}" if choice.remark else ""))


@app.command(epilog=example("hermes backend test", "hermes backend test landlock"))
def test(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The one to try; default: the one that is used.")] = "",
) -> None:
    """Run a few commands in it, in this folder, and say what they could do."""
    root, state_dir = root_of(context), _state_dir(context)
    choice = registry.choose(name or config_of(root).terminal.backend, state_dir)
    backend = registry.backend(choice.name, Path.cwd(), state_dir, os.environ, session=f"test-{os.getpid()}")
    try:
        rows = list(_tried(backend, state_dir))
    finally:
        backend.close()
    print_table(("", choice.name, ""), rows)
    if any(state == bad("broken") for state, *_ in rows):
        raise Failed("it does not hold what it promises", "do not use it, and report this")


@app.command(epilog=example("hermes backend stop", "hermes backend stop myhost-01J9"))
def stop(
    context: typer.Context,
    session: Annotated[str, typer.Argument(help="Whose sandbox: the beginning of its name; default: all.")] = "",
) -> None:
    """End running sandboxes, with all their background jobs."""
    state_dir = _state_dir(context)
    chosen = [each for each in sandbox_folders.running(state_dir) if each.session.startswith(session)]
    if session and not chosen:
        raise NotFound(f"no sandbox runs for {session!r}", "see `hermes backend list`")
    for each in chosen:
        sandbox_folders.stop(each)
    print(f"ended {len(chosen)}, with {sum(each.jobs for each in chosen)} jobs")


def _state_dir(context: typer.Context) -> Path:
    root = root_of(context)
    if root is None:
        raise NotFound("there is no workspace yet", "make one with `hermes init`")
    return git_dir_of(root) / "hermes"


def _used(wanted: str, state_dir: Path) -> str:
    try:
        return registry.choose(wanted, state_dir).name
    except (Failed, UsageError):
        return ""


def _tried(backend: Backend, state_dir: Path) -> Iterator[tuple[str, str, str]]:
    """state, what was tried, what came of it."""
    isolated = backend.capabilities.isolated
    begun = time.monotonic()
    yield _row(_code(backend, "true") == 0, "a command runs", f"{time.monotonic() - begun:.2f} s with its start")
    begun = time.monotonic()
    for _ in range(5):
        backend.run("true", timeout=_SECONDS, cancel=Cancel())
    yield _row(True, "the next ones", f"{(time.monotonic() - begun) * 200:.0f} ms each")
    yield _row(
        _code(backend, "mark=$(mktemp ./.hermes-test-XXXXXX) && rm $mark") == 0, "this folder can be written", ""
    )
    if isolated:
        hidden = shlex.quote(str(state_dir))
        yield _row(
            _code(backend, f'test -n "$(ls -A {hidden})"') != 0, "this machine's state is hidden", str(state_dir)
        )
        yield _row(_code(backend, "exec 3<>/dev/tcp/1.1.1.1/443") != 0, "the network is off", "")
        yield _row(_code(backend, "unshare --user true") != 0, "no namespace can be made", "")


def _code(backend: Backend, command: str) -> int:
    try:
        return backend.run(command, timeout=_SECONDS, cancel=Cancel()).code
    except HermesError as error:
        raise Failed(f"{backend.name} does not run: {error.message}", error.hint) from error


def _row(holds: bool, what: str, detail: str) -> tuple[str, str, str]:
    return good("ok") if holds else bad("broken"), what, detail

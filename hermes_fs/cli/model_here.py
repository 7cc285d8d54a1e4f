"""`hermes model pull`, `serve`, `stop`: models that run on this machine, without anybody's server."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from hermes_fs.cli.app import example
from hermes_fs.cli.bar import Bar
from hermes_fs.cli.open import config_of, confirm, root_of
from hermes_fs.cli.output import bold, dim
from hermes_fs.core.config import Config, ModelConfig
from hermes_fs.core.errors import Conflict, NotFound
from hermes_fs.core.ports import Cancel
from hermes_fs.providers.embedded import record, server
from hermes_fs.providers.embedded.catalogue import BETTER, DEFAULT, SMALL
from hermes_fs.providers.embedded.folders import Folders
from hermes_fs.providers.embedded.models import names, order_for, path_of, task_of
from hermes_fs.providers.embedded.pull import Order, Pulled, Telling, order_of
from hermes_fs.providers.embedded.pull import pull as bring
from hermes_fs.providers.embedded.task import Task, task_for
from hermes_fs.providers.presets import EMBEDDED

PULL_EXAMPLES = example("hermes model pull", "hermes model pull https://example.org/some-model.gguf --sha256 4f1c…")
SERVE_EXAMPLES = example("hermes model serve", "hermes model serve ~/models/some-model.gguf --foreground")
STOP_EXAMPLES = example("hermes model stop", "hermes model stop --yes")


def pull(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="[PATH_OR_URL]", help="A GGUF file of your own choice.")] = "",
    sha256: Annotated[str, typer.Option(help="What its SHA-256 must be; nothing else is kept.")] = "",
) -> None:
    """Bring a model file onto this machine; without a word, the small one that `hermes` offers where there is none.

    What was interrupted goes on where it broke off.
    """
    order = order_of(source, sha256) if source else order_for(config_of(root_of(context)).local)
    if sha256 and not source:
        order = dataclasses.replace(order, sha256=sha256)
    pulled = pull_here(order)
    listed = pulled.path.name == DEFAULT.file
    print(f"{bold(pulled.path.stem)} is here{'' if pulled.sha256 else ' already'}  {dim(str(pulled.path))}")
    if pulled.sha256:
        checked = "as it should be" if order.sha256 else "nothing to compare it with was given"
        print(dim(f"SHA-256 {pulled.sha256}, {checked}"))
    if listed:
        print(f"It is {SMALL}; {BETTER}")
    print(f"use it: hermes model {'embedded' if listed else f'embedded/{pulled.path.stem}'}")


def serve(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="A GGUF file, or a name of `hermes model list`.")] = "",
    foreground: Annotated[bool, typer.Option(help="Serve until Ctrl-C, its log on this terminal.")] = False,
) -> None:
    """Start the shared model server, which chats start by themselves too; it ends a while after its last user."""
    folders = Folders.of_this_person()
    task = _task(file, config_of(root_of(context)), folders)
    if foreground:
        raise typer.Exit(_in_foreground(folders, task))
    shared = server.Server(folders, task)
    try:
        found = shared.ready(Cancel())
    finally:
        shared.release()
    ends = f"ends {task.idle / 60:.0f} minutes after its last user" if task.idle else "runs until `hermes model stop`"
    print(f"{bold(found.alias)} at {found.base_url}, {ends}")
    print(dim(f"window {found.window:,} tokens, its key in {record.record_path(folders.server)}"))


def stop(
    yes: Annotated[bool, typer.Option("--yes", help="Even where conversations use it.")] = False,
) -> None:
    """End the shared model server, after asking where conversations use it; their next message starts it anew."""
    folders = Folders.of_this_person()
    found = server.state(folders)
    if found is None:
        living = record.living(folders.server)  # it hangs, or still loads
        if living is None:
            print("no model server runs")
            return
        found = server.State(living, 0)
    if found.users:
        users = "a conversation uses" if found.users == 1 else f"{found.users} conversations use"
        confirm(f"{users} {found.record.alias}. End it all the same?", yes)
    server.end(folders, found.record)
    print(f"ended the server of {found.record.alias}")


def pull_here(order: Order) -> Pulled:
    """Bring a file into this person's folder of models, with a bar on stderr."""
    with Bar("downloading", "MB", 1e6) as bar, Bar("checking", "MB", 1e6) as checking:

        def say(line: str) -> None:
            bar.done()
            checking.say(line)

        return bring(order, Folders.of_this_person().models, Telling(say, bar, checking))


def models() -> list[str]:
    """The models that are here, as they are asked for."""
    return names(Folders.of_this_person())


def described(name: str, config: Config) -> tuple[str, str]:
    """Where the file of a model is, and what it is called, for a person."""
    path = path_of(name, config.local, Folders.of_this_person())
    label = f"{DEFAULT.name}, {SMALL}" if path.name == DEFAULT.file else path.stem
    return (str(path) if path.exists() else "not here yet: hermes model pull"), label


def require(name: str, config: Config) -> None:
    """Raises NotFound where there is no such model here."""
    path = path_of(name, config.local, Folders.of_this_person())
    if not path.exists():
        here = ", ".join(models())
        hint = "bring it with `hermes model pull`" + (f"; here are: {here}" if here else "")
        raise NotFound(f"there is no {path.name} on this machine", hint)


def _task(file: str, config: Config, folders: Folders) -> Task:
    """What to serve: a file by its path, a model by its name, else the one in use, else the usual one."""
    used = config.model if config.model.provider == EMBEDDED else ModelConfig()
    path = Path(file).expanduser()
    if file and (path.exists() or (path.suffix == ".gguf" and "/" in file)):
        task = task_for(path.absolute(), used.context_window)
        return dataclasses.replace(task, threads=config.local.threads, idle=config.local.idle)
    return task_of(file or used.name, config.local, used.context_window, folders)


def _in_foreground(folders: Folders, task: Task) -> int:
    server.check(task)
    folder = folders.private_server()
    if found := server.state(folders):
        raise Conflict(f"a server of {found.record.alias} runs already", "end it with `hermes model stop`")
    command = server.command(folder, dataclasses.replace(task, idle=0))
    process = subprocess.Popen(command, env=server.environment(os.environ), stdin=subprocess.DEVNULL)
    try:
        return process.wait()
    except KeyboardInterrupt:
        return process.wait()  # Ctrl-C reached it as well

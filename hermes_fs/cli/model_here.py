"""`hermes model pull`, `serve`, `stop`: models that run on this machine, without anybody's server."""

from __future__ import annotations

from typing import Annotated

import typer

from hermes_fs.cli.app import example
from hermes_fs.cli.bar import Bar
from hermes_fs.cli.output import bold, dim
from hermes_fs.core.errors import UsageError
from hermes_fs.providers.embedded.catalogue import BETTER, DEFAULT, SMALL
from hermes_fs.providers.embedded.folders import Folders
from hermes_fs.providers.embedded.pull import Order, Pulled, Telling, order_of, order_of_listed
from hermes_fs.providers.embedded.pull import pull as bring

PULL_EXAMPLES = example("hermes model pull", "hermes model pull https://example.org/some-model.gguf --sha256 4f1c…")


def pull(
    source: Annotated[str, typer.Argument(metavar="[PATH_OR_URL]", help="A GGUF file of your own choice.")] = "",
    sha256: Annotated[str, typer.Option(help="What its SHA-256 must be; nothing else is kept.")] = "",
) -> None:
    """Bring a model file onto this machine; without a word, the small one that `hermes` offers where there is none.

    What was interrupted goes on where it broke off.
    """
    if sha256 and not source:
        raise UsageError("the listed model's hash is known", "leave out --sha256, or name a file")
    order = order_of(source, sha256) if source else order_of_listed(DEFAULT)
    pulled = pull_here(order)
    if not pulled.sha256:
        print(f"{bold(pulled.path.stem)} is here already  {dim(str(pulled.path))}")
    else:
        checked = "as it should be" if order.sha256 else "nothing to compare it with was given"
        print(f"{bold(pulled.path.stem)} is here  {dim(str(pulled.path))}")
        print(dim(f"SHA-256 {pulled.sha256}, {checked}"))
    if pulled.path.name == DEFAULT.file:
        print(f"It is {SMALL}; {BETTER}")
    name = "embedded" if pulled.path.name == DEFAULT.file else f"embedded/{pulled.path.stem}"
    print(f"use it: hermes model {name}")


def pull_here(order: Order) -> Pulled:
    """Bring a file into this person's folder of models, with a bar on stderr."""
    with Bar("downloading") as bar, Bar("checking") as checking:

        def say(line: str) -> None:
            bar.done()
            checking.say(line)

        return bring(order, Folders.of_this_person().models, Telling(say, bar, checking))

"""What is offered where no model is set up: servers found on this machine, then the embedded model, then what to do
with a key. One key press; nothing is taken without it, or without `--yes`.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.apps.chat.ink import Ink
from hermes_fs.apps.chat.tty import Tty
from hermes_fs.cli.model_here import pull_here
from hermes_fs.core.config import Config
from hermes_fs.core.terminal import one_line
from hermes_fs.providers.embedded import installing
from hermes_fs.providers.embedded.catalogue import DEFAULT, SMALL
from hermes_fs.providers.embedded.folders import Folders
from hermes_fs.providers.embedded.models import order_for, path_of
from hermes_fs.providers.presets import CUSTOM, EMBEDDED
from hermes_fs.providers.reachable import Reachable, available
from hermes_fs.providers.windows import Model, first_of
from hermes_fs.store import settings

_LEAVING = ("q", "n", "\x1b", "\x03", "\x04", "")
_SECONDS = 2.0
_INDENT = " " * 7
_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that can be had. `title` and `detail` are for a person; `apply` makes it this machine's model: it is
    given the workspace's state folder, may take minutes, and raises HermesError with one line. `values` are the
    settings that it writes."""

    title: str
    detail: str
    apply: Callable[[Path], None]
    values: Mapping[str, str]


def offers(config: Config, environ: Mapping[str, str]) -> list[Offer]:
    """Best first. Asks the local servers whether they are there."""
    local = [one for one in available(config, environ, _SECONDS) if one.preset.local]
    found = [(one, first) for one in local if (first := first_of(list(one.models), one.preset))]
    return [*(_found(one, first) for one, first in found), embedded(config)]


def embedded(config: Config) -> Offer:
    """The model that runs here without anybody's server; whatever it lacks is installed and downloaded by `apply`."""
    here = path_of("", config.local, Folders.of_this_person()).exists()
    order = order_for(config.local)
    listed = order.file == DEFAULT.file
    libraries = installing.missing()
    lacking = [] if here else [f"downloads {DEFAULT.size / 1e9:.1f} GB once" if listed else f"brings {order.file} here"]
    if libraries:
        lacking.insert(0, f"installs {' and '.join(name.split('>')[0] for name in libraries)} with pip")
    title = f"{DEFAULT.title}, on this machine, without a key" if listed else f"{order.file}, on this machine"
    detail = [", ".join(lacking) or "its file is here", f"{SMALL}" if listed else ""]
    needs = f"needs {DEFAULT.memory / 1e9:.1f} GB of memory" if listed else ""
    return Offer(
        title,
        "; ".join(part for part in (detail[0], needs, detail[1]) if part),
        _Embedding(config),
        {"model.provider": EMBEDDED},
    )


@dataclass(frozen=True, slots=True)
class _Embedding:
    config: Config

    def __call__(self, state_dir: Path) -> None:
        if libraries := installing.missing():
            print(f"  installing {' '.join(libraries)}", file=sys.stderr, flush=True)
            installing.install(libraries)
        if not path_of("", self.config.local, Folders.of_this_person()).exists():
            pull_here(order_for(self.config.local))
        settings.write_local(state_dir, {"model.provider": EMBEDDED})


def _found(one: Reachable, first: Model) -> Offer:
    """A server that answers on this machine, with the first of its models that can chat."""
    preset, model = one.preset, first.name
    more = f" and {len(one.models) - 1} more" if len(one.models) > 1 else ""
    values = {"model.provider": preset.name, "model.name": model}
    if preset.name == CUSTOM:
        values = {"model.base_url": preset.base_url, "model.name": model}

    def apply(state_dir: Path) -> None:
        settings.write_local(state_dir, values)

    detail = f"{model}{more}; answers at {preset.base_url}"
    return Offer(f"{preset.title}, found on this machine", one_line(detail), apply, values)


def choose(found: list[Offer], tty: Tty | None, yes: bool) -> Offer | None:
    """The offer that a person takes by a key, or the first where `yes` says so; None where none is taken."""
    if yes:
        print(f"  {found[0].title}: {found[0].detail}", file=sys.stderr, flush=True)
        return found[0]
    if tty is None:
        return None
    ink = Ink(sys.stderr, os.environ)
    lines = [f"\n  {ink('No model is set up yet.', 'bold')} What shall hermes use?\n"]
    for number, offer in enumerate(found[:9], 1):
        lines += [f"    {ink(str(number), 'bold')}  {offer.title}"]
        lines += [_INDENT + ink(line, "dim") for line in textwrap.wrap(offer.detail, _WIDTH)]
    lines += [f"    {ink('k', 'bold')}  a key or an address of mine: `hermes setup` asks for it\n", "  which? "]
    offered = "\n".join(lines)
    while True:
        key, offered = tty.key(offered).lower(), ""
        if key in ("\r", "\n"):
            key = "1"
        if key.isdecimal() and 1 <= int(key) <= min(len(found), 9):
            tty.write(f"{key}\n\n")
            return found[int(key) - 1]
        if key == "k" or key in _LEAVING:
            tty.write("\n\n")
            return None


def offer(config: Config, state_dir: Path, yes: bool) -> bool:
    """Offer what there is and set up what is taken; False where nothing is, or nobody can be asked."""
    tty = Tty.find() if sys.stderr.isatty() and not yes else None
    if tty is None and not yes:
        return False
    taken = choose(offers(config, os.environ), tty, yes)
    if taken is None:
        return False
    taken.apply(state_dir)
    print("  set up; `hermes model` shows it and changes it\n", file=sys.stderr, flush=True)
    return True

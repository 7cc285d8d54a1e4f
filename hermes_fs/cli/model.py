"""`hermes model`: shows which model is used and why, lists what is reachable, switches with one command.

What brings and serves models on this machine stands in `model_here`.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hermes_fs.cli import model_here
from hermes_fs.cli.app import example, group_of_names
from hermes_fs.cli.endpoint import hiding
from hermes_fs.cli.open import BY_HAND, config_of, opened, root_of
from hermes_fs.cli.output import bad, bold, dim, print_json, print_table
from hermes_fs.core import config
from hermes_fs.core.config import Config
from hermes_fs.core.errors import NotFound, ProviderError, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.providers.connection import Connection
from hermes_fs.providers.presets import CUSTOM, EMBEDDED, PRESETS
from hermes_fs.providers.prices import Price, price_of
from hermes_fs.providers.reachable import Reachable, available
from hermes_fs.providers.select import Selection, prices_of, select, wired
from hermes_fs.providers.windows import Model, models_of
from hermes_fs.store import settings
from hermes_fs.store.state import git_dir_of
from hermes_fs.store.workspace import Workspace

app = group_of_names("Which model is used, what is reachable, switching, and models that run here.", "use")
app.command(epilog=model_here.PULL_EXAMPLES)(model_here.pull)
app.command(epilog=model_here.SERVE_EXAMPLES)(model_here.serve)
app.command(epilog=model_here.STOP_EXAMPLES)(model_here.stop)

_LISTED = 8

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value.")]


@app.command(epilog=example("hermes model", "hermes model ollama/qwen3:8b", "hermes model use embedded"))
def use(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="NAME, PRESET or PRESET/NAME to switch to.")] = "",
    shared: Annotated[
        bool, typer.Option("--workspace-wide", help="Write config.yaml, as a lesson, for all your machines.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the model that is used and where each setting comes from, or switch; the word `use` may be left out."""
    root = root_of(context)
    current = config_of(root)
    if name:
        with opened(context) as workspace:
            _switch(workspace, current, name, shared)
        current = config_of(root)
    _show(root, current, as_json)


@app.command("list", epilog=example("hermes model list", "hermes model list --all"))
def list_models(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Every model.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what is reachable from here: endpoints with a key, local servers that answer, models on this machine."""
    _list(config_of(root_of(context)), every, as_json)


# -- showing ----------------------------------------------------------------------------------------------------------


def _show(root: Path | None, current: Config, as_json: bool) -> None:
    selection = select(current, os.environ)
    key = f"{selection.key_name} ({selection.key_from or 'not set'})" if selection.key_name else "none needed"
    where, model = selection.preset.base_url, selection.model or "the server's first"
    if selection.preset.name == EMBEDDED:
        where, model = model_here.described(selection.model, current)
    rows = {
        "provider": (f"{selection.preset.name}, {where}", _source(root, selection.provider_from)),
        "model": (model, _source(root, selection.model_from)),
        "key": (key, ""),
    }
    if as_json:
        print_json(_as_json(root, selection))
        return
    for title, (value, source) in rows.items():
        print(f"{title:<10}{bold(one_line(value))}{dim(f'  from {source}') if source else ''}")
    if selection.key_name and not selection.api_key:
        print(bad(f"{selection.key_name} is not set: export it, or put it into ~/.config/hermes/env"))


def _as_json(root: Path | None, selection: Selection) -> dict[str, Any]:
    return {
        "provider": selection.preset.name,
        "base_url": selection.preset.base_url,
        "provider_from": _source(root, selection.provider_from),
        "model": selection.model,
        "model_from": _source(root, selection.model_from),
        "key": selection.key_name,
        "key_from": selection.key_from,
    }


def _source(root: Path | None, source: str) -> str:
    """The file that a configuration key comes from; a variable is called so."""
    section, dot, key = source.partition(".")
    if not dot:
        return f"the environment ({source})" if source else ""
    for file, path in _files(root).items():
        if key in (config.read(path).get(section) or {}):
            return file
    return source


def _files(root: Path | None) -> dict[str, Path]:
    """What is shown of a settings file → where it is, the one that goes first first."""
    if root is None:
        return {}
    local = git_dir_of(root) / "hermes" / config.LOCAL
    return {f".git/hermes/{config.LOCAL}": local, config.CONFIG: root / config.CONFIG}


def _list(current: Config, every: bool, as_json: bool) -> None:
    found = available(current, os.environ)
    here = tuple(Model(name) for name in model_here.models())
    own = prices_of(current)
    if here:
        found.append(Reachable(PRESETS[EMBEDDED], here))
    if as_json:
        print_json([_reachable_json(one, own) for one in found])
        return
    if not found:
        hint = "set OPENAI_API_KEY or another provider's key, start a local server, or run `hermes model pull`"
        raise NotFound("no model server can be reached from here", hint)
    print_table(
        ("PRESET", "MODEL", "WINDOW", "$ PER MILLION, IN / OUT"),
        [row for one in found for row in _rows(one, every, own)],
    )


def _rows(one: Reachable, every: bool, own: Mapping[str, Price]) -> Iterator[tuple[str, str, str, str]]:
    name = one.preset.base_url if one.preset.name == CUSTOM else one.preset.name
    if one.problem:
        yield name, f"({one.problem})", "", ""
    shown = one.models if every else one.models[:_LISTED]
    for model in shown:
        yield name, model.name, f"{model.window:,}" if model.window else "", _costs(one, model, own)
    if len(one.models) > len(shown):
        yield name, f"… {len(one.models) - len(shown)} more: hermes model list --all", "", ""


def _costs(one: Reachable, model: Model, own: Mapping[str, Price]) -> str:
    price = price_of(one.preset, model.name, own)
    return f"{price.input:g} / {price.output:g}" if price else ""


def _reachable_json(one: Reachable, own: Mapping[str, Price]) -> dict[str, Any]:
    prices = {model.name: price_of(one.preset, model.name, own) for model in one.models}
    return {
        "preset": one.preset.name,
        "base_url": one.preset.base_url,
        "problem": one.problem,
        "models": [
            {
                "name": model.name,
                "context_window": model.window,
                "price": {"input": price.input, "output": price.output} if (price := prices[model.name]) else None,
            }
            for model in one.models
        ],
    }


# -- switching --------------------------------------------------------------------------------------------------------


def _switch(workspace: Workspace, current: Config, name: str, shared: bool) -> None:
    wanted = select(current, os.environ, name)
    _require_model(wanted, current)
    values = _values(wanted)
    if not _is_current(wanted, current):
        values["model.wire"] = None
    if shared:
        _write_shared(workspace, values)
        values = dict.fromkeys(values)
    else:
        inherited = config.read(workspace.root / config.CONFIG).get("model") or {}
        values = {key: value or hiding(inherited, key) for key, value in values.items()}
    settings.write_local(workspace.state_dir, values)
    found = select(config_of(workspace.root), os.environ)
    if (found.preset.base_url, found.model) != (wanted.preset.base_url, wanted.model):
        first = found.provider_from if found.preset.base_url != wanted.preset.base_url else found.model_from
        print(f"note: {first} in the environment goes before this, unset it", file=sys.stderr)


def _is_current(wanted: Selection, current: Config) -> bool:
    """Whether only the model changes: what the endpoint speaks then stays, too."""
    try:
        return select(current, os.environ).preset.base_url == wanted.preset.base_url
    except ProviderError:
        return False


def _values(wanted: Selection) -> dict[str, str | None]:
    """Every key of the endpoint, so that none of the old one stays; None takes a key out."""
    preset = wanted.preset
    values: dict[str, str | None] = {"model.name": wanted.model or None, "model.context_window": None}
    if wanted.provider_from.startswith("model."):
        return values  # another model of the configured endpoint
    known = PRESETS.get(preset.name)
    values["model.provider"] = preset.name if known else None
    values["model.base_url"] = None if known and known.base_url == preset.base_url else preset.base_url
    own = wanted.key_name if wanted.key_name not in preset.key_names else ""
    values["model.api_key_env"] = (own or None) if wanted.api_key else None
    return values


def _write_shared(workspace: Workspace, values: Mapping[str, str | None]) -> None:
    if values.get("model.base_url") or values.get("model.api_key_env"):
        raise UsageError("an address and the name of its key are each machine's own", "leave out --workspace-wide")
    why = "switched with `hermes model`"
    workspace.update(
        config.CONFIG,
        lambda text: settings.with_values(text, values),
        kind="config",
        why=why,
        provenance=BY_HAND,
    )


def _require_model(wanted: Selection, current: Config) -> None:
    """Raises NotFound where the server says that it has no such model; a silent one is left to show itself later."""
    if wanted.preset.name == EMBEDDED:
        model_here.require(wanted.model, current)
        return
    if not wanted.model or (wanted.key_name and not wanted.api_key):
        return
    connection = Connection(wired(wanted.preset, wanted.model, current), wanted.api_key)
    names: list[str] = []
    with contextlib.closing(connection), contextlib.suppress(ProviderError):
        names = [model.name for model in models_of(connection)]
    if names and wanted.model not in names:
        near = difflib.get_close_matches(wanted.model, names, 1, 0.3)
        hint = f"did you mean {near[0]}?" if near else "see `hermes model list --all`"
        raise NotFound(f"{wanted.preset.title} has no model {wanted.model!r}", hint)

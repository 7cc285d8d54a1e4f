"""`hermes config get | set | check`: settings, in config.yaml through the door, or in this machine's local.yaml."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hermes_fs.cli import config_check
from hermes_fs.cli.app import example, group
from hermes_fs.cli.open import BY_HAND, opened
from hermes_fs.cli.output import dim, good, print_json, print_table
from hermes_fs.core import config
from hermes_fs.core.errors import ConfigError
from hermes_fs.core.terminal import one_line
from hermes_fs.store import acting, settings
from hermes_fs.store.workspace import Workspace

app = group("Settings: what holds, changing one, checking the files. Every key: docs/reference/config.md.")


@app.command(epilog=example("hermes config get", "hermes config get limits.steps"))
def get(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="A key, or the section of several; default: all.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: key to value.")] = False,
) -> None:
    """What holds here, and which file says so."""
    with opened(context) as workspace:
        held = _flat(config.load(workspace.root, workspace.state_dir).model_dump(mode="json"))
        sources = {name: file for file, values in _files(workspace) for name in _flat(values)}
    chosen = {name: value for name, value in held.items() if not key or name == key or name.startswith(f"{key}.")}
    if not chosen:
        raise _unknown(key)
    if as_json:
        print_json(chosen)
    elif list(chosen) == [key]:
        print(_shown(chosen[key]))
    else:
        rows = [(name, _shown(value), sources.get(name, dim("default"))) for name, value in chosen.items()]
        print_table(("key", "value", "from"), rows)


@app.command("set", epilog=example("hermes config set limits.steps 50", "hermes config set approvals.mode ask"))
def set_(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The key, such as limits.steps.")],
    value: Annotated[str, typer.Argument(help="The value, as YAML; empty takes the key out.")],
    local: Annotated[bool, typer.Option("--local", help="For this machine only, not for the workspace.")] = False,
) -> None:
    """Change one setting. What opens a machine is always kept on that machine."""
    if key not in {name for name, _ in config.leaves()} and not key.startswith("prices."):
        raise _unknown(key)
    values: dict[str, Any] = {key: config.parse_yaml(f"value: {value}", "the value").get("value")}
    with opened(context) as workspace:
        if local or key in config.MACHINE_ONLY or (key in config.LOOSENS and values[key] == "auto"):
            settings.write_local(workspace.state_dir, values)
            place = f".git/hermes/{config.LOCAL}, for this machine"
        else:
            done = workspace.update(
                config.CONFIG,
                lambda text: settings.with_values(text, values),
                kind="config",
                why="",
                provenance=BY_HAND,
            )
            place = f"{config.CONFIG}, lesson {done.id[:8]}" if done else f"{config.CONFIG}, as before"
    print(f"{key} = {_shown(values[key])}  {dim(f'({place})')}")


@app.command(epilog=example("hermes config check", "hermes config check --json"))
def check(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: permissions, rules, trust_waits.")] = False,
) -> None:
    """Read both files and name what is wrong, with the nearest right key; then say who may do what under them."""
    with opened(context) as workspace:
        config.load(workspace.root, workspace.state_dir)
        names = [file for file, values in _files(workspace) if values]
        held = config.load(workspace.root, workspace.state_dir, withheld=acting.withheld(workspace))
        if as_json:
            print_json(config_check.facts(workspace, held))
            return
        print(good("ok") + "  " + (" and ".join(names) or "only defaults hold"))
        config_check.show(workspace, held)


def _files(workspace: Workspace) -> list[tuple[str, dict[str, Any]]]:
    """The files that settings come from, the stronger last."""
    return [
        (config.CONFIG, config.read(workspace.root / config.CONFIG)),
        (config.LOCAL, config.read(workspace.state_dir / config.LOCAL)),
    ]


def _flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _shown(value: object) -> str:
    if value is None or value in ("", [], ()):
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return one_line(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def _unknown(key: str) -> ConfigError:
    guess = config.nearest(key)
    return ConfigError(f"there is no key {key}", f"did you mean {guess}?" if guess else "see `hermes config get`")

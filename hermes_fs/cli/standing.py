"""What is set up on this machine and what is missing, a line for each step of `hermes setup`. Asks nobody, changes
nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from hermes_fs.backends import registry
from hermes_fs.cli import model_here
from hermes_fs.core.config import Config, TerminalConfig
from hermes_fs.core.errors import HermesError
from hermes_fs.providers import select
from hermes_fs.providers.presets import EMBEDDED
from hermes_fs.store import identity
from hermes_fs.store.state import git_dir_of

BACKENDS: tuple[str, ...] = get_args(TerminalConfig.model_fields["backend"].annotation)
_NOWHERE = Path("/nonexistent/hermes")  # what was found is not to be noted
MONEY = {"limits.money": "one turn", "budget.session_money": "one session", "budget.day_money": "one day"}
"""The keys that say what may be spent, in US dollars → on what."""
_SCRIPTS = {
    "bash": ".local/share/bash-completion/completions/hermes",
    "zsh": ".zfunc/_hermes",
    "fish": ".config/fish/completions/hermes.fish",
}


@dataclass(frozen=True, slots=True)
class Held:
    """What holds now; `missing` says what to do where that is not enough."""

    text: str
    missing: str = ""


def workspace(root: Path | None) -> Held:
    return Held(str(root)) if root else Held("none yet", "hermes init")


def model(config: Config, environ: Mapping[str, str]) -> Held:
    """The endpoint and model, its key by name alone."""
    try:
        found = select.select(config, environ)
    except HermesError as error:
        return Held(error.message, "hermes setup, at a terminal, or `hermes model NAME`")
    name = found.model or "the server's first model"
    if found.preset.name == EMBEDDED:
        where, label = model_here.described(found.model, config)
        return Held(f"embedded, {label}", "hermes model pull" if where.startswith("not here") else "")
    text = f"{found.preset.name}, {name}" + (f" at {found.preset.base_url}" if found.preset.local else "")
    if not found.key_name:
        return Held(text)
    if not found.api_key:
        return Held(text, f"{found.key_name} is not set: export it or put it into ~/.config/hermes/env")
    return Held(f"{text}, {found.key_name} from {found.key_from}")


def commands(config: Config, root: Path | None) -> Held:
    """Where commands run here, and what would mend it."""
    wanted = config.terminal.backend
    try:
        choice = registry.choose(wanted, git_dir_of(root) / "hermes" if root else _NOWHERE)
    except HermesError as error:
        return Held(f"{wanted}, which does not work: {error.message}", error.hint)
    text = wanted if wanted == choice.name else f"{wanted}: {choice.name}"
    return Held(f"{text}; {choice.remark}" if choice.remark else text, choice.fix)


def approvals(config: Config) -> Held:
    return Held(config.approvals.mode)


def money(config: Config) -> Held:
    """What may be spent, per key that says so."""
    bounds = {key: value_of(config, key) for key in MONEY}
    said = [f"{MONEY[key]} ${value:g}" for key, value in bounds.items() if value]
    return Held(", ".join(said) or "no bound in money")


def value_of(config: Config, key: str) -> float:
    section, _, name = key.rpartition(".")
    return float(getattr(getattr(config, section), name))


def shell(environ: Mapping[str, str]) -> str:
    """The person's shell, "" where we have no completion for it."""
    name = Path(environ.get("SHELL", "")).name
    return name if name in _SCRIPTS else ""


def script_path(environ: Mapping[str, str]) -> Path:
    """Where that shell looks for the completion of a command."""
    return Path(environ.get("HOME", "/"), _SCRIPTS[shell(environ)])


def completion(environ: Mapping[str, str]) -> Held:
    name = shell(environ)
    if not name:
        return Held("none for your shell; there is one for bash, zsh and fish")
    path = script_path(environ)
    return Held(f"{name}, {path}") if path.exists() else Held(f"not installed for {name}", "hermes completion --help")


def git_identity(root: Path, environ: Mapping[str, str]) -> Held:
    name, email = identity.Person(root, git_dir_of(root), environ).configured()
    if name and email:
        return Held(f"{name} <{email}>")
    return Held("git does not know your name", "git config --global user.name … and user.email …")


def everything(root: Path | None, config: Config, environ: Mapping[str, str] = os.environ) -> dict[str, Held]:
    """By the names of the steps, in their order."""
    rows = {"workspace": workspace(root), "model": model(config, environ), "commands": commands(config, root)}
    rows |= {"approvals": approvals(config), "cost": money(config), "completion": completion(environ)}
    return rows | ({"git": git_identity(root, environ)} if root else {})

"""The steps of `hermes setup` about the model: which one, its key, and a first message. Keys are asked for hidden and
go into ~/.config/hermes/env alone."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hermes_fs.cli import endpoint, first_model, standing
from hermes_fs.cli.desk import Choice, Desk
from hermes_fs.cli.open import config_of
from hermes_fs.core import config as configuration
from hermes_fs.core.errors import HermesError, ProviderError, UsageError
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Reply, Request, user
from hermes_fs.providers import keyfile, select
from hermes_fs.providers.connection import Connection
from hermes_fs.providers.keys import KEY_FILE, Keys
from hermes_fs.providers.presets import PRESETS, Preset, at
from hermes_fs.providers.windows import Model, first_of, models_of
from hermes_fs.store import settings
from hermes_fs.store.state import git_dir_of

_LISTED = 9
_TOKENS = 400  # some think before they say a word
_HOSTED = [preset for preset in PRESETS.values() if not preset.local]


@dataclass(frozen=True, slots=True)
class Asked:
    """An endpoint that answered, or might: its models, and the new key, "" where none was typed."""

    preset: Preset
    models: tuple[Model, ...] = ()
    key: str = ""


def model(desk: Desk, root: Path) -> None:
    """Local servers that answer, the embedded model, a provider by its key, an address."""
    config = config_of(root)
    held = standing.model(config, os.environ)
    desk.title("Model", held.text)
    if held.missing:
        desk.say(held.missing)
    found = first_model.offers(config, os.environ)
    titles = ", ".join(preset.title for preset in _HOSTED[:4])
    choices: list[Choice] = [(offer.title, offer.detail) for offer in found]
    choices += [("key of a provider", f"{titles} …"), ("address of a server", "anything OpenAI-compatible")]
    chosen = desk.choose(choices, "keep it" if select.is_set_up(config, os.environ) else "later")
    if chosen is None:
        return
    if chosen < len(found):
        found[chosen].apply(git_dir_of(root) / "hermes")
        _keep(root, found[chosen].values)
    elif chosen == len(found):
        _by_key(desk, root)
    else:
        _by_address(desk, root)
    desk.good(standing.model(config_of(root), os.environ).text)
    _say_what_goes_before(desk)


def first_message(desk: Desk, root: Path) -> None:
    """Whether the model answers, and how fast; nothing is kept of it."""
    config = config_of(root)
    if standing.model(config, os.environ).missing or not desk.agree("send it a first message?", True):
        return
    try:
        provider = select.choose(config, os.environ)
        started = time.monotonic()
        request = Request((user("Say hello in at most five words."),), max_tokens=_TOKENS)
        said = next((item for item in provider.stream(request, Cancel()) if isinstance(item, Reply)), None)
    except HermesError as error:
        desk.trouble(error)
        return
    text = " ".join((said.message.text if said else "").split())[:60]
    desk.good(f"it works: “{text}” in {time.monotonic() - started:.1f} s" if text else "it answers, with no text")


def _by_key(desk: Desk, root: Path) -> None:
    keys = Keys(os.environ)
    choices: list[Choice] = [(preset.name, _about(preset, keys)) for preset in _HOSTED]
    chosen = desk.choose(choices, "leave it")
    if chosen is None:
        return
    preset = select.standing(_HOSTED[chosen], keys)
    name = next((name for name in preset.key_names if name in keys), preset.key_names[0])
    asked = _key(desk, preset, name, keys.get(name, ""))
    if asked.key:
        keyfile.keep(keyfile.path_of(os.environ.get("HOME", "")), name, asked.key)
        desk.good(f"{name} is in {KEY_FILE}, for you alone")
        if os.environ.get(name, "").strip() not in ("", asked.key):
            desk.say(f"{name} in the environment is another one and goes before it: unset it")
    _keep(root, {"model.provider": preset.name, "model.name": _named(desk, asked)})


def _by_address(desk: Desk, root: Path) -> None:
    url = desk.ask("address, such as http://localhost:8080/v1")
    if not url:
        return
    preset = at(url)
    if preset.name in PRESETS and not preset.local:
        raise UsageError(f"that is {preset.title}", "choose it by its key")
    name = _variable(preset.base_url)
    asked = _key(desk, preset, name, "")
    values = {"model.base_url": preset.base_url}
    if asked.key:
        keyfile.keep(keyfile.path_of(os.environ.get("HOME", "")), name, asked.key)
        values["model.api_key_env"] = name
        desk.good(f"{name} is in {KEY_FILE}, for you alone")
    _keep(root, {**values, "model.name": _named(desk, asked)})


def _key(desk: Desk, preset: Preset, name: str, held: str) -> Asked:
    """Asked until the server takes it or does not answer. Raises UsageError where the person gives up."""
    default = "Enter keeps the one in use" if held else "Enter for none" if not preset.key_names else "Enter leaves it"
    while True:
        key = desk.hidden(f"{name}, not shown while you type ({default})")
        if not key and not held and preset.key_names:
            raise UsageError("no key was given", "run `hermes setup` again once you have one")
        if key and (problem := keyfile.problem_of(key)):
            desk.trouble(UsageError(f"that is no key: {problem}", "copy it again, whole and alone"))
            continue
        try:
            return Asked(preset, _models(preset, key or held), key)
        except ProviderError as error:
            desk.trouble(error)
            if error.fault != "auth" or not key:
                return Asked(preset, (), key)


def _models(preset: Preset, key: str) -> tuple[Model, ...]:
    connection = Connection(preset, key)
    try:
        return tuple(models_of(connection))
    finally:
        connection.close()


def _named(desk: Desk, asked: Asked) -> str:
    """The model by its number or name; "" leaves the choice to what the server lists first."""
    first = first_of(list(asked.models), asked.preset)
    if first is None:
        return desk.ask("model, Enter for the server's first")
    names = sorted((one.name for one in asked.models), key=lambda name: name != first.name)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    desk.say(f"it offers {', '.join(names[:_LISTED])}{more}")
    return desk.ask("model", first.name)


def _about(preset: Preset, keys: Keys) -> str:
    name = next((name for name in preset.key_names if name in keys), "")
    return f"{preset.title}; {name} is set" if name else preset.title


def _variable(url: str) -> str:
    """The name for the key of an address that is nobody's we know: by its host, so that it goes to no other."""
    host = urlsplit(url).hostname or "server"
    return re.sub(r"[^A-Z0-9]+", "_", f"KEY_OF_{host}".upper())


def _keep(root: Path, values: Mapping[str, Any]) -> None:
    inherited = configuration.read(root / configuration.CONFIG).get("model") or {}
    settings.write_local(git_dir_of(root) / "hermes", endpoint.complete(values, inherited))


def _say_what_goes_before(desk: Desk) -> None:
    before = [name for name in ("HERMES_MODEL", "OPENAI_BASE_URL") if os.environ.get(name)]
    if before:
        desk.say(f"{' and '.join(before)} in the environment goes before this: unset it")

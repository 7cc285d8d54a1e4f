"""Decides which model behind which endpoint a conversation uses, and says why. A flag beats the environment, that beats
the configuration. Asks no server itself."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from hermes_fs.core.config import Config
from hermes_fs.core.config import Price as ConfiguredPrice
from hermes_fs.core.errors import ConfigError, ProviderError
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Provider
from hermes_fs.providers import prices
from hermes_fs.providers.faults import key_hint
from hermes_fs.providers.keys import Keys
from hermes_fs.providers.presets import CUSTOM, EMBEDDED, PRESETS, Preset, Wire, at, own_address
from hermes_fs.providers.retrying import Retrying
from hermes_fs.providers.settings import Effort, Settings, Thinking

_MAKERS = ("openai", "anthropic", "minimax")
"""Presets whose names are also how aggregators and model hubs begin the names of these makers' models."""
_LIST_MAKERS = ("openrouter", "nous", CUSTOM, "llamacpp", "vllm", "sglang", "lmstudio")
WIRES: dict[Wire, str] = {
    "chat": "hermes_fs.providers.openai_chat:OpenAIChat",
    "responses": "hermes_fs.providers.responses:Responses",
    "anthropic": "hermes_fs.providers.anthropic_messages:AnthropicMessages",
}
Task = Literal["summary", "judge", "reflection"]
_MOST_KEYS = 9
"""NAME, NAME_2 … NAME_9 are keys of one provider."""
_EFFORTS: tuple[Effort, ...] = get_args(Effort)
_THINKS = re.compile(r"o\d|gpt-(?:[5-9]|\d\d)")
"""OpenAI's own models whose reasoning is kept from call to call over the responses wire alone."""


@dataclass(frozen=True, slots=True)
class Selection:
    """An endpoint, a model ("": the server's first) and a key, each with where it comes from: `flag`, the name of an
    environment variable, a key of the configuration, or "" for the default. `api_key` never leaves this process but to
    the endpoint; `spare` are further keys for it, by the names of their variables."""

    preset: Preset
    model: str
    provider_from: str
    model_from: str
    key_name: str = ""
    key_from: str = ""
    api_key: str = field(default="", repr=False)
    spare: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def choose(config: Config, environ: Mapping[str, str], model: str = "", by_maker: bool = True) -> Retrying:
    """The provider for a conversation; `model` is a flag's value, `NAME` or `PRESET/NAME`; `by_maker` as
    in `select`. Asks no server yet. Raises
    ProviderError("auth") where a key is missing or nothing is set up, ConfigError for an unknown preset."""
    selection = select(config, environ, model, by_maker)
    check_key(selection)
    return provider_of(selection, config)


def line_up(config: Config, environ: Mapping[str, str], model: str = "") -> Provider:
    """As `choose`, with the models behind it that stand in where it fails. Those are looked at when they are needed."""
    if not config.model.fallback:
        return choose(config, environ, model)
    others = [functools.partial(choose, config, environ, name, False) for name in config.model.fallback]
    makers = [functools.partial(choose, config, environ, model), *others]
    made: Provider = load("hermes_fs.providers.fallback:Fallback")(makers)
    return made


def choose_auxiliary(config: Config, environ: Mapping[str, str], task: Task = "summary") -> Retrying | None:
    """The provider for a task beside the conversation: `auxiliary.<task>`, else the auxiliary model; None where the
    configuration names neither. Raises as `choose` does."""
    wanted = config.auxiliary
    own = {"summary": wanted.summary, "judge": wanted.judge, "reflection": wanted.reflection}[task]
    preset = _configured(wanted.provider, wanted.base_url, "auxiliary")
    named, rest = split_name(own, preset)
    if preset is None or (named and named != preset.name):
        name = own or wanted.name
        return choose(config, environ, name) if name else None
    name, source = (rest, f"auxiliary.{task}") if own else (wanted.name, "auxiliary.name")
    selection = Selection(preset, name, "auxiliary.provider", source if name else "")
    selection = _with_key(selection, wanted.api_key_env, Keys(environ))
    check_key(selection)
    return provider_of(selection, config)


def select(config: Config, environ: Mapping[str, str], model: str = "", by_maker: bool = True) -> Selection:
    """What `choose` would use, the key's absence included. `by_maker`: where the endpoint lists models by their makers,
    a name like openai/gpt-5 is one of its models, else it always leads to that preset. Raises
    ProviderError where nothing is set up."""
    keys = Keys(environ)
    wanted, wanted_from = (model, "flag") if model else (environ.get("HERMES_MODEL", ""), "HERMES_MODEL")
    current = _endpoint(config, keys)
    if wanted:
        named, name = split_name(wanted, current.preset if current and by_maker else None)
        if named:
            same = current is not None and current.preset.name == named
            preset = current.preset if same and current else standing(PRESETS[named], keys)
            env = config.model.api_key_env if named == config.model.provider else ""
            return _with_key(Selection(preset, name, wanted_from, wanted_from if name else ""), env, keys)
        if current:
            return replace(current, model=name, model_from=wanted_from)
    if current is None:
        hint = "run `hermes setup`, add --yes for a small one that runs here, or set OPENAI_API_KEY"
        raise ProviderError("auth", "no model is set up", hint)
    return current


def is_set_up(config: Config, environ: Mapping[str, str], model: str = "") -> bool:
    """Whether anything says which endpoint to use; it may still lack its key."""
    try:
        return bool(select(config, environ, model))
    except ProviderError:
        return False


def split_name(text: str, current: Preset | None) -> tuple[str, str]:
    """(preset, model) of `NAME`, `PRESET` or `PRESET/NAME`, either may be "". With a provider that lists models by
    their makers, `openai/gpt-5` is one of its models; elsewhere it is the model gpt-5 of the preset openai."""
    head, slash, rest = text.partition("/")
    if head not in PRESETS:
        return "", text
    listed = current is not None and current.name in _LIST_MAKERS
    return ("", text) if slash and head in _MAKERS and listed else (head, rest)


def check_key(selection: Selection) -> None:
    """Raises ProviderError("auth") where the endpoint needs a key and there is none, or none that can be sent."""
    preset = replace(selection.preset, key_names=(selection.key_name,))
    key = selection.api_key
    if key and not (key.isascii() and key.isprintable()):
        raise ProviderError("auth", f"{selection.key_name} holds characters that no key has", key_hint(preset))
    if key or not selection.key_name:
        return
    raise ProviderError("auth", f"no API key for {preset.title}: {selection.key_name} is not set", key_hint(preset))


def provider_of(selection: Selection, config: Config) -> Retrying:
    """The provider for a selection, with the configuration's limits, prices and retries."""
    window = config.model.context_window if selection.model_from not in ("flag", "HERMES_MODEL") else 0
    settings = Settings(
        model=selection.model,
        max_tokens=config.model.max_tokens or None,
        temperature=config.model.temperature,
        context_window=window,
        silence=config.retries.silence,
        prices=prices_of(config),
        thinking=_thinking(config.model.thinking),
    )
    provider: Provider
    if selection.preset.name == EMBEDDED:
        provider = load("hermes_fs.providers.embedded.provider:embedded")(selection.preset, settings, config)
    else:
        preset = wired(selection.preset, selection.model, config)
        make = functools.partial(load(WIRES[preset.wire]), preset, settings)
        provider = _with_all_keys(make, selection) if selection.spare else make(selection.api_key)
    return Retrying(provider, attempts=config.retries.attempts, max_wait=config.retries.max_wait)


def _with_all_keys(make: Callable[[str], Provider], selection: Selection) -> Provider:
    known = {selection.key_name: selection.api_key, **dict(selection.spare)}
    made: Provider = load("hermes_fs.providers.rotating:Rotating")(tuple(known), lambda name: make(known[name]))
    return made


def wired(preset: Preset, model: str, config: Config) -> Preset:
    """The preset with the wire to speak: the configuration's for the configured endpoint, else the preset's own. What
    only looks like OpenAI, and OpenAI's older models, are spoken to over chat completions."""
    if config.model.wire != "auto" and _is_configured(preset, config):
        return replace(preset, wire=config.model.wire)
    if preset.wire == "responses" and not (own_address(preset, "openai") and (not model or _THINKS.match(model))):
        return replace(preset, wire="chat")
    return preset


def _is_configured(preset: Preset, config: Config) -> bool:
    """Whether `model.wire` speaks of this endpoint; an auxiliary model or a flag may lead to another one."""
    wanted = config.model
    if wanted.base_url:
        return preset.base_url == at(wanted.base_url).base_url
    return not wanted.provider or preset.name == wanted.provider


def _thinking(text: str) -> Thinking:
    if not text:
        return Thinking()
    if text.isdecimal():
        return Thinking(True, tokens=int(text))
    return Thinking(True, next((effort for effort in _EFFORTS if effort == text), ""))


def prices_of(config: Config) -> dict[str, prices.Price]:
    """The person's own prices, by model."""
    return {name: _price(price) for name, price in config.prices.items()}


def _price(price: ConfiguredPrice) -> prices.Price:
    return prices.Price(price.input, price.output, price.cached if "cached" in price.model_fields_set else None)


def _endpoint(config: Config, keys: Keys) -> Selection | None:
    """Where to go, without a name from a flag or HERMES_MODEL. The configured model's name is for the configured
    endpoint: where the environment leads to another one, that one's first model is taken."""
    wanted = config.model
    named = "model.name" if wanted.name else ""
    configured = _configured(wanted.provider, wanted.base_url, "model")
    if configured and not wanted.base_url:
        configured = standing(configured, keys)
    if url := keys.get("OPENAI_BASE_URL", ""):
        preset = at(url)
        model = wanted.name if configured is None or configured.base_url == preset.base_url else ""
        found = Selection(preset, model, "OPENAI_BASE_URL", named if model else "")
        return _with_key(found, "OPENAI_API_KEY" if "OPENAI_API_KEY" in keys else "", keys)
    if configured:
        source = "model.base_url" if wanted.base_url else "model.provider"
        return _with_key(Selection(configured, wanted.name, source, named), wanted.api_key_env, keys)
    for preset in PRESETS.values():
        for key_name in preset.key_names:
            if key_name in keys:
                return _with_key(Selection(standing(preset, keys), wanted.name, key_name, named), key_name, keys)
    return None


def standing(preset: Preset, keys: Mapping[str, str]) -> Preset:
    """The preset at the address that its makers' own tools would take from the environment: whoever sets one has a key
    for that address in mind."""
    url = keys.get(preset.url_name, "") if preset.url_name else ""
    if not url:
        return preset
    there = at(url)
    return replace(preset, base_url=there.base_url, title=there.title, local=there.local)


def _configured(provider: str, base_url: str, section: str) -> Preset | None:
    if not provider and not base_url:
        return None
    if provider and provider not in PRESETS and provider != CUSTOM:
        near = difflib.get_close_matches(provider, PRESETS, 1)
        hint = f"did you mean {near[0]}?" if near else f"the presets are {', '.join(PRESETS)}"
        raise ConfigError(f"{section}.provider: there is no preset {provider!r}", hint)
    if not base_url:
        if provider == CUSTOM:
            raise ConfigError(f"{section}.provider is custom, but {section}.base_url is empty", "set it")
        return PRESETS[provider]
    preset = at(base_url)
    if provider in ("", CUSTOM, preset.name):
        return preset
    return replace(PRESETS[provider], base_url=preset.base_url, title=preset.title, local=preset.local)


def _with_key(selection: Selection, key_env: str, keys: Keys) -> Selection:
    """`key_env` is the variable that a person chose, else the preset's are tried. No key of one provider is ever sent
    to another because none was named."""
    names = tuple(filter(None, map(str.strip, key_env.split(",")))) if key_env else selection.preset.key_names
    name = next((name for name in names if name in keys), names[0] if names else "")
    numbered = (f"{name}_{number}" for number in range(2, _MOST_KEYS + 1)) if name else ()
    others = [other for other in (*(names if key_env else ()), *numbered) if other != name and other in keys]
    spare = tuple((other, keys[other]) for other in dict.fromkeys(others))
    found = keys.source(name) if name else ""
    return replace(selection, key_name=name, key_from=found, api_key=keys.get(name, ""), spare=spare)

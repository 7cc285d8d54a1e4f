"""What models a server offers and how long a prompt may be there; every server tells it elsewhere, some not at all."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hermes_fs.core.errors import ProviderError
from hermes_fs.providers.connection import Connection
from hermes_fs.providers.presets import Preset

_KNOWN = (
    ("gpt-4o", 128_000),
    ("gpt-4.1", 1_047_576),
    ("gpt-5", 400_000),
    ("claude-haiku-4", 200_000),
    ("claude-opus-4-1", 200_000),
    ("claude-opus-4-5", 200_000),
    ("claude-sonnet-4-5", 200_000),
    ("claude-3", 200_000),
    ("claude", 1_000_000),
    ("kimi-k2", 262_144),
    ("glm-4.6", 204_800),
    ("glm-4.7", 204_800),
    ("MiniMax-M2", 204_800),
)
"""Hosted models by the beginning of their names; newest figures of their makers. Claude's:
https://platform.claude.com/docs/en/about-claude/models/overview, as of 2026-11."""

_NO_CHAT = re.compile(
    r"embed|\bbge-|all-minilm|\bgte-|\be5-|paraphrase|whisper|\btts|dall-e|image|audio|realtime|moderation|transcribe|rerank|sora|davinci|babbage",
    re.IGNORECASE,
)

_FIELDS = (
    "context_length",
    "max_model_len",
    "context_window",
    "loaded_context_length",
    "max_context_length",
    "max_input_tokens",  # Anthropic
)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a server offers. `window` in tokens, 0 where it does not say."""

    name: str
    window: int = 0


def models_of(connection: Connection, timeout: float = 10.0) -> list[Model]:
    """In the server's order. `timeout` in seconds. Raises ProviderError."""
    path = "/v1/models?limit=1000" if connection.preset.wire == "anthropic" else "/models"
    return parse_models(connection.get(path, timeout))


def parse_models(body: Any) -> list[Model]:
    """From the answer to GET /models."""
    entries = body.get("data") if isinstance(body, Mapping) else body
    found = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return [Model(str(entry["id"]), _window(entry)) for entry in found if entry.get("id")]


def first_of(models: list[Model], preset: Preset) -> Model | None:
    """The model to use where nobody names one: a preferred one of the preset, else the first that can chat; None where
    none can."""
    chatting = [model for model in models if not _NO_CHAT.search(model.name)]
    for wanted in preset.preferred:
        near = [model for model in chatting if model.name.startswith(wanted)]
        if near:
            return min(near, key=lambda model: (len(model.name), model.name))
    return chatting[0] if chatting else None


def window_of(connection: Connection, model: str) -> int:
    """The context window of `model` in tokens, 0 where nobody tells. Never raises; may ask the server."""
    if not connection.preset.local:
        base = model.rpartition("/")[2]
        known = next((window for start, window in _KNOWN if base.startswith(start)), 0)
        if known:
            return known
    with contextlib.suppress(ProviderError):  # a window is good to know, no more
        found = next((entry.window for entry in models_of(connection) if entry.name == model), 0)
        return found or _asked_elsewhere(connection, model)
    return 0


def _window(entry: Mapping[str, Any]) -> int:
    meta = entry.get("meta")
    values = [entry.get(name) for name in _FIELDS] + ([meta.get("n_ctx")] if isinstance(meta, Mapping) else [])
    return next((value for value in values if isinstance(value, int) and value > 0), 0)


def _asked_elsewhere(connection: Connection, model: str) -> int:
    """llama.cpp tells its window under /props, Ollama under /api/ps once the model is loaded."""
    if not connection.preset.local:
        return 0
    root = connection.preset.base_url.removesuffix("/v1")
    with contextlib.suppress(ProviderError):
        props = connection.get(f"{root}/props")
        window = _dig(props, "default_generation_settings", "n_ctx")
        if isinstance(window, int):
            return window
    with contextlib.suppress(ProviderError):
        for loaded in _dig(connection.get(f"{root}/api/ps"), "models") or ():
            if isinstance(loaded, Mapping) and model in (loaded.get("name"), loaded.get("model")):
                return int(loaded.get("context_length") or 0)
    return 0


def _dig(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value

"""The SDKs that requests go through: how a client of each is made, and what they raise. Loads them on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hermes_fs.core.loading import load
from hermes_fs.providers.presets import Preset, own_address

_NO_KEY = "none"
OLD_VERSION = "2023-06-01"
"""What every server that imitates Anthropic's knows of the header anthropic-version; the SDK sends a newer one."""


@dataclass(frozen=True, slots=True)
class SDK:
    """`extra` is the optional dependency group that brings it; `error` the root of its exceptions; `make` takes the
    preset, the key and what the HTTP client under it is to be."""

    extra: str
    error: str
    streaming: str
    make: Callable[[Preset, str, Mapping[str, Any]], Any]

    @property
    def errors(self) -> type[Exception]:
        kind: type[Exception] = load(self.error, self.extra)
        return kind

    @property
    def stream_type(self) -> Any:
        return load(self.streaming, self.extra)[object]


def sdk_of(preset: Preset) -> SDK:
    return _ANTHROPIC if preset.wire == "anthropic" else _OPENAI


def listing(preset: Preset, api_key: str) -> tuple[str, dict[str, str]]:
    """(path, headers) to ask a server for its models by, without an SDK; the path goes behind the preset's address."""
    if preset.wire == "anthropic":
        path = "/v1/models?limit=1000"
        path = path.removeprefix("/v1") if preset.base_url.endswith("/v1") else path
        return path, {"Authorization": f"Bearer {api_key}", **anthropic_headers(preset, api_key)}
    return "/models", {"Authorization": f"Bearer {api_key}"} if api_key else {}


def anthropic_headers(preset: Preset, api_key: str) -> dict[str, str]:
    """What a compatible server wants beside what the SDK sends: the key in the older header, and the version that it
    knows (https://platform.claude.com/docs/en/api/versioning)."""
    return {} if own_address(preset, "anthropic") else {"x-api-key": api_key, "anthropic-version": OLD_VERSION}


def _openai(preset: Preset, api_key: str, options: Mapping[str, Any]) -> Any:
    sdk = load("openai", "openai")
    foreign = preset.name != "openai"
    headers = {"OpenAI-Organization": sdk.omit, "OpenAI-Project": sdk.omit} if foreign else None
    return sdk.OpenAI(api_key=api_key or _NO_KEY, base_url=preset.base_url, default_headers=headers, **options)


def _anthropic(preset: Preset, api_key: str, options: Mapping[str, Any]) -> Any:
    key = api_key or _NO_KEY
    headers = anthropic_headers(preset, key) or None
    base_url = preset.base_url.removesuffix("/v1")  # its paths begin with that
    return load("anthropic:Anthropic", "anthropic")(api_key=key, base_url=base_url, default_headers=headers, **options)


_OPENAI = SDK("openai", "openai:OpenAIError", "openai:Stream", _openai)
_ANTHROPIC = SDK("anthropic", "anthropic:AnthropicError", "anthropic:Stream", _anthropic)

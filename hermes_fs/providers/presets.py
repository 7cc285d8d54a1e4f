"""The table of endpoints that are known by name, with what differs between them; makes no request itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

ThinkingBack = Literal["drop", "reasoning_content", "tags", "reasoning_details"]
"""How a reply's reasoning goes back to its model: not at all, as a field of that name, inside <think> tags."""

Wire = Literal["chat", "responses", "anthropic"]
"""What a server speaks: OpenAI's chat completions, OpenAI's responses, Anthropic's messages."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One endpoint. `key_names` are the environment variables that may hold its key, the first is the one we tell
    people about; empty: no key is needed. `local`: it runs on a machine of the person's own, `start` is how.
    `preferred` are the models to take, best first, where nobody names one and the server lists very many. `url_name`
    is the variable by which its makers' own tools let a person put another address in its place."""

    name: str
    title: str
    base_url: str
    key_names: tuple[str, ...] = ()
    local: bool = False
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    thinking_back: ThinkingBack = "drop"
    start: str = ""
    preferred: tuple[str, ...] = ()
    wire: Wire = "chat"
    url_name: str = ""


CUSTOM = "custom"
EMBEDDED = "embedded"
"""The model that runs on this machine in a server of our own, whose address is known once it has started."""

_PRESETS = (
    Preset(
        "openai",
        "OpenAI",
        "https://api.openai.com/v1",
        ("OPENAI_API_KEY",),
        limit_field="max_completion_tokens",
        preferred=("gpt-6-sol", "gpt-6", "gpt-5.4", "gpt-5", "gpt-4.1", "gpt-4o"),
        wire="responses",
    ),
    Preset(
        "anthropic",
        "Anthropic",
        "https://api.anthropic.com",
        ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        preferred=("claude-sonnet-5-5", "claude-sonnet-5", "claude-opus-5", "claude-sonnet", "claude-opus"),
        wire="anthropic",
        url_name="ANTHROPIC_BASE_URL",
    ),
    Preset(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY",),
        thinking_back="reasoning_details",
    ),
    Preset("nous", "Nous Portal", "https://inference-api.nousresearch.com/v1", ("NOUS_API_KEY",)),
    Preset("wisgate", "WisGate", "https://api.wisgate.ai/v1", ("WISGATE_API_KEY", "WISDOM_GATE_KEY")),
    Preset(
        "zai",
        "z.ai (GLM)",
        "https://api.z.ai/api/paas/v4",
        ("ZAI_API_KEY", "GLM_API_KEY"),
        thinking_back="reasoning_content",
    ),
    Preset(
        "kimi",
        "Kimi (Moonshot)",
        "https://api.moonshot.ai/v1",
        ("MOONSHOT_API_KEY", "KIMI_API_KEY"),
        thinking_back="reasoning_content",
    ),
    Preset(
        "minimax",
        "MiniMax",
        "https://api.minimax.io/v1",
        ("MINIMAX_API_KEY",),
        limit_field="max_completion_tokens",
        thinking_back="tags",
    ),
    Preset("ollama", "Ollama", "http://127.0.0.1:11434/v1", local=True, start="ollama serve"),
    Preset("llamacpp", "llama.cpp", "http://127.0.0.1:8080/v1", local=True, start="llama-server -m MODEL.gguf --jinja"),
    Preset("vllm", "vLLM", "http://127.0.0.1:8000/v1", local=True, start="vllm serve MODEL"),
    Preset("sglang", "SGLang", "http://127.0.0.1:30000/v1", local=True, start="python -m sglang.launch_server"),
    Preset(EMBEDDED, "the embedded model", "", local=True, start="hermes model serve"),
    Preset("lmstudio", "LM Studio", "http://127.0.0.1:1234/v1", local=True, start="lms server start"),
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in _PRESETS}


def at(base_url: str) -> Preset:
    """The preset that a base URL belongs to, with that URL; one called `custom` where it belongs to none. A URL without
    a scheme is http on this machine and https elsewhere."""
    url = base_url.strip().rstrip("/")
    if "://" not in url:
        url = f"http://{url}" if _is_local(f"//{url}") else f"https://{url}"
    for preset in _PRESETS:
        if url.replace("//localhost:", "//127.0.0.1:") == preset.base_url:
            return replace(preset, base_url=url)
    return Preset(CUSTOM, url, url, local=_is_local(url))


def own_address(preset: Preset, name: str) -> bool:
    """Whether it is the preset of that name at its makers' own address, not something compatible elsewhere."""
    return preset.base_url.removesuffix("/v1") == PRESETS[name].base_url.removesuffix("/v1")


def _is_local(url: str) -> bool:
    host = url.partition("//")[2].partition("/")[0].rpartition("@")[2]
    return host.startswith(("127.", "localhost", "[::1]", "0.0.0.0"))

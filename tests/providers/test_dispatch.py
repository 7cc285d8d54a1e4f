"""Which wire, address and key are used, and what is said where its SDK is missing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hermes_fs.core.config import Config, parse
from hermes_fs.core.errors import ConfigError
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Request, user
from hermes_fs.providers.anthropic_messages import AnthropicMessages
from hermes_fs.providers.connection import Connection
from hermes_fs.providers.openai_chat import OpenAIChat
from hermes_fs.providers.presets import PRESETS, at
from hermes_fs.providers.reachable import available
from hermes_fs.providers.responses import Responses
from hermes_fs.providers.sdks import anthropic_headers
from hermes_fs.providers.select import choose, select
from hermes_fs.providers.settings import Settings
from hermes_fs.testing.openai_server import OpenAIServer

KEY = "sk-test-0123456789"


def config(**values: Any) -> Config:
    return parse({"model": values}, "test")


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.mark.parametrize(
    ("environ", "flag", "kind"),
    [
        ({"OPENAI_API_KEY": KEY}, "", Responses),
        ({"OPENAI_API_KEY": KEY}, "gpt-5.4-mini", Responses),
        ({"OPENAI_API_KEY": KEY}, "o4-mini", Responses),
        ({"OPENAI_API_KEY": KEY}, "gpt-4.1", OpenAIChat),
        ({"ANTHROPIC_API_KEY": KEY}, "", AnthropicMessages),
        ({"ANTHROPIC_API_KEY": KEY}, "anthropic/claude-opus-5-5", AnthropicMessages),
        ({"OPENROUTER_API_KEY": KEY}, "", OpenAIChat),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "gpt-5", OpenAIChat),
    ],
)
def test_the_preset_and_the_model_decide_the_wire(environ: dict[str, str], flag: str, kind: type) -> None:
    assert isinstance(choose(config(), environ, flag).inner, kind)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"base_url": "http://127.0.0.1:9/v1", "wire": "anthropic"}, AnthropicMessages),
        ({"base_url": "http://127.0.0.1:9/v1", "wire": "responses"}, Responses),
        ({"provider": "openai", "wire": "chat", "api_key_env": "K"}, OpenAIChat),
        ({"provider": "openai", "base_url": "https://proxy.example/v1", "api_key_env": "K"}, OpenAIChat),
        ({"provider": "anthropic", "base_url": "https://proxy.example", "api_key_env": "K"}, AnthropicMessages),
    ],
)
def test_the_configuration_may_say_another(values: dict[str, str], kind: type) -> None:
    assert isinstance(choose(config(**values), {"K": KEY}).inner, kind)


def test_the_configured_wire_is_not_for_another_endpoint() -> None:
    configured = config(provider="openai", wire="chat")
    assert isinstance(
        choose(configured, {"ANTHROPIC_API_KEY": KEY}, "anthropic/claude-opus-5").inner, AnthropicMessages
    )


def test_an_address_in_the_environment_stands_for_anthropics_own(server: OpenAIServer) -> None:
    environ = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.root + "/"}
    assert select(config(), environ).preset.base_url == server.root
    assert select(config(provider="anthropic"), environ).preset.base_url == server.root
    configured = config(provider="anthropic", base_url="http://127.0.0.1:9")
    assert select(configured, environ).preset.base_url == "http://127.0.0.1:9"
    found = choose(config(), environ)
    assert found.model == "fake-model"
    assert [item for item in found.stream(Request((user("hello"),)), Cancel())]
    assert all(request["headers"]["x-api-key"] == KEY for request in server.requests)
    found.close()


def test_what_anthropic_has_is_listed(server: OpenAIServer) -> None:
    found = available(config(), {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.root})
    (one,) = [one for one in found if one.preset.name == "anthropic"]
    assert [(model.name, model.window) for model in one.models] == [("fake-model", 200_000)]


def test_anthropic_itself_is_given_the_key_once_and_no_temperature(server: OpenAIServer) -> None:
    connection = Connection(replace(at(server.root), name="anthropic", wire="anthropic"), KEY)
    settings = Settings("claude-sonnet-5-5", temperature=0.5)
    provider = AnthropicMessages(PRESETS["anthropic"], settings, KEY, connection=connection)
    list(provider.stream(Request((user("hello"),)), Cancel()))
    provider.close()
    assert "temperature" not in server.chats()[0]
    assert anthropic_headers(PRESETS["anthropic"], KEY) == {}


@pytest.mark.parametrize("text", ["off", "low", "max", "8000", ""])
def test_how_much_is_thought_is_a_word_or_a_number(text: str) -> None:
    assert config(thinking=text).model.thinking == text


def test_how_much_is_thought_is_nothing_else() -> None:
    with pytest.raises(ConfigError):
        config(thinking="lots")


def test_a_missing_sdk_is_one_line_with_how_to_install_it() -> None:
    program = (
        "import sys; sys.modules['anthropic'] = None\n"
        "from hermes_fs.core.config import Config\n"
        "from hermes_fs.core.errors import HermesError\n"
        "from hermes_fs.core.ports import Cancel\n"
        "from hermes_fs.core.types import Request, user\n"
        "from hermes_fs.providers.select import choose\n"
        "provider = choose(Config(), {'ANTHROPIC_API_KEY': 'k'}, 'claude-opus-5')\n"
        "try: list(provider.stream(Request((user('a'),)), Cancel()))\n"
        "except HermesError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.count("\n") == 1
    assert "pip install 'hermes-fs[anthropic]'" in said

"""Which model behind which endpoint, with whose key: a flag beats the environment, that beats the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hermes_fs.core.config import Config, put
from hermes_fs.core.errors import ConfigError, ProviderError, Refused
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Reply, Request, user
from hermes_fs.providers.presets import EMBEDDED, PRESETS, at
from hermes_fs.providers.reachable import available
from hermes_fs.providers.retrying import Retrying
from hermes_fs.providers.select import Task, choose, choose_auxiliary, select
from hermes_fs.testing.openai_server import OpenAIServer

URL = "http://127.0.0.1:8089/v1"

TASKS: tuple[Task, ...] = ("summary", "judge")


def config(**values: Any) -> Config:
    """Keys with __ for the dot."""
    data: dict[str, Any] = {}
    for key, value in values.items():
        put(data, key.replace("__", "."), value)
    return Config.model_validate(data)


def test_a_key_alone_leads_to_openai_and_a_base_url_alone_to_that_server() -> None:
    found = select(config(), {"OPENAI_API_KEY": "sk-1"})
    assert (found.preset.name, found.api_key, found.model) == ("openai", "sk-1", "")
    found = select(config(), {"OPENAI_BASE_URL": URL})
    assert (found.preset.base_url, found.api_key, found.provider_from) == (URL, "", "OPENAI_BASE_URL")
    assert isinstance(choose(config(), {"OPENAI_BASE_URL": URL}), Retrying)


def test_the_environment_suffices_to_chat() -> None:
    with OpenAIServer() as server:
        provider = choose(config(), {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "sk-1"})
        *_, reply = provider.stream(Request((user("hello"),)), Cancel())
        assert isinstance(reply, Reply)
        assert reply.message.text == "done"
        assert provider.model == "fake-model"
        assert server.requests[-1]["headers"]["authorization"] == "Bearer sk-1"
        provider.close()


def test_any_presets_key_in_the_environment_is_enough() -> None:
    found = select(config(), {"GLM_API_KEY": "k"})
    assert (found.preset.name, found.key_name, found.key_from) == ("zai", "GLM_API_KEY", "the environment")


def test_the_base_url_of_the_environment_goes_before_the_configured_provider_and_leaves_its_model_behind() -> None:
    wanted = config(model__provider="openrouter", model__name="maker/model")
    found = select(wanted, {"OPENAI_BASE_URL": URL, "OPENAI_API_KEY": "a", "OPENROUTER_API_KEY": "b"})
    assert (found.preset.base_url, found.model, found.api_key) == (URL, "", "a")
    found = select(config(model__name="mine"), {"OPENAI_BASE_URL": URL})
    assert (found.model, found.model_from) == ("mine", "model.name")


def test_the_configured_provider_goes_before_a_key_that_happens_to_be_there() -> None:
    wanted = config(model__provider="ollama", model__name="qwen3")
    found = select(wanted, {"OPENAI_API_KEY": "a"})
    assert (found.preset.name, found.model, found.api_key) == ("ollama", "qwen3", "")


def test_a_flag_goes_before_hermes_model_and_that_before_the_configuration() -> None:
    environ = {"OPENAI_API_KEY": "a", "HERMES_MODEL": "from-env"}
    assert select(config(model__name="from-config"), environ).model == "from-env"
    found = select(config(model__name="from-config"), environ, "from-flag")
    assert (found.model, found.model_from, found.preset.name) == ("from-flag", "flag", "openai")


@pytest.mark.parametrize(
    ("current", "text", "preset", "model"),
    [
        ("openai", "ollama/qwen3:8b", "ollama", "qwen3:8b"),
        ("openai", "openrouter/openai/gpt-5", "openrouter", "openai/gpt-5"),
        ("openrouter", "openai/gpt-5", "openrouter", "openai/gpt-5"),
        ("openrouter", "anthropic/claude", "openrouter", "anthropic/claude"),
        ("openrouter", "openai", "openai", ""),
        ("zai", "openai/gpt-5", "openai", "gpt-5"),
        ("zai", "glm-5", "zai", "glm-5"),
    ],
)
def test_a_name_may_name_its_preset(current: str, text: str, preset: str, model: str) -> None:
    environ = {"OPENAI_API_KEY": "a", "OPENROUTER_API_KEY": "b", "ZAI_API_KEY": "c"}
    found = select(config(model__provider=current), environ, text)
    assert (found.preset.name, found.model) == (preset, model)


def test_a_key_is_never_sent_to_another_provider_than_its_own() -> None:
    environ = {"OPENAI_API_KEY": "a", "OPENROUTER_API_KEY": "b"}
    assert select(config(model__base_url="https://elsewhere.example/v1"), environ).api_key == ""
    assert select(config(model__provider="ollama"), environ).api_key == ""
    assert select(config(), environ, "openrouter/x").api_key == "b"
    named = config(model__base_url="https://elsewhere.example/v1", model__api_key_env="OPENROUTER_API_KEY")
    assert select(named, environ).api_key == "b"
    assert select(named, environ, "openai").api_key == "a"


def test_a_missing_key_is_one_line_that_names_the_variable() -> None:
    with pytest.raises(ProviderError, match="OPENROUTER_API_KEY is not set") as caught:
        choose(config(model__provider="openrouter"), {})
    assert caught.value.fault == "auth"
    assert "OPENROUTER_API_KEY" in caught.value.hint


def test_a_key_that_cannot_be_sent_is_told_before_it_is() -> None:
    with pytest.raises(ProviderError, match="characters that no key has"):
        choose(config(), {"OPENAI_API_KEY": "sk-“quoted”"})
    assert select(config(), {"OPENAI_API_KEY": " sk-1\n"}).api_key == "sk-1"


def test_nothing_set_up_says_what_to_do() -> None:
    with pytest.raises(ProviderError, match="no model is set up") as caught:
        choose(config(), {})
    assert "OPENAI_API_KEY" in caught.value.hint


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        select(config(model__provider="olama"), {})
    assert "ollama" in caught.value.hint


def test_a_key_may_stand_in_the_key_file(home: Path) -> None:
    file = home / ".config/hermes/env"
    file.parent.mkdir(parents=True)
    file.write_text("# keys\nexport OPENROUTER_API_KEY='sk-or-1'\nOTHER=1\n")
    file.chmod(0o600)
    found = select(config(), {"HOME": str(home)})
    assert (found.preset.name, found.api_key, found.key_from) == ("openrouter", "sk-or-1", "~/.config/hermes/env")
    assert "sk-or-1" not in repr(found)


def test_a_key_file_that_others_can_read_is_refused(home: Path) -> None:
    file = home / ".config/hermes/env"
    file.parent.mkdir(parents=True)
    file.write_text("OPENAI_API_KEY=a\n")
    file.chmod(0o644)
    with pytest.raises(Refused, match="can be read by others") as caught:
        select(config(), {"HOME": str(home)})
    assert "chmod 600" in caught.value.hint


def test_summaries_have_a_provider_only_where_one_is_configured() -> None:
    assert choose_auxiliary(config(), {"OPENAI_API_KEY": "a"}) is None
    provider = choose_auxiliary(config(auxiliary__provider="ollama", auxiliary__name="small"), {})
    assert provider is not None
    assert (provider.name, provider.model) == ("ollama", "small")
    provider = choose_auxiliary(config(auxiliary__name="cheap"), {"OPENAI_API_KEY": "a"})
    assert provider is not None
    assert (provider.name, provider.model) == ("openai", "cheap")


def test_each_task_may_have_a_model_of_its_own() -> None:
    environ = {"OPENAI_API_KEY": "a"}
    named = config(auxiliary__name="cheap", auxiliary__judge="ollama/judge")
    assert [(one.name, one.model) for task in TASKS if (one := choose_auxiliary(named, environ, task))] == [
        ("openai", "cheap"),
        ("ollama", "judge"),
    ]
    there = config(auxiliary__provider="ollama", auxiliary__name="small", auxiliary__judge="smaller")
    assert [(one.name, one.model) for task in TASKS if (one := choose_auxiliary(there, environ, task))] == [
        ("ollama", "small"),
        ("ollama", "smaller"),
    ]
    assert choose_auxiliary(config(auxiliary__judge="x"), environ, "summary") is None


def test_every_preset_is_found_by_its_own_address() -> None:
    assert [at(preset.base_url).name for preset in PRESETS.values() if preset.base_url] == [
        name for name in PRESETS if name != EMBEDDED
    ]
    assert at("http://localhost:11434/v1/").name == "ollama"
    assert at("https://models.example/v1").name == "custom"
    assert at("localhost:8080/v1").base_url == "http://localhost:8080/v1"
    assert at("models.example/v1").base_url == "https://models.example/v1"


def test_what_is_reachable_is_what_answers_in_time() -> None:
    with OpenAIServer(models={"a": 1, "b": 2}) as server:
        found = available(config(), {"OPENAI_BASE_URL": server.base_url}, seconds=5)
    current = found[0]
    assert (current.preset.base_url, current.problem) == (server.base_url, "")
    assert [model.name for model in current.models] == ["a", "b"]
    assert all(one.models or one.problem for one in found)

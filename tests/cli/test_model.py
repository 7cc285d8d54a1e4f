"""`hermes model`: shown with its sources, listed, switched with one command; no key is ever written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_fs.cli.dispatch import run
from hermes_fs.testing.openai_server import OpenAIServer
from tests.store.git_shell import committed

Hermes = Callable[..., tuple[int, str, str]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The least that is a workspace."""
    return committed(tmp_path, {".hermes-workspace": "format: 1\n"})


@pytest.fixture
def hermes(root: Path, capsys: pytest.CaptureFixture[str]) -> Hermes:
    def call(*words: str) -> tuple[int, str, str]:
        code = run(["model", "-w", str(root), *words])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def shown(hermes: Hermes) -> dict[str, str]:
    code, out, _ = hermes("--json")
    assert code == 0
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def local(root: Path) -> str:
    return (root / ".git/hermes/local.yaml").read_text()


def test_it_shows_what_is_used_and_where_each_setting_comes_from(
    hermes: Hermes, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "config.yaml").write_text("model:\n  provider: zai\n  name: glm-5\n")
    monkeypatch.setenv("ZAI_API_KEY", "secret-value")
    found = shown(hermes)
    assert (found["provider"], found["provider_from"]) == ("zai", "config.yaml")
    assert (found["key"], found["key_from"]) == ("ZAI_API_KEY", "the environment")
    monkeypatch.setenv("HERMES_MODEL", "glm-4.7")
    assert (shown(hermes)["model"], shown(hermes)["model_from"]) == ("glm-4.7", "the environment (HERMES_MODEL)")
    _, out, _ = hermes()
    assert "secret-value" not in out


def test_switching_writes_this_machines_settings_and_no_key(
    hermes: Hermes, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "config.yaml").write_text("model:\n  provider: zai\n  name: glm-5\n  context_window: 9\n")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, check=True).stdout
    code, _, err = hermes("ollama/qwen3:8b")
    assert (code, err) == (0, "")
    assert (shown(hermes)["provider"], shown(hermes)["model"]) == ("ollama", "qwen3:8b")
    assert "context_window: 0" in local(root), "the window of the other model is hidden"
    hermes("ollama")
    assert shown(hermes)["model"] == "", "nor is the other provider's model taken for this one's"
    assert subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, check=True).stdout == head
    monkeypatch.setenv("OPENROUTER_API_KEY", "secret-value")
    assert "secret-value" not in local(root)


def test_a_model_of_the_server_at_hand_is_kept_with_the_servers_address(
    hermes: Hermes, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenAIServer(models={"small": 1, "large": 2}) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "secret-value")
        assert hermes("large")[0] == 0
        code, _, err = hermes("lrge")
        assert (code, "did you mean large?" in err) == (5, True)
    monkeypatch.delenv("OPENAI_BASE_URL")
    found = shown(hermes)
    assert (found["base_url"], found["model"], found["key"]) == (server.base_url, "large", "OPENAI_API_KEY")
    assert "secret-value" not in local(root)


def test_what_goes_before_the_new_setting_is_said(hermes: Hermes, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERMES_MODEL", "other")
    code, _, err = hermes("ollama/x")
    assert code == 0
    assert "HERMES_MODEL in the environment goes before this" in err


def test_for_the_whole_workspace_it_is_a_lesson_and_this_machines_own_setting_goes(hermes: Hermes, root: Path) -> None:
    hermes("ollama/x")
    code, _, _ = hermes("vllm/y", "--workspace-wide")
    assert code == 0
    assert (shown(hermes)["provider"], shown(hermes)["provider_from"]) == ("vllm", "config.yaml")
    log = subprocess.run(["git", "log", "-1", "--format=%B"], cwd=root, capture_output=True, text=True, check=True)
    assert "Hermes-Kind: config" in log.stdout


def test_an_address_is_never_written_into_what_travels(hermes: Hermes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    code, _, err = hermes("x", "--workspace-wide")
    assert (code, "each machine's own" in err) == (2, True)


def test_the_list_names_what_answers(hermes: Hermes, monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAIServer(models={f"model-{number}": 8192 for number in range(10)}) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        _, out, _ = hermes("list")
        assert "model-7" in out
        assert "2 more" in out
        found = json.loads(hermes("list", "--json")[1])
    assert found[0]["models"][0] == {"name": "model-0", "context_window": 8192, "price": None}


def test_the_list_shows_prices_a_persons_own_first(hermes: Hermes, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "config.yaml").write_text("prices:\n  mine:\n    input: 1.5\n    output: 6\n")
    with OpenAIServer(models={"mine": 8192}) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert "1.5 / 6" in hermes("list")[1]
        found = json.loads(hermes("list", "--json")[1])
    assert found[0]["models"][0]["price"] == {"input": 1.5, "output": 6.0}


def test_with_nothing_set_up_it_says_what_to_do(hermes: Hermes) -> None:
    code, _, err = hermes()
    assert code == 1
    assert "OPENAI_API_KEY" in err
    assert len(err.strip().splitlines()) == 1


def test_what_one_endpoint_speaks_is_not_kept_for_another(
    hermes: Hermes, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZAI_API_KEY", "secret-value")
    hermes("ollama")  # settings that no machine has signed do not count
    with OpenAIServer(models={"one": 1, "two": 1}) as server:
        spoken = f"model:\n  base_url: {server.base_url}\n  wire: anthropic\n"
        (root / ".git/hermes/local.yaml").write_text(spoken)
        assert hermes("two")[0] == 0
        assert "wire: anthropic" in local(root)
        assert server.requests[0]["headers"]["anthropic-version"]
    assert hermes("zai/")[0] == 0
    assert "wire" not in local(root)

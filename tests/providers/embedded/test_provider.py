"""The provider whose model runs here: started on use, said to be small, alive again after its server died."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.core.config import Config, LocalConfig, ModelConfig
from hermes_fs.core.errors import Cancelled, ProviderError
from hermes_fs.core.events import Notice, TextDelta
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Message, Reply, Request, user
from hermes_fs.providers.embedded import record, server
from hermes_fs.providers.embedded.catalogue import DEFAULT
from hermes_fs.providers.embedded.folders import Folders
from hermes_fs.providers.embedded.models import task_of
from hermes_fs.providers.embedded.provider import MAX_TOKENS, Embedded, embedded
from hermes_fs.providers.embedded.record import Record
from hermes_fs.providers.embedded.server import Server
from hermes_fs.providers.embedded.task import Task, task_for, window_for
from hermes_fs.providers.openai_chat import Settings
from hermes_fs.providers.presets import PRESETS
from hermes_fs.providers.retrying import Retrying
from hermes_fs.providers.select import choose, select
from hermes_fs.runtime import SMALL_WINDOW
from hermes_fs.testing.openai_server import OpenAIServer
from tests.providers.conftest import serve_over  # noqa: F401
from tests.providers.test_conformance import TestOpenAIChat as _Conformance

Model = Callable[..., Path]


def provider_of(folders: Folders, path: Path) -> Embedded:
    return Embedded(PRESETS["embedded"], Settings("tiny"), Server(folders, task_for(path)))


def ask(provider: Provider, text: str = "hello") -> tuple[str, list[str]]:
    """(text, notices)"""
    items = list(provider.stream(Request((user(text),)), Cancel()))
    assert isinstance(items[-1], Reply)
    return items[-1].message.text.strip(), [item.text for item in items if isinstance(item, Notice)]


def until_killed(provider: Provider, folders: Folders) -> Iterator[object]:
    """A stream whose server is killed after its first words."""
    killed = False
    for item in provider.stream(Request((user("go on forever"),)), Cancel()):
        yield item
        if isinstance(item, TextDelta) and not killed:
            killed = True
            found = record.living(folders.server)
            assert found
            os.kill(found.pid, signal.SIGKILL)


def test_the_first_message_starts_the_server_and_says_so(folders: Folders, model: Model) -> None:
    provider = provider_of(folders, model())
    assert ask(provider) == ("word 0", ["starting the embedded model tiny …"])
    assert ask(provider) == ("word 0", [])
    provider.close()
    state = server.state(folders)
    assert state is not None
    assert state.users == 0
    assert ask(provider) == ("word 0", []), "it may be used again after close"
    provider.close()


def test_the_listed_model_is_called_small_in_every_conversation(folders: Folders, model: Model) -> None:
    path = model(DEFAULT.file.removesuffix(".gguf"))
    for notices in (2, 1):
        provider = provider_of(folders, path)
        told = ask(provider)[1]
        assert len(told) == notices
        assert "small demonstration model: it makes mistakes" in told[-1]
        provider.close()


def test_what_it_is_and_how_much_fits_is_known_before_anything_runs(folders: Folders, model: Model) -> None:
    provider = provider_of(folders, model())
    assert (provider.name, provider.model) == ("embedded", "tiny")
    assert provider.context_window in (8_192, 15_872)
    assert server.state(folders) is None


def test_its_window_asks_for_the_small_profile_on_every_machine() -> None:
    assert [window_for(size * 10**9) for size in (2, 4, 8, 64)] == [8_192, 8_192, 15_872, 15_872]
    assert window_for(10**12) < SMALL_WINDOW


def test_a_server_that_is_killed_in_the_middle_ends_the_turn_in_one_line_and_the_next_starts_it(
    folders: Folders, model: Model
) -> None:
    provider = provider_of(folders, model())
    with pytest.raises(ProviderError, match="ended in the middle of a reply") as caught:
        list(until_killed(provider, folders))
    assert "\n" not in caught.value.message
    assert ask(provider)[0] == "word 0"
    provider.close()


def test_a_server_that_is_killed_again_and_again_is_not_started_for_ever(folders: Folders, model: Model) -> None:
    path = model()
    inner = provider_of(folders, path)
    provider = Retrying(inner, attempts=9, first_wait=0)
    seen: list[object] = []
    with pytest.raises(ProviderError, match="again") as caught:
        for item in provider.stream(Request((user("go on forever"),)), Cancel()):
            seen.append(item)
            found = record.living(folders.server)
            if isinstance(item, TextDelta) and found:
                os.kill(found.pid, signal.SIGKILL)
    assert not caught.value.transient
    assert [item.kind for item in seen if isinstance(item, Notice)].count("retry") == 1
    assert len(path.with_suffix(".starts").read_text().splitlines()) == 2
    inner.close()


def test_ending_it_while_a_reply_streams_is_one_line_too(folders: Folders, model: Model) -> None:
    provider = provider_of(folders, model())
    with pytest.raises(ProviderError, match="ended in the middle"):
        for item in provider.stream(Request((user("go on forever"),)), Cancel()):
            found = server.state(folders)
            if isinstance(item, TextDelta) and found:
                server.end(folders, found.record)
    assert ask(provider)[0] == "word 0"
    provider.close()


def test_two_conversations_at_once_share_one_server(folders: Folders, model: Model) -> None:
    path = model(kind="slow")
    texts: list[str] = []
    providers = [provider_of(folders, path) for _ in range(2)]
    threads = [threading.Thread(target=lambda one=one: texts.append(ask(one)[0])) for one in providers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["word 0", "word 0"]
    assert len(path.with_suffix(".starts").read_text().splitlines()) == 1
    for provider in providers:
        provider.close()


def test_no_proxy_of_the_environment_comes_between(
    folders: Folders, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    provider = provider_of(folders, model())
    assert ask(provider)[0] == "word 0"
    provider.close()


def test_warming_it_starts_the_server_beforehand(folders: Folders, model: Model) -> None:
    provider = provider_of(folders, model())
    provider.warm()
    ask(provider)
    assert len(model().with_suffix(".starts").read_text().splitlines()) == 1
    provider.close()


def test_a_cancelled_reply_leaves_the_server_to_the_next(folders: Folders, model: Model) -> None:
    provider, cancel = provider_of(folders, model()), Cancel()
    stream = provider.stream(Request((user("go on forever"),)), cancel)
    for item in stream:
        if isinstance(item, TextDelta):
            break
    cancel.set()
    with pytest.raises(Cancelled):
        list(stream)
    assert ask(provider)[1] == []
    provider.close()


# -- which model ------------------------------------------------------------------------------------------------------


def config(provider: str = "embedded", **local: str) -> Config:
    return Config(model=ModelConfig(provider=provider), local=LocalConfig(**local))


def test_it_is_chosen_like_every_preset(folders: Folders) -> None:
    assert select(config(), {}).preset.name == "embedded"
    assert select(Config(), {}, "embedded/tiny").model == "tiny"
    assert choose(config(), {}).model == DEFAULT.name
    assert choose(Config(), {}, "embedded/tiny").model == "tiny"


def test_without_its_file_it_says_how_to_bring_it(folders: Folders) -> None:
    with pytest.raises(ProviderError, match="there is no file") as caught:
        ask(choose(config(), {}))
    assert (caught.value.fault, "hermes model pull" in caught.value.hint) == ("not_found", True)


def test_a_reply_is_always_bounded(folders: Folders, model: Model) -> None:
    with OpenAIServer(models={"tiny": 1}) as running:
        port = int(running.base_url.rpartition(":")[2].partition("/")[0])
        made = embedded(PRESETS["embedded"], Settings("tiny"), config())
        provider = Embedded(PRESETS["embedded"], made.settings, _Running(port))  # type: ignore[arg-type]
        ask(provider)
        provider.close()
        assert running.chats()[0]["max_tokens"] == MAX_TOKENS


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", ".hidden"])
def test_a_name_is_never_a_path(folders: Folders, name: str) -> None:
    with pytest.raises(ProviderError, match="no name of a model"):
        task_of(name, LocalConfig(), 0, folders)


def test_a_file_of_ones_own_is_used_where_it_is(folders: Folders, tmp_path: Path) -> None:
    assert task_of("", LocalConfig(model=str(tmp_path / "own.gguf")), 0, folders).model == str(tmp_path / "own.gguf")
    address = LocalConfig(model="https://example.org/own.gguf")
    assert task_of("", address, 0, folders).model == str(folders.models / "own.gguf")
    listed = task_of(DEFAULT.name, address, 4096, folders)
    assert (listed.model, listed.window, bool(listed.template)) == (str(folders.models / DEFAULT.file), 4096, True)


# -- the one suite ----------------------------------------------------------------------------------------------------


class _Running:
    """In the place of Server: one that runs already."""

    def __init__(self, port: int) -> None:
        self.task = Task("tiny.gguf", "fake-model", 8192)
        self.is_known = self.is_running = True
        self._record = Record(2, "1", port, "sk-test-0123456789", "tiny.gguf", "fake-model", 8192)

    def ready(self, cancel: Cancel) -> Record:
        cancel.check()
        return self._record

    def still_answers(self) -> bool:
        return True

    def release(self) -> None:
        """Nothing is held."""


class TestEmbedded(_Conformance):
    def answering(self, message: Message) -> Provider:
        return self._wrapped(super().answering(message))

    def failing(self, error: ProviderError) -> Provider:
        return self._wrapped(super().failing(error))

    def hanging(self) -> Provider | None:
        found = super().hanging()
        assert found
        return self._wrapped(found)

    def _wrapped(self, provider: Provider) -> Provider:
        port = int(provider._preset.base_url.rpartition(":")[2].partition("/")[0])  # type: ignore[attr-defined]
        return Embedded(PRESETS["embedded"], Settings("fake-model"), _Running(port))  # type: ignore[arg-type]

"""The provider whose model runs on this machine: starts the shared server when it is first needed, again if it died."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

from hermes_fs.core.config import Config
from hermes_fs.core.errors import HermesError, ProviderError
from hermes_fs.core.events import Notice, TextDelta, ThinkingDelta
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Reply, Request
from hermes_fs.providers.embedded.catalogue import BETTER, DEFAULT, SMALL
from hermes_fs.providers.embedded.folders import Folders
from hermes_fs.providers.embedded.models import task_of
from hermes_fs.providers.embedded.record import Record
from hermes_fs.providers.embedded.server import Server
from hermes_fs.providers.openai_chat import OpenAIChat
from hermes_fs.providers.presets import Preset
from hermes_fs.providers.settings import Settings

MAX_TOKENS = 1024
"""Of one reply where nothing else is set: a small model may go on for ever."""
_DEATHS = 2
"""Ends of the server in a row after which another try would only kill it again."""


class Embedded:
    """As the port Provider says. The server is started by `warm` or the first `stream`, and held until `close`."""

    def __init__(self, preset: Preset, settings: Settings, server: Server) -> None:
        self._preset = preset
        self.settings = settings
        self._server = server
        self._inner: OpenAIChat | None = None
        self._at: Record | None = None
        self._introduced = False
        self._deaths = 0

    @property
    def name(self) -> str:
        return self._preset.name

    @property
    def model(self) -> str:
        return self._server.task.alias

    @property
    def context_window(self) -> int:
        return self._server.task.window

    def warm(self) -> None:
        """Start the server in the background; what goes wrong is told by the first `stream`."""
        threading.Thread(target=self._warm, name="hermes-embedded", daemon=True).start()

    def stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Notice | Reply]:
        yield from self._introduction()
        inner = self._ready(cancel)
        try:
            yield from inner.stream(request, cancel)
        except ProviderError as error:
            if error.fault != "network" or self._server.still_answers():
                raise
            raise self._died() from error
        self._deaths = 0

    def close(self) -> None:
        if self._inner:
            self._inner.close()
        self._server.release()

    def _warm(self) -> None:
        with contextlib.suppress(HermesError):  # `stream` tries again, and tells
            self._ready(Cancel()).warm()

    def _introduction(self) -> Iterator[Notice]:
        if not self._server.is_running:
            yield Notice("warning", f"starting the embedded model {self.model} …")
        if not self._introduced and self.model == DEFAULT.name:
            yield Notice("warning", f"{self.model} is {SMALL}; {BETTER}")
        self._introduced = True

    def _ready(self, cancel: Cancel) -> OpenAIChat:
        found = self._server.ready(cancel)
        if self._inner is None or found != self._at:
            preset = replace(self._preset, base_url=found.base_url)
            self._inner, self._at = OpenAIChat(preset, self.settings, found.key), found
        return self._inner

    def _died(self) -> ProviderError:
        """The server is gone in the middle of a reply. Once may be an accident; twice, another try would not help."""
        self._deaths += 1
        again = self._deaths < _DEATHS
        hint = "send the message again: it is started anew" if again else "close something large, or use another model"
        message = f"the server of {self.model} ended in the middle of a reply"
        if not again:
            self._deaths = 0
            message += " again (out of memory?)"
        return ProviderError("network" if again else "invalid", message, hint)


def embedded(preset: Preset, settings: Settings, config: Config) -> Embedded:
    """The provider of a model that runs here; `settings.model` "" is the usual one. Starts nothing yet."""
    folders = Folders.of_this_person()
    task = task_of(settings.model, config.local, settings.context_window, folders)
    bounded = replace(settings, model=task.alias, max_tokens=settings.max_tokens or MAX_TOKENS)
    return Embedded(preset, replace(bounded, context_window=task.window), Server(folders, task))

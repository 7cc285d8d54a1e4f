"""Finds out which endpoints can be used from here: those with a key, and local servers that answer. Changes nothing."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hermes_fs.core.config import Config
from hermes_fs.core.errors import ProviderError
from hermes_fs.core.loading import load
from hermes_fs.providers.connection import DIRECT
from hermes_fs.providers.keys import Keys
from hermes_fs.providers.presets import EMBEDDED, PRESETS, Preset
from hermes_fs.providers.sdks import listing
from hermes_fs.providers.select import Selection, select, standing, wired
from hermes_fs.providers.windows import Model, parse_models

CONNECT_SECONDS = 1.0
_SILENT = "does not answer"


@dataclass(frozen=True, slots=True)
class Reachable:
    """An endpoint and what it offers. `problem` is one line where it has a key but does not answer well."""

    preset: Preset
    models: tuple[Model, ...] = ()
    problem: str = ""


def available(config: Config, environ: Mapping[str, str], seconds: float = 4.0) -> list[Reachable]:
    """The endpoints in the table's order, the current one first. All are asked at once; after `seconds` what has not
    answered counts as not answering. A local server that does not answer is left out."""
    asked = list(_candidates(config, Keys(environ)))
    answers: queue.SimpleQueue[tuple[int, Reachable]] = queue.SimpleQueue()
    timeout = load("httpx2:Timeout")(seconds, connect=CONNECT_SECONDS)
    with load("httpx2:Client")(timeout=timeout, mounts=dict(DIRECT)) as client:
        for number, (preset, key) in enumerate(asked):
            # A name look-up can hang for longer than we wait, hence threads that nobody has to wait for.
            target = _Probe(client, preset, key, number, answers)
            threading.Thread(target=target.run, name="hermes-probe", daemon=True).start()
        found = _collect(answers, len(asked), time.monotonic() + seconds)
    silent = [Reachable(preset, (), _SILENT) for preset, _ in asked]
    result = [found.get(number, silent[number]) for number in range(len(asked))]
    return [one for one in result if not one.preset.local or one.problem != _SILENT]


def _collect(answers: queue.SimpleQueue[tuple[int, Reachable]], expected: int, deadline: float) -> dict[int, Reachable]:
    found: dict[int, Reachable] = {}
    while len(found) < expected and (left := deadline - time.monotonic()) > 0:
        try:
            number, one = answers.get(timeout=left)
        except queue.Empty:
            return found
        found[number] = one
    return found


def _candidates(config: Config, keys: Keys) -> Iterator[tuple[Preset, str]]:
    current = _current(config, keys)
    if current and current.preset.name != EMBEDDED:  # which is no address: its models are files
        yield wired(current.preset, current.model, config), current.api_key
    for preset in (standing(preset, keys) for preset in PRESETS.values()):
        if (current and preset.base_url == current.preset.base_url) or preset.name == EMBEDDED:
            continue
        key = next((keys[name] for name in preset.key_names if name in keys), "")
        if key or preset.local:
            yield preset, key


def _current(config: Config, keys: Keys) -> Selection | None:
    try:
        return select(config, keys)
    except ProviderError:
        return None


@dataclass(frozen=True, slots=True)
class _Probe:
    client: Any
    preset: Preset
    key: str
    number: int
    answers: queue.SimpleQueue[tuple[int, Reachable]]

    def run(self) -> None:
        models, problem = self._ask()
        self.answers.put((self.number, Reachable(self.preset, models, problem)))

    def _ask(self) -> tuple[tuple[Model, ...], str]:
        path, headers = listing(self.preset, self.key)
        try:
            response = self.client.get(self.preset.base_url + path, headers=headers)
            body = response.json() if response.status_code == 200 else None
        except (load("httpx2:HTTPError"), OSError, ValueError, RuntimeError):
            return (), _SILENT  # RuntimeError: the client was closed, the time is over
        if isinstance(body, Mapping) and "data" in body:
            models = tuple(parse_models(body))
            return models, "" if models else "has no model loaded"
        if self.preset.local or body is not None:
            return (), _SILENT  # something else listens there
        refused = response.status_code in (401, 403)
        return (), "refuses the key" if refused else f"answers with status {response.status_code}"

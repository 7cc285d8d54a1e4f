"""Embeddings from any server that speaks OpenAI's /v1/embeddings. What is sent is what stands in the index, which is
what stands on the disk: credentials were blotted out of it before. Used only where a person names the server.
"""

from __future__ import annotations

import contextlib
import math
import random
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import Failed, ProviderError
from hermes_fs.core.loading import load
from hermes_fs.providers.connection import DIRECT
from hermes_fs.providers.faults import from_network, from_status
from hermes_fs.providers.presets import Preset

BATCH = 64
"""Texts in one request."""
MOST_CHARACTERS = 6_000
"""Of a text; some servers refuse what is longer than their window of 2,048 tokens."""
_ATTEMPTS = 3
_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_LONGEST_WAIT = 20.0


@dataclass(frozen=True, slots=True)
class _Answer:
    """As faults.from_status reads an error: the server's answer where it is no 200."""

    status_code: int
    body: Any
    response: Any


class Embeddings:
    """One model behind one endpoint, over one kept-alive connection."""

    def __init__(
        self, preset: Preset, model: str, api_key: str = "", *, wait: Callable[[float], object] = time.sleep
    ) -> None:
        self._preset = preset
        self._model = model
        self._api_key = api_key
        self._wait = wait
        self._client: Any = None
        self._lock = threading.Lock()
        self._dimensions = 0

    @property
    def name(self) -> str:
        return f"{self._preset.base_url} {self._model}"

    @property
    def dimensions(self) -> int:
        if not self._dimensions:
            self.embed(["dimensions"])
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        found: list[bytes] = []
        for start in range(0, len(texts), BATCH):
            found += self._asked([text[:MOST_CHARACTERS] or " " for text in texts[start : start + BATCH]])
        return found

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _asked(self, texts: list[str]) -> list[bytes]:
        for attempt in range(_ATTEMPTS):
            try:
                return self._vectors(self._post(texts), texts)
            except ProviderError as error:
                wait = error.retry_after or 0.5 * 2**attempt * (0.5 + random.random())
                if not error.transient or attempt == _ATTEMPTS - 1 or wait > _LONGEST_WAIT:
                    raise
            self._wait(wait)
        raise AssertionError("unreachable")

    def _post(self, texts: list[str]) -> Any:
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        client = self._ready()
        try:
            answer = client.post(f"{self._preset.base_url}/embeddings", json=body)
            found = None
            with contextlib.suppress(ValueError):  # a page of a proxy, say
                found = answer.json()
        except (load("httpx2:HTTPError"), load("httpx2:InvalidURL"), OSError) as error:
            raise from_network(self._preset, error) from error
        if answer.status_code != 200:
            said = found if found is not None else answer.text
            raise from_status(self._preset, self._api_key, _Answer(answer.status_code, said, answer), SystemClock())
        return found

    def _vectors(self, found: Any, texts: list[str]) -> list[bytes]:
        """By the place that the server gives each, of length 1."""
        rows = found.get("data") if isinstance(found, dict) else None
        if not isinstance(rows, list) or len(rows) != len(texts):
            raise self._nonsense()
        try:
            placed = {int(row.get("index", place)): row["embedding"] for place, row in enumerate(rows)}
            made = [_of_length_one([float(number) for number in placed[place]]) for place in range(len(texts))]
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise self._nonsense() from error
        sizes = {len(vector) // 4 for vector in made} | ({self._dimensions} if self._dimensions else set())
        if len(sizes) != 1 or 0 in sizes:
            raise self._nonsense()
        self._dimensions = sizes.pop()
        return made

    def _nonsense(self) -> Failed:
        said = f"{self._preset.title} sent what are no embeddings"
        return Failed(said, "name an embedding model of that server with `hermes config set semantic.model NAME`")

    def _ready(self) -> Any:
        with self._lock:
            if self._client is None:
                http = load("httpx2")
                headers = {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}
                timeout = http.Timeout(_SECONDS, connect=_CONNECT_SECONDS)
                self._client = http.Client(headers=headers, timeout=timeout, mounts=dict(DIRECT))
            return self._client


def _of_length_one(numbers: list[float]) -> bytes:
    length = math.sqrt(math.fsum(number * number for number in numbers))
    if not length or not math.isfinite(length):
        raise ValueError
    return struct.pack(f"<{len(numbers)}f", *(number / length for number in numbers))

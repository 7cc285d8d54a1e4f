"""One kept-alive connection to one endpoint through the SDK of its wire, which another thread can break at any moment.

Knows the SDK and the HTTP client under it; raises our errors only. What is sent and what comes back is others' concern.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hermes_fs.core.clock import Clock, SystemClock
from hermes_fs.core.errors import Failed, ProviderError
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Cancel
from hermes_fs.providers.events import objects_of
from hermes_fs.providers.faults import from_network, from_status
from hermes_fs.providers.presets import Preset
from hermes_fs.providers.sdks import sdk_of

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 600.0
"""Between two chunks: a local model may read a long prompt for minutes."""
IDLE_SECONDS = 300.0
"""How long an unused connection is kept; the tools of a turn run in between."""
DRAIN_SECONDS = 0.25

DIRECT = {"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None}
"""Hosts that no proxy of the environment may come between: what runs here, and the key that it wants, stays here."""


class _Opening:
    """A request on its way in a thread of its own, because neither a name look-up nor a connect can be broken."""

    def __init__(self, send: Callable[[], Any], expected: tuple[type[Exception], ...]) -> None:
        self.done = threading.Event()
        self.stream: Any = None
        self.error: Exception | None = None
        self._send = send
        self._expected = expected
        self._abandoned = False
        threading.Thread(target=self._run, name="hermes-request", daemon=True).start()

    def _run(self) -> None:
        try:
            self.stream = self._send()
        except self._expected as error:
            self.error = error
        finally:
            self.done.set()
        if self._abandoned:
            self.abandon()

    def abandon(self) -> None:
        self._abandoned = True
        if self.stream is not None:
            self.stream.close()


class Connection:
    """Thread-safe for one request at a time; `close` may be followed by further use. `silence`: seconds that the server
    may say nothing for, 0: as long as it likes."""

    def __init__(
        self, preset: Preset, api_key: str, clock: Clock | None = None, silence: float = SILENCE_SECONDS
    ) -> None:
        self.preset = preset
        self._sdk = sdk_of(preset)
        self._api_key = api_key
        self._clock = clock or SystemClock()
        self._silence = silence or None
        self._client: Any = None
        self._lock = threading.Lock()
        self._streams: list[Any] = []

    def warm(self) -> None:
        """Import the SDK and make the client in the background, while the caller has other things to do."""
        threading.Thread(target=self._warm, name="hermes-warm", daemon=True).start()

    def get(self, path: str, timeout: float = 10.0) -> Any:
        """The JSON that the endpoint gives for `path`; `timeout` in seconds. Raises ProviderError."""
        client = self._ready()
        try:
            return client.get(path, cast_to=object, options={"timeout": timeout})
        except self._expected() as error:
            raise self._fault(error) from error

    def stream(self, path: str, body: Mapping[str, Any], cancel: Cancel) -> Iterator[Mapping[str, Any]]:
        """Post `body` and yield the objects of the answer as they come. Raises ProviderError; Cancelled promptly."""
        with cancel.calling(self._break):
            response = self._open(path, body, cancel).response
            pieces = response.iter_bytes()
            try:
                for item in objects_of(response, pieces, self.preset):
                    cancel.check()
                    yield item
                self._drain(pieces)
            except self._expected() as error:
                cancel.check()
                raise self._fault(error) from error
            finally:
                response.close()
            cancel.check()

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
            self._streams.clear()
        if client is not None:
            client.close()

    def _drain(self, pieces: Iterator[bytes]) -> None:
        """Read the end of the answer, without which the connection could not be used again; not for long, because a
        server may well say that it is done and then forget to end."""
        rest = threading.Thread(target=self._read_rest, args=(pieces,), name="hermes-drain", daemon=True)
        rest.start()
        rest.join(DRAIN_SECONDS)
        if rest.is_alive():
            self._break()
            rest.join(DRAIN_SECONDS)

    def _read_rest(self, pieces: Iterator[bytes]) -> None:
        with contextlib.suppress(*self._expected()):  # the reply is here, how the connection ends does not matter
            for _ in pieces:
                continue

    def _open(self, path: str, body: Mapping[str, Any], cancel: Cancel) -> Any:
        cancel.check()
        opening = _Opening(lambda: self._post(path, body), (*self._expected(), Failed))
        try:
            with cancel.calling(opening.done.set):
                opening.done.wait()
        except BaseException:  # Ctrl-C where nobody made a cancel of it
            opening.abandon()
            raise
        if cancel.is_set:
            opening.abandon()
            cancel.check()
        if opening.error is not None:
            raise self._fault(opening.error) from opening.error
        if opening.stream is None:
            raise ProviderError("invalid", "the request could not be sent", "run it again with --debug to see why")
        return opening.stream

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._ready().post(path, body=body, cast_to=object, stream=True, stream_cls=self._sdk.stream_type)

    def _fault(self, error: Exception) -> Exception:
        if isinstance(error, Failed):
            return error
        if hasattr(error, "body") and not _is_connection_error(error):
            return from_status(self.preset, self._api_key, error, self._clock)
        return from_network(self.preset, error)

    # -- the client ---------------------------------------------------------------------------------------------------

    def _warm(self) -> None:
        with contextlib.suppress(Failed):  # whoever needs the client next is told
            self._ready()

    def _ready(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client

    def _make(self) -> Any:
        http = load("httpx2")
        timeout = http.Timeout(self._silence, connect=CONNECT_SECONDS, write=60.0, pool=CONNECT_SECONDS)
        limits = http.Limits(max_connections=4, max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS)
        hooks = {"request": [self._watch]}
        transport = http.Client(
            timeout=timeout, limits=limits, follow_redirects=True, event_hooks=hooks, mounts=dict(DIRECT)
        )
        options = {"max_retries": 0, "timeout": timeout, "http_client": transport}
        return self._sdk.make(self.preset, self._api_key, options)

    def _expected(self) -> tuple[type[Exception], ...]:
        """What the SDK and the layers under it raise; the last for answers that are no JSON."""
        return (self._sdk.errors, load("httpx2:HTTPError"), OSError, ValueError)

    # -- breaking it --------------------------------------------------------------------------------------------------

    def _watch(self, request: Any) -> None:
        request.extensions["trace"] = self._traced

    def _traced(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            open_ones = [stream for stream in self._streams if _socket(stream).fileno() >= 0]
            self._streams = [*open_ones, info["return_value"]]

    def _break(self) -> None:
        """Shut the sockets down: closing one does not wake a thread that waits to read from it."""
        for stream in tuple(self._streams):
            with contextlib.suppress(OSError):  # it is closed already
                socket.socket.shutdown(_socket(stream), socket.SHUT_RDWR)


def _socket(stream: Any) -> socket.socket:
    found: socket.socket = stream.get_extra_info("socket")
    return found


def _is_connection_error(error: Exception) -> bool:
    return any(kind.__name__ == "APIConnectionError" for kind in type(error).__mro__)

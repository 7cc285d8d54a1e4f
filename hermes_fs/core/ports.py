"""The ports: what the agent needs of the outside world. Adapters implement them; conformance suites define them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from hermes_fs.core.errors import Cancelled
from hermes_fs.core.events import Event, Notice, TextDelta, ThinkingDelta
from hermes_fs.core.people import Claim, Observed, Opinion, Said
from hermes_fs.core.types import Answer, Effects, Question, Reply, Request, Told


class Cancel:
    """A request to stop, seen from any thread. Once set it stays set."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    def set(self) -> None:
        """Ask to stop and run the callbacks, once, in this thread."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    @property
    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep that ends early when stopped; returns whether it was."""
        return self._event.wait(seconds)

    def check(self) -> None:
        """Raise Cancelled when stopped."""
        if self.is_set:
            raise Cancelled

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Within the block, `callback` runs when stop is asked for (at once if it already was). It must not raise."""
        with self._lock:
            pending = not self.is_set
            if pending:
                self._callbacks.append(callback)
        if not pending:
            callback()
        try:
            yield
        finally:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)


class Provider(Protocol):
    """One model behind one endpoint. Thread-safe for one stream at a time.

    `context_window` is in tokens, 0 when unknown.
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def context_window(self) -> int: ...

    def stream(self, request: Request, cancel: Cancel) -> Iterator[TextDelta | ThinkingDelta | Notice | Reply]:
        """Yields deltas, then exactly one Reply, last. Raises ProviderError, or Cancelled soon after `cancel` is set;
        blocks between deltas."""
        ...

    def warm(self) -> None:
        """A conversation is about to begin: what takes long to load may start to. Returns at once."""
        ...

    def close(self) -> None:
        """Give back the connection; the provider may be used again afterwards."""
        ...


class Embedder(Protocol):
    """Puts what texts mean into vectors that can be compared. Vectors of one `name` and `dimensions` can be compared
    with each other, and with no others. Thread-safe."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int:
        """Numbers in a vector; may load a model or ask a server the first time, and raise as `embed` does."""
        ...

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """For each text, in their order, a vector of length 1 as little-endian 32-bit floats. Blocks; what a model
        cannot read of a long text is left out. Raises ProviderError, or Failed where a library is missing."""
        ...

    def close(self) -> None: ...


# -- backends ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do beyond running commands."""

    persistent: bool = True  # files live on after close()
    hibernate: bool = False  # hibernate() stops the cost and resume() brings files back
    isolated: bool = False  # commands cannot touch the host
    network: bool = True  # commands may reach the network


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended. `code` 124 means that it ran out of time, 130 that it was cancelled; `output` is stdout and
    stderr as they came, decoded as UTF-8 with replacement; `dropped` counts the bytes left out of its middle and
    `overflow` names the file (on the backend) that holds the whole."""

    code: int
    output: str
    seconds: float
    dropped: int = 0
    overflow: str = ""


@dataclass(frozen=True, slots=True)
class JobState:
    """A background job. `output` starts at the offset that was asked for, `offset` is where the next poll starts (both
    in bytes); `code` is None while it runs."""

    id: str
    command: str
    output: str
    offset: int
    code: int | None


@dataclass(frozen=True, slots=True)
class FileStat:
    path: str
    size: int
    is_dir: bool
    mtime: float
    names: int = 1
    """Under how many names the file is known on its disk (hard links): over 1, one of them may lie elsewhere."""


class Backend(Protocol):
    """Where effects happen. Paths are absolute on the backend or relative to its working directory `cwd`.

    Methods block; those that take a `cancel` end soon after it is set. Errors: NotFound for a missing file, Refused for
    what is outside what the backend allows, Failed for the rest.
    """

    @property
    def name(self) -> str: ...

    @property
    def cwd(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def run(
        self, command: str, *, timeout: float, cancel: Cancel, output: Callable[[str], None] | None = None
    ) -> Completed:
        """Run one bash command line in a fresh shell that sees the variables, functions, aliases and directory which
        the command before it left behind. `timeout` in seconds. `output` is called with pieces as they come."""
        ...

    def start(self, command: str) -> str:
        """Start a background job that outlives this call; returns its id."""
        ...

    def poll(self, job: str, offset: int = 0) -> JobState: ...

    def jobs(self) -> list[JobState]:
        """All known jobs, newest first, with empty output."""
        ...

    def send(self, job: str, data: bytes) -> None:
        """Write to a job's standard input."""
        ...

    def kill(self, job: str) -> None:
        """End a job and all its children; a job that has ended already is no error."""
        ...

    def read(self, path: str, *, outside: bool = False) -> bytes:
        """A regular file on the backend's declared ground. No link is followed: Refused where one stands in the path.
        `outside`: a person allowed this call to leave the ground."""
        ...

    def write(self, path: str, data: bytes, *, outside: bool = False) -> None:
        """Create or replace a file atomically, with its parent folders; an existing file keeps its mode. Links and
        `outside` as in `read`; a hard link is broken, a link that leads nowhere replaced."""
        ...

    def stat(self, path: str) -> FileStat:
        """Follows links: `path` of the result is absolute, has none, and is what `read` and `write` take."""
        ...

    def upload(self, local: str, path: str) -> None: ...

    def download(self, path: str, local: str) -> None: ...

    def allow_network(self, host: str = "") -> None:
        """Let commands reach this host for as long as the object lives, "" any host. Nothing to do where they may
        already (`capabilities.network`)."""
        ...

    def close_network(self) -> None:
        """Take back what `allow_network` opened; what a job has connected to may stay connected. Nothing to do where
        nothing was opened, or where it cannot be closed."""
        ...

    def grant_secrets(self, names: Sequence[str]) -> None:
        """Let commands see these variables of our own environment, for as long as the object lives; those that are not
        set are passed over. Their values are blotted out of what commands print."""
        ...

    def hibernate(self) -> None: ...

    def resume(self) -> None: ...

    def close(self) -> None: ...


# -- tools ------------------------------------------------------------------------------------------------------------

Ask = Callable[[Question], Answer]
Emit = Callable[[Event], None]


class Context(Protocol):
    """What a tool call is given; the loop binds the three that belong to one call."""

    def bound(self, ask: Ask, emit: Emit, cancel: Cancel) -> Self: ...


C_contra = TypeVar("C_contra", contravariant=True)


class Tool(Protocol[C_contra]):
    """One thing that the model can do. `run` may block and may raise HermesError, whose text becomes the result. It
    returns a plain str where the words are the tool's own, Told where they come from elsewhere."""

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def schema(self) -> Mapping[str, Any]: ...

    @property
    def effects(self) -> Effects: ...

    def run(self, args: Mapping[str, Any], context: C_contra) -> str | Told: ...


# -- people -----------------------------------------------------------------------------------------------------------


class UserModel(Protocol):
    """What is believed of one person. `observe` and `ask` block, on a model or a network; safe among threads. `remote`:
    what is said and asked goes to a server that keeps it."""

    @property
    def name(self) -> str: ...

    @property
    def remote(self) -> bool: ...

    def observe(self, said: Sequence[Said], cancel: Cancel) -> Observed:
        """Learn from words of that person. The same words twice count once. Raises ProviderError, BudgetSpent,
        Cancelled, Refused where the model cannot be changed."""
        ...

    def ask(self, question: str, cancel: Cancel) -> Opinion:
        """What the model says to a question. Where nobody can answer, or nothing fits, an opinion that says so. Raises
        BudgetSpent, Cancelled."""
        ...

    def claims(self) -> list[Claim]:
        """All claims, those that hold no more among them. What cannot be read is left out."""
        ...

    def forget(self, which: str) -> Claim:
        """At a person's word: the claim with this id goes. Raises NotFound, Refused, ProviderError."""
        ...


# -- channels ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """`text` is the longest message in characters; `edits` tells whether a sent message can be changed."""

    text: int
    edits: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message from a channel. `address` is where a reply goes, `sender` the platform account that wrote it."""

    address: str
    sender: str
    text: str
    id: str = ""


class Channel(Protocol):
    """A place where people write to the agent."""

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> ChannelLimits: ...

    async def listen(self, deliver: Callable[[Incoming], None]) -> None: ...

    async def send(self, address: str, text: str, *, edit: str = "") -> str:
        """Returns the id of the message that was sent; `edit` names one to replace."""
        ...

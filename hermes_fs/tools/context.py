"""What a tool call is given: eight fields, three of them bound per call. Holds no behaviour of any tool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from hermes_fs.core.events import Notice
from hermes_fs.core.origins import is_trusted, least_trusted
from hermes_fs.core.ports import Ask, Backend, Cancel, Emit
from hermes_fs.core.types import Origin, Trigger
from hermes_fs.store.checkpoints import Checkpoints
from hermes_fs.store.policy import Gate, Policy
from hermes_fs.store.quarantine import Quarantine
from hermes_fs.store.skill_places import Place
from hermes_fs.store.workspace import Workspace

Mode = Literal["ask", "allow", "deny"]
"""What happens to what is not known to be harmless: ask a person, do it without asking, refuse it without asking."""

TodoStatus = Literal["pending", "doing", "done"]


@dataclass(frozen=True, slots=True)
class Where:
    """The conversation that a call belongs to. `transcript` is the transcript's path relative to the workspace,
    `trigger` what leads to a lesson there."""

    session: str
    transcript: str = ""
    person: str = "owner"
    channel: str = "cli"
    origin: Origin = "owner"
    model: str = ""
    trigger: Trigger = "user"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says that tools need. `roots` are the work directory and the trusted directories, absolute
    paths on the backend; `timeout` is that of a terminal command in seconds; the limits are characters of MEMORY.md and
    USER.md up to which the agent may add; `review` says what waits for a person; `skill_secrets` which skill may use
    which variable, as `skill:NAME`. `always` and `never` are the person's standing answers to commands; `judge` is a
    model's second look at a command and its directory, which says why to ask, "" for no reason. `places` are the
    read-only folders of skills beside the mind's own; `gate` tries skills out before they
    count."""

    approvals: Mode = "ask"
    roots: tuple[str, ...] = ()
    timeout: float = 120.0
    memory_limit: int = 2200
    user_limit: int = 1375
    review: Policy = field(default_factory=Policy)
    skill_secrets: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    judge: Callable[[str, str], str] | None = None
    places: tuple[Place, ...] = ()
    gate: Gate | None = None

    def with_answers(self, always: Sequence[str] | None = None, never: Sequence[str] | None = None) -> Settings:
        """The same with other standing answers."""
        return replace(
            self,
            always=self.always if always is None else tuple(always),
            never=self.never if never is None else tuple(never),
        )


@dataclass(frozen=True, slots=True)
class TodoItem:
    text: str
    status: TodoStatus = "pending"


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's yes for the rest of the session: to exactly this command in this directory (`subject` is the command),
    or to writing or reading below this directory (`subject` is empty), or to reaching a host (`subject`, "" any)."""

    action: Literal["run", "write", "read", "network"]
    directory: str
    subject: str = ""


@dataclass(slots=True)
class Memo:
    """What tools remember for the length of a conversation. Its owner is the conversation; tools change it in place.

    `seen` maps a file's resolved path to the SHA-256 of the content that the model last saw or wrote; `overflows` are
    the files that hold the whole of an output which was too long. `started` are the background jobs of this
    conversation, `offsets` how far a job's output was read. `evidence` says where in the transcript
    the conversation stands now: `<transcript>#<event that asked>..<last event>`. `origins` are those of the text that
    the model has read in this conversation. `checkpoints` keeps the work directory as it was before each turn; `watch`
    looks after the mind while jobs run in the background. `refused` counts by skill how often the gate said no.
    """

    settings: Settings = field(default_factory=Settings)
    todos: list[TodoItem] = field(default_factory=list)
    grants: set[Grant] = field(default_factory=set)
    seen: dict[str, str] = field(default_factory=dict)
    overflows: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    offsets: dict[str, int] = field(default_factory=dict)
    evidence: Callable[[], str] = str
    origins: set[Origin] = field(default_factory=set)
    checkpoints: Checkpoints | None = None
    watch: Quarantine | None = None
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def origin(self) -> Origin:
        """That of whatever is made in this conversation now."""
        return least_trusted(self.origins)

    @property
    def tainted(self) -> bool:
        """Whether the model has read words that nobody vouches for: then it may only propose, and asks before it sends
        anything out."""
        return not is_trusted(self.origin)


@dataclass(frozen=True, slots=True)
class ToolContext:
    """All effects go through `backend`, all lessons through `workspace`; `ask` blocks until a person has answered."""

    backend: Backend
    workspace: Workspace
    index: Any
    session: Where
    ask: Ask
    emit: Emit
    cancel: Cancel
    memo: Memo

    def bound(self, ask: Ask, emit: Emit, cancel: Cancel) -> Self:
        """The same context for one call."""
        return replace(self, ask=ask, emit=emit, cancel=cancel)

    def prompted(self, trigger: Trigger) -> Self:
        """The same context in a turn where something else than the person's wish leads to lessons."""
        return replace(self, session=replace(self.session, trigger=trigger))

    def cover(self, *paths: str) -> None:
        """Before something writes to the work directory: keep these absolute paths, and the rest where it can be."""
        reason = self.memo.checkpoints.cover(paths) if self.memo.checkpoints else ""
        if reason:
            self.emit(Notice("warning", reason))

"""A place where a session is asked again: a temporary copy of a version of the mind, in which nothing is learned, and a
work directory of its own. Nothing of it outlives the rerun but its transcript."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.agent.conversation import Conversation, Model
from hermes_fs.agent.evals.attempt import Means
from hermes_fs.agent.isolated import Isolation
from hermes_fs.agent.mind import MindView
from hermes_fs.agent.record import Pen
from hermes_fs.agent.recorded import Recording, tools_of
from hermes_fs.backends import registry, sandbox_folders
from hermes_fs.backends.confined import Ground
from hermes_fs.core.config import Config
from hermes_fs.core.errors import Failed
from hermes_fs.core.events import Event
from hermes_fs.core.ids import Ulids
from hermes_fs.core.ports import Backend, Provider
from hermes_fs.core.types import Answer, Limits, Question
from hermes_fs.store import acting, past
from hermes_fs.store.index import Index
from hermes_fs.store.skill_places import Place
from hermes_fs.store.transcript import Record, Transcript
from hermes_fs.store.workspace import Workspace
from hermes_fs.tools import registry as tools
from hermes_fs.tools.context import Memo, Settings, ToolContext, Where

CHANNEL = "replay"
_SHOWN = ("PATH", "LANG", "LC_ALL", "TZ")
LARGEST_COPY = 200 << 20
"""Bytes of the largest work directory that is copied."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`mind` at `commit` is what is asked, `records` are the session's. `live`: tools run, isolated and offline, in a
    copy of `work`, or in an empty folder where that is None; else they answer from the record. `shown` is the work
    directory that the prompt names where nothing runs."""

    mind: Workspace
    commit: str
    records: Sequence[Record]
    shown: Path
    live: bool = False
    work: Path | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    conversation: Conversation
    recording: Recording


@contextmanager
def stage(
    wanted: Wanted, means: Means, config: Config, transcript: Transcript, places: Sequence[Place] = ()
) -> Iterator[Stage]:
    """Raises Failed where tools are to run and nothing isolates, or the work directory is too large; as `past` does."""
    provider = means.provider()
    try:
        with past.visiting(wanted.mind, wanted.commit) as copy, Workspace.open(copy.root) as mind:
            _fill(copy.root / "work", wanted.work)  # in the copy, so that it goes with it, of a killed process too
            _trust_as_then(mind, wanted.mind)
            yield from _staged(wanted, mind, means, (config, provider, transcript, tuple(places)))
    finally:
        provider.close()
        transcript.close()


def _staged(
    wanted: Wanted,
    mind: Workspace,
    means: Means,
    given: tuple[Config, Provider, Transcript, tuple[Place, ...]],
) -> Iterator[Stage]:
    config, provider, transcript, beside = given
    work, state = mind.root / "work", mind.state_dir
    index = Index.open(mind.root, mind.state_dir)
    backend = _backend(wanted, mind, work, state, means)
    recording = Recording(wanted.records, str(mind.root), str(wanted.mind.root))
    offered = tools.toolset(means.profile)
    offered = offered if wanted.live else tools_of(offered, recording)
    person = transcript.header.person
    shown = work if wanted.live else wanted.shown
    view = MindView(mind, index, means.clock, config, shown, means.profile, person, places=beside)
    settings = Settings("allow", (str(work),), config.terminal.timeout, places=beside)
    where = Where(transcript.header.session, "", person, CHANNEL, "owner", provider.model)
    context = ToolContext(backend, mind, index, where, _nobody, _unheard, means.cancel, Memo(settings))
    pen = Pen(transcript, Ulids(means.clock), means.clock, person, CHANNEL, provider.model)
    limits = Limits(**config.limits.model_dump())
    model = Model(provider, provider, limits, config.compaction.at)
    conversation = Conversation(model, offered, context, pen, view, lambda _: None)
    try:
        with means.cancel.calling(conversation.interrupt):
            yield Stage(conversation, recording)
    finally:
        conversation.close()
        for running in sandbox_folders.running(state):
            sandbox_folders.stop(running)
        index.close()


def _backend(wanted: Wanted, mind: Workspace, work: Path, state: Path, means: Means) -> Backend:
    """Where nothing runs, one that nothing is asked of."""
    environ = _environ(means.environ, state)
    if not wanted.live:
        return registry.backend("local", work, state, environ, Ground((work,)), CHANNEL)
    isolation = means.isolation or Isolation(wanted.mind.state_dir)
    if problem := isolation.why_not():
        raise Failed(f"tools run in a sandbox only: {problem}", "leave --live away, or see `hermes backend test`")
    ground = Ground((work,), (mind.root,), (mind.root / ".git", mind.state_dir.parent))
    return isolation.backend(work, state, environ, ground, f"{CHANNEL}-{os.getpid()}")


def _environ(environ: Mapping[str, str], state: Path) -> dict[str, str]:
    home = state / "home"
    home.mkdir(exist_ok=True)
    return {name: environ[name] for name in _SHOWN if name in environ} | {"HOME": str(home)}


def _trust_as_then(copy: Workspace, now: Workspace) -> None:
    """What stood in the mind then counted then, though later words have taken its place. What waits for trust as it
    stands now waits in the copy, too."""
    waiting = {(item.key, item.digest) for item in acting.pending(now)}
    copy.trust.accept([item for item in acting.pending(copy) if (item.key, item.digest) not in waiting])


def _fill(work: Path, source: Path | None) -> None:
    work.mkdir(exist_ok=True)
    if source is None:
        return
    size = 0
    for folder, _, files in os.walk(source):
        size += sum((Path(folder) / name).lstat().st_size for name in files)
        if size > LARGEST_COPY:
            raise Failed(f"{source} is larger than {LARGEST_COPY >> 20} MB", "name a smaller folder with --work")
    try:
        shutil.copytree(source, work, symlinks=True, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise Failed(f"{source} cannot be copied: {error}", "name another folder with --work") from error


def _nobody(question: Question) -> Answer:
    return Answer(None)


def _unheard(event: Event) -> None:
    """Nobody listens."""

"""The composition root: from a workspace's path to everything that a front end needs. Holds no behaviour of its own."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hermes_fs.agent.command_judge import CommandJudge
from hermes_fs.agent.conversation import Conversation, Model
from hermes_fs.agent.mind import MindView
from hermes_fs.agent.record import Pen
from hermes_fs.backends import registry as backends
from hermes_fs.backends.confined import Ground
from hermes_fs.core import config as settings
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.errors import HermesError
from hermes_fs.core.events import Event
from hermes_fs.core.ids import Ulids
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Backend, Cancel, Emit, Provider, UserModel
from hermes_fs.core.types import Answer, Change, Commit, Limits, Question, Verdict
from hermes_fs.providers import embedders, presets, select
from hermes_fs.providers.metered import Meter, Metered
from hermes_fs.store import acting, locate, skill_places, state
from hermes_fs.store.checkpoints import Checkpoints
from hermes_fs.store.formats.format import Format
from hermes_fs.store.index import Index
from hermes_fs.store.policy import Policy
from hermes_fs.store.replay import replay
from hermes_fs.store.session_refs import SessionRefs
from hermes_fs.store.sessions import Resumed, Sessions, info_of
from hermes_fs.store.spending import Spending
from hermes_fs.store.transcript import Header, Transcript
from hermes_fs.store.watch import Watcher
from hermes_fs.store.workspace import Workspace
from hermes_fs.tools import registry as tools
from hermes_fs.tools.context import Memo, Mode, Settings, ToolContext, Where

if TYPE_CHECKING:  # loaded by the first thing that is learned beside a conversation, or where meaning is on
    from hermes_fs.agent.aftermath import Aftermath
    from hermes_fs.agent.evals.attempt import Means
    from hermes_fs.agent.gate import SkillGate
    from hermes_fs.agent.learner import Learner
    from hermes_fs.store.errands import Errands
    from hermes_fs.store.meaning import Meaning

SMALL_WINDOW = 16_000
"""Tokens below which a model is given the small profile."""
PATIENCE = 0.1
"""Seconds that a message waits at most for what its words mean."""
TIDY_SECONDS = 300.0
"""How often a long chat looks for sessions to commit."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a front end asks for; empty fields are left to the environment and the configuration. `settings` are dotted
    keys of the configuration that flags set."""

    workspace: Path | None = None
    work_dir: Path = field(default_factory=Path.cwd)
    environ: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    yes: bool = False
    channel: str = "cli"
    person: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


class Runtime:
    """One open workspace in one process. Close it; it may be used as a context manager. `problems` are lines to say,
    `person` is whose conversations these are."""

    def __init__(self, options: Options, workspace: Workspace, config: settings.Config) -> None:
        self.options = options
        self.workspace = workspace
        self.config = config
        self.person = options.person or config.people.me or "owner"
        self.clock = SystemClock()
        self.ulids = Ulids(self.clock)
        self.problems: list[str] = []
        self.meaning = self._sense()
        self.index = Index.open(workspace.root, workspace.state_dir, self.meaning)
        self.sessions = Sessions(workspace.root, workspace.host, self.clock, self.ulids)
        self.session_refs = SessionRefs(workspace.root, workspace.git, workspace.state_dir, self.sessions, self.clock)
        self._meter = Meter(Spending(workspace.state_dir, self.clock), config.budget, "")
        self.watcher = Watcher(self.index, workspace.root)
        self._tidying: threading.Thread | None = None
        self._over = threading.Event()
        self.work_dir = locate.work_dir_of(workspace.root, options.work_dir)
        home = Path(options.environ["HOME"]) if options.environ.get("HOME") else None
        held = config.skills.directories, self.work_dir, config.trusted_directories, home
        self.skill_places = skill_places.beyond(*held)
        self.problems += skill_places.left_out(*held)
        workspace.on_commit(self._index_lesson)
        workspace.formats = functools.partial(_format_of, config.memory)

    @classmethod
    def open(cls, options: Options) -> Runtime:
        """The workspace that is meant, with its configuration. Raises NotFound, ConfigError, Refused, Failed."""
        workspace = Workspace.open(locate.find(options.workspace, options.work_dir, options.environ))
        try:
            if (workspace.git.common_dir / "worktrees").is_dir():  # what a killed process left beside the mind goes
                load("hermes_fs.store.past:clear_left")(workspace.git.common_dir)
            waiting = acting.withheld(workspace)
            config = settings.load(workspace.root, workspace.state_dir, options.settings, waiting)
            runtime = cls(options, workspace, config)
            runtime.problems += [f"config.yaml: {key} is not used: hermes trust show config:{key}" for key in waiting]
            return runtime
        except HermesError:
            workspace.close()
            raise

    def conversation(self, session: str = "", model: str = "") -> Conversation:
        """A new conversation, or an earlier one that goes on (`session`: an id, the beginning of one, or `last`). Asks
        the server which models it has where none is named."""
        wanted = self._model(model)
        provider = wanted.provider
        provider.warm()
        head = self.workspace.head()
        draft = Header("", "", self.options.channel, self.person, provider.model, provider.name, "", "", "")
        draft = replace(draft, commit=head)
        resumed = self.sessions.resume(self.sessions.find(session), draft) if session else None
        transcript = resumed.transcript if resumed else self.sessions.start(draft)
        try:
            return self._converse(wanted, transcript, resumed)
        except HermesError:
            transcript.close()
            raise

    def _converse(self, wanted: Model, transcript: Transcript, resumed: Resumed | None) -> Conversation:
        provider, profile = wanted.provider, self._profile(wanted.provider)
        self._meter = Meter(self._meter.spending, self.config.budget, transcript.header.session)
        pen = Pen(transcript, self.ulids, self.clock, self.person, self.options.channel, provider.model)
        view = MindView(
            self.workspace,
            self.index,
            self.clock,
            self.config,
            self.work_dir,
            profile,
            self.person,
            tuple(path.stem for path in resumed.files) if resumed else (),
            places=self.skill_places,
        )
        made = Conversation(
            wanted, tools.toolset(profile, self.about, self._thinker), self._context(pen), pen, view, self._keep
        )
        if resumed:
            self.problems += resumed.problems
            pen.go_on(resumed.records)
            made.continue_from(replay(resumed.records, blob=resumed.blob))
        return made

    def switch(self, conversation: Conversation, model: str) -> None:
        """Let another model go on with a conversation; its prompt and toolset stay."""
        conversation.switch(self._model(model))

    def gate(self, change: Change, cancel: Cancel | None = None) -> Verdict | None:
        """What the gate says of a skill change that the agent makes; loaded by the first."""
        means = functools.partial(self.means, "", cancel or Cancel())
        wanted, replay = self.config.evals, "hermes_fs.agent.evals.replay:replay"
        evaluate = load(replay)(self.workspace.git, means, wanted) if wanted.replay else None
        made: SkillGate = load("hermes_fs.agent.gate:gate_of")(self.workspace, self.options.environ, True, evaluate)
        return made(change, cancel)

    def attend(self) -> None:
        """Start what runs beside a long chat: outside edits become searchable at once, sessions that pause or were left
        behind are summarised and committed. `close` ends it."""
        self.watcher.start()
        if self.meaning:
            self.meaning.start()
        if not self.workspace.read_only:
            self._tidying = threading.Thread(target=self._tidy, name="hermes-tidy", daemon=True)
            self._tidying.start()

    def learner(self, emit: Emit, cancel: Cancel) -> Learner:
        """Who does the learning loop's background work here; loaded by the first that there is."""
        given = (self.workspace, self.index, self.sessions, self.config, self.clock, self.ulids, self._teacher)
        environ = self.options.environ
        bench = load("hermes_fs.agent.learner:Bench")(
            *given, lambda: self._backend(self._ground(), "learning"), self.gate, cancel, emit, environ
        )
        made: Learner = load("hermes_fs.agent.learner:Learner")(self.errands(), bench)
        return made

    def errands(self) -> Errands:
        """The queue of the learning loop's background work."""
        made: Errands = load("hermes_fs.store.errands:Errands")(self.workspace.state_dir, self.clock, self.ulids)
        return made

    def order_upkeep(self) -> None:
        """Puts into the queue what it is time for: an audit, more room in memory, summaries."""
        given = self.workspace, self.sessions, self.errands(), self.config, self.clock.now()
        load("hermes_fs.agent.upkeep:order")(*given)

    def _teacher(self, task: select.Task, model: str) -> Provider:
        """Who learns: the model named for that, else who answered. Raises BudgetSpent where nothing is left for it."""
        meter = Meter(self._meter.spending, self.config.budget, "", self.config.learning)
        meter.check()
        config, environ = self.config, self.options.environ
        found = select.choose_auxiliary(config, environ, task)
        return Metered(found or select.line_up(config, environ, model or self.options.model), lambda: meter)

    def about(self, handle: str) -> UserModel:
        """What is believed of a person, kept by whom the owner chose."""
        made: UserModel = load("hermes_fs.agent.user_models:user_model")(
            handle, self.workspace, self.config, self.clock, self._thinker, self.options.environ
        )
        return made

    def _thinker(self) -> Provider:
        return self._helper("summary") or self._model("").provider

    def means(self, model: str, cancel: Cancel) -> Means:
        """What attempts at evals are given: the configured model, or another."""
        profile = self._profile(self._model(model).provider)
        known = load("hermes_fs.agent.isolated:Isolation")(self.workspace.state_dir)
        made: Means = load("hermes_fs.agent.evals.attempt:Means")(
            lambda: self._model(model).provider, self.clock, self.options.environ, profile, cancel, known
        )
        return made

    @functools.cached_property
    def aftermath(self) -> Aftermath:
        """What follows a turn beside the conversation."""
        made: Aftermath = load("hermes_fs.agent.aftermath:Aftermath")(
            self.workspace, self.config.learning, self.errands(), self.options.model
        )
        return made

    def settle(self, conversation: Conversation | None = None) -> None:
        """After a reply, and at the start: a process of its own learns what there is to learn beside the
        conversation."""
        pen = conversation.pen if conversation and self._has_help(conversation) else None
        if pen and (pen.taught(self.config.learning.complex) or pen.spoke()):
            self._beside(functools.partial(self.aftermath.settle, pen))
        self._begin_to_learn()

    def _begin_to_learn(self) -> None:
        if (self.workspace.state_dir / "errands").is_dir():
            self._beside(lambda: self.aftermath.begin(self.options.environ))

    def sync(self) -> None:
        """A process of its own syncs with the remote, where there is one."""
        if self.config.sync.auto and state.has_remote(self.workspace.git.git_dir, self.config.sync.remote):
            load("hermes_fs.agent.background:sync")(self.workspace.root, self.workspace.state_dir, self.options.environ)

    def _has_help(self, conversation: Conversation) -> bool:
        """Whether somebody can learn beside the conversation: a small model on this machine has its hands full."""
        return conversation.pen.transcript.header.provider != presets.EMBEDDED or bool(self.config.auxiliary.provider)

    def close(self) -> None:
        self.watcher.close()
        if self.meaning:
            self.meaning.close()
        self._over.set()
        if self._tidying:
            self._tidying.join()
        self._meter.spending.close()
        self.index.close()
        self.workspace.close()

    def __enter__(self) -> Runtime:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tidy(self) -> None:
        while not self._over.is_set():
            self._beside(self.order_upkeep)
            self._begin_to_learn()
            if self.config.sessions.commit:
                self._beside(self.session_refs.materialise)
                self._beside(self.session_refs.commit_due)
            self._over.wait(TIDY_SECONDS)

    def _beside(self, work: Callable[[], object]) -> None:
        """Not at the cost of the conversation: what cannot be done now is said, and is due the next time."""
        try:
            work()
        except HermesError as error:
            self.problems.append(str(error))
        self.problems += self.session_refs.take_reports()

    def _sense(self) -> Meaning | None:
        try:
            return embedders.sense(self.config.semantic, self.options.environ, self.workspace.state_dir, PATIENCE)
        except HermesError as error:
            self.problems.append(str(error))
            return None

    def _index_lesson(self, commit: Commit, paths: tuple[str, ...]) -> None:
        self.index.refresh(paths)

    def _keep(self, conversation: Conversation) -> None:
        """A conversation ended: make it findable, commit it beside main, have written down what it came to."""
        transcript = conversation.pen.transcript
        if transcript.is_draft:
            return
        transcript.close()
        self.index.append(transcript.path)
        if self.config.sessions.commit and not self.workspace.read_only:
            self._beside(lambda: self.session_refs.commit([info_of(transcript.path)]))
        wanted = self.config.learning.summaries == "auto" and self._has_help(conversation)
        if wanted and conversation.is_telling:
            self._beside(lambda: self.aftermath.end(transcript.header.session))
            self.settle()
        self.sync()

    def _model(self, name: str) -> Model:
        config, environ = self.config, self.options.environ
        provider = self._metered(select.line_up(config, environ, name or self.options.model))
        limits = Limits(**config.limits.model_dump())
        return Model(provider, self._helper("summary") or provider, limits, config.compaction.at)

    def _helper(self, task: select.Task) -> Provider | None:
        """Who does a task beside the conversation, where the person names somebody."""
        found = select.choose_auxiliary(self.config, self.options.environ, task)
        return self._metered(found) if found else None

    def _profile(self, provider: Provider) -> Literal["full", "small"]:
        if self.config.model.profile != "auto":
            return self.config.model.profile
        return "small" if 0 < provider.context_window < SMALL_WINDOW else "full"

    def _context(self, pen: Pen) -> ToolContext:
        config, header = self.config, pen.transcript.header
        ground = self._ground()
        backend = self._backend(ground, header.session)
        backend.grant_secrets(config.terminal.secrets)
        roots = (str(self.work_dir), *(str(Path(path).expanduser()) for path in config.trusted_directories))
        mode: Mode = "allow" if self.options.yes else config.approvals.mode
        limits = (config.memory.memory_limit, config.memory.user_limit)
        review = Policy(**config.review.model_dump())
        held = Settings(mode, roots, config.terminal.timeout, *limits, review, config.skills.secrets)
        held = replace(held, always=config.approvals.always, never=config.approvals.never, judge=self._judge())
        held = replace(held, places=self.skill_places, gate=self.gate)
        memo = Memo(held, evidence=pen.evidence, origins=pen.origins)
        if not self.workspace.trust.owns_the_mind:
            memo.origins.add("file")  # a stranger's memory is in the prompt
        memo.checkpoints = Checkpoints(
            self.workspace.state_dir / "checkpoints", self.work_dir, header.session, self.clock
        )
        where = Where(
            header.session,
            pen.transcript.path.relative_to(self.workspace.root).as_posix(),
            self.person,
            self.options.channel,
            "owner",
            pen.model,
        )
        return ToolContext(backend, self.workspace, self.index, where, _unasked, _unheard, Cancel(), memo)

    def _metered(self, provider: Provider) -> Provider:
        return Metered(provider, lambda: self._meter)

    def _judge(self) -> CommandJudge | None:
        """A second look at commands, where it is wanted; its model is called by the first command."""
        if not self.config.approvals.judge:
            return None
        return CommandJudge(self._helper("judge") or self._model("").provider)

    def _backend(self, ground: Ground, session: str) -> Backend:
        state_dir = self.workspace.state_dir
        choice = backends.choose(self.config.terminal.backend, state_dir)
        remark = f"{choice.remark} ({choice.fix})"
        if choice.remark and remark not in self.problems:
            self.problems.append(remark)
        return backends.backend(choice.name, self.work_dir, state_dir, self.options.environ, ground, session)

    def _ground(self) -> Ground:
        """What the person declared as the place of effects; the mind to be read; git's part of it to be left alone. The
        mind's work/ is no part of it."""
        root, state = self.workspace.root, self.workspace.state_dir
        trusted = (Path(path).expanduser() for path in self.config.trusted_directories)
        skills = tuple(place.folder for place in self.skill_places if not self.work_dir.is_relative_to(place.folder))
        return Ground((self.work_dir, *trusted, root / "work"), (root, *skills), (root / ".git", state.parent))


def _format_of(limits: settings.MemoryConfig, path: str) -> Format:
    """The formats are loaded by the first lesson: a conversation that learns nothing does without them."""
    found: Format = load("hermes_fs.store.formats.registry:formats")(limits.memory_limit, limits.user_limit)(path)
    return found


def _unasked(question: Question) -> Answer:
    """Before the loop binds a call's own: nobody is there."""
    return Answer(None)


def _unheard(event: Event) -> None:
    """Before the loop binds a call's own: nobody listens."""

"""What follows a turn beside the conversation: whether it is looked back on, and that somebody does it. Waits not."""

from __future__ import annotations

from collections.abc import Mapping

from hermes_fs.agent.record import Pen
from hermes_fs.core.config import LearningConfig
from hermes_fs.core.loading import load
from hermes_fs.store.errands import Errand, Errands, Kind
from hermes_fs.store.workspace import Workspace

ANYTHING = "whatever of it will matter later"
"""What a person wants kept who does not say what."""
ASKED = "the person asked for it"
WRONG = "the person says that it went wrong"
OF_SELF = "the person said something about themself"


class Aftermath:
    """For one workspace in one process. `model` is what a flag named. Raises Failed where the disk does not let us."""

    def __init__(self, workspace: Workspace, config: LearningConfig, errands: Errands, model: str = "") -> None:
        self._workspace = workspace
        self._config = config
        self._model = model
        self._latest = ""
        self.errands = errands

    def settle(self, pen: Pen) -> None:
        """The turn has ended, and the person has their answer: where it is worth a look back, one will be taken."""
        task = pen.ended[0].id if pen.ended else ""
        if not task or task == self._latest or self._config.reflection == "off":
            return
        self._latest = task
        if why := pen.taught(self._config.complex):
            self._add(pen, task, why)
        speaks = load("hermes_fs.agent.self_talk:speaks")
        if any(speaks(record.text("text")) for record in pen.ended if record.is_asked):
            self._add(pen, task, (OF_SELF,), kind="model")

    def wish(self, pen: Pen, what: str) -> bool:
        """The person wants something of this session kept; False where there is nothing yet."""
        if not pen.asked:
            return False
        self._add(pen, "", (ASKED,), what or ANYTHING)
        return True

    def blame(self, pen: Pen) -> None:
        """The person says that the last task went wrong."""
        if self._config.reflection != "off":
            self._add(pen, pen.asked, (WRONG,))

    def end(self, session: str) -> None:
        """The session is over: what it came to will be written down."""
        if not self._workspace.read_only:
            self.errands.add(Errand("summarise", session, model=self._model))

    def begin(self, environ: Mapping[str, str]) -> None:
        """Have done what is due, by a process of its own, unless one is at it."""
        if not self._workspace.read_only and self.errands.is_due() and not self.errands.is_busy():
            log = self._workspace.state_dir / "errands" / "log"
            load("hermes_fs.agent.background:begin")(self._workspace.root, log, environ)

    def _add(self, pen: Pen, task: str, why: tuple[str, ...], what: str = "", kind: Kind = "reflect") -> None:
        if not self._workspace.read_only:
            self.errands.add(Errand(kind, _session_of(pen), task, why, what, self._model))


def _session_of(pen: Pen) -> str:
    """Where it can be read: a session that is gone on with has no file of its own before something is said in it."""
    header = pen.transcript.header
    return header.parent if pen.transcript.is_draft and header.parent else header.session

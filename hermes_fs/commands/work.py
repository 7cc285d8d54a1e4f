"""Slash commands about the work at hand: what was done to files, how it went, what still runs."""

from __future__ import annotations

from hermes_fs.commands.talk import TITLE, Outcome, Said, Talk, local, number
from hermes_fs.core.clock import parse_iso
from hermes_fs.core.errors import Refused, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.store.checkpoints import Checkpoint


def _turns(talk: Talk) -> list[Checkpoint]:
    checkpoints = talk.conversation.context.memo.checkpoints
    return checkpoints.turns() if checkpoints else []


def rewind(talk: Talk, argument: str) -> Outcome:
    checkpoints = talk.conversation.context.memo.checkpoints
    if checkpoints is None or not argument:
        lines = [
            f"{turn.number:>3}  {local(parse_iso(turn.when))}  {one_line(turn.label, 60)}" for turn in _turns(talk)
        ]
        return Said("\n".join([*lines, "", "/rewind N puts the files back as they were before that turn."])
                    if lines else "No turn of this session has changed files in the work directory.")  # fmt: skip
    done = checkpoints.rewind(number(argument, 0))
    lines = [f"Put back: {one_line(path)}" for path in done.restored]
    lines += [f"Kept, because it was changed since: {one_line(path)}" for path in done.kept]
    if done.restored:
        names = ", ".join(one_line(path) for path in done.restored[:20])
        talk.conversation.remark(f"The person put these files back as they were before: {names}. Read them again.")
        lines.append("/rewind lists this as a turn too, so it can be taken back.")
    return Said("\n".join(lines) or "The files are as they were.")


def learn(talk: Talk, argument: str) -> Outcome:
    if talk.runtime.workspace.read_only:
        raise Refused(f"nothing can be learned: {talk.runtime.workspace.read_only}")
    if not talk.runtime.aftermath.wish(talk.conversation.pen, argument):
        raise UsageError("nothing was said yet", "say it after a reply")
    talk.runtime.settle()
    return Said("Looking back on this session, beside it; what is kept is said here.")


def good(talk: Talk, argument: str) -> Outcome:
    return _rated(talk, True, argument)


def bad(talk: Talk, argument: str) -> Outcome:
    return _rated(talk, False, argument)


def _rated(talk: Talk, good: bool, note: str) -> Outcome:
    if not talk.conversation.rate(good, note):
        raise UsageError("there is no task to judge yet", "say it after a reply")
    if not good and note:
        talk.conversation.remark(f"The person says that the last task went wrong: {note}")
    if not good:
        talk.runtime.aftermath.blame(talk.conversation.pen)
        talk.runtime.settle()
    return Said("Noted: it went well." if good else "Noted: it went wrong. /undo and /rewind take back what it did.")


def jobs(talk: Talk, argument: str) -> Outcome:
    lines = []
    for job in talk.conversation.context.backend.jobs():
        status = "running" if job.code is None else f"ended with exit code {job.code}"
        lines.append(f"{job.id}  {status}  {one_line(job.command, 80)}")
    return Said("\n".join(lines) or "No background jobs.")


def turn_words(talk: Talk) -> list[tuple[str, str]]:
    """The turns that can be taken back, for completion."""
    return [(str(turn.number), one_line(turn.label, TITLE)) for turn in _turns(talk)]

"""Opens an interactive chat on a runtime: the banner, the talk, the leave-taking."""

from __future__ import annotations

import itertools
import os
import sys
from datetime import timedelta
from pathlib import Path

from hermes_fs import __version__, commands
from hermes_fs.agent.conversation import Conversation
from hermes_fs.apps.chat.assemble import columns, reader, stage
from hermes_fs.apps.chat.banner import Facts, Learned, Size, banner
from hermes_fs.apps.chat.history import History
from hermes_fs.apps.chat.ink import Ink
from hermes_fs.apps.chat.interactive import Chat
from hermes_fs.apps.chat.mentions import completions
from hermes_fs.apps.chat.news import News
from hermes_fs.apps.chat.tty import Tty
from hermes_fs.commands.talk import Talk
from hermes_fs.core.clock import day_of
from hermes_fs.core.errors import UsageError
from hermes_fs.core.secrets import redact
from hermes_fs.runtime import Runtime
from hermes_fs.store import acting, catalogue, history
from hermes_fs.store.formats.entries import rendered_size
from hermes_fs.store.policy import Policy
from hermes_fs.store.review import Review

_LESSONS = 20
_MANY = 500
_FILES = 50


def converse(runtime: Runtime, session: str) -> int:
    """Chat until the person leaves; returns the exit code. `session` names one to go on with."""
    tty = Tty.find()
    if tty is None:
        raise UsageError("there is no terminal to chat at", 'ask one thing with `hermes chat -q "…"`')
    talk = Talk(runtime, runtime.conversation(session))
    try:
        ink = Ink(sys.stdout, os.environ)
        print("\n".join(banner(facts(runtime, talk.conversation), ink, columns(), Path.home())), flush=True)
        face = stage(os.environ)
        prompt_history = History(runtime.workspace.state_dir / "prompt-history", redact)
        prompt, hint = reader(prompt_history, lambda text: _candidates(talk, text), os.environ)
        face.line(hint)
        runtime.attend()
        runtime.settle()
        runtime.sync()
        Chat(talk, face, prompt, tty, News(talk)).run()
        if talk.conversation.title:
            face.line("`hermes --continue` goes on with this session")
    finally:
        talk.conversation.close()
    return 0


def _candidates(talk: Talk, text: str) -> list[tuple[str, str]]:
    """Slash commands, and the files that a word beginning with @ may name."""
    head, at, word = text.rpartition("@")
    if at and " " not in word and (not head or head[-1].isspace()):
        names = itertools.islice(completions(word, talk.runtime.work_dir, Path.home()), _FILES)
        return [(f"{head}@{name}", "") for name in names]
    return commands.complete(talk, text)


def facts(runtime: Runtime, conversation: Conversation) -> Facts:
    """What the banner says of this workspace and conversation."""
    workspace, limits = runtime.workspace, runtime.config.memory
    return Facts(
        version=__version__,
        model=f"{conversation.model} · {conversation.pen.transcript.header.provider}",
        workspace=workspace.root,
        work_dir=runtime.work_dir,
        tools=len(conversation.tools),
        skills=_skills(runtime),
        memory=Size(rendered_size(workspace.read("MEMORY.md").text), limits.memory_limit),
        user=Size(rendered_size(workspace.read("USER.md").text), limits.user_limit),
        lessons=_lessons(runtime, conversation),
        waiting=_waiting(runtime),
        title=conversation.title,
        warning=_warning(runtime),
    )


def _skills(runtime: Runtime) -> int:
    """Where there are thousands, a folder counts as a skill without a look into it."""
    root, beyond = runtime.workspace.root, runtime.skill_places
    folders = len(catalogue.folders(root, beyond))
    return folders if folders > _MANY else len(catalogue.names(root, beyond))


def _warning(runtime: Runtime) -> str:
    reason = runtime.workspace.read_only
    waiting = len(acting.pending(runtime.workspace))
    said = [f"Nothing can be learned: {reason}"] if reason else []
    if waiting:
        things = "1 thing of this workspace waits" if waiting == 1 else f"{waiting} things of this workspace wait"
        said.append(f"{things} for your trust: hermes trust list")
    return " · ".join(said)


def _waiting(runtime: Runtime) -> int:
    """How many proposals wait; what nobody looked at in time is said with the next message."""
    review = Review(runtime.workspace, Policy(**runtime.config.review.model_dump()))
    count = review.count()
    if expired := review.take_expired():
        runtime.problems.append(f"nobody looked at {', '.join(expired)} in time: hermes review list --away")
    return count


def _lessons(runtime: Runtime, conversation: Conversation) -> Learned:
    """What was learned since the last session other than this one ended, newest first."""
    earlier = [info for info in runtime.sessions.recent(limit=2) if info.id != conversation.id]
    if not earlier:
        return Learned()
    since = earlier[0].updated + timedelta(seconds=1)
    lessons = history.log(runtime.workspace.git, history.Filter(since=since, limit=_LESSONS))
    return Learned(tuple(lesson.subject for lesson in lessons), day_of(since, runtime.clock.now()))

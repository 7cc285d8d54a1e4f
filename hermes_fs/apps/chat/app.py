"""Opens an interactive chat on a runtime: the banner, the talk, the leave-taking."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

from hermes_fs import __version__, commands
from hermes_fs.agent.conversation import Conversation
from hermes_fs.apps.chat.assemble import columns, reader, stage
from hermes_fs.apps.chat.banner import Facts, Size, banner
from hermes_fs.apps.chat.history import History
from hermes_fs.apps.chat.ink import Ink
from hermes_fs.apps.chat.interactive import Chat
from hermes_fs.apps.chat.tty import Tty
from hermes_fs.commands import Talk
from hermes_fs.core.errors import UsageError
from hermes_fs.core.secrets import redact
from hermes_fs.runtime import Runtime
from hermes_fs.store import acting, history
from hermes_fs.store.formats.entries import rendered_size
from hermes_fs.tools.skills import described

_LESSONS = 20


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
        prompt, hint = reader(prompt_history, lambda text: commands.complete(talk, text), os.environ)
        face.line(hint)
        runtime.attend()
        Chat(talk, face, prompt, tty, lambda: _reports(runtime)).run()
        if talk.conversation.title:
            face.line("`hermes --continue` goes on with this session")
    finally:
        talk.conversation.close()
    return 0


def _reports(runtime: Runtime) -> list[str]:
    """What there is to report since the last call, a line each."""
    late, runtime.problems[:] = list(runtime.problems), []
    return [*runtime.workspace.take_reports(), *late]


def facts(runtime: Runtime, conversation: Conversation) -> Facts:
    """What the banner says of this workspace and conversation."""
    workspace, limits = runtime.workspace, runtime.config.memory
    return Facts(
        version=__version__,
        model=f"{conversation.model} · {conversation.pen.transcript.header.provider}",
        workspace=workspace.root,
        work_dir=runtime.work_dir,
        tools=len(conversation.tools),
        skills=len(list(described(workspace.root))),
        memory=Size(rendered_size(workspace.read("MEMORY.md").text), limits.memory_limit),
        user=Size(rendered_size(workspace.read("USER.md").text), limits.user_limit),
        lessons=_lessons(runtime, conversation),
        title=conversation.title,
        warning=_warning(runtime),
    )


def _warning(runtime: Runtime) -> str:
    reason = runtime.workspace.read_only
    waiting = len(acting.pending(runtime.workspace))
    said = [f"Nothing can be learned: {reason}"] if reason else []
    if waiting:
        said.append(f"{waiting} thing{'s' * (waiting > 1)} of this workspace wait for your trust: hermes trust list")
    return " · ".join(said)


def _lessons(runtime: Runtime, conversation: Conversation) -> tuple[str, ...]:
    """What was learned since the last session other than this one ended, newest first."""
    earlier = [info for info in runtime.sessions.recent(limit=2) if info.id != conversation.id]
    if not earlier:
        return ()
    since = earlier[0].updated + timedelta(seconds=1)
    lessons = history.log(runtime.workspace.git, history.Filter(since=since, limit=_LESSONS))
    return tuple(lesson.subject for lesson in lessons)

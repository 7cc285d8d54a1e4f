"""The one table of slash commands, for every app: what each is called, what it does, how it is completed.

A command answers with a value that the app shows in its own way; nothing here prints, asks or knows a terminal.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

from hermes_fs.agent.conversation import Conversation
from hermes_fs.commands import reviewing, undoing, work
from hermes_fs.commands.talk import TITLE, Command, Completes, Left, Outcome, Played, Said, Talk, local, number
from hermes_fs.core.errors import NotFound, UsageError
from hermes_fs.core.terminal import one_line
from hermes_fs.store import catalogue, history
from hermes_fs.store.formats import entries
from hermes_fs.store.sessions import SessionInfo

_WORD = re.compile(r"/([a-z]+)(?:\s+(.*))?\Z", re.DOTALL)


def parse(text: str) -> tuple[str, str] | None:
    """A message's command name and argument; None where it is an ordinary message (a path, a sentence)."""
    found = _WORD.match(text.strip())
    return (found[1], (found[2] or "").strip()) if found else None


def run(talk: Talk, name: str, argument: str) -> Outcome:
    """Run a command by its name or an alias. Raises UsageError with the nearest name, and what the command raises."""
    command = _BY_NAME.get(ALIASES.get(name, name))
    if command is None:
        near = difflib.get_close_matches(name, [*_BY_NAME, *ALIASES], 1)
        raise UsageError(f"there is no command /{name}", f"did you mean /{near[0]}?" if near else "see /help")
    return command.run(talk, argument)


def complete(talk: Talk, text: str) -> list[tuple[str, str]]:
    """What the line `text` may become, each with a few words about it; empty where it is no command."""
    if not text.startswith("/") or "\n" in text:
        return []
    name, space, argument = text[1:].partition(" ")
    if not space:
        return [(f"/{one.name}", one.about) for one in COMMANDS if one.name.startswith(name)]
    command = _BY_NAME.get(ALIASES.get(name, name))
    if command is None or " " in argument:
        return []
    words = _WORDS[command.completes](talk)
    return [(f"/{name} {word}", about) for word, about in words if word.lower().startswith(argument.lower())]


# -- the commands -----------------------------------------------------------------------------------------------------


def _help(talk: Talk, argument: str) -> Outcome:
    if argument:
        one = _BY_NAME.get(argument.lstrip("/"))
        if one is None:
            raise NotFound(f"there is no command /{argument.lstrip('/')}", "see /help")
        return Said(f"/{one.name} {one.usage}".rstrip() + f"   {one.about}")
    width = max(len(f"{one.name} {one.usage}") for one in COMMANDS) + 1
    lines = [f"{f'/{one.name} {one.usage}':<{width}}   {one.about}" for one in COMMANDS]
    return Said("\n".join([*lines, "", *_KEYS]))


def _new(talk: Talk, argument: str) -> Outcome:
    _open(talk, talk.runtime.conversation())
    return Said("A new session. What was learned is in its prompt.")


def _open(talk: Talk, conversation: Conversation) -> None:
    """Put another conversation in the place of the one that is open, which ends."""
    ended, talk.conversation = talk.conversation, conversation
    ended.close()


def _sessions(talk: Talk, argument: str) -> Outcome:
    rows = [(_short(info.id), *_about(info)) for info in talk.runtime.sessions.recent(limit=number(argument, 10))]
    lines = [f"{short}  {when}  {title}" for short, when, title in rows]
    return Said("\n".join(lines) + "\n\n/resume ID goes on with one." if lines else "No sessions yet.")


def _resume(talk: Talk, argument: str) -> Outcome:
    if not argument:
        return _sessions(talk, "")
    info = talk.runtime.sessions.find(argument)
    if info.id == talk.conversation.id:
        return Said("That session is open here.")
    _open(talk, talk.runtime.conversation(info.id))
    return Said(f"Going on with: {info.header.title}")


def _model(talk: Talk, argument: str) -> Outcome:
    if not argument:
        return Said(f"{talk.conversation.model}\n\n/model NAME switches this session, `hermes model NAME` for good.")
    talk.runtime.switch(talk.conversation, argument)
    return Said(f"{talk.conversation.model} goes on with this session.")


def _memory(talk: Talk, argument: str) -> Outcome:
    limits = talk.runtime.config.memory
    lines: list[str] = []
    for path, limit in (("MEMORY.md", limits.memory_limit), ("USER.md", limits.user_limit)):
        text = talk.runtime.workspace.read(path).text
        lines += ["", f"{path} · {entries.rendered_size(text):,} of {limit:,} characters"]
        lines += [f"  {entry.id}  {entry.text}" for entry in entries.entries(text)] or ["  nothing yet"]
    return Said("\n".join(lines[1:]))


def _skills(talk: Talk, argument: str) -> Outcome:
    skills = dict(_skill_words(talk))
    if argument:
        if argument not in skills:
            raise NotFound(f"there is no skill {argument!r}", "see /skills")
        return Said(talk.runtime.workspace.read(f"skills/{argument}/SKILL.md").text)
    width = max(map(len, skills), default=0)
    lines = [f"{name:<{width}}  {about}" for name, about in skills.items()]
    return Said("\n".join(lines) or "No skills yet. Ask the agent to save what it did as one.")


def _log(talk: Talk, argument: str) -> Outcome:
    lessons = history.log(talk.runtime.workspace.git, history.Filter(limit=number(argument, 10)))
    lines = [
        f"{one.short}  {local(one.when)}  {one.subject}{'  (taken back)' if one.reverted_by else ''}" for one in lessons
    ]
    return Said("\n".join(lines) or "Nothing was learned yet.")


def _diff(talk: Talk, argument: str) -> Outcome:
    git = talk.runtime.workspace.git
    lesson = history.find(git, argument or "last")
    patch = history.diff(git, lesson.parents[0] if lesson.parents else "", lesson.commit)
    lines = [line for line in patch.split("\n") if not line.startswith(("diff --git ", "index "))]
    return Said("\n".join([f"{lesson.short}  {lesson.subject}", "", *lines]), diff=True)


def _search(talk: Talk, argument: str) -> Outcome:
    if not argument:
        raise UsageError("/search needs words", "for example: /search staging server")
    hits = talk.runtime.index.search(argument, limit=8)
    lines = [f"{hit.when[:10]}  {hit.kind}  {one_line(hit.snippet, 200)}" for hit in hits]
    return Said("\n".join(lines) or "Nothing found.")


def _quit(talk: Talk, argument: str) -> Outcome:
    return Left()


def _compact(talk: Talk, argument: str) -> Outcome:
    return Played(talk.conversation.compact(), "There is nothing to leave out yet.")


def _usage(talk: Talk, argument: str) -> Outcome:
    usage = talk.conversation.usage
    cost = "unknown (see `prices` in config.yaml)" if usage.cost is None else f"${usage.cost:.4f}"
    rows = [
        ("model", talk.conversation.model),
        ("prompt", f"{usage.input:,} tokens, {usage.cached:,} of them from the provider's cache"),
        ("replies", f"{usage.output:,} tokens"),
        ("cost", cost),
    ]
    return Said("\n".join(f"{label:<8}  {value}" for label, value in rows))


def _reload(talk: Talk, argument: str) -> Outcome:
    talk.conversation.reload()
    return Said("The prompt now holds what was learned since the session began.")


COMMANDS: tuple[Command, ...] = (
    Command("help", "[COMMAND]", "this list", _help, "command"),
    Command("new", "", "start a new session", _new),
    Command("sessions", "[N]", "the last sessions", _sessions),
    Command("resume", "[ID]", "go on with an earlier session", _resume, "session"),
    Command("model", "[NAME]", "which model answers; switch this session to another", _model),
    Command("memory", "", "what the agent keeps in mind, with ids", _memory),
    Command("skills", "[NAME]", "the skills, or one of them", _skills, "skill"),
    Command("log", "[N]", "what was learned lately", _log),
    Command("review", "[ID]", "what the agent proposes and waits for you", reviewing.review, "proposal"),
    Command("accept", "ID", "make a proposal a lesson", reviewing.accept, "proposal"),
    Command("reject", "ID [WHY]", "put a proposal away", reviewing.reject, "proposal"),
    Command("undo", "[ID]", "take the agent's last lesson back, or this one", undoing.undo, "lesson"),
    Command("diff", "[ID]", "what the last lesson changed, or this one", _diff, "lesson"),
    Command("search", "QUERY", "search conversations, notes, memory and skills", _search),
    Command("rewind", "[TURN]", "turns that changed files; put them back as before one", work.rewind, "turn"),
    Command("good", "[WHY]", "the last task went well; skills are judged by this", work.good),
    Command("bad", "[WHY]", "the last task went wrong", work.bad),
    Command("learn", "[WHAT]", "look back on this session and keep what lasts", work.learn),
    Command("jobs", "", "commands that run in the background", work.jobs),
    Command("compact", "", "summarise the older part of this session now", _compact),
    Command("usage", "", "tokens and cost of this session", _usage),
    Command("reload", "", "take what was learned meanwhile into the prompt", _reload),
    Command("quit", "", "leave (Ctrl-D too)", _quit),
)
ALIASES = {"exit": "quit", "q": "quit", "clear": "new", "?": "help"}
_BY_NAME = {one.name: one for one in COMMANDS}
_KEYS = (
    "Alt-Enter, or a backslash at the end of a line, starts a new line.",
    "Up and Down bring back earlier messages, Ctrl-R searches them.",
    "@name sends a file along; a picture may be dropped onto the window.",
    "While a turn runs: what you type joins it by Enter, follows it by Tab.",
    "Ctrl-C stops the turn; at the prompt, twice, it leaves.",
)


def _no_words(talk: Talk) -> list[tuple[str, str]]:
    return []


def _command_words(talk: Talk) -> list[tuple[str, str]]:
    return [(one.name, one.about) for one in COMMANDS]


def _session_words(talk: Talk) -> list[tuple[str, str]]:
    return [(_short(info.id), " ".join(_about(info))) for info in talk.runtime.sessions.recent(limit=20)]


def _skill_words(talk: Talk) -> list[tuple[str, str]]:
    runtime = talk.runtime
    return catalogue.described(runtime.workspace.root, runtime.workspace.state_dir, runtime.skill_places)


def _lesson_words(talk: Talk) -> list[tuple[str, str]]:
    lessons = history.log(talk.runtime.workspace.git, history.Filter(limit=20))
    return [(one.short, one.subject) for one in lessons]


_WORDS: dict[Completes, Callable[[Talk], list[tuple[str, str]]]] = {
    "": _no_words,
    "command": _command_words,
    "session": _session_words,
    "skill": _skill_words,
    "lesson": _lesson_words,
    "turn": work.turn_words,
    "proposal": reviewing.proposal_words,
}


def _about(info: SessionInfo) -> tuple[str, str]:
    return local(info.updated), one_line(info.header.title, TITLE)


def _short(session: str) -> str:
    """The part of a session's id that names it well enough: the time in its ULID."""
    return session.rpartition("-")[2][:10]

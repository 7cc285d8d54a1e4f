"""What a conversation hands on to be learned beside it, what it says of that later, and what it may cost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hermes_fs import commands
from hermes_fs.apps.chat.news import News
from hermes_fs.commands import Said, Talk
from hermes_fs.core.errors import UsageError
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Answer, Usage
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store import history, outcomes
from hermes_fs.store.init import init
from hermes_fs.store.spending import Spending
from hermes_fs.testing.openai_answers import Answer as Reply
from hermes_fs.testing.openai_server import OpenAIServer

LIST = ("note", '{"action": "list"}')
KEEP = ("memory", '{"action": "add", "text": "Tests need a database", "why": "they failed without"}')


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(reply="Well.") as running:
        yield running


@pytest.fixture
def options(tmp_path: Path, server: OpenAIServer) -> Options:
    init(tmp_path / "mind")[0].close()
    (tmp_path / "project").mkdir()
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OPENAI_BASE_URL": server.base_url}
    return Options(tmp_path / "mind", tmp_path / "project", environ, settings={"terminal.backend": "local"})


@pytest.fixture
def talk(options: Options) -> Iterator[Talk]:
    with Runtime.open(options) as runtime:
        made = Talk(runtime, runtime.conversation())
        yield made
        made.conversation.close()


def say(talk: Talk, text: str, *calls: tuple[str, str], server: OpenAIServer) -> None:
    server.answers = [Reply(calls=calls)] if calls else []
    for _ in talk.conversation.send(text, lambda question: Answer(None)):
        pass


def settled(talk: Talk) -> list[tuple[str, tuple[str, ...]]]:
    """What waits to be learned after the turn, as (task, why). No process is started for it."""
    pen = talk.conversation.pen
    if pen.taught(talk.runtime.config.learning.complex):
        talk.runtime.aftermath.settle(pen)
    return [(one.task, one.why) for one in talk.runtime.errands().waiting()]


def drained(talk: Talk) -> int:
    """Does what waits, in this process."""
    return len(list(talk.runtime.learner(lambda event: None, Cancel()).drain()))


def run(talk: Talk, line: str) -> str:
    """A slash command, while another process works on the queue: so none is started."""
    with talk.runtime.errands() as worker:
        assert worker.claim()
        outcome = commands.run(talk, *(commands.parse(line) or ("", "")))
    assert isinstance(outcome, Said)
    return outcome.text


def test_a_complex_task_is_handed_on_once_and_talk_is_not(talk: Talk, server: OpenAIServer) -> None:
    say(talk, "hello", server=server)
    assert settled(talk) == []
    say(talk, "which notes are there?", *[LIST] * 5, server=server)
    task = talk.conversation.pen.asked
    assert settled(talk) == [(task, ("5 tool calls",))]
    assert settled(talk) == [(task, ("5 tool calls",))]
    assert talk.runtime.errands().waiting()[0].session == talk.conversation.id


def test_a_correction_is_handed_on(talk: Talk, server: OpenAIServer) -> None:
    say(talk, "where is staging?", server=server)
    say(talk, "No, that's wrong, it moved to db2", server=server)
    assert [why for _, why in settled(talk)] == [("a correction by the person",)]


def test_a_conversation_that_goes_on_knows_what_is_corrected(options: Options, server: OpenAIServer) -> None:
    with Runtime.open(options) as runtime:
        first = Talk(runtime, runtime.conversation())
        say(first, "where is staging?", server=server)
        first.conversation.close()
        again = Talk(runtime, runtime.conversation("last"))
        say(again, "No, that's wrong, it moved to db2", server=server)
        assert [why for _, why in settled(again)] == [("a correction by the person",)]
        again.conversation.close()


def test_nothing_is_handed_on_where_it_is_switched_off(options: Options, server: OpenAIServer) -> None:
    off = replace(options, settings={**options.settings, "learning.reflection": "off"})
    with Runtime.open(off) as runtime:
        talk = Talk(runtime, runtime.conversation())
        say(talk, "which notes are there?", *[LIST] * 6, server=server)
        assert settled(talk) == []
        talk.conversation.close()


def test_what_was_learned_is_said_between_two_messages_once(talk: Talk, server: OpenAIServer) -> None:
    say(talk, "which notes are there?", *[LIST] * 5, server=server)
    settled(talk)
    server.answers = [Reply(calls=(KEEP,)), Reply("Kept it.")]
    assert drained(talk) == 1
    lesson = history.find(talk.runtime.workspace.git, "last")
    assert lesson.trailers["Trigger"] == "reflection"
    news = News(talk)
    assert f"learned: {lesson.subject} · hermes show {lesson.short}" in news.lines()
    assert not [line for line in news.lines() if line.startswith("learned")]


def test_the_person_may_ask_for_it_and_blame_leads_to_it(talk: Talk, server: OpenAIServer) -> None:
    with pytest.raises(UsageError):
        run(talk, "/learn")
    say(talk, "hello", server=server)
    task = talk.conversation.pen.asked
    assert "Looking back" in run(talk, "/learn how we greet")
    run(talk, "/bad rude")
    waiting = talk.runtime.errands().waiting()
    assert [(one.task, one.what) for one in waiting] == [("", "how we greet"), (task, "")]
    assert waiting[1].why == ("the person says that it went wrong",)


@pytest.mark.parametrize("killed", [False, True], ids=["closed", "killed"])
def test_what_is_said_before_the_first_message_is_of_the_last_task_of_the_session_that_goes_on(
    options: Options, server: OpenAIServer, killed: bool
) -> None:
    quiet = replace(options, settings={**options.settings, "learning.summaries": "off"})
    with Runtime.open(quiet) as runtime:
        first = Talk(runtime, runtime.conversation())
        say(first, "which notes are there?", LIST, server=server)
        task = first.conversation.pen.asked
        say(first, "thank you", server=server)
        first.conversation.pen.transcript.close() if killed else first.conversation.close()
        again = Talk(runtime, runtime.conversation("last"))
        run(again, "/learn how notes are kept")
        assert "it went wrong" in run(again, "/bad there are more")
        _, blame = runtime.errands().waiting()
        assert (blame.task, blame.why) == (task, ("the person says that it went wrong",))
        [found] = outcomes.tasks(runtime.workspace.root / "sessions", runtime.workspace.state_dir)
        assert (found.id, found.result, found.why, found.note) == (task, "failure", "feedback", "there are more")
        assert drained(again) == 2
        looks = [one for one in runtime.sessions.recent(own=True) if one.header.channel == "reflection"]
        assert [one.header.parent for one in looks] == [first.conversation.id] * 2
        assert again.conversation.pen.evidence() == ""
        again.conversation.close()


def test_its_budget_is_its_own_and_within_that_of_the_day(options: Options, server: OpenAIServer) -> None:
    bounded = replace(options, settings={**options.settings, "learning.day_tokens": 1000})
    with Runtime.open(bounded) as runtime:
        talk = Talk(runtime, runtime.conversation())
        say(talk, "which notes are there?", *[LIST] * 5, server=server)
        settled(talk)
        spending = Spending(runtime.workspace.state_dir, runtime.clock)
        before = spending.today().tokens
        assert spending.of(spending.learning).tokens == 0  # the chat's own calls are not of it
        drained(talk)
        learned = spending.of(spending.learning).tokens
        assert 0 < learned == spending.today().tokens - before
        spending.add(spending.learning, Usage(1000))
        runtime.aftermath.blame(talk.conversation.pen)
        assert drained(talk) == 1
        [waiting] = runtime.errands().waiting()
        assert waiting.after and "1,000 tokens for learning today is spent" in waiting.said
        say(talk, "hello", server=server)  # the chat goes on
        talk.conversation.close()

"""What a person answers to a command: what it covers, what is kept, and what a model's second look may do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hermes_fs.backends.confined import Ground
from hermes_fs.backends.landlock import Landlock
from hermes_fs.core import config
from hermes_fs.core.errors import Refused
from hermes_fs.core.events import Asked, Notice
from tests.tools.conftest import Conversation

DELETES = "rm -rf build"
SENDS = "curl -X POST http://127.0.0.1:9/x"


def kept(talk: Conversation) -> config.ApprovalsConfig:
    return config.load(talk.mind, talk.context.workspace.state_dir).approvals


def test_the_question_says_why_and_shows_the_rule(talk: Conversation) -> None:
    talk.person.answers = ["once"]
    talk.call("terminal", command=DELETES)
    prompt = talk.person.questions[0].prompt
    assert "deletes -rf build" in prompt
    assert f"always: in {talk.work}: rm -rf build" in prompt


def test_the_gravest_reason_comes_first_and_each_is_one_line(talk: Conversation) -> None:
    padding = "; ".join(f"curl -d x http://h{number}.example" for number in range(20))
    with pytest.raises(Refused):
        talk.call("terminal", command=f"{padding}; rm -rf 'b\n\nalways: in /w: ls'")
    prompt = talk.person.questions[0].prompt
    assert "It deletes -rf b always: in /w: ls; it sends" in prompt
    assert "and 17 more such things" in prompt and prompt.count("\n") == 0


def test_always_holds_for_this_command_here_and_in_later_conversations(talk: Conversation) -> None:
    talk.person.answers = ["always"]
    talk.call("terminal", command=DELETES)
    talk.call("terminal", command=DELETES)
    assert len(talk.asked) == 1
    assert kept(talk).always == (f"in {talk.work}: rm -rf build",)
    for other in ("rm -rf build src", "rm -rf build; ls", "rm -rf ./build"):
        with pytest.raises(Refused):
            talk.call("terminal", command=other)
    decisions = [event.answer.by for event in talk.events if isinstance(event, Asked)]
    assert "rule" in decisions


def test_never_refuses_it_from_now_on_without_asking(talk: Conversation) -> None:
    talk.person.answers = ["never"]
    for _ in range(2):
        with pytest.raises(Refused, match="never"):
            talk.call("terminal", command=DELETES)
    assert len(talk.asked) == 1
    assert kept(talk).never == (DELETES,)
    talk.mode("allow")
    talk.context.memo.settings = talk.context.memo.settings.with_answers(never=kept(talk).never)
    with pytest.raises(Refused, match="never"):
        talk.call("terminal", command=DELETES)


def test_what_is_unknown_has_no_always(talk: Conversation) -> None:
    with pytest.raises(Refused):
        talk.call("terminal", command="frobnicate --all")
    assert "always" not in talk.person.questions[0].options


def test_after_words_of_others_an_earlier_answer_covers_nothing_that_goes_out(talk: Conversation) -> None:
    talk.person.answers = ["session", "once"]
    talk.call("terminal", command=SENDS)
    talk.call("terminal", command=SENDS)
    assert len(talk.asked) == 1
    talk.taint()
    talk.call("terminal", command=SENDS)
    assert talk.person.questions[1].options == ("once", "no")
    talk.mode("allow")
    with pytest.raises(Refused, match="nobody"):
        talk.call("terminal", command=SENDS)


def test_after_words_of_others_no_standing_yes_reads_credentials_or_plants_anything(talk: Conversation) -> None:
    (talk.work / ".env").write_text("KEY=1\n")
    talk.mode("allow")
    for command in ("cat .env", "mkdir -p .git/hooks && echo true > .git/hooks/pre-commit"):
        talk.call("terminal", command=command)
    talk.taint()
    for command in ("cat .env", "echo x > .git/hooks/pre-commit", "crontab x"):
        with pytest.raises(Refused, match="nobody"):
            talk.call("terminal", command=command)
    talk.call("terminal", command="frobnicate || true")


def test_a_second_look_can_only_make_us_ask(talk: Conversation) -> None:
    looked: list[str] = []

    def suspicious(command: str, directory: str) -> str:
        looked.append(command)
        return "it smells" if "make" in command else ""

    talk.context.memo.settings = replace(talk.context.memo.settings, judge=suspicious)
    talk.call("terminal", command="mkdir a && touch a/b")
    assert not talk.asked
    with pytest.raises(Refused):
        talk.call("terminal", command="make")
    assert "it smells" in talk.person.questions[0].prompt
    with pytest.raises(Refused):
        talk.call("terminal", command=DELETES)
    assert looked == ["mkdir a && touch a/b", "make"]


@pytest.fixture
def confined(talk: Conversation) -> Iterator[Conversation]:
    """In a sandbox that opens the network as a whole or not at all."""
    ground = Ground((talk.work,), (talk.mind,), (talk.mind / ".git",))
    backend = Landlock(talk.work, talk.context.workspace.state_dir, dict(os.environ), ground)
    talk.context = replace(talk.context, backend=backend)
    yield talk
    backend.close()


def test_where_the_network_opens_as_a_whole_that_is_asked_about(confined: Conversation) -> None:
    confined.person.answers = ["once", "no"]
    with pytest.raises(Refused, match="said no"):
        confined.call("terminal", command=SENDS)
    assert "as a whole" in confined.person.questions[1].prompt
    confined.person.answers = ["once", "once"]
    assert "exit code 7" in confined.call("terminal", command=SENDS)


def test_when_words_of_others_are_read_the_network_closes(confined: Conversation) -> None:
    confined.person.answers = ["once", "once"]
    confined.call("terminal", command=SENDS)
    assert confined.context.backend.capabilities.network
    confined.taint()
    confined.call("terminal", command="true")
    assert not confined.context.backend.capabilities.network
    assert any(isinstance(event, Notice) and "closed again" in event.text for event in confined.events)
    confined.person.answers = ["once", "once"]
    confined.call("terminal", command=SENDS)
    confined.call("terminal", command="true")
    assert confined.context.backend.capabilities.network  # what was said yes to since then stays
    with pytest.raises(Refused):
        confined.call("terminal", command="cat .env")

"""todo and ask_user: the model's list, and a question to the person."""

from __future__ import annotations

import pytest

from hermes_fs.core.errors import Refused, ToolError
from tests.tools.conftest import Conversation


def test_the_list_is_set_as_a_whole_and_shown(talk: Conversation) -> None:
    assert talk.call("todo") == "(the list is empty)"
    items = [{"text": "look", "status": "done"}, {"text": "leap", "status": "doing"}, {"text": "land"}]
    assert talk.call("todo", items=items) == "[x] look\n[>] leap\n[ ] land"
    assert talk.call("todo") == "[x] look\n[>] leap\n[ ] land"
    assert talk.call("todo", items=[]) == "(the list is empty)"
    with pytest.raises(ToolError, match="must be one of pending, doing, done"):
        talk.call("todo", items=[{"text": "x", "status": "maybe"}])


def test_a_question_with_and_without_choices(talk: Conversation) -> None:
    talk.person.answers = ["blue", "because"]
    assert talk.call("ask_user", question="Which?", options=["red", "blue", "red", " "]) == "blue"
    assert talk.call("ask_user", question="Why?") == "because"
    assert [(question.kind, question.options) for question in talk.person.questions] == [
        ("choose", ("red", "blue")),
        ("text", ()),
    ]


def test_nobody_there_is_said_plainly(talk: Conversation) -> None:
    with pytest.raises(Refused, match="nobody is there to answer"):
        talk.call("ask_user", question="Which?")
    with pytest.raises(ToolError, match="empty"):
        talk.call("ask_user", question=" ")

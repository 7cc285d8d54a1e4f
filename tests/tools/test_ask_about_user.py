"""ask_about_user: answers with the claims named, about the person at hand; about others for the owner alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from hermes_fs.core.errors import NotFound, Refused, ToolError
from hermes_fs.core.people import Claim, Observed, Opinion
from hermes_fs.core.ports import Cancel
from hermes_fs.tools.registry import tool
from tests.tools.conftest import Conversation

TEA = Claim("k3v9qa", "preference", "Prefers tea", confidence=0.8)


@dataclass
class Known:
    """A user model with one opinion."""

    opinion: Opinion
    name: str = "known"
    remote: bool = False
    asked: list[str] = field(default_factory=list)

    def observe(self, said: object, cancel: Cancel) -> Observed:
        raise NotImplementedError

    def ask(self, question: str, cancel: Cancel) -> Opinion:
        self.asked.append(question)
        return self.opinion

    def claims(self) -> list[Claim]:
        return [TEA]

    def forget(self, which: str) -> Claim:
        raise NotImplementedError


def telling(talk: Conversation, opinion: Opinion, remote: bool = False) -> list[str]:
    """Lets the tool answer so; the list collects whom it asked about."""
    about: list[str] = []

    def of(handle: str) -> Known:
        about.append(handle)
        return Known(opinion, remote=remote)

    talk.special["ask_about_user"] = tool("ask_about_user", of)
    return about


def test_an_answer_names_what_it_rests_on(talk: Conversation) -> None:
    about = telling(talk, Opinion("They drink tea.", (TEA,), 0.8))
    assert talk.call("ask_about_user", question="What to serve?") == (
        "They drink tea.\n(80% sure; it rests on:)\n- [k3v9qa] Prefers tea (80%)"
    )
    assert (about, talk.origin) == (["owner"], "agent")


def test_where_nothing_fits_it_says_so_with_what_is_nearest(talk: Conversation) -> None:
    telling(talk, Opinion("", nearest=(TEA,), problem="no claim bears on that"))
    said = talk.call("ask_about_user", question="Which car?")
    assert said == "No answer: no claim bears on that. Nearest:\n- [k3v9qa] Prefers tea (80%)"


def test_an_answer_from_elsewhere_taints(talk: Conversation) -> None:
    telling(talk, Opinion("They drink tea.", origin="mcp"))
    talk.call("ask_about_user", question="What to serve?")
    assert talk.origin == "mcp"


def test_a_tainted_conversation_sends_no_question_out_unasked(talk: Conversation) -> None:
    telling(talk, Opinion("Tea."), remote=True)
    talk.call("ask_about_user", question="What to serve?")
    assert not talk.asked
    talk.taint()
    talk.person.answers = ["once", "no"]
    talk.call("ask_about_user", question="What is the password?")
    with pytest.raises(Refused):
        talk.call("ask_about_user", question="And the key?")
    assert talk.asked == ["What is the password?", "And the key?"]


def test_another_person_is_asked_about_by_name(talk: Conversation) -> None:
    (talk.mind / "people").mkdir()
    (talk.mind / "people" / "people.yaml").write_text("anna:\n  role: member\n  name: Anna B\n")
    about = telling(talk, Opinion("Tea."))
    talk.call("ask_about_user", question="What to serve?", who="Anna B")
    assert about == ["anna"]
    with pytest.raises(NotFound, match="nobody is known"):
        talk.call("ask_about_user", question="What to serve?", who="../../etc")
    talk.context = replace(talk.context, session=replace(talk.context.session, person="anna"))
    with pytest.raises(Refused, match="only the owner"):
        talk.call("ask_about_user", question="What does he earn?", who="owner")
    talk.call("ask_about_user", question="What do I like?")
    assert about == ["anna", "anna"]


def test_a_question_is_needed_and_somebody_to_ask(talk: Conversation) -> None:
    telling(talk, Opinion("Tea."))
    with pytest.raises(ToolError, match="question"):
        talk.call("ask_about_user", question=" ")
    talk.special.clear()
    with pytest.raises(Refused, match="nobody can be asked"):
        talk.call("ask_about_user", question="What to serve?")

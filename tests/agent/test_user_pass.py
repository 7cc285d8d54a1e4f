"""What a person says about themself, and nobody else's words, reaches the model of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_fs.agent import self_talk, user_pass
from hermes_fs.agent.learner import Bench
from hermes_fs.agent.self_hint import may_speak
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.config import Config
from hermes_fs.core.ids import Ulids
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import assistant
from hermes_fs.store.errands import Errand
from hermes_fs.store.formats import claims
from hermes_fs.store.init import init
from hermes_fs.store.review import Review
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.transcript import Header, Record
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.scripted import ScriptedProvider

OF_SELF = [
    "I prefer short answers", "I'm vegetarian", "I live in Oslo with my wife", "My name is Ada", "From now on, tabs",
    "ich wohne in Berlin", "je préfère le thé", "prefiero el té", "我喜欢喝茶",
    "私はベジタリアンです", "저는 채식주의자",
    "я люблю чай", "Call me Al", "I really don't eat meat", "my deadline is Friday", "as a nurse, I work nights",
]  # fmt: skip
OF_OTHERS = [
    "list the files", "what is the weather?", "fix the bug in parser.py", "I'm trying to run the tests, why?",
    "> I hate tea\nwhat does this mail say?", "```\nmy name is x\n```\nexplain", "/help me", "commit it", "thanks", "",
]  # fmt: skip


@pytest.mark.parametrize("text", OF_SELF)
def test_words_about_oneself_are_heard(text: str) -> None:
    assert self_talk.speaks(text)
    assert may_speak(text)


@pytest.mark.parametrize("text", OF_OTHERS)
def test_work_quotes_and_pastes_are_not(text: str) -> None:
    assert not self_talk.speaks(text)


def record(number: int, text: str, **more: Any) -> Record:
    data = {"role": more.pop("role", "user"), "text": text, **more.pop("data", {})}
    settings = {"type": "message", "person": "owner", "channel": "cli", "origin": "owner", **more}
    return Record(f"01{number:024d}", at="2026-01-31T08:15:00Z", data=data, **settings)


def test_only_the_persons_own_words_are_taken() -> None:
    records = [
        record(1, "I prefer tea"),
        record(2, "I prefer coffee, says the model", role="assistant", origin="agent"),
        record(3, "I live on Mars", type="tool_result", origin="web"),
        record(4, "I work nights\n> I hate people"),
        record(5, "I love cats", person="anna", origin="member"),
    ]
    said = list(user_pass.said_in(records, "owner", "sessions/a-01X.jsonl"))
    assert [(one.text, one.origin) for one in said] == [("I prefer tea", "owner"), ("I work nights", "web")]
    assert said[0].span == f"sessions/a-01X.jsonl#{records[0].id}..{records[0].id}"
    assert said[0].session == "a-01X"
    assert [one.text for one in user_pass.said_in(records, "anna", "s", records[4].id)] == ["I love cats"]
    assert list(user_pass.said_in(records, "owner", "s", records[4].id)) == []


# -- the errand -------------------------------------------------------------------------------------------------------


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made, _ = init(tmp_path / "mind")
    yield made
    made.close()


class Scene:
    """A session of these records, and a bench whose model answers from a script."""

    def __init__(self, workspace: Workspace, records: list[Record], person: str = "owner") -> None:
        clock = SystemClock()
        sessions = Sessions(workspace.root, workspace.host, clock, Ulids(clock))
        transcript = sessions.start(Header("", "", "cli", person, "m", "p", "", "", ""))
        for one in records:
            transcript.append(one)
        transcript.close()
        self.session = transcript.header.session
        self.workspace = workspace
        self.provider = ScriptedProvider()
        given = (workspace, None, sessions, Config(), clock, Ulids(clock), lambda task, model: self.provider)
        self.bench = Bench(*given, None, None, Cancel(), lambda event: None)  # type: ignore[arg-type]

    def run(self, *edits: dict[str, Any], task: str = "") -> tuple[str, ...]:
        self.provider._script += [assistant(json.dumps({"changes": edits}))] if edits else []
        return user_pass.run(Errand("model", self.session, task), self.bench).told

    def claims(self, path: str = "model.yaml") -> list[str]:
        known = claims.read(self.workspace.read(path).text).records
        return [claim.text for claim in claims.claims(known, self.workspace.read("USER.md").text)]


TEA = {"do": "add", "kind": "preference", "text": "Prefers tea", "quote": "I prefer tea"}
CAT = {"do": "add", "kind": "preference", "text": "Loves cats", "quote": "I love cats"}


def test_an_errand_learns_once_however_often_it_runs(workspace: Workspace) -> None:
    scene = Scene(
        workspace, [record(1, "I prefer tea, so order some"), record(2, "done", role="assistant", origin="agent")]
    )
    (told,) = scene.run(TEA)
    assert told.startswith("learned about you: add [")
    assert scene.run() == ()  # the script has no further answer: the model is not asked again
    assert scene.claims() == ["Prefers tea"]
    (known,) = claims.claims(claims.read(workspace.read("model.yaml").text).records)
    assert f"/{scene.session}.jsonl#{record(1, '').id}.." in known.evidence[0]


def test_what_was_said_before_a_page_was_read_holds_and_what_came_after_waits(workspace: Workspace) -> None:
    page = record(2, "I am the owner's boss", type="tool_result", origin="web")
    scene = Scene(workspace, [record(1, "I prefer tea"), page, record(3, "I love cats")])
    scene.provider._script += [assistant(json.dumps({"changes": [TEA]}))]
    told = scene.run(CAT)
    assert [line.partition(":")[0] for line in told] == ["learned about you", "1 lesson awaits you"]
    assert scene.claims() == ["Prefers tea"]
    assert len(Review(workspace).waiting()) == 1
    assert all("boss" not in str(request) for request in scene.provider.requests)


def test_another_person_has_a_model_of_their_own(workspace: Workspace) -> None:
    scene = Scene(workspace, [record(1, "I prefer tea", person="anna", origin="member")], "anna")
    scene.run(TEA)
    assert scene.claims() == []
    assert scene.claims("people/anna/model.yaml") == ["Prefers tea"]


def test_a_session_without_a_word_about_oneself_asks_no_model(workspace: Workspace) -> None:
    scene = Scene(workspace, [record(1, "list the files")])
    assert scene.run() == ()
    assert scene.provider.requests == []

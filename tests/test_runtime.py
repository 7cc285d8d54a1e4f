"""The whole of it on a loopback server: what is said and learned is on the disk, findable, and goes on elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hermes_fs import commands
from hermes_fs.apps.chat.app import facts
from hermes_fs.commands.talk import Said, Talk
from hermes_fs.core.errors import Conflict
from hermes_fs.core.events import Event, Learned, ToolFinished, TurnEnded
from hermes_fs.core.types import Answer, Change, Provenance, Question
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store import history, transcript
from hermes_fs.store.init import init
from hermes_fs.store.locate import work_dir_of
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.replay import replay
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.openai_server import OpenAIServer
from tests.store.desk import Hands


def calling(name: str, arguments: str, times: int = 1) -> str:
    return f"[[fake tools={times} name={name} args={arguments}]]"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def options(tmp_path: Path, server: OpenAIServer) -> Options:
    workspace, _ = init(tmp_path / "mind")
    workspace.close()
    (tmp_path / "project").mkdir()
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OPENAI_BASE_URL": server.base_url}
    return Options(workspace=tmp_path / "mind", work_dir=tmp_path / "project", environ=environ, yes=True)


def say(conversation: Any, text: str, answer: str | None = None) -> list[Event]:
    asked: list[Question] = []

    def ask(question: Question) -> Answer:
        asked.append(question)
        return Answer(answer, "owner")

    return list(conversation.send(text, ask))


def test_a_conversation_acts_learns_and_is_found_again(options: Options, tmp_path: Path) -> None:
    with Runtime.open(options) as runtime:
        talk = runtime.conversation()
        say(talk, "hello " + calling("terminal", '{"command": "echo hi > made.txt"}'))
        events = say(talk, "note it " + calling("memory", '{"action": "add", "text": "Staging is db2.internal"}'))
        assert [event.commit.subject for event in events if isinstance(event, Learned)] == ["memory: add 1 entry"]
        path = talk.pen.transcript.path
        messages = talk.messages[1:]
        talk.close()
        assert (tmp_path / "project" / "made.txt").read_text() == "hi\n"
        contents = transcript.read(path)
        assert contents.problems == []
        assert replay(contents.records) == messages
        [lesson] = [one for one in history.log(runtime.workspace.git) if one.kind == "memory"]
        ids = [record.id for record in contents.records]
        first, _, last = lesson.trailers["Evidence"].partition("#")[2].partition("..")
        assert ids.index(first) < ids.index(last)
        assert runtime.workspace.git.run("for-each-ref", "refs/hermes/sessions")
    with Runtime.open(options) as runtime:
        assert {hit.kind for hit in runtime.index.search("staging db2.internal")} >= {"memory", "message"}
        assert runtime.index.verify() == []
        assert "Staging is db2.internal" in runtime.conversation().messages[0].text


def test_the_configured_limit_binds_what_the_agent_adds(options: Options) -> None:
    with Runtime.open(replace(options, settings={"memory.memory_limit": 10})) as runtime:
        talk = runtime.conversation()
        events = say(talk, "note it " + calling("memory", '{"action": "add", "text": "Staging is db2.internal"}'))
        [result] = [event.result for event in events if isinstance(event, ToolFinished)]
        assert result.failed
        assert "of 10 characters" in result.text
        assert "Staging" not in runtime.workspace.read("MEMORY.md").text


def test_a_session_goes_on_with_all_that_was_said(options: Options) -> None:
    with Runtime.open(options) as runtime:
        first = runtime.conversation()
        say(first, "remember the word albatross")
        first.close()
        second = runtime.conversation("last")
        assert [message.text for message in second.messages[1:]] == ["remember the word albatross", "done"]
        assert second.title == "remember the word albatross"
        say(second, "what of the word albatross?")
        assert "earlier conversations" not in str(second.messages[-2].parts)
        second.close()
        assert len(runtime.sessions.recent()) == 1


def test_recall_joins_the_message_and_never_the_prefix(options: Options, server: OpenAIServer) -> None:
    with Runtime.open(options) as runtime:
        first = runtime.conversation()
        say(first, "the kingfisher deployment runs on tuesday evenings")
        first.close()
        second = runtime.conversation()
        prefix = second.messages[0]
        say(second, "when does the kingfisher deployment run?")
        assert "tuesday evenings" in str(second.messages[1].parts)
        assert "tuesday" not in second.messages[1].text
        assert second.messages[0] is prefix
        second.close()


def test_an_open_session_is_one_process_own(options: Options) -> None:
    with Runtime.open(options) as runtime:
        first = runtime.conversation()
        say(first, "mine")
        with Runtime.open(options) as other, pytest.raises(Conflict):
            other.conversation(first.id)
        first.close()


def test_what_nobody_allows_is_refused_and_said_to_the_model(options: Options, tmp_path: Path) -> None:
    careful = Options(workspace=options.workspace, work_dir=options.work_dir, environ=options.environ)
    with Runtime.open(careful) as runtime:
        talk = runtime.conversation()
        events = say(talk, calling("terminal", '{"command": "curl -d @x http://127.0.0.1:9; touch x"}'))
        [finished] = [event for event in events if isinstance(event, ToolFinished)]
        assert finished.result.failed
        assert not (tmp_path / "project" / "x").exists()
        assert isinstance(events[-1], TurnEnded)
        talk.close()


def test_all_calls_of_a_session_use_one_connection(options: Options, server: OpenAIServer) -> None:
    with Runtime.open(options) as runtime:
        talk = runtime.conversation()
        say(talk, calling("todo", "{}", 20))
        say(talk, "again")
        talk.close()
    assert server.connections == 1


def test_effects_happen_where_hermes_was_started_or_in_work(tmp_path: Path) -> None:
    root = tmp_path / "mind"
    (root / "notes").mkdir(parents=True)
    assert work_dir_of(root, tmp_path) == tmp_path
    assert work_dir_of(root, root) == root / "work"
    assert work_dir_of(root, root / "notes") == root / "work"


def test_a_turns_files_are_put_back_and_the_model_is_told(options: Options, tmp_path: Path) -> None:
    (tmp_path / "project" / "a.txt").write_text("mine\n")
    with Runtime.open(options) as runtime:
        talk = Talk(runtime, runtime.conversation())
        say(talk.conversation, "write " + calling("write_file", '{"path": "a.txt", "content": "theirs"}'))
        say(talk.conversation, "and " + calling("terminal", '{"command": "rm a.txt; echo 1 > b.txt"}'))
        listed = commands.run(talk, "rewind", "")
        assert isinstance(listed, Said)
        assert [line.split()[0] for line in listed.text.splitlines()[:2]] == ["1", "2"]
        commands.run(talk, "rewind", "1")
        assert sorted(path.name for path in (tmp_path / "project").iterdir()) == ["a.txt"]
        assert (tmp_path / "project" / "a.txt").read_text() == "mine\n"
        say(talk.conversation, "go on")
        assert "put these files back" in str(talk.conversation.messages[-2].parts)
        commands.run(talk, "good", "quick")
        path = talk.conversation.pen.transcript.path
        talk.conversation.close()
        outcomes = [record.data for record in transcript.read(path).records if record.type == "outcome"]
        assert [(one["result"], one["why"]) for one in outcomes] == [("success", "ended")] * 2 + [
            ("success", "feedback")
        ]
        assert outcomes[-1]["note"] == "quick"


def test_a_transcript_names_the_commit_of_every_prompt(options: Options) -> None:
    with Runtime.open(options) as runtime:
        talk = runtime.conversation()
        path = talk.pen.transcript.path
        begun = runtime.workspace.head()
        say(talk, "note it " + calling("memory", '{"action": "add", "text": "Staging is db2.internal"}'))
        learned = runtime.workspace.head()
        talk.reload()
        talk.pen.transcript.close()  # as a process that is killed leaves it: open, to be gone on with
    with Runtime.open(options) as runtime:
        (runtime.workspace.root / "notes" / "new.md").write_text("by hand\n")
        runtime.workspace.commit_pending()
        again = runtime.conversation(session="last")
        assert again.pen.transcript.path == path
        now = runtime.workspace.head()
        again.close()
        written = transcript.read(path)
    assert written.header.commit == begun
    named = [record.text("commit") for record in written.records if record.type == "prompted"]
    assert named == [learned, now] and len({begun, learned, now}) == 3


def test_a_prompt_that_is_built_anew_before_anything_was_said_is_the_headers(options: Options) -> None:
    with Runtime.open(options) as runtime:
        talk = runtime.conversation()
        (runtime.workspace.root / "notes" / "new.md").write_text("by hand\n")
        runtime.workspace.commit_pending()
        talk.reload()
        say(talk, "hello")
        assert transcript.read_header(talk.pen.transcript.path).commit == runtime.workspace.head()
        talk.close()


@pytest.mark.parametrize(("days", "waits"), [(14, 0), (30, 1)])
def test_a_chat_begins_with_what_waits_and_says_what_nobody_looked_at_in_time(
    options: Options, days: int, waits: int
) -> None:
    earlier = Hands()
    earlier.at -= timedelta(days=20)
    with Workspace.open(options.workspace, clock=earlier) as workspace:  # type: ignore[arg-type]
        web = Provenance("web", "user", "owner", "s1", "", "m")
        made = Proposals(workspace).submit(Change({"notes/a.md": b"x\n"}, "note", "", web))
    assert isinstance(made, Proposal)
    with Runtime.open(replace(options, settings={"review.expire_days": days})) as runtime:
        talk = runtime.conversation()
        assert facts(runtime, talk).waiting == waits
        said = [line for line in runtime.problems if made.id in line]
        assert said == ([] if waits else [f"nobody looked at {made.id} in time: hermes review list --away"])
        talk.close()

"""A session is asked again: of another version of the mind, by the record of its calls, and nothing is learned."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hermes_fs.agent.evals.attempt import Means
from hermes_fs.agent.rerun import Compared, rerun
from hermes_fs.agent.rerun_stage import CHANNEL, Wanted, stage
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.config import Config
from hermes_fs.core.errors import ProviderError
from hermes_fs.core.ids import Ulids
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Change, Message, Provenance, ToolCall, assistant
from hermes_fs.store import turns
from hermes_fs.store.index import Index
from hermes_fs.store.sessions import Sessions
from hermes_fs.store.transcript import Header, Record, read
from hermes_fs.store.workspace import Workspace
from hermes_fs.testing.scripted import ScriptedProvider
from tests.store.git_shell import committed, opened

BY_HAND = Provenance(origin="owner", trigger="user", person="owner")
RUN = ToolCall("c1", "terminal", '{"command": "make deploy"}')
SKILL = "---\nname: deploy\ndescription: How to deploy.\n---\n# Deploy\n\nUse {}.\n"


@pytest.fixture
def mind(tmp_path: Path) -> Iterator[Workspace]:
    files = {
        ".hermes-workspace": "format: 1\n",
        ".gitignore": "/sessions/\n/work/\n",
        "MEMORY.md": "- Staging is db1\n",
        "skills/deploy/SKILL.md": SKILL.format("make"),
    }
    with opened(committed(tmp_path / "mind", files)) as made:
        yield made


def record(number: int, kind: str, **data: object) -> Record:
    origin = "owner" if data.get("role") == "user" else "agent"
    return Record(f"e{number}", kind, "2026-01-02T08:00:00.000Z", "owner", "cli", origin, data)  # type: ignore[arg-type]


def deployed(*more: Record) -> list[Record]:
    """A session in which one call was made."""
    return [
        record(1, "message", role="user", text="Deploy it.", turn="e1"),
        record(2, "message", role="assistant", text=""),
        record(3, "tool_call", call="c1", name="terminal", arguments='{"command":"make deploy"}'),
        record(4, "tool_result", call="c1", name="terminal", text="deployed to db1", failed=False),
        record(5, "message", role="assistant", text="It runs on db1."),
        record(6, "usage", input=100, output=10, cached=0, cost=0.5, model="m"),
        *more,
    ]


class World:
    """One rerun: what the model saw, and the transcript that is kept."""

    def __init__(self, mind: Workspace, tmp_path: Path, replies: Sequence[object]) -> None:
        self.mind = mind
        self.work = tmp_path / "project"
        self.work.mkdir(exist_ok=True)
        self.provider = ScriptedProvider(replies, model="other")  # type: ignore[arg-type]
        clock = SystemClock()
        self.sessions = Sessions(mind.root, mind.host, clock, Ulids(clock))
        environ = {"PATH": os.environ["PATH"]}
        self.means = Means(lambda: self.provider, clock, environ, "full", Cancel())

    def ask(self, records: Sequence[Record], commit: str = "", live: bool = False) -> list[Compared]:
        header = Header("", "", CHANNEL, "owner", "other", "scripted", "", commit or self.mind.head(), "", "parent")
        transcript = self.sessions.start(header)
        self.path = transcript.path
        wanted = Wanted(self.mind, header.commit, records, self.work, live, self.work if live else None)
        with stage(wanted, self.means, Config(), transcript) as made:
            return list(rerun(made.conversation, turns.turns(records), made.recording))

    def system(self) -> str:
        return self.provider.requests[0].messages[0].text


def results(message: Message) -> list[str]:
    return [part.text for part in message.parts if hasattr(part, "call_id")]


def test_what_was_called_is_answered_from_the_record_and_not_done_again(mind: Workspace, tmp_path: Path) -> None:
    world = World(mind, tmp_path, [assistant("", RUN), assistant("It runs on db1.")])
    [one] = world.ask(deployed())
    assert (one.same, one.served, one.refused) == (True, 1, 0)
    assert results(world.provider.requests[1].messages[-1]) == ["deployed to db1"]
    assert (one.then.usage.input, one.then.usage.cost, one.then.calls[0].name) == (100, 0.5, "terminal")
    assert list(world.work.iterdir()) == []


def test_a_call_that_was_not_made_is_refused_in_words_that_the_model_can_use(mind: Workspace, tmp_path: Path) -> None:
    other = ToolCall("c1", "terminal", '{"command": "touch /tmp/never"}')
    learn = ToolCall("c2", "memory", '{"action": "add", "text": "never"}')
    world = World(mind, tmp_path, [assistant("", other, learn), assistant("I would run touch.")])
    [one] = world.ask(deployed())
    assert (one.same, one.served, one.refused) == (False, 0, 2)
    assert all("not done: this is a replay" in text for text in results(world.provider.requests[1].messages[-1]))
    assert mind.read("MEMORY.md").text == "- Staging is db1\n"


def test_another_version_of_the_mind_is_what_the_model_reads(mind: Workspace, tmp_path: Path) -> None:
    then = mind.head()
    mind.commit(Change({"MEMORY.md": b"- Staging is db2\n"}, "revert", "", BY_HAND))
    mind.commit(Change({"skills/deploy/SKILL.md": SKILL.format("rsync").encode()}, "revert", "", BY_HAND))
    view = ToolCall("v", "skill_view", '{"name": "deploy"}')
    past = World(mind, tmp_path, [assistant("", view), assistant("ok")])
    past.ask(deployed(), then)
    assert "db1" in past.system() and "db2" not in past.system()
    assert "Use make." in results(past.provider.requests[1].messages[-1])[0], "asked of the mind that is tried"
    now = World(mind, tmp_path, [assistant("", view), assistant("ok")])
    now.ask(deployed())
    assert "db2" in now.system()
    assert "Use rsync." in results(now.provider.requests[1].messages[-1])[0]
    assert not list((mind.root / ".git" / "worktrees").glob("*")), "the copy is gone"


def test_it_is_kept_as_a_transcript_that_is_not_recalled(mind: Workspace, tmp_path: Path) -> None:
    world = World(mind, tmp_path, [assistant("Quokkas.")])
    world.ask([record(1, "message", role="user", text="Name an animal.", turn="e1")])
    kept = read(world.path)
    assert (kept.header.channel, kept.header.parent) == (CHANNEL, "parent")
    assert [one.text("text") for one in kept.records if one.type == "message"] == ["Name an animal.", "Quokkas."]
    assert world.sessions.recent() == [] and len(world.sessions.recent(own=True)) == 1
    index = Index.open(mind.root, mind.state_dir)
    index.refresh()
    assert index.search("quokkas") == []
    index.close()


def test_a_model_that_fails_is_an_answer_that_ended_early_and_the_next_follows(mind: Workspace, tmp_path: Path) -> None:
    world = World(mind, tmp_path, [ProviderError("invalid", "no such model"), assistant("Fine.")])
    more = [record(7, "message", role="user", text="And?", turn="e7"), record(8, "message", role="assistant", text="x")]
    first, second = world.ask(deployed(*more))
    assert (first.now.ended, second.now.answer) == ("error", "Fine.") and "no such model" in first.now.detail


def test_a_file_that_went_along_goes_along_again_and_what_was_recalled_does_not(
    mind: Workspace, tmp_path: Path
) -> None:
    aside = "\n\n<foreign ab12 file>\nFile a.txt:\nherons\n</foreign ab12>\n\n[Earlier: zebras]"
    world = World(mind, tmp_path, [assistant("ok")])
    world.ask([record(1, "message", role="user", text="Read @a.txt", aside=aside, turn="e1")])
    sent = "".join(getattr(part, "text", "") for part in world.provider.requests[0].messages[-1].parts)
    assert "herons" in sent and "zebras" not in sent


@pytest.mark.slow
def test_live_tools_run_in_isolation_on_a_copy(mind: Workspace, tmp_path: Path) -> None:
    write = ToolCall("c1", "terminal", '{"command": "cat here.txt; echo changed > here.txt; cat here.txt"}')
    learn = ToolCall("c2", "memory", '{"action": "add", "text": "never"}')
    world = World(mind, tmp_path, [assistant("", write, learn), assistant("ok")])
    (world.work / "here.txt").write_text("mine\n")
    world.ask(deployed(), live=True)
    told = results(world.provider.requests[1].messages[-1])
    assert "mine" in told[0] and "changed" in told[0]
    assert "as it was" in told[1], "nothing is learned in a copy"
    assert (world.work / "here.txt").read_text() == "mine\n"
    assert mind.read("MEMORY.md").text == "- Staging is db1\n"

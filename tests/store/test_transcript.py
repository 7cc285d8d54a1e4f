"""Transcripts keep what they were given: through the file and back, torn lines and secrets included."""

from __future__ import annotations

import json
import resource
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes_fs.core.errors import Failed, NotFound
from hermes_fs.core.secrets import redact
from hermes_fs.core.types import Image, Message, Part, Text, Thinking, ToolCall, ToolResult, user
from hermes_fs.store import transcript
from hermes_fs.store.replay import INTERRUPTED, message_records, replay, result_record
from hermes_fs.store.transcript import Header, Record, Transcript

HEADER = Header("s1", "host-ab", "cli", "owner", "m", "p", "2026-01-31T08:15:00.000Z", "c0ffee", "")


def record(kind: str, data: dict[str, Any]) -> Record:
    return Record("01J", kind, "2026-01-31T08:15:01.000Z", "owner", "cli", "owner", data)


def records_of(messages: list[Message]) -> list[Record]:
    out: list[Record] = []
    calls: dict[int, ToolCall] = {}
    for message in messages:
        if message.role == "tool":
            for place, part in enumerate(message.parts):
                assert isinstance(part, ToolResult)
                made = record("tool_result", result_record(calls[place], part, 0.1))
                out.append(replace(made, origin=part.origin))
        else:
            calls = dict(enumerate(message.calls))
            out += [record(kind, data) for kind, data in message_records(message)]
    return out


text = st.text(max_size=200)
name = st.text("abc_", min_size=1, max_size=8)
origin = st.sampled_from(("agent", "file", "web"))


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    messages: list[Message] = []
    for _ in range(draw(st.integers(1, 4))):
        said: list[Part] = [Text(draw(text.filter(bool)))]
        if draw(st.booleans()):
            said.append(Text("\n[found]", aside=True))
        if draw(st.booleans()):
            said.append(Image("image/png", draw(st.binary(max_size=50))))
        messages.append(Message("user", tuple(said)))
        parts: list[Part] = [Thinking(draw(text), draw(name))] if draw(st.booleans()) else []
        parts.append(Text(draw(text.filter(bool))))
        calls = [ToolCall(draw(name), draw(name), draw(text)) for _ in range(draw(st.integers(0, 3)))]
        messages.append(Message("assistant", (*parts, *calls)))
        if calls:
            results = tuple(ToolResult(call.id, draw(text), draw(st.booleans()), draw(origin)) for call in calls)
            messages.append(Message("tool", results))
    return messages


def redacted(part: Part) -> Part:
    match part:
        case Text(said, aside):
            return Text(redact(said), aside)
        case Thinking(said, signature):
            return Thinking(redact(said), redact(signature))
        case ToolCall(key, tool, arguments):
            return ToolCall(redact(key), redact(tool), redact(arguments))
        case ToolResult(key, said, failed, origin):
            return ToolResult(redact(key), redact(said), failed, origin)
        case _:
            return part


@given(conversations())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_conversation_replays_from_its_file_equal_up_to_redaction(tmp_path: Path, talk: list[Message]) -> None:
    path = tmp_path / "t.jsonl"
    path.unlink(missing_ok=True)
    writer = Transcript(path, HEADER)
    for each in records_of(talk):
        writer.append(each)
    writer.close()
    contents = transcript.read(path)
    assert contents.problems == []
    assert replay(contents.records) == [Message(m.role, tuple(redacted(part) for part in m.parts)) for m in talk]


def test_a_large_blob_lies_beside_the_file_and_comes_back(tmp_path: Path) -> None:
    picture = Image("image/png", bytes(range(256)) * 400)
    writer = Transcript(tmp_path / "t.jsonl", HEADER)
    [(kind, data)] = message_records(Message("user", (Text("see"), picture)))
    writer.append(record(kind, data))
    writer.close()
    assert (tmp_path / "t.jsonl").stat().st_size < 2_000
    read = transcript.read(tmp_path / "t.jsonl")
    [message] = replay(read.records, blob=lambda blob: transcript.blob_path(tmp_path / "t.jsonl", blob).read_bytes())
    assert message.parts[1] == picture


def test_a_torn_last_line_costs_nothing_else_and_writing_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    writer = Transcript(path, HEADER)
    writer.append(record("message", {"role": "user", "text": "one"}))
    writer.close()
    with path.open("ab") as file:
        file.write(b'{"type":"message","id":"x","te')
    assert [r.data["text"] for r in transcript.read(path).records] == ["one"]
    again = Transcript.reopen(path, HEADER)
    again.append(record("message", {"role": "user", "text": "two"}))
    again.close()
    assert [r.data["text"] for r in transcript.read(path).records] == ["one", "two"]


def test_no_secret_and_no_line_separator_breaks_a_line(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    writer = Transcript(path, HEADER)
    key = "ghp_" + "a8Fk2Lq9Zx7Wm3Vb5Nc1" + "Tr6Yu4Io0Pe2Sd8G"
    writer.append(record("tool_call", {"call": "c", "name": "terminal", "arguments": json.dumps({"command": key})}))
    writer.append(record("message", {"role": "user", "text": "a\u2028b\x85c"}))
    writer.close()
    assert key.encode() not in path.read_bytes()
    assert transcript.read(path).records[1].data["text"] == "a\u2028b\x85c"


def test_a_call_without_a_result_is_answered_when_it_replays() -> None:
    call = ToolCall("c1", "terminal", "{}")
    said = [record(kind, data) for kind, data in message_records(Message("assistant", (call,)))]
    assert replay([*said, *records_of([user("go on")])]) == [
        Message("assistant", (call,)),
        Message("tool", (ToolResult("c1", INTERRUPTED, failed=True),)),
        user("go on"),
    ]


def test_a_compaction_stands_for_what_it_replaced_unless_the_whole_is_asked_for() -> None:
    talk = [user("one"), user("two"), user("three")]
    lines = [*records_of(talk), record("compaction", {"summary": "they counted", "replaced": 2})]
    assert replay(lines) == [user("they counted"), user("three")]
    assert replay(lines, whole=True) == talk


def test_what_is_no_transcript_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("hello\n")
    with pytest.raises(Failed, match="no transcript"):
        transcript.read(tmp_path / "x.jsonl")
    with pytest.raises(NotFound):
        transcript.read(tmp_path / "y.jsonl")


def test_a_session_without_a_word_leaves_no_file_and_the_first_word_is_its_title(tmp_path: Path) -> None:
    writer = Transcript(tmp_path / "t.jsonl", HEADER)
    writer.sync()
    assert not (tmp_path / "t.jsonl").exists()
    writer.append(record("message", {"role": "user", "text": "Deploy  the\nstaging server " + "x" * 80}))
    assert writer.header.title.startswith("Deploy the staging server x")
    assert len(writer.header.title) == 60
    assert transcript.read_header(tmp_path / "t.jsonl") == writer.header


def test_a_file_that_cannot_be_made_or_grow_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    writer = Transcript(path, HEADER)
    writer.append(record("message", {"role": "user", "text": "one"}))
    before = path.read_bytes()
    small = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, small[1]))
    try:
        with pytest.raises(Failed, match="cannot be written"):
            writer.append(record("message", {"role": "user", "text": "x" * 1000}))
        with pytest.raises(Failed, match="cannot be written"):
            Transcript(tmp_path / "u.jsonl", HEADER).append(record("message", {"role": "user", "text": "x" * 1000}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, small)
        signal.signal(signal.SIGXFSZ, old)
    assert path.read_bytes() == before
    assert not (tmp_path / "u.jsonl").exists()
    writer.append(record("message", {"role": "user", "text": "two"}))
    assert [r.data["text"] for r in transcript.read(path).records] == ["one", "two"]


def test_lines_of_threads_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    writer = Transcript(path, HEADER)

    def write(number: int) -> None:
        for part in range(50):
            writer.append(record("tool_result", {"call": f"{number}", "text": f"{part} " + "x" * 3000}))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    contents = transcript.read(path)
    assert contents.problems == [] and len(contents.records) == 300


def test_what_a_stranger_wrote_is_skipped_or_trusted_least_and_never_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    writer = Transcript(path, HEADER)
    writer.append(record("message", {"role": "user", "text": "one"}))
    writer.close()
    envelope = {"id": "x", "at": "t", "person": "p", "channel": "c", "origin": "root"}
    strange: list[Any] = [
        {**envelope, "type": "message", "text": 7, "thinking": "no", "media": [{"data": {"base64": "%%%"}}, 3]},
        {**envelope, "type": "tool_call"},
        {**envelope, "type": "tool_result", "call": None},
        {**envelope, "type": "compaction", "replaced": "all"},
        {**envelope, "type": "from the future", "text": "?"},
        {**envelope, "type": 5},
        [1, 2],
        "text",
    ]
    with path.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in strange)
        file.write("[" * 100_000 + "\n\n")
    contents = transcript.read(path)
    assert len(contents.problems) == 4
    assert {r.origin for r in contents.records} == {"owner", "channel"}
    assert replay(contents.records)[0] == user("one")


def test_what_a_provider_signed_comes_back_unchanged(tmp_path: Path) -> None:
    signed = Message("assistant", (Thinking("hm", "AKIA" + "ABCDEFGHIJKLMNOP"), Text("so")))
    path = tmp_path / "t.jsonl"
    writer = Transcript(path, HEADER)
    for each in records_of([signed]):
        writer.append(each)
    writer.close()
    assert replay(transcript.read(path).records) == [signed]


def test_thoughts_come_back_in_their_places_and_pictures_in_their_results(tmp_path: Path) -> None:
    first, second = Thinking("hm", "s1"), Thinking("", "s2")
    said = Message("assistant", (first, Text("I look. "), second, Text("So."), ToolCall("c", "look", "{}")))
    shown = Message("tool", (ToolResult("c", "a picture", media=(Image("image/png", b"\x89"),)),))
    path = tmp_path / "t.jsonl"
    writer = Transcript(path, HEADER)
    for each in records_of([user("what is it?"), said, shown]):
        writer.append(each)
    writer.close()
    assert replay(transcript.read(path).records) == [user("what is it?"), said, shown]

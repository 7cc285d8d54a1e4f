"""process: jobs from start to end, and what is asked about them."""

from __future__ import annotations

import threading
import time

import pytest

from hermes_fs.core.errors import Cancelled, NotFound, Refused, ToolError
from tests.tools.conftest import Conversation


def test_a_jobs_life(talk: Conversation) -> None:
    talk.mode("allow")
    said = talk.call("process", action="start", command="echo up; while read line; do echo got $line; done")
    job = said.split()[1]
    assert "up\n[running; read up to byte 3]" in said
    assert talk.call("process", action="poll", job=job) == "[running; read up to byte 3]"
    assert talk.call("process", action="write", job=job, text="a\n").startswith("got a\n[running")
    assert talk.call("process", action="read", job=job).startswith("up\ngot a\n")
    assert talk.call("process", action="read", job=job, offset=3).startswith("got a\n")
    assert f"{job}\trunning\techo up" in talk.call("process", action="list")
    assert "ended with exit code" in talk.call("process", action="kill", job=job)


def test_wait_ends_with_the_job_or_the_time(talk: Conversation) -> None:
    talk.mode("allow")
    talk.call("process", action="start", command="sleep 0.8; echo done; exit 4")
    assert talk.call("process", action="wait", job="1").startswith("done\n[ended with exit code 4")
    assert "done" in talk.shown
    talk.call("process", action="start", command="sleep 600")
    assert talk.call("process", action="wait", job="2", timeout=1).startswith("[running")


def test_wait_can_be_interrupted(talk: Conversation) -> None:
    talk.mode("allow")
    talk.call("process", action="start", command="sleep 600")
    threading.Timer(0.3, talk.context.cancel.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        talk.call("process", action="wait", job="1", timeout=600)
    assert time.monotonic() - started < 60


def test_a_start_and_an_input_are_asked_about(talk: Conversation) -> None:
    talk.person.answers = ["once", "once", None]
    talk.call("process", action="start", command="bash")
    talk.call("process", action="write", job="1", text="echo hi\n")
    with pytest.raises(Refused):
        talk.call("process", action="write", job="1", text="rm -rf x\n")
    assert talk.asked == ["bash", "echo hi\n", "rm -rf x\n"]
    assert "bash" in talk.person.questions[1].prompt


def test_a_job_of_somebody_else_is_not_ended_without_asking(talk: Conversation) -> None:
    job = talk.context.backend.start("sleep 600")
    talk.call("process", action="poll", job=job)
    with pytest.raises(Refused):
        talk.call("process", action="kill", job=job)
    assert talk.context.backend.poll(job).code is None


def test_what_is_missing_is_said(talk: Conversation) -> None:
    with pytest.raises(ToolError, match="start needs command"):
        talk.call("process", action="start")
    with pytest.raises(ToolError, match="poll needs job"):
        talk.call("process", action="poll")
    with pytest.raises(NotFound, match="no job '9'"):
        talk.call("process", action="poll", job="9")
    assert talk.call("process", action="list") == "there are no jobs"

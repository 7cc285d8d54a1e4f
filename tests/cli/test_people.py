"""`hermes people`: who is known, what is believed of them, and forgetting."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from datetime import date

import pytest

from hermes_fs.cli import people_tree
from hermes_fs.core.people import Claim
from hermes_fs.testing.honcho_server import HonchoServer
from hermes_fs.testing.openai_server import OpenAIServer
from tests.cli.conftest import git, trust

MODEL = """\
# What the agent believes about you
k3v9qa:
  kind: preference
  text: Prefers tea in the morning
  status: active
  priority: 4
  confidence: 0.85
  since: "2026-08-21"
  seen: "2026-08-21"
  supersedes:
    - coffee
  evidence:
    - sessions/2026/08/21/host-01ARZ.jsonl#01A..01B
# about drinks
coffee:
  kind: preference
  text: Drinks coffee
  status: superseded
"""


@pytest.fixture
def known(mind):
    (mind / "model.yaml").write_text(MODEL)
    (mind / "USER.md").write_text("# You\n\n- Lives in Oslo <!-- abcdef -->\n")
    (mind / "people" / "anna").mkdir(parents=True)
    (mind / "people" / "people.yaml").write_text(
        "ada:\n  role: owner\n  name: Ada\nanna:\n  role: member\n  name: Anna B\n"
    )
    (mind / "people" / "anna" / "model.yaml").write_text("zzzzzz:\n  kind: goal\n  text: Learn Go\n  status: active\n")
    git(mind, "add", "-A")
    git(mind, "commit", "-qm", "people")
    return mind


def test_a_model_is_drawn_with_what_was_replaced_below_what_replaced_it(hermes, known):
    done = hermes("people", "show")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "owner (Ada)  2 active, 1 superseded"
    assert lines[1:3] == ["preferences", "└─ k3v9qa  Prefers tea in the morning"]
    assert lines[3].startswith("   │  active · priority 4 · 85% sure · since 2026-08-21 · evidence in 1 place")
    assert lines[4].strip() == "└─ coffee  Drinks coffee"
    assert lines[5].strip().startswith("superseded")
    assert lines[-1].strip() == "active · in USER.md"
    assert "sessions/2026/08/21/host-01ARZ.jsonl#01A..01B" in hermes("people", "show", "--evidence").stdout


@pytest.mark.slow
def test_people_are_found_by_handle_or_name(hermes, known):
    assert "Learn Go" in hermes("people", "show", "anna b").stdout
    assert json.loads(hermes("people", "show", "ada", "--json").stdout)["handle"] == "owner"
    unknown = hermes("people", "show", "ana")
    assert unknown.returncode == 5
    assert "known: anna" in unknown.stderr
    assert hermes("people", "ask", " ").returncode == 2
    listed = json.loads(hermes("people", "list", "--json").stdout)
    assert [(row["handle"], row["active"]) for row in listed] == [("owner", 2), ("anna", 1)]


@pytest.mark.slow
def test_a_claim_is_forgotten_with_the_edges_that_lead_to_it(hermes, known):
    done = hermes("people", "forget", "coffee")
    assert done.returncode == 0, done.stderr
    text = (known / "model.yaml").read_text()
    assert "coffee" not in text
    assert "# about drinks" in text
    assert git(known, "log", "-1", "--format=%s").strip() == "user model: edit 1 claim, forget 1"
    assert hermes("people", "forget", "zzzzzz").returncode == 0
    assert hermes("people", "forget", "abcdef").returncode == 0
    assert "Oslo" not in (known / "USER.md").read_text()
    assert hermes("people", "forget", "abcdef").returncode == 5


@pytest.mark.slow
def test_a_broken_file_is_reported_and_what_can_be_read_is_shown(hermes, known):
    (known / "model.yaml").write_text(MODEL + "oops: [\n")
    done = hermes("people", "show")
    assert "Prefers tea" in done.stdout
    assert "model.yaml: line" in done.stderr
    refused = hermes("people", "forget", "k3v9qa")
    assert refused.returncode == 4
    assert "cannot be read" in refused.stderr
    assert "oops" in (known / "model.yaml").read_text()


def drawn(*claims: Claim) -> str:
    return "\n".join(people_tree.lines(claims, date(2026, 2, 1), places=True))


def test_a_claim_in_a_circle_is_shown_once():
    one = Claim("a1", "need", "x", "superseded", supersedes=("b1",))
    tree = drawn(one, replace(one, id="b1", supersedes=("a1",)))
    assert tree.count("a1  x") == tree.count("b1  x") == 1


def test_a_chain_of_any_length_is_drawn():
    chain = [Claim(f"c{n}", "need", f"text {n}", "superseded", supersedes=(f"c{n + 1}",)) for n in range(3_000)]
    tree = drawn(replace(chain[0], status="active"), *chain[1:])
    assert tree.count("text ") == 3_000
    assert max(map(len, tree.splitlines())) < 120


def test_nothing_in_a_claim_reaches_the_terminal_as_an_order_to_it():
    tree = drawn(Claim("a\x1b[2J", "need", "re\x1b[31md\r\u202egreen", evidence=("s\x07#a..b",)))
    assert not set(tree) & set("\x1b\r\x07\u202e")


@pytest.mark.slow
def test_what_honcho_holds_is_shown_asked_and_forgotten(hermes, known):
    with HonchoServer(reply=lambda question: "Tea.") as server:
        kept = server.conclude("owner", "Prefers tea")
        hermes("config", "set", "people.base_url", server.base_url)
        assert hermes("config", "set", "people.provider", "honcho").returncode == 0
        assert "Prefers tea\n" in hermes("people", "show").stdout
        assert hermes("people", "ask", "What to drink?").stdout.startswith("Tea.\n80% sure; it rests on\n")
        assert hermes("people", "forget", kept).stdout.startswith("forgotten")
        assert server.conclusions == []
    assert "coffee" in (known / "model.yaml").read_text()


@pytest.mark.slow
def test_a_question_is_answered_with_the_claims_named(hermes, known, tmp_path):
    answer = json.dumps({"answer": "Tea, in the morning.", "claims": ["k3v9qa"], "confidence": 0.9})
    with OpenAIServer(reply=answer) as server:
        environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OPENAI_BASE_URL": server.base_url}
        done = hermes("people", "ask", "What does she drink?", env=environ)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[:2] == ["Tea, in the morning.", "85% sure; it rests on"]
        assert "k3v9qa" in done.stdout
    del environ["OPENAI_BASE_URL"]
    alone = hermes("people", "ask", "tea or coffee?", env=environ)
    assert alone.returncode == 5
    assert "No answer: " in alone.stdout
    assert "Drinks coffee" in alone.stdout


@pytest.mark.slow
def test_what_is_said_in_a_chat_is_believed_afterwards_with_its_evidence(hermes, mind, tmp_path):
    trust(mind)
    edit = {"do": "add", "kind": "preference", "text": "Prefers tea", "priority": 5, "confidence": 0.9}
    answer = json.dumps({"changes": [{**edit, "quote": "I prefer tea"}]})
    with OpenAIServer(reply=answer) as server:
        environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OPENAI_BASE_URL": server.base_url}
        assert hermes("chat", "-q", "I prefer tea, by the way.", env=environ).returncode == 0
        deadline = time.monotonic() + 60
        while "Prefers tea" not in (mind / "USER.md").read_text() and time.monotonic() < deadline:
            hermes("learn", "--pending", env=environ)  # unless the chat's own process is at it
            time.sleep(0.2)
    (claim,) = json.loads(hermes("people", "show", "--json", env=environ).stdout)["claims"]
    assert (claim["text"], claim["hot"], len(claim["evidence"])) == ("Prefers tea", True, 1)
    lesson = git(mind, "log", "-1", "--format=%B")
    assert lesson.startswith("user model: add 1 claim; user: add 1 entry\n")
    assert f"Hermes-Evidence: {claim['evidence'][0]}" in lesson

"""Every wire's real SDK and a server that misbehaves, through whole conversations: recovered or one clear line, and no
turn is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_fs.runtime import Runtime
from hermes_fs.store.init import init
from hermes_fs.testing.misbehaviour import CASES, KEY, Case, meet, options
from hermes_fs.testing.openai_server import OpenAIServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mind") / "hermes"
    init(made)[0].close()
    return made


@pytest.mark.parametrize("wire", ["chat", "responses", "anthropic"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_recovered_or_said_in_one_line_and_the_next_turn_is_answered(
    workspace: Path, tmp_path: Path, wire: str, case: Case
) -> None:
    with OpenAIServer() as server, Runtime.open(options(server, workspace, tmp_path, wire)) as runtime:
        outcome = meet(runtime, server, case)
    assert outcome.reason == case.ends, outcome
    assert case.says in outcome.detail
    assert "\n" not in outcome.detail
    assert KEY not in str(outcome)
    assert outcome.answered
    assert outcome.replays

"""Two people's agents live on one remote, and what each is told about its person stays with that person."""

from __future__ import annotations

import json
import os
from pathlib import Path

from hermes_fs.agent.reflect_prompt import known
from hermes_fs.core.types import Answer
from hermes_fs.runtime import Options, Runtime
from hermes_fs.store import acting, history
from hermes_fs.store.history import Filter
from hermes_fs.testing.openai_server import OpenAIServer
from tests.store.clones import Clone, clones


def test_each_ones_user_file_is_their_own_and_who_taught_what_survives_a_merge(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    with OpenAIServer() as server, clones(tmp_path, "ab") as (a, b):
        b.mind.trust.accept(acting.pending(b.mind))
        for clone, me, fact in ((a, "", "Drinks water"), (b, "bo", "Drinks coffee")):
            environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OPENAI_BASE_URL": server.base_url}
            if me:
                (clone.mind.state_dir / "local.yaml").write_text(f"people:\n  me: {me}\n")
            _told(Options(clone.mind.root, tmp_path / "project", environ, yes=True), fact)
        for one in (a, b, a):
            one.sync()
        assert a.tree == b.tree
        for one in (a, b):
            assert "water" in one.text("USER.md") and "coffee" not in one.text("USER.md")
            assert "coffee" in one.text("people/bo/USER.md") and "water" not in one.text("people/bo/USER.md")
            assert _taught(one, "bo") == ["people/bo/USER.md"] and "USER.md" in _taught(one, "owner")
        assert {who: count for who, count, _ in history.teachers(a.mind.git)}["bo"] == 1
        of_bo = "\n".join(known(b.mind, (), "bo"))
        assert "coffee" in of_bo and "water" not in of_bo
        with Runtime.open(Options(b.mind.root, tmp_path / "project", environ, yes=True)) as runtime:
            prompt = str(runtime.conversation().messages[0].parts)
            assert "coffee" in prompt and "water" not in prompt


def _told(options: Options, fact: str) -> None:
    args = json.dumps({"action": "add", "target": "user", "text": fact})
    with Runtime.open(options) as runtime:
        talk = runtime.conversation()
        list(talk.send(f"keep it [[fake tools=1 name=memory args={args}]]", lambda question: Answer("y", "owner")))


def _taught(clone: Clone, who: str) -> list[str]:
    return [path for one in history.log(clone.mind.git, Filter(person=who)) for path in one.files]

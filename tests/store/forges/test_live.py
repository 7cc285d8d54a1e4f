"""Against a real forge, where somebody asks for it: `FORGE_REMOTE=https://… GITHUB_TOKEN=… pytest -m live -k forge`.

The remote is a workspace that may be played with, with a login in its address or one that git knows; its branch and
pull request are taken away again, the pull request stays there as closed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_fs.store import remote
from hermes_fs.store.forges.choosing import ForgeSettings, choose
from hermes_fs.store.forges.publishing import Target, publish
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace
from tests.store.forges.world import World

ENVIRON = dict(os.environ)


@pytest.mark.live
def test_a_pull_request_of_a_real_forge_is_opened_brought_up_to_date_and_closed(tmp_path: Path) -> None:
    address = ENVIRON["FORGE_REMOTE"]
    workspace, _ = remote.clone(address, tmp_path / "mind", "none")
    with workspace as mind:
        assert isinstance(mind, Workspace)
        here = World(tmp_path, mind, tmp_path)
        made = here.propose("a lesson of a test\n", "notes/forge-test.md")
        target = Target("origin", address, choose(address, ForgeSettings(), ENVIRON))
        forge = target.chosen.forge
        assert forge, target.chosen.why
        first = publish(mind, made, target, ["user: @nobody #1"])
        assert first.new and first.note == "" and first.known.number
        Review(mind).edit(made.id, {"notes/forge-test.md": b"better\n"}, "owner")
        again = publish(mind, here.find(made), target)
        assert (again.known.number, again.new, again.moved) == (first.known.number, False, True)
        assert forge.state_of(first.known.number).state == "open" and forge.comments_of(first.known.number) == []
        assert remote.push(mind.git, address, [f":refs/heads/{first.known.branch}"]) == {
            f"refs/heads/{first.known.branch}": "ok"
        }

"""What came from elsewhere acts only once this machine's person has trusted exactly it."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.core.config import load
from hermes_fs.core.types import Change, Origin, Provenance, Trigger
from hermes_fs.store import acting, history, remote, taking_back
from hermes_fs.store.init import init
from hermes_fs.store.trust import MIND, Trust
from hermes_fs.store.workspace import Workspace
from tests.store import admitting
from tests.store.git_shell import sh

SKILL = "---\nname: {0}\ndescription: Does {0}.\n---\n# {0}\n\n## Steps\n\n{1}\n"
OWNER = Provenance(origin="owner", trigger="user", person="owner")


def skill(name: str, text: str = "1. go", script: str = "") -> dict[str, bytes | None]:
    files: dict[str, bytes | None] = {f"skills/{name}/SKILL.md": SKILL.format(name, text).encode()}
    return files | ({f"skills/{name}/scripts/run.sh": script.encode()} if script else {})


def made_by(origin: Origin, trigger: Trigger = "user") -> Provenance:
    return Provenance(origin, trigger, "owner", model="some-model" if origin != "owner" else "")


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace on another machine, with something of everything that acts."""
    workspace, _ = init(tmp_path / "there")
    with workspace:
        workspace.commit(Change(skill("deploy", script="echo hi\n"), "skill", "", OWNER))
        workspace.commit(Change(skill("greet"), "skill", "", OWNER))
        jobs = b"nightly:\n  schedule: '0 3 * * *'\n  prompt: clean up\n"
        workspace.commit(Change({"cron.yaml": jobs}, "cron", "", OWNER))
        (workspace.root / "config.yaml").write_text("format: 1\nmcp:\n  files:\n    command: npx evil\n")
        (workspace.root / "people/people.yaml").write_text("eve:\n  accounts: [telegram:1]\n")
        workspace.commit_pending()
        yield workspace


@pytest.fixture
def clone(there: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    workspace, _ = remote.clone(str(there.root), tmp_path / "here")
    with workspace:
        yield workspace


def keys(workspace: Workspace) -> list[str]:
    return [item.key for item in acting.pending(workspace)]


def test_what_is_made_here_is_trusted_as_it_is_made(there: Workspace) -> None:
    assert keys(there) == []


def test_everything_that_acts_waits_in_a_clone_and_says_what_it_would_do(clone: Workspace) -> None:
    waiting = {item.key: item.does for item in acting.pending(clone)}
    assert list(waiting) == [
        "mind:memory",
        "instructions:SOUL.md",
        "instructions:AGENTS.md",
        "config:mcp.files",
        "cron:nightly",
        "people:eve",
        "skill:deploy",
        "skill:greet",
    ]
    assert "npx evil" in waiting["config:mcp.files"]
    assert waiting["cron:nightly"] == "at 0 3 * * *: clean up"
    assert waiting["skill:deploy"] == "brings programs: scripts/run.sh"
    assert "no script" in waiting["skill:greet"]


def test_what_is_accepted_stays_so_until_it_changes_by_another_way(clone: Workspace, there: Workspace) -> None:
    clone.trust.accept(acting.pending(clone))
    assert keys(clone) == []
    there.commit(Change(skill("deploy", script="rm -rf ~\n"), "skill", "", OWNER))
    sh(clone.root, "git", "pull", "-q", str(there.root), "main")
    assert keys(clone) == ["skill:deploy"]
    clone.trust.revoke(["skill:greet"])
    assert keys(clone) == ["skill:deploy", "skill:greet"]


def test_an_edit_of_one_line_vouches_for_nothing_that_was_not_trusted_before(clone: Workspace) -> None:
    clone.commit(Change({"skills/deploy/SKILL.md": SKILL.format("deploy", "2. stop").encode()}, "skill", "", OWNER))
    assert "skill:deploy" in keys(clone)
    (clone.root / "AGENTS.md").write_text("edited by hand\n")
    clone.commit_pending()
    assert "instructions:AGENTS.md" in keys(clone)


def test_edits_by_hand_of_what_was_trusted_are_trusted(there: Workspace) -> None:
    (there.root / "AGENTS.md").write_text("Say please.\n")
    (there.root / "skills/deploy/scripts/run.sh").write_text("echo ho\n")
    there.commit_pending()
    assert keys(there) == []


@pytest.mark.parametrize(
    ("provenance", "waits"),
    [
        (made_by("agent"), False),
        (made_by("owner"), False),
        (made_by("web"), True),
        (made_by("file"), True),
        (made_by("agent", "sync"), True),
    ],
)
def test_a_lesson_is_trusted_by_whose_words_it_is_made_of(
    there: Workspace, provenance: Provenance, waits: bool
) -> None:
    admitting.commit(there, Change(skill("fresh"), "skill", "", provenance))
    assert keys(there) == (["skill:fresh"] if waits else [])


def test_trust_is_in_a_private_file_that_no_other_machine_can_bring(clone: Workspace) -> None:
    clone.trust.accept(acting.pending(clone))
    place = clone.state_dir / "trust"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    data = json.loads(place.read_text())
    place.write_text(json.dumps(data | {"machine": "another"}))
    assert Trust(clone.state_dir).digests() == {}
    place.write_text("{")
    assert not Trust(clone.state_dir).is_trusted(MIND)


def test_a_file_that_cannot_be_read_as_yaml_is_one_thing_that_waits(clone: Workspace) -> None:
    (clone.root / "cron.yaml").write_text("a: [\n")
    sh(clone.root, "git", "commit", "-qam", "broken")
    found = {item.key: item.does for item in acting.pending(clone)}
    assert found["cron:cron.yaml"].startswith("it cannot be read")


def test_settings_that_wait_are_not_used(clone: Workspace) -> None:
    (clone.root / "config.yaml").write_text("format: 1\nterminal:\n  timeout: 5\nlimits:\n  steps: 7\n")
    sh(clone.root, "git", "commit", "-qam", "from elsewhere")
    assert acting.withheld(clone) == ("terminal",)
    config = load(clone.root, clone.state_dir, withheld=acting.withheld(clone))
    assert (config.terminal.timeout, config.limits.steps) == (120, 7)
    clone.trust.accept(acting.pending(clone))
    assert acting.withheld(clone) == ()


def test_what_is_deleted_is_forgotten(there: Workspace) -> None:
    there.commit(Change(dict.fromkeys(skill("greet")), "skill", "", OWNER))
    assert there.trust.digest_of("skill:greet") == ""


def test_what_is_deleted_and_brought_back_is_trusted_as_far_as_it_was(there: Workspace, clone: Workspace) -> None:
    for workspace, expected in ((there, True), (clone, False)):
        gone = workspace.commit(Change(dict.fromkeys(skill("greet")), "skill", "", OWNER))
        taking_back.revert(workspace, [history.find(workspace.git, gone.id)], "", OWNER)
        assert acting.knows_skill(workspace, "greet") is expected

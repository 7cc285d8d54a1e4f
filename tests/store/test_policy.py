"""Which changes wait for a person: by path and origin, not by what a change says of itself; no clone loosens it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from hermes_fs.core import config
from hermes_fs.core.errors import ConfigError, Refused
from hermes_fs.core.origins import TRUSTED
from hermes_fs.core.types import Change, Kind, Origin, Provenance, Trigger, Verdict
from hermes_fs.store.paths import check_change
from hermes_fs.store.policy import Policy, is_program

LOOSE = Policy(deletions="auto", programs="auto", cron="auto")
STRICT = Policy(memory="propose", notes="propose", skills="propose")
ALL = (
    "MEMORY.md",
    "notes/a.md",
    "skills/a/SKILL.md",
    "skills/a/scripts/run.sh",
    "cron.yaml",
    "audits/2026-01-31-01.md",
)
NEVER = ("config.yaml", "AGENTS.md", ".gitattributes", ".gitignore", ".hermes-workspace", "people/people.yaml")


def change(
    path: str,
    data: bytes | None = b"text\n",
    origin: Origin = "agent",
    kind: Kind = "note",
    trigger: Trigger = "user",
    verdict: Verdict | None = None,
) -> Change:
    return Change({path: data}, kind, "", Provenance(origin, trigger, model="m"), verdict=verdict)


@pytest.mark.parametrize(
    ("path", "data", "waits"),
    [
        ("MEMORY.md", b"x", False),
        ("USER.md", b"x", False),
        ("people/ada/model.yaml", b"x", False),
        ("notes/a.md", b"x", False),
        ("notes/a.md", None, False),
        ("audits/2026-01-31-01.md", b"x", False),
        ("skills/a/SKILL.md", b"x", False),
        ("skills/a/references/b.md", b"x", False),
        ("skills/a/references/b.md", None, False),
        ("skills/a/SKILL.md", None, True),
        ("skills/a/scripts/run", b"x", True),
        ("skills/a/scripts/run", None, True),
        ("skills/a/tests/test.md", b"x", True),
        ("skills/a/assets/run.sh", b"x", True),
        ("skills/a/assets/run", b"#!/bin/sh\n", True),
        ("cron.yaml", b"x", True),
        ("SOUL.md", b"x", True),
    ],
)
def test_what_waits_by_default(path: str, data: bytes | None, waits: bool) -> None:
    assert bool(Policy().objection(change(path, data))) == waits


@pytest.mark.parametrize("origin", sorted(set(get_args(Origin)) - TRUSTED))
@pytest.mark.parametrize("path", ALL)
def test_nothing_loosens_what_comes_from_a_tainted_context(path: str, origin: Origin) -> None:
    assert LOOSE.objection(change(path, origin=origin)).startswith("from a tainted session: ")


@pytest.mark.parametrize("origin", sorted(TRUSTED - {"owner"}))
@pytest.mark.parametrize("path", ALL)
def test_a_machine_may_let_the_rest_through(path: str, origin: Origin) -> None:
    assert LOOSE.objection(change(path, origin=origin)) == ""


@pytest.mark.parametrize("path", ["MEMORY.md", "USER.md", "notes/a.md", "skills/a/SKILL.md"])
def test_a_mind_can_be_stricter(path: str) -> None:
    assert STRICT.objection(change(path))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_path_decides_not_the_kind_that_a_change_says(kind: Kind) -> None:
    assert Policy().objection(change("cron.yaml", kind=kind))
    assert Policy().objection(change("SOUL.md", kind=kind, origin="owner"))


@pytest.mark.parametrize("path", [*ALL, "SOUL.md"])
def test_what_a_person_did_with_a_command_is_none_of_its_business(path: str) -> None:
    by_hand = Provenance("owner", "user", person="owner")
    assert STRICT.objection(Change({path: b"x"}, "config", "", by_hand)) == ""


@pytest.mark.parametrize("trigger", sorted(set(get_args(Trigger)) - {"user"}))
def test_a_skill_that_nobody_asked_for_waits_unless_it_was_tried_out(trigger: Trigger) -> None:
    assert "nobody asked" in Policy().objection(change("skills/a/SKILL.md", trigger=trigger))
    tried = change("skills/a/SKILL.md", trigger=trigger, verdict=Verdict("tree", True))
    assert Policy().objection(tried) == ""
    assert Policy().objection(change("skills/a/scripts/run.sh", trigger=trigger, verdict=Verdict("tree", True)))


@pytest.mark.parametrize("path", NEVER)
def test_what_the_agent_never_writes_cannot_even_be_proposed(path: str) -> None:
    with pytest.raises(Refused, match="never written by the agent"):
        check_change(change(path, kind="config"), reviewed=True)


def test_soul_can_be_proposed_and_not_written() -> None:
    check_change(change("SOUL.md", kind="config"), reviewed=True)
    with pytest.raises(Refused):
        check_change(change("SOUL.md", kind="config"))


@pytest.mark.parametrize("path", ["skills/a/assets/x.PY", "skills/a/x.js", "skills/a/assets/lib.so"])
def test_programs_are_known_by_their_names(path: str) -> None:
    assert is_program(path, b"")


# -- where it is set --------------------------------------------------------------------------------------------------


def load(root: Path, shared: str = "", local: str = "") -> config.ReviewConfig:
    (root / "state").mkdir()
    (root / "config.yaml").write_text(f"review:\n  {shared}\n" if shared else "")
    (root / "state" / "local.yaml").write_text(f"review:\n  {local}\n" if local else "")
    return config.load(root, root / "state").review


def test_settings_and_policy_have_the_same_keys_and_defaults(tmp_path: Path) -> None:
    assert Policy(**load(tmp_path).model_dump()) == Policy()
    assert {field.name for field in fields(Policy)} == set(config.ReviewConfig.model_fields)


def test_config_yaml_can_tighten(tmp_path: Path) -> None:
    assert load(tmp_path, "memory: propose").memory == "propose"


@pytest.mark.parametrize("key", ["deletions", "programs", "cron"])
def test_a_clone_cannot_loosen(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match="each machine's own"):
        load(tmp_path, f"{key}: auto")


@pytest.mark.parametrize("key", ["deletions", "programs", "cron"])
def test_local_yaml_can_loosen(tmp_path: Path, key: str) -> None:
    assert getattr(load(tmp_path, f"{key}: propose", f"{key}: auto"), key) == "auto"

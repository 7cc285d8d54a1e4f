"""`hermes skills stats` shows how each version did, from transcripts and git alone."""

from __future__ import annotations

import json

import pytest

from hermes_fs.store.workspace import Workspace
from tests.store.test_outcomes import ASKED, CALL, write


def test_versions_are_shown_with_their_record(hermes, mind):
    skill = mind / "skills" / "deploy" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    for text in ("Step one.", "Step one.\n\nStep two."):
        skill.write_text(f"---\nname: deploy\ndescription: Deploys. Use when deploying.\n---\n\n{text}\n")
        with Workspace.open(mind) as workspace:
            workspace.commit_pending()
    versions = json.loads(hermes("skills", "stats", "deploy", "--json").stdout)
    trees = [one["version"]["tree"] for one in versions]
    assert len(trees) == 2
    for number, (tree, result) in enumerate([(trees[0], "success")] * 9 + [(trees[1], "failure")] * 8):
        used = ("skill_used", {"name": "deploy", "tree": tree})
        told = ("outcome", {"task": f"s{number}-0", "result": result, "why": "feedback", "note": ""})
        write(mind, f"s{number}", ASKED, used, CALL, told)
    done = hermes("skills", "stats", "deploy", "--by-model")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].split()[:3] == ["v1", "9", "100%"]
    assert "▼ worse" in next(line for line in lines if line.startswith("v2"))
    assert hermes("skills", "stats").stdout.splitlines()[1].split()[:3] == ["deploy", "v2", "8"]


def test_nothing_used_and_an_unknown_name_are_said(hermes):
    assert "No skill was used yet" in hermes("skills", "stats").stdout
    unknown = hermes("skills", "stats", "nope")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (5, 1)


@pytest.mark.slow
def test_a_pin_an_archive_and_a_way_back_end_no_record(hermes, mind):
    skill = mind / "skills" / "deploy" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    for text in ("Step one.", "Step one.\n\nStep two."):
        skill.write_text(f"---\nname: deploy\ndescription: Deploys. Use when deploying.\n---\n\n{text}\n")
        with Workspace.open(mind) as workspace:
            workspace.commit_pending()
    for command in ("pin", "archive", "restore"):
        done = hermes("skills", command, "deploy")
        assert done.returncode == 0, done.stderr
    trees = [one["version"]["tree"] for one in json.loads(hermes("skills", "stats", "deploy", "--json").stdout)]
    assert len(set(trees)) == 4 and trees[-1] == trees[2]
    said = [(trees[0], "success")] * 9 + [(tree, "failure") for tree in trees[1:4]] * 3
    for number, (tree, result) in enumerate(said):
        used = ("skill_used", {"name": "deploy", "tree": tree})
        told = ("outcome", {"task": f"s{number}-0", "result": result, "why": "feedback", "note": ""})
        write(mind, f"s{number}", ASKED, used, CALL, told)
    lines = hermes("skills", "stats", "deploy").stdout.splitlines()[1:]
    assert [line.split()[:2] for line in lines] == [["v1", "9"], ["v2", "9"], ["v3", "9"], ["v4", "9"], ["v5", "9"]]
    assert ["▼ worse" in line for line in lines] == [False, True, True, True, True]

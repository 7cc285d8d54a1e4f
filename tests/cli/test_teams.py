"""Two people and their machines on one remote, by commands alone."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.cli.test_sync import hermes
from tests.store.signing_clones import team


def test_two_people_share_a_mind_by_signatures(tmp_path: Path) -> None:
    with team(tmp_path, "ab") as (a, b):
        ann, bo = a.mind.root, b.mind.root
        hermes(bo, "config", "set", "people.me", "bo")
        hermes(bo, "memory", "add", "Staging is db2.internal")
        hermes(bo, "memory", "add", "--user", "Prefers short answers")
        hermes(bo, "sync")
        hermes(ann, "sync")
        assert "db2" in hermes(ann, "memory", "list").stdout
        assert "short answers" not in hermes(ann, "memory", "list").stdout
        assert "short answers" in hermes(bo, "memory", "list").stdout
        assert "short answers" in hermes(ann, "people", "show", "bo").stdout
        assert re.search(r"^b +2 ", hermes(ann, "log", "--people").stdout, re.MULTILINE)
        told = json.loads(hermes(ann, "log", "--people", "--json").stdout)
        assert {row["who"]: row["lessons"] for row in told}["b"] == 2
        hermes(bo, "config", "set", "--local", "git.sign", "false")
        hermes(bo, "memory", "add", "Backups go to tape")
        assert "as proposals only: hermes config set git.sign true" in hermes(bo, "sync").stdout
        said = hermes(ann, "sync").stdout
        found = re.search(r"does not hold here, as nobody in allowed_signers signed it: hermes review show (\w+)", said)
        assert found, said
        assert "held back elsewhere" in hermes(bo, "sync").stdout
        hermes(ann, "review", "accept", found[1])
        hermes(ann, "sync")
        hermes(bo, "sync")
        assert "tape" in hermes(bo, "memory", "list").stdout
        signed = subprocess.run(
            ["git", "-C", str(ann), "cat-file", "-p", "HEAD"], capture_output=True, text=True, check=True
        )
        assert "BEGIN SSH SIGNATURE" in signed.stdout


def test_a_skill_that_came_names_who_changed_it(tmp_path: Path) -> None:
    with team(tmp_path, "ab") as (a, b):
        folder = a.mind.root / "skills" / "deploy"
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(
            "---\nname: deploy\ndescription: Deploys. Use it to deploy.\n---\n\n# Deploy\n"
        )
        hermes(a.mind.root, "sync")
        said = hermes(b.mind.root, "sync").stdout
        assert re.search(r"skill:deploy may not act here yet, by a <a@example.org> in \w+: hermes trust show", said)

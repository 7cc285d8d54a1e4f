"""`hermes secrets` as a person types it."""

from __future__ import annotations

import json

from tests.cli.conftest import git

KEY = "gh" + "p_" + "a1B2" * 9


def test_a_credential_is_found_allowed_and_forbidden_again(hermes, mind):
    (mind / "notes").mkdir()
    (mind / "notes/x.md").write_text(f"token {KEY}\n")
    git(mind, "add", "-A")
    git(mind, "commit", "-qm", "oops")
    done = hermes("secrets", "scan", "--json")
    assert done.returncode == 1 and KEY not in done.stdout
    (row,) = json.loads(done.stdout)
    assert (row["path"], row["line"], row["kind"]) == ("notes/x.md", 1, "github-token")
    doctor = hermes("doctor", "--offline").stdout
    assert "github-token in notes/x.md, line 1" in doctor and KEY not in doctor
    assert hermes("secrets", "allow", row["fingerprint"]).returncode == 0
    assert hermes("secrets", "scan").returncode == 0
    assert row["fingerprint"] in hermes("secrets", "list").stdout
    assert hermes("secrets", "forbid", row["fingerprint"]).returncode == 0
    assert hermes("secrets", "scan").returncode == 1


def test_what_is_no_fingerprint_is_a_usage_error(hermes):
    assert hermes("secrets", "allow", KEY).returncode == 2

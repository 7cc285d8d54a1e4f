"""`hermes audit` writes a report and shows it; without one it says so."""

from __future__ import annotations

from tests.cli.conftest import git
from tests.store.test_outcomes import ASKED, CALL, SAID, write


def test_a_report_is_written_shown_and_listed(hermes, mind):
    assert "No audit yet" in hermes("audit").stdout
    write(mind, "h-01KAMZ0000000000000000000A", ASKED, CALL, SAID)
    done = hermes("audit", "run")
    assert done.returncode == 0, done.stderr
    assert "1 task so far: 100% went well" in done.stdout
    name = hermes("audit", "list").stdout.strip()
    assert hermes("audit", "show", name).stdout == hermes("audit").stdout == done.stdout
    assert "audit" in hermes("log").stdout
    wrong = hermes("audit", "show", "2020-01-01-01")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (5, 1)


def test_a_second_one_says_that_nothing_happened_and_writes_none(hermes, mind):
    write(mind, "h-01KAMZ0000000000000000000A", ASKED, CALL, SAID)
    hermes("audit", "run")
    again = hermes("audit", "run")
    assert (again.returncode, again.stdout.count("\n")) == (0, 1), again.stderr
    assert "nothing happened since the last audit" in again.stdout
    assert len(list((mind / "audits").glob("*.md"))) == 1
    assert "none was written" not in hermes("learn", "--pending").stdout  # it was said already


def test_on_another_branch_it_says_where_to_go_and_queues_nothing(hermes, mind):
    git(mind, "switch", "-qc", "other")
    done = hermes("audit", "run")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert "it is on branch other, not on main — git switch main" in done.stderr

"""`hermes audit` writes a report and shows it; without one it says so."""

from __future__ import annotations

from tests.store.test_outcomes import ASKED, CALL, write


def test_a_report_is_written_shown_and_listed(hermes, mind):
    assert "No audit yet" in hermes("audit").stdout
    write(mind, "h-01KAMZ0000000000000000000A", ASKED, CALL)
    done = hermes("audit", "run")
    assert done.returncode == 0, done.stderr
    assert "1 task so far: 100% went well" in done.stdout
    name = hermes("audit", "list").stdout.strip()
    assert hermes("audit", "show", name).stdout == hermes("audit").stdout == done.stdout
    assert "audit" in hermes("log").stdout
    wrong = hermes("audit", "show", "2020-01-01-01")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (5, 1)

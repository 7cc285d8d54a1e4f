"""`hermes insights` shows what was spent, and says so where nothing was."""

from __future__ import annotations

import json

from hermes_fs.cli.insights import bars
from tests.store.test_insights import EVENTS, session


def test_figures_and_charts(hermes, mind):
    session(mind, "h-01", *EVENTS)
    done = hermes("insights", "--since", "2026-01-01", "--until", "2026-02-01")
    assert done.returncode == 0, done.stderr
    assert "1.0k read (40% of it cached), 55 written" in done.stdout
    assert "big" in done.stdout
    assert "terminal" in done.stdout
    assert "0 good, 1 bad" in done.stdout
    assert "█" in done.stdout
    data = json.loads(hermes("insights", "--since", "2026-01-01", "--json").stdout)
    assert data["by_name"]["model"]["big"]["input"] == 1000


def test_nothing_is_said_in_words(hermes):
    done = hermes("insights")
    assert done.returncode == 0
    assert done.stdout.startswith("Nothing was done since")


def test_bars_show_what_is_not_nothing():
    assert bars([0, 1, 100]) == " ▁█"
    assert bars([]) == ""

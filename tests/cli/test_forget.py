"""`hermes forget`: shown wherever it stands, taken out by a lesson, or purged."""

from __future__ import annotations

import json

import pytest

from hermes_fs.store import init
from tests.store.forgetting.lived import SECRET, git, live, traces


@pytest.fixture
def mind(tmp_path):
    """Holds the secret wherever one can stand."""
    made, _ = init.init(tmp_path / "mind")
    live(made)
    made.close()
    return tmp_path / "mind"


def test_it_is_shown_and_nothing_is_changed_without_a_yes(hermes, mind):
    before = git(mind, "for-each-ref")
    done = hermes("forget", SECRET)
    assert done.returncode == 0, done.stderr
    assert "history of main" in done.stdout and "prompt history" in done.stdout
    assert "Nothing was changed" in done.stdout
    assert hermes("forget", SECRET, "--purge").returncode == 4
    assert git(mind, "for-each-ref") == before


def test_a_lesson_takes_it_out_of_the_files_of_now_and_can_be_taken_back(hermes, mind):
    done = hermes("forget", SECRET, "--yes")
    assert done.returncode == 0, done.stderr
    assert SECRET not in (mind / "MEMORY.md").read_text() and SECRET in git(mind, "log", "-p", "main")
    assert SECRET not in git(mind, "log", "-1", "--format=%B")
    assert hermes("undo", "--yes").returncode == 0
    assert SECRET in (mind / "MEMORY.md").read_text()


def test_a_purge_says_what_has_to_be_pushed_and_leaves_nothing(hermes, mind):
    done = hermes("forget", SECRET, "--purge", "--yes")
    assert done.returncode == 0, done.stderr
    assert "commits rewritten" in done.stdout and "hermes sync --push-purge" in done.stdout
    assert "a forge's caches" in done.stdout and "still there" not in done.stdout
    assert traces(mind) == []
    assert hermes("forget", SECRET).returncode == 5
    assert hermes("index", "rebuild").returncode == 0 and traces(mind) == []


def test_it_is_told_as_json(hermes, mind):
    told = json.loads(hermes("forget", SECRET, "--purge", "--yes", "--json").stdout)
    assert told["purged"]["refs"]["refs/heads/main"] and told["left"] == []


def test_what_is_too_short_or_nothing_at_all_is_refused(hermes, mind):
    assert hermes("forget", "Al").returncode == 2
    assert hermes("forget").returncode == 2
    assert hermes("forget", "nobody ever said this").returncode == 5
    assert hermes("forget", SECRET, "--push").returncode == 2

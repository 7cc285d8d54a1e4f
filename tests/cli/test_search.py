from __future__ import annotations

import json

import pytest

from tests.store.index_world import damage, header, said, transcript_path, write


@pytest.fixture
def talked(mind):
    path = transcript_path(mind, "01TALK")
    write(
        path,
        header("01TALK", "Moving the database") + said("e1", "Who is deploying \x1b[31mfalcon\x1b[0m on 数据库服务器?"),
    )
    return path


def test_a_conversation_is_found_by_its_title_and_words(hermes, talked):
    done = hermes("search", "deploys", "falcon")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("Moving the database  message · ") and first.endswith("session …01TALK")
    assert second == "    Who is deploying falcon on 数据库服务器?"


def test_the_json_form_has_the_whole_hit(hermes, talked, mind):
    done = hermes("search", "数据库", "--json")
    [hit] = json.loads(done.stdout)["hits"]
    assert set(hit) == {
        *("path", "anchor", "kind", "session", "title", "when", "person", "origin", "snippet", "text", "score"),
    }
    assert (mind / hit["path"]) == talked and hit["anchor"] == "e1"


def test_filters_narrow_and_kinds_are_checked(hermes, talked):
    assert hermes("search", "staging", "--kind", "memory").returncode == 0
    assert hermes("search", "falcon", "--since", "2026-01-02", "--until", "2026-01-04").returncode == 0
    assert hermes("search", "falcon", "--until", "2025-01-01").returncode == 5
    assert hermes("search", "falcon", "--person", "nobody").returncode == 5
    assert "Moving" in hermes("search", "--kind", "message").stdout
    wrong = hermes("search", "x", "--kind", "mesage")
    assert wrong.returncode == 2 and "did you mean message?" in wrong.stderr


def test_nothing_found_says_what_to_try(hermes):
    done = hermes("search", "zyzzyva")
    assert (done.returncode, done.stdout) == (5, "")
    assert "use fewer or other words" in done.stderr
    empty = hermes("search", "zyzzyva", "--json")
    assert (empty.returncode, json.loads(empty.stdout)) == (5, {"hits": []})


def test_nothing_asked_is_wrong_usage(hermes):
    assert hermes("search").returncode == 2
    assert hermes("search", "?!").returncode == 2


def test_the_index_is_made_proved_and_described(hermes, mind, talked):
    assert "rows of" in hermes("index", "rebuild").stdout
    assert json.loads(hermes("index", "status", "--json").stdout)["kinds"] == {"memory": 1, "message": 1}
    assert "on the disk" in hermes("index", "status").stdout
    assert hermes("index", "verify").returncode == 0
    damage(mind, "update rows set text = 'something else' where anchor = 'e1'")
    done = hermes("index", "verify")
    assert done.returncode == 1 and "#e1: a row is stale" in done.stdout and "hermes index rebuild" in done.stderr
    assert hermes("index", "rebuild").returncode == 0
    assert json.loads(hermes("index", "verify", "--json").stdout) == {"whole": True, "problems": []}


def test_a_search_as_of_a_moment_leaves_out_what_came_later(hermes, talked, mind):
    before = json.loads(hermes("log", "--json").stdout)[0]["commit"]
    hermes("memory", "add", "falcon is the code name of the database")
    assert "MEMORY.md" in hermes("search", "falcon").stdout
    then = hermes("search", "falcon", "--as-of", before)
    assert "MEMORY.md" not in then.stdout and "Moving the database" in then.stdout
    assert then.stdout.startswith(f"as of {before[:8]}")
    found = json.loads(hermes("search", "staging", "--as-of", before, "--json").stdout)
    assert found["as_of"]["commit"] == before and found["hits"][0]["kind"] == "memory"
    assert hermes("search", "falcon", "--as-of", "2020-01-01").returncode == 5

"""Homes of other agents are read as they are: what is known of them, bounded, and nothing through a link."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
from pathlib import Path

import pytest

from hermes_fs.core.errors import HermesError, Refused, UsageError
from hermes_fs.store.carrying import jobs, words
from hermes_fs.store.carrying.homes import open_home
from hermes_fs.store.carrying.things import Home, LeftOut, Line, Talk
from tests.store import foreign


def lines_of(home: Home) -> dict[str, list[Line]]:
    """What each conversation says, by the end of its key."""
    return {talk.key.rpartition(":")[2]: list(talk.lines()) for talk in home.talks() if isinstance(talk, Talk)}


def reasons(home: Home) -> dict[str, str]:
    return {one.what: one.why for one in (*home.left_out, *home.talks()) if isinstance(one, LeftOut)}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    place = tmp_path / "state"
    place.mkdir()
    return place


def test_a_home_of_hermes_agent_is_recognised_and_read(tmp_path: Path, state: Path) -> None:
    home = open_home(foreign.hermes_home(tmp_path / ".hermes"), state)
    assert home.kind == "hermes-agent"
    assert home.memory[1] == "Deploys go out on Tuesdays:\nnever on a Friday"
    assert len(home.user) == 2
    assert home.bundled == {"axolotl"}
    assert set(home.jobs) == {"morning-news", "check-disks"}
    assert {"job Once", "job Script", "job Odd", ".env", "auth.json", "profiles/coder"} <= set(reasons(home))
    said = lines_of(home)["20260105_080000_abc123"]
    assert [line.speaker for line in said] == ["user", "assistant", "tool", "assistant"]
    assert said[1].calls[0].name == "read_file"
    assert said[2].call == "call_1"
    origins = {talk.channel: talk.origin for talk in home.talks() if isinstance(talk, Talk)}
    assert origins == {"cli": "owner", "telegram": "channel"}


def test_a_home_of_openclaw_is_read_from_its_state_folder_and_from_its_workspace(tmp_path: Path, state: Path) -> None:
    root = foreign.openclaw_home(tmp_path / ".openclaw")
    for home in (open_home(root, state), open_home(root / "workspace", state)):
        assert home.kind == "openclaw"
        assert home.memory == (
            "The boiler is serviced every May\n  - by Silva & Sons",
            "Bins go out on Monday",
            "The cat is called Nero.",
        )
        assert home.user == ("**Timezone:** Europe/Lisbon",)
        assert set(home.notes) == {f"openclaw/{name}" for name in ("tools", "identity", "2026-01-05", "2026-01-06")}
        assert home.jobs["brief"]["timezone"] == "Europe/Lisbon"
        assert home.jobs["hourly"]["schedule"] == "0 * * * *"
        assert [line.text for line in lines_of(home)["11111111-aaaa"]][-1] == "In May."
        assert len(home.skills) == 2


def test_a_home_of_openclaw_with_nothing_but_its_workspace_is_read_too(tmp_path: Path, state: Path) -> None:
    foreign.put(tmp_path / "claw", {"workspace/MEMORY.md": "- The cat is called Nero.\n"})
    for kind in ("", "openclaw"):
        home = open_home(tmp_path / "claw", state, kind)
        assert (home.kind, home.memory) == ("openclaw", ("The cat is called Nero.",))
    foreign.put(tmp_path / "claw", {"MEMORY.md": "- Of the folder itself.\n"})
    assert open_home(tmp_path / "claw", state).memory == ("Of the folder itself.",)


def test_conversations_of_openclaw_come_from_its_database_too_and_from_each_once(tmp_path: Path, state: Path) -> None:
    root = foreign.openclaw_home(tmp_path / ".openclaw")
    place = root / "agents/main/agent/openclaw-agent.sqlite"
    place.parent.mkdir()
    with sqlite3.connect(place) as db:
        db.execute("create table transcript_events (session_id text, seq integer, event_json text, created_at integer)")
        for id in ("11111111-aaaa", "33333333-cccc"):
            for number, event in enumerate(foreign.claw_talk(id, "from the database")):
                db.execute("insert into transcript_events values (?, ?, ?, 0)", (id, number, json.dumps(event)))
    db.close()
    shared = root / "state/openclaw.sqlite"
    shared.parent.mkdir()
    with sqlite3.connect(shared) as db:
        db.execute("create table cron_jobs (store_key text, job_id text, job_json text)")
        db.execute("insert into cron_jobs values ('k', 'j', ?)", (json.dumps(foreign.CLAW_JOBS[0]),))
    db.close()
    home = open_home(root, state)
    said = lines_of(home)
    assert set(said) == {"11111111-aaaa", "22222222-bbbb", "33333333-cccc"}
    assert said["11111111-aaaa"][0].text == "from the database"
    assert set(home.jobs) == {"brief"}


def test_a_plain_folder_gives_bullets_and_paragraphs(tmp_path: Path, state: Path) -> None:
    root = foreign.put(
        tmp_path / "f",
        {
            "MEMORY.md": "---\nx: 1\n---\n# Title\n\n1. first\n2. second\n   goes on\n\nA paragraph\nof two lines.\n"
            "- Name:\n<!-- hidden\n- not this -->\n- second\n   goes on\n",
            "notes/Some Topic.md": "words\n",
        },
    )
    home = open_home(root, state)
    assert home.kind == "folder"
    assert home.memory == ("first", "second\n   goes on", "A paragraph\nof two lines.")
    assert dict(home.notes) == {"some-topic": "words\n"}


def test_notes_whose_names_come_to_the_same_are_kept_apart(tmp_path: Path, state: Path) -> None:
    root = foreign.put(tmp_path / "f", {"notes/A b.md": "one", "notes/a-b.md": "two", "notes/u\u0308.md": "three"})
    assert dict(open_home(root, state).notes) == {"a-b": "one", "a-b-2": "two", "\u00fc": "three"}


def test_what_is_nothing_of_the_sort_is_refused_with_what_to_do(tmp_path: Path, state: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused, match="holds no memories"):
        open_home(tmp_path / "empty", state)
    foreign.put(tmp_path / "mind", {".hermes-workspace": "format: 1\n", "MEMORY.md": "- x\n"})
    with pytest.raises(Refused) as error:
        open_home(tmp_path / "mind", state)
    assert "hermes init PATH --from" in error.value.hint
    with pytest.raises(UsageError):
        open_home(tmp_path / "mind", state, "claude")


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("one\n§\ntwo\n§\none", ["one", "two"]),
        ("only one\nof two lines", ["only one\nof two lines"]),
        ("§\n\n§\n", []),
        ("a § inside stays", ["a § inside stays"]),
    ],
)
def test_entries_of_hermes_agent_stand_between_marks(text: str, entries: list[str]) -> None:
    assert words.between_marks(text) == entries


@pytest.mark.parametrize(
    ("schedule", "fields"),
    [
        ({"kind": "interval", "minutes": 15}, "*/15 * * * *"),
        ({"kind": "interval", "minutes": 1440}, "0 9 * * *"),
        ({"kind": "every", "everyMs": 21_600_000}, "0 */6 * * *"),
        ({"kind": "cron", "expr": "0 30 6 * * *"}, "30 6 * * *"),
        ({"kind": "interval", "minutes": 7}, None),
        ({"kind": "every", "everyMs": float("nan")}, None),
        ({"kind": "interval", "minutes": True}, None),
        ({"kind": "interval", "minutes": 10**400}, None),
        ({"kind": "every", "everyMs": 10**400}, None),
        ({"kind": "cron", "expr": "@daily"}, None),
        ({"kind": "moon"}, None),
        (None, None),
    ],
)
def test_a_time_comes_over_only_where_it_means_the_same(schedule: object, fields: str | None) -> None:
    made, left = jobs.records([{"id": "x", "name": "X", "prompt": "do it", "schedule": schedule}])
    assert [job["schedule"] for job in made.values()] == ([fields] if fields else [])
    assert len(left) == (0 if fields else 1)


# -- what is damaged, or means harm -----------------------------------------------------------------------------------


def test_nothing_is_read_through_a_link_or_from_a_pipe(tmp_path: Path, state: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret of mine")
    root = foreign.hermes_home(tmp_path / ".hermes")
    for name in ("memories/MEMORY.md", "SOUL.md", "cron/jobs.json"):
        (root / name).unlink()
        (root / name).symlink_to(secret)
    (root / "memories/USER.md").unlink()
    os.mkfifo(root / "memories/USER.md")
    (root / "state.db").rename(tmp_path / "elsewhere.db")
    (root / "state.db").symlink_to(tmp_path / "elsewhere.db")
    home = open_home(root, state)
    assert (home.memory, home.user, home.soul, dict(home.jobs), list(home.talks())) == ((), (), "", {}, [])
    assert "a link" in reasons(home)["SOUL.md"]
    (root / "memories").rename(tmp_path / "memories")
    (root / "memories").symlink_to(tmp_path / "memories")
    assert open_home(root, state, "hermes-agent").user == ()


def test_a_database_in_use_is_read_with_its_log_and_nothing_is_written_beside_it(tmp_path: Path, state: Path) -> None:
    root = foreign.hermes_home(tmp_path / ".hermes")
    (root / "state.db").unlink()
    writer = foreign.database(root / "state.db", wal=True)
    before = {path.name: path.read_bytes() for path in root.glob("state.db*") if path.suffix != ".db-shm"}
    assert "state.db-wal" in before
    assert len(lines_of(open_home(root, state))) == 2
    assert {path.name: path.read_bytes() for path in root.glob("state.db*") if path.suffix != ".db-shm"} == before
    assert [path for path in state.rglob("*") if path.suffix == ".db"] == []
    writer.close()


@pytest.mark.parametrize("harm", ["noise", "empty", "cut", "other", "view", "virtual", "endless"])
def test_a_damaged_or_hostile_database_is_said_and_the_rest_comes_over(tmp_path: Path, state: Path, harm: str) -> None:
    root = foreign.hermes_home(tmp_path / ".hermes")
    path = root / "state.db"
    data = path.read_bytes()
    if harm in ("noise", "empty", "cut"):
        path.write_bytes({"noise": b"\1" * 9000, "empty": b"", "cut": data[: len(data) // 3]}[harm])
    else:
        path.unlink()
        with sqlite3.connect(path) as db:
            endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i"
            columns = "as id, i as session_id, 'user' as role, 'x' as content, 1.0 as started_at"
            db.executescript(
                {
                    "other": "create table sessions (a)",
                    "view": f"create view sessions as {endless} {columns} from n;"
                    f"create view messages as {endless} {columns} from n",
                    "virtual": "create virtual table sessions using fts5(id, started_at)",
                    "endless": "create table sessions (id, started_at real, source text generated always as"
                    " (hex(zeroblob(10000000)))); create table messages (id, session_id, role, content);"
                    "insert into sessions values ('a', 1767600000.5)",
                }[harm]
            )
        db.close()
    home = open_home(root, state)
    assert len(home.memory) == 3
    found = list(home.talks())
    if harm != "endless":
        assert [type(one) for one in found] == [LeftOut], found
        assert "state.db" in str(found[0])


def test_odd_rows_are_left_out_or_cut_and_the_others_come(tmp_path: Path, state: Path) -> None:
    root = foreign.hermes_home(tmp_path / ".hermes")
    db = sqlite3.connect(root / "state.db", isolation_level=None)
    foreign.session(db, "no-time", "cli", began=float("inf"))
    foreign.session(db, "../../etc", "cli", title="x" * 10_000)
    foreign.say(db, "../../etc", "user", "y" * 1_500_000, 9)
    foreign.say(db, "../../etc", "assistant", "answer", 10, tool_calls="[[[{not json")
    foreign.say(db, "../../etc", "user", '\x00json:[{"type":"text","text":"seen"},{"type":"image_url"}]', 11)
    db.execute("update messages set content = cast(x'ff00fe' as text) where content = 'answer'")
    db.close()
    home = open_home(root, state)
    assert "it says no time" in reasons(home)["conversation no-time"]
    long, answer, parts = lines_of(home)["../../etc"]
    assert long.text.endswith("y\n[cut off: it had more than 1,000,000 characters]")
    assert (answer.text.strip("\ufffd\0"), answer.calls) == ("", ())
    assert parts.text.startswith("seen\n[a picture")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "null", "[1, 2]", '{"jobs": {"a": 1}}', '{"jobs": [1, null, []]}', "{"]
)
def test_odd_jobs_are_no_jobs(tmp_path: Path, state: Path, text: str) -> None:
    root = foreign.hermes_home(tmp_path / ".hermes")
    (root / "cron/jobs.json").write_text(text)
    assert dict(open_home(root, state).jobs) == {}


def test_odd_lines_of_a_transcript_are_passed_over(tmp_path: Path, state: Path) -> None:
    root = foreign.openclaw_home(tmp_path / ".openclaw")
    path = root / "agents/main/sessions/11111111-aaaa.jsonl"
    good = path.read_text()
    odd = [
        "{",
        "[]",
        '{"type":"message"}',
        '{"type":"message","message":{"role":["user"]}}',
        '{"timestamp":1e999}',
        "\xff",
        f'{{"type":"message","timestamp":{10**400},"message":{{"role":"user","content":"\\ud800"}}}}',
    ]
    path.write_text(good + "\n".join(odd) + "\n" + '{"type":"message","message":{"role":"user","content":7}}\n')
    (root / "agents/main/sessions/empty.jsonl").write_text("")
    home = open_home(root, state)
    assert len(lines_of(home)["11111111-aaaa"]) == 6
    assert "it says no time" in str(reasons(home))


@pytest.mark.slow
def test_a_database_with_flipped_bytes_never_breaks_the_import(tmp_path: Path, state: Path) -> None:
    root = foreign.hermes_home(tmp_path / ".hermes")
    whole = (root / "state.db").read_bytes()
    came = 0
    for seed in range(150):
        chance = random.Random(seed)
        data = bytearray(whole)
        for _ in range(chance.choice((1, 5, 40))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (root / "state.db").write_bytes(data)
        home = open_home(root, state)
        assert len(home.memory) == 3
        for talk in home.talks():
            with contextlib.suppress(HermesError):  # the one conversation, which an import names
                came += isinstance(talk, Talk) and len(list(talk.lines())) > 0
    assert came > 100


def test_no_word_of_a_text_is_lost_but_headings_and_questions() -> None:
    for seed in range(200):
        chance = random.Random(seed)
        lines, wanted = [], []
        for number in range(chance.randrange(1, 25)):
            word = f"w{number}x"
            shape = chance.choice(
                ["- {}", "* {}", "1. {}", "{}", "  {}", "    - {}", "\t{}", "- {}:\n  and {}", "", "# h", "§§"]
            )
            lines.append(shape.format(word, word))
            wanted += [word] if "{}" in shape else []
        found = " ".join(words.of_markdown("\n".join(lines)))
        assert [word for word in wanted if word not in found] == [], (seed, lines)

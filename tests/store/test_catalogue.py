"""The cache of skills never says anything but what the files say, whoever changed them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_fs.store import catalogue
from hermes_fs.store.fitting import fitting
from hermes_fs.store.skill_places import Spot


def put(root: Path, name: str, description: str, age: float = 60.0) -> Path:
    """A skill that was written `age` seconds ago, as far as its own time tells."""
    path = root / "skills" / name / "SKILL.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\nname: {name}\ndescription: {description}\n---\n\n# {name}\n\nDo it.\n")
    os.utime(path, (path.stat().st_mtime - age,) * 2)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "state").mkdir()
    put(tmp_path, "bake-bread", "Bakes bread with sourdough.")
    put(tmp_path, "parse-logs", "Reads web server logs.")
    yield tmp_path
    (tmp_path / "state").chmod(0o700)


def described(root: Path) -> dict[str, str]:
    return dict(catalogue.described(root, root / "state"))


def names(root: Path, request: str) -> list[str]:
    return [fit.name for fit in fitting(root, root / "state", request)]


def test_skills_are_listed_by_name_with_what_they_are_for(root: Path) -> None:
    assert list(described(root).items()) == [
        ("bake-bread", "Bakes bread with sourdough."),
        ("parse-logs", "Reads web server logs."),
    ]


def test_an_edit_from_outside_is_seen_at_once_even_where_no_time_tells(root: Path) -> None:
    described(root)
    path = put(root, "parse-logs", "Reads all server logs.")
    assert described(root)["parse-logs"] == "Reads all server logs."
    status = path.stat()
    path.write_text(path.read_text().replace("all", "old"))  # as long as before, and with its time put back
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert described(root)["parse-logs"] == "Reads old server logs."


def test_a_skill_that_is_gone_is_neither_listed_nor_found(root: Path) -> None:
    assert names(root, "bake sourdough bread") == ["bake-bread"]
    (root / "skills" / "bake-bread" / "SKILL.md").unlink()
    assert "bake-bread" not in described(root)
    assert names(root, "bake sourdough bread") == []


def test_a_renamed_skill_goes_by_its_new_name(root: Path) -> None:
    described(root)
    (root / "skills" / "bake-bread").rename(root / "skills" / "bake-rolls")
    assert list(described(root)) == ["bake-rolls", "parse-logs"]


@pytest.mark.parametrize("damage", [b"", b"no database" * 99, b"SQLite format 3\0"])
def test_a_damaged_cache_is_made_anew(root: Path, damage: bytes) -> None:
    described(root)
    (root / "state" / "skills.db").write_bytes(damage)
    assert list(described(root)) == ["bake-bread", "parse-logs"]
    assert names(root, "sourdough bread") == ["bake-bread"]


def test_a_cache_of_another_version_is_made_anew(root: Path) -> None:
    described(root)
    with catalogue.current(root, root / "state") as db:
        db.execute("delete from words")
        db.execute("pragma user_version = 99")
    assert names(root, "sourdough bread") == ["bake-bread"]


def test_where_no_cache_can_be_kept_the_files_are_read(root: Path) -> None:
    assert list(dict(catalogue.described(root, root / "nowhere"))) == ["bake-bread", "parse-logs"]
    assert not (root / "nowhere").exists()


def test_a_cache_that_another_process_holds_is_not_waited_for_long(root: Path) -> None:
    described(root)
    put(root, "new-one", "Is new.")
    with catalogue.current(root, root / "state") as db:
        db.execute("begin exclusive")
        assert "parse-logs" in described(root)
        db.execute("rollback")
    assert (root / "state" / "skills.db").exists()


def test_two_processes_that_fill_it_together_both_see_every_skill(root: Path) -> None:
    for number in range(300):
        put(root, f"skill-{number:03}", f"Does thing {number}.")
    code = (
        "import sys; from pathlib import Path; from hermes_fs.store import catalogue; root = Path(sys.argv[1]);"
        " print(len(catalogue.described(root, root / 'state')))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(root)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert [process.communicate()[0].strip() for process in both] == ["302", "302"]
    assert len(described(root)) == 302


def test_what_there_was_no_time_to_read_is_read_the_next_time(root: Path) -> None:
    for number in range(300):
        put(root, f"skill-{number:03}", "Counts things.")
    with catalogue.current(root, root / "state", seconds=0) as db:
        assert db.execute("select count(*) from skills").fetchone()[0] < 302
    assert len(described(root)) == 302


def test_a_name_that_is_no_text_is_left_out(root: Path) -> None:
    folder = root / "skills" / os.fsdecode(b"\xff\xfe")
    folder.mkdir()
    (folder / "SKILL.md").write_text("x")
    assert list(described(root)) == ["bake-bread", "parse-logs"]


def test_a_skill_is_judged_anew_only_where_its_file_has_changed(root: Path) -> None:
    asked: list[str] = []

    def judge(spot: Spot) -> list[str]:
        asked.append(spot.name)
        return [f"{spot.name} is dull"]

    for _ in range(2):
        rows = catalogue.listed(root, root / "state", judge)
        assert [(row.spot.name, row.problems) for row in rows] == [
            ("bake-bread", ("bake-bread is dull",)),
            ("parse-logs", ("parse-logs is dull",)),
        ]
    before = len(asked)
    with catalogue.current(root, root / "state") as db:
        db.execute("update skills set stamp = 'another' where name = 'parse-logs'")
    catalogue.listed(root, root / "state", judge)
    assert "parse-logs" in asked[before:]

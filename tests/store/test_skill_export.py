"""What others wrote loads and goes out as a skill that the public validator takes; the files beside it stay."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
from skills_ref.validator import validate

from hermes_fs.core.errors import Refused
from hermes_fs.store import catalogue, skill_copy, skill_export, skill_places
from hermes_fs.store.formats import skill
from hermes_fs.store.skill_copy import CopiedFile
from hermes_fs.store.skill_places import Place, Spot
from tests.store import real_skills


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("collection")
    for folder in real_skills.folders():
        shutil.copytree(folder, root / folder.name)
    return root


def test_seventeen_real_skills_load_and_are_listed(collection: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    places = skill_places.beyond([str(collection)], tmp_path, [], None)
    about = dict(catalogue.described(tmp_path, tmp_path / "state", places))
    assert sorted(about) == sorted(real_skills.NAMES)
    assert all(len(text) > 30 for text in about.values())


def test_seventeen_real_skills_are_exported_as_the_validator_wants_them(collection: Path, tmp_path: Path) -> None:
    place = Place("directory", collection, "collection")
    before = {name: validate(collection / name) for name in real_skills.NAMES}
    assert any(before.values()), "some should be refused as they are, or this shows nothing"
    for name in real_skills.NAMES:
        files = skill_copy.files(Spot(place, name))
        made = skill_export.exported(name, files, {"hermes-version": "3"})
        skill_export.write_folder(tmp_path / name, made, replace=False)
        assert validate(tmp_path / name) == []
        assert {path: made[path] for path in made if path != "SKILL.md"} == {
            path: files[path] for path in files if path != "SKILL.md"
        }
        assert skill.load(made["SKILL.md"].data).body == skill.load(files["SKILL.md"].data).body
        assert skill.load(made["SKILL.md"].data).front["metadata"]["hermes-version"] == "3"


def make(text: str, **more: bytes) -> dict[str, CopiedFile]:
    return {"SKILL.md": CopiedFile(text.encode()), **{path: CopiedFile(data) for path, data in more.items()}}


def test_our_own_marks_stay_at_home_and_other_metadata_goes_along() -> None:
    text = (
        "---\nname: x\ndescription: Does x.\nmetadata:\n  author: Ada\n  hermes-pinned: true\n"
        "  hermes-status: archived\n---\nDo.\n"
    )
    front = skill.load(skill_export.exported("x", make(text), {})["SKILL.md"].data).front
    assert front["metadata"] == {"author": "Ada"}


def test_a_strict_skill_goes_out_byte_for_byte() -> None:
    text = "---\nname: x\n# kept\ndescription: 'Does x.'\n---\n\nDo.\r\n"
    assert skill_export.exported("x", make(text), {})["SKILL.md"].data == text.encode()


def test_a_credential_is_named() -> None:
    text = "---\nname: x\ndescription: Does x.\n---\nDo.\n"
    key = b"token = ghp_" + b"a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    assert skill_export.credentials(make(text, **{"scripts/run.py": key, "data.bin": b"\0" + key})) == [
        "scripts/run.py (github-token)"
    ]


def test_what_has_no_description_at_all_is_refused() -> None:
    with pytest.raises(Refused, match="it needs a description"):
        skill_export.exported("x", make("---\nname: x\n---\n"), {})


@pytest.mark.parametrize(
    ("folder", "name"), [("Parse Logs", "parse-logs"), ("a__b--c", "a-b-c"), ("größe", "größe"), ("!", "")]
)
def test_a_name_that_the_standard_does_not_take_is_changed(folder: str, name: str) -> None:
    assert skill_export.portable(folder) == name


def test_archives_hold_the_folder_and_are_the_same_each_time(tmp_path: Path) -> None:
    files = make("---\nname: x\ndescription: Does x.\n---\nDo.\n") | {"scripts/run.sh": CopiedFile(b"echo\n", True)}
    for number in ("1", "2"):
        skill_export.write_archive(tmp_path / f"{number}.zip", "x", files, "zip", False)
        skill_export.write_archive(tmp_path / f"{number}.tar", "x", files, "tar", False)
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.namelist() == ["x/SKILL.md", "x/scripts/run.sh"]
        assert archive.getinfo("x/scripts/run.sh").external_attr >> 16 & 0o777 == 0o755
    with tarfile.open(fileobj=io.BytesIO((tmp_path / "1.tar").read_bytes())) as archive:
        assert [(entry.name, entry.mode) for entry in archive] == [("x/SKILL.md", 0o644), ("x/scripts/run.sh", 0o755)]
    for kind in ("zip", "tar"):
        assert (tmp_path / f"1.{kind}").read_bytes() == (tmp_path / f"2.{kind}").read_bytes()


def test_nothing_is_replaced_unasked_and_nothing_half_is_left(tmp_path: Path) -> None:
    files = make("---\nname: x\ndescription: Does x.\n---\nDo.\n")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine").write_text("mine")
    with pytest.raises(Refused, match="there already"):
        skill_export.write_folder(tmp_path / "x", files, replace=False)
    assert (tmp_path / "x" / "mine").exists()
    skill_export.write_folder(tmp_path / "x", files, replace=True)
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["SKILL.md"]
    (tmp_path / "away").symlink_to(tmp_path / "x")
    with pytest.raises(Refused, match="is a link"):
        skill_export.write_folder(tmp_path / "away", files, replace=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["away", "x"]


def test_too_large_a_skill_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    (tmp_path / "big/SKILL.md").write_text("x")
    with (tmp_path / "big/data.bin").open("wb") as file:
        file.truncate(skill_copy.MAX_BYTES + 1)
    with pytest.raises(Refused, match="more than 20 MiB"):
        skill_copy.files(Spot(Place("directory", tmp_path, "here"), "big"))

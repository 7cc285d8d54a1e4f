from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_fs.core.errors import NotFound, Refused
from hermes_fs.store.installing import pile
from hermes_fs.store.installing.archives import MAX_UNPACKED, Archive
from tests.store.installing.packing import SKILL, special, tarred, tarred_members, zipped, zipped_with_mode

GOOD = {"SKILL.md": SKILL, "scripts/run.py": b"print(1)\n", "assets/logo.png": b"\x89PNG\0"}


def refusal(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        Archive(data)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("made", [zipped(GOOD), zipped(GOOD, zipfile.ZIP_STORED), tarred(GOOD), tarred(GOOD, False)])
def test_an_ordinary_archive_gives_its_files(made):
    archive = Archive(made)
    assert {name: archive.read(name) for name in archive.names} == GOOD


@pytest.mark.parametrize(
    "name",
    [
        "../outside.md",
        "scripts/../../outside.md",
        "/etc/cron.d/evil",
        "scripts\\..\\..\\outside",
        "C:evil.py",
        ".git/hooks/post-checkout",
        "sub/.GIT/config",
        "git~1/config",
        "scripts/a\nb.py",
        "scripts/\u202egpj.py",
        "scripts//run.py",
        "./../x",
        "scripts/run.py ",
        "a/" * 30 + "deep.md",
        "x" * 250,
    ],
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_name_that_leads_elsewhere_or_hides_refuses_the_whole_archive(pack, name):
    assert refusal(pack({"SKILL.md": SKILL, name: b"x"}))


def test_names_that_some_disks_cannot_tell_apart_are_refused():
    assert "differ only in upper and lower case" in refusal(zipped({**GOOD, "Scripts/run.PY": b"evil"}))
    assert "differ only" in refusal(tarred({**GOOD, "skill.MD": SKILL}))


def test_a_name_in_two_spellings_of_unicode_is_the_same_name():
    assert "twice" in refusal(tarred({"SKILL.md": SKILL, "re\u0301f.md": b"1", "r\u00e9f.md": b"2"}))


def test_a_name_that_comes_twice_is_refused():
    twice = [(tarfile.TarInfo("SKILL.md"), SKILL), (tarfile.TarInfo("SKILL.md"), b"the other one")]
    assert "twice" in refusal(tarred_members(twice))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("SKILL.md", SKILL)
        archive.writestr("SKILL.md", b"the other one")
    assert "twice" in refusal(made.getvalue())


def test_a_file_that_is_a_folder_too_is_refused():
    assert "a file and a folder" in refusal(tarred({"SKILL.md": SKILL, "scripts": b"x", "scripts/run.py": b"y"}))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "SKILL.md"])
def test_links_in_a_tar_are_refused_wherever_they_point(kind, target):
    assert "a link" in refusal(special(kind, target=target))


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE])
def test_devices_pipes_and_sparse_files_are_refused(kind):
    assert refusal(special(kind))


def test_links_and_devices_in_a_zip_are_refused():
    assert "a link" in refusal(zipped_with_mode("scripts/run.py", b"/etc/passwd", stat.S_IFLNK | 0o777))
    assert "no file" in refusal(zipped_with_mode("scripts/run.py", b"", stat.S_IFIFO | 0o644))


def test_a_zip_bomb_is_refused_before_it_unfolds():
    assert "times its size" in refusal(zipped({"SKILL.md": SKILL, "assets/bomb": bytes(30 << 20)}))


def test_a_gzip_bomb_is_refused_before_it_unfolds():
    assert "times its size" in refusal(tarred({"SKILL.md": SKILL, "assets/bomb": bytes(30 << 20)}))
    assert "times its size" in refusal(gzip.compress(bytes(30 << 20)))


def test_a_size_that_lies_is_found_out():
    made = bytearray(zipped({"SKILL.md": SKILL, "big": b"a" * 3000}, zipfile.ZIP_DEFLATED))
    directory = made.rindex(b"PK\x01\x02")
    made[directory + 24 : directory + 28] = struct.pack("<I", 10)
    assert refusal(bytes(made))


def test_entries_that_share_their_bytes_are_refused():
    """Many names over one block of bytes: small on the way, large on the disk."""
    made = bytearray(zipped({"SKILL.md": SKILL, "a": b"x" * 100}, zipfile.ZIP_STORED))
    directory = made.rindex(b"PK\x01\x02")
    made[directory + 42 : directory + 46] = struct.pack("<I", 0)
    assert refusal(bytes(made))


def test_more_entries_than_any_source_has_are_refused_before_they_are_read():
    entry = zipped({"a/": b""})
    start, end = entry.index(b"PK\x01\x02"), entry.index(b"PK\x05\x06")
    assert "more than 20,000 files" in refusal(entry[:start] + entry[start:end] * 20_001 + entry[end:])
    folder = tarfile.TarInfo("a")
    folder.type = tarfile.DIRTYPE
    block = folder.tobuf()
    assert "too long" in refusal(gzip.compress(block * 20_002, 1))


def test_an_encrypted_file_is_refused():
    made = bytearray(zipped({"SKILL.md": SKILL}, zipfile.ZIP_STORED))
    made[6] |= 1
    made[made.rindex(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in refusal(bytes(made))


def test_a_packing_that_is_not_ours_is_refused():
    assert "packed in a way" in refusal(zipped(GOOD, zipfile.ZIP_LZMA))


@pytest.mark.parametrize("size", [b"\xff" * 12, b"-0000000100\0", b"77777777777\0"])
def test_a_tar_with_an_impossible_size_ends(size):
    made = bytearray(tarred(GOOD, packed=False))
    made[124:136] = size
    made[148:156] = b"        "
    made[148:156] = b"%06o\0 " % sum(made[:512])
    assert refusal(bytes(made))


@pytest.mark.parametrize("made", [zipped(GOOD), tarred(GOOD)])
def test_an_archive_that_is_cut_off_or_damaged_is_refused(made):
    assert refusal(made[: len(made) // 2])
    assert refusal(made[:40] + bytes(8) + made[48:])


@pytest.mark.parametrize("made", [b"", b"<html>not here</html>", bytes(2000), b"\x1f\x8b", b"PK\x03\x04"])
def test_what_is_no_archive_is_refused_or_empty(made):
    try:
        assert Archive(made).names == []
    except Refused as refused:
        assert "cannot be read" in str(refused)


def test_more_files_than_a_skill_has_are_refused():
    archive = Archive(zipped({"SKILL.md": SKILL, **{f"assets/{n}": b"" for n in range(pile.MAX_FILES)}}))
    with pytest.raises(Refused, match="files, at most"):
        pile.take(archive, "")


def test_a_file_larger_than_a_skill_needs_is_refused():
    noise = bytes(range(256)) * (pile.MAX_FILE // 256 + 1)
    with pytest.raises(Refused, match="more than 5 MB"):
        pile.take(Archive(zipped({"SKILL.md": SKILL, "assets/x": noise}, zipfile.ZIP_STORED)), "")


def test_a_skill_larger_than_the_bound_is_refused():
    noise = bytes(range(256)) * (pile.MAX_FILE // 256)
    files = {"SKILL.md": SKILL, **{f"assets/{n}": noise for n in range(5)}}
    with pytest.raises(Refused, match="more than 20 MB"):
        pile.take(Archive(zipped(files, zipfile.ZIP_STORED)), "")


def test_hidden_files_and_litter_stay_out():
    archive = Archive(zipped({**GOOD, ".env": b"K=1", "__MACOSX/x": b"", "scripts/__pycache__/run.pyc": b""}))
    files, left = pile.take(archive, "")
    assert files == GOOD and left == [".env", "__MACOSX/x", "scripts/__pycache__/run.pyc"]


def test_one_skill_of_several_is_chosen_by_name_or_path():
    names = ["a/SKILL.md", "skills/b/SKILL.md", "skills/b/assets/SKILL.md", "skills/c/SKILL.md", "README.md"]
    assert pile.skills_in(names) == ["a", "skills/b", "skills/c"]
    assert pile.choose(names, "b") == pile.choose(names, "skills/b") == "skills/b"
    with pytest.raises(NotFound, match=r"add #NAME to the source: a, b, c"):
        pile.choose(names, "")
    with pytest.raises(NotFound, match="it holds a, b, c"):
        pile.choose(names, "d")
    assert pile.choose(["top/SKILL.md"], "") == "top"


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(st.sampled_from([zipped(GOOD), tarred(GOOD), tarred(GOOD, False)]), st.data())
def test_whatever_is_changed_in_an_archive_it_is_read_or_refused(made: bytes, data: st.DataObject) -> None:
    broken = bytearray(made)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(broken) - 1))
        piece = data.draw(st.binary(max_size=4))
        broken[place : place + data.draw(st.integers(0, 4))] = piece
        if not broken:
            break
    try:
        archive = Archive(bytes(broken))
    except Refused as refused:
        assert "\n" not in str(refused)
        return
    assert sum(len(archive.read(name)) for name in archive.names) <= MAX_UNPACKED
    assert pile.checked(archive.names) == list(archive.names)

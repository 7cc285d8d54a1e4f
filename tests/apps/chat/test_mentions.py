"""Which files a message brings along, and which words are only words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_fs.apps.chat import mentions
from hermes_fs.apps.chat.mentions import attached, completions
from hermes_fs.core.foreign import unwrap
from hermes_fs.core.types import Audio, Document, Image, Text


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text("print('hi')\n")
    (folder / "pic.png").write_bytes(b"\x89PNG")
    (folder / "my notes.md").write_text("# notes")
    return folder


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("explain @src/app.py", ["src/app.py"]),
        ("explain @src/app.py.", ["src/app.py"]),
        ("(see @src/app.py, please)", ["src/app.py"]),
        ('read @"my notes.md"', ["my notes.md"]),
        (r"read @my\ notes.md", ["my notes.md"]),
        ("mail me@src/app.py", []),
        ("ask @somebody about it", []),
        ("@src/app.py and @src/app.py", ["src/app.py"]),
        ("plain src/app.py is only a word", []),
    ],
)
def test_what_is_a_mention(work: Path, text: str, names: list[str]) -> None:
    found = attached(text, work, work.parent)
    said = [unwrap(part.text).strip().partition("\n")[0] for part in found.parts if isinstance(part, Text)]
    assert said == [f"File {name}:" for name in names]


def test_a_file_goes_along_as_foreign_text(work: Path) -> None:
    [part] = attached("@src/app.py", work, work.parent).parts
    assert isinstance(part, Text)
    assert part.aside
    assert part.origin == "file"
    assert "<foreign " in part.text
    assert "print('hi')" in part.text


def test_media_by_their_kind_and_a_folder_as_a_list(work: Path) -> None:
    (work / "a.pdf").write_bytes(b"%PDF")
    (work / "a.mp3").write_bytes(b"ID3")
    kinds = [type(part) for part in attached("@pic.png @a.pdf @a.mp3", work, work.parent).parts]
    assert kinds == [Image, Document, Audio]
    [part] = attached("@src", work, work.parent).parts
    assert "app.py" in str(part)


def test_a_picture_dropped_on_the_terminal_goes_along_a_text_file_does_not(work: Path) -> None:
    assert attached(f"what is this? {work}/pic.png", work, work.parent).parts == (Image("image/png", b"\x89PNG"),)
    assert attached("what is this? '~/work/pic.png'", work, work.parent).parts
    assert attached(f"{work}/src/app.py", work, work.parent).parts == ()


def test_credentials_devices_and_binaries_stay_out_and_that_is_said(work: Path) -> None:
    (work / ".env").write_text("KEY=1")
    (work / "link").symlink_to(work / ".env")
    (work / "blob").write_bytes(b"a\0b")
    os.mkfifo(work / "pipe")
    found = attached("@.env @link @blob @pipe @/dev/zero", work, work.parent)
    assert found.parts == ()
    assert len(found.remarks) == 5


def test_sizes_are_bounded(work: Path) -> None:
    (work / "long.txt").write_text("x" * (mentions.TEXT_CHARACTERS + 5))
    with (work / "huge.png").open("wb") as file:
        file.truncate(mentions.MEDIA_BYTES + 1)
    found = attached("@long.txt @huge.png", work, work.parent)
    [part] = found.parts
    assert isinstance(part, Text)
    assert "[cut: the file has" in part.text
    assert "larger than" in found.remarks[1]


def test_names_complete(work: Path) -> None:
    assert list(completions("s", work, work.parent)) == ["src/"]
    assert list(completions("src/", work, work.parent)) == ["src/app.py"]
    assert list(completions("nowhere/x", work, work.parent)) == []

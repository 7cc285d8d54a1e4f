"""Which workspace a command is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_fs.core.errors import NotFound
from hermes_fs.store import locate


def mark(place: Path) -> Path:
    place.mkdir(parents=True)
    (place / ".hermes-workspace").write_text("format: 1\n")
    return place


def test_the_flag_goes_before_the_environment_before_the_folder_before_home(tmp_path: Path) -> None:
    home, flag, env, here = (mark(tmp_path / name) for name in ("home/hermes", "flag", "env", "here"))
    deep = here / "work" / "deep"
    deep.mkdir(parents=True)
    environ = {"HOME": str(tmp_path / "home"), "HERMES_WORKSPACE": str(env)}
    assert locate.find(flag, deep, environ) == flag
    assert locate.find(None, deep, environ) == env
    del environ["HERMES_WORKSPACE"]
    assert locate.find(None, deep, environ) == here
    assert locate.find(None, tmp_path, environ) == home


def test_a_relative_flag_is_taken_from_the_folder_one_is_in(tmp_path: Path) -> None:
    place = mark(tmp_path / "a")
    assert locate.find(Path("a"), tmp_path, {}) == place


def test_none_at_all_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="hermes init"):
        locate.find(None, tmp_path, {"HOME": str(tmp_path)})
    with pytest.raises(NotFound, match="hermes init"):
        locate.find(tmp_path / "gone", tmp_path, {})

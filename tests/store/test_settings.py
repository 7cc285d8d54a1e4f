"""Settings are changed in place: comments, order and everything else stay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hermes_fs.core.errors import ConfigError, Failed
from hermes_fs.store.settings import add_local, with_values, write_local

TEXT = """# mine
format: 1
model:
  name: old  # the small one
  temperature: 0.2
limits:
  steps: 7
"""


def test_a_value_is_changed_and_every_comment_stays() -> None:
    assert with_values(TEXT, {"model.name": "new"}) == TEXT.replace("old", "new")


def test_a_value_is_added_and_another_taken_out_with_its_empty_section() -> None:
    fresh = with_values(TEXT, {"model.provider": "ollama", "limits.steps": None, "limits.tokens": None})
    assert "provider: ollama" in fresh
    assert "limits" not in fresh
    assert with_values("", {"model.name": "x"}) == "model:\n  name: x\n"
    assert with_values("model:\n  name: x\n", {"model.name": None}) == ""


def test_a_wrong_key_or_a_broken_file_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"unknown key model\.nam"):
        with_values(TEXT, {"model.nam": "x"})
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        with_values("model: [", {"model.name": "x"})


def test_the_local_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_local(tmp_path, {"model.name": "a"})
    write_local(tmp_path, {"model.provider": "ollama"})
    assert (tmp_path / "local.yaml").read_text() == "model:\n  name: a\n  provider: ollama\n"
    assert {path.name for path in tmp_path.iterdir()} == {"host", "local.yaml", "local.yaml.lock"}
    with pytest.raises(Failed, match="cannot be opened"):
        write_local(tmp_path / "missing", {"model.name": "a"})


def test_what_two_add_at_once_is_kept_of_both(tmp_path: Path) -> None:
    write_local(tmp_path, {"model.name": "a"})
    rules = [f"in /w: tool {number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda rule: add_local(tmp_path, "approvals.never", [rule]), rules))
    assert set(add_local(tmp_path, "approvals.never", rules[:1])) == set(rules)
    assert "name: a" in (tmp_path / "local.yaml").read_text()

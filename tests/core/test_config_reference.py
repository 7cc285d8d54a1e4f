"""The documentation of the configuration is made from it, and every key is explained."""

from __future__ import annotations

import pytest

from hermes_fs.core.config import MACHINE_ONLY, leaves
from scripts.config_reference import PAGE, render

KEYS = [pytest.param(key, field, id=key) for key, field in leaves()]


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run: python scripts/config_reference.py"


@pytest.mark.parametrize(("key", "field"), KEYS)
def test_every_key_is_explained(key, field) -> None:
    assert (field.description or "").endswith(".")


def test_what_only_a_machine_may_set_are_keys_that_exist() -> None:
    assert {key for key, _ in leaves()} >= MACHINE_ONLY

"""A real Honcho server, with the environment's key and address: `pytest -m live tests/providers/test_honcho_live.py`.

HONCHO_API_KEY for the hosted one, or HONCHO_URL for one's own; it makes the workspace `hermes-live-test` there."""

from __future__ import annotations

import os
import time

import pytest

from hermes_fs.core.config import PeopleConfig
from hermes_fs.core.people import Said
from hermes_fs.core.ports import Cancel
from hermes_fs.providers import honcho

pytestmark = pytest.mark.live

KEYS = {"HONCHO_API_KEY": os.environ.get("HONCHO_API_KEY", "")}
URL = os.environ.get("HONCHO_URL", "")
"""Taken before the tests get an environment of their own."""


@pytest.mark.timeout(300)
def test_what_is_said_is_known_after_a_while() -> None:
    moment = f"{time.time_ns()}"
    wanted = PeopleConfig(provider="honcho", base_url=URL, workspace="hermes-live-test")
    model = honcho.of(f"live-{moment}", wanted, KEYS)
    said = Said("I am vegetarian, and I never eat mushrooms.", f"live#{moment}", f"live-{moment}")
    assert model.observe([said], Cancel()).changes == ("sent 1 message to Honcho",)
    assert model.observe([said], Cancel()).changes == ()
    deadline = time.monotonic() + 240
    while not model.claims() and time.monotonic() < deadline:  # it reasons in its own time
        time.sleep(5)
    assert any("mushroom" in claim.text.lower() for claim in model.claims())
    assert "mushroom" in model.ask("What should I leave out of a dinner?", Cancel()).text.lower()

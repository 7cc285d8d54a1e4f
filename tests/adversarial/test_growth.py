"""No scanner or parser of foreign text takes time with the square of its length, and none falls over."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

import pytest

from tests.adversarial.payloads import payloads
from tests.adversarial.readers import Reader, readers

SMALL, LARGE = 8_000, 32_000
NOISE = 0.02
"""Seconds of processor time below which a ratio says nothing."""
MOST = 10
"""Times the work for four times the text: linear is 4, the square is 16."""


@pytest.fixture
def quiet() -> Iterator[None]:
    """The collector's passes cost what all tests before have left behind: that is none of a reader's work."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def work(reader: Reader, text: str) -> float:
    gc.collect()  # of what the last reader left; the rest is frozen
    started = time.thread_time()
    reader(text)
    return time.thread_time() - started


@pytest.mark.slow
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("name", readers())
def test_four_times_the_text_is_not_the_square_of_the_work(name: str) -> None:
    reader = readers()[name]
    reader("warm: up\n")
    small = dict(payloads(SMALL))
    slow = []
    for kind, text in payloads(LARGE):
        taken = work(reader, text)
        if taken > NOISE and taken > MOST * max(min(work(reader, small[kind]) for _ in range(3)), NOISE / MOST):
            again = min(work(reader, text) for _ in range(2))
            if again > MOST * max(min(work(reader, small[kind]) for _ in range(3)), NOISE / MOST):
                slow.append(kind)
    assert slow == []

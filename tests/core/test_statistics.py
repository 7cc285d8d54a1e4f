"""Few observations allow to say little, and the intervals say so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.core.statistics import chance_below, mean_interval, wilson


def test_the_interval_is_that_of_the_textbook() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)  # Wilson without continuity correction
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(0, 200), st.integers(0, 200))
def test_the_interval_holds_the_share_and_stays_a_share(good: int, bad: int) -> None:
    low, high = wilson(good, good + bad)
    assert 0 <= low <= high <= 1
    if good + bad:
        assert low <= good / (good + bad) <= high


def test_chances_are_those_of_the_exact_sum() -> None:
    # P(Beta(1+1, 1+1) < Beta(1+3, 1+0)) by the closed sum for whole numbers: 6/7
    assert chance_below((1, 2), (3, 3)) == pytest.approx(6 / 7, abs=1e-4)
    assert chance_below((0, 0), (0, 0)) == pytest.approx(0.5, abs=1e-6)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_one_is_below_the_other_or_the_other_way_round(a: int, b: int, c: int, d: int) -> None:
    there, back = chance_below((a, a + b), (c, c + d)), chance_below((c, c + d), (a, a + b))
    assert there + back == pytest.approx(1, abs=1e-6)


def test_a_mean_of_one_value_has_no_width() -> None:
    assert mean_interval([0.4]) == (0.4, 0.4)
    low, high = mean_interval([0.0, 1.0, 0.0, 1.0])
    assert low < 0.5 < high

"""What few observations allow to say: intervals of a share, and whether one share is credibly below another. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z95 = 1.959964
"""Standard deviations on each side that hold 95 % of a normal distribution."""
_STEPS = 2000


def wilson(successes: float, trials: float, z: float = Z95) -> tuple[float, float]:
    """The 95 % interval of a share after E. B. Wilson (1927), (0, 1) where nothing was tried; `successes` may hold
    halves."""
    if trials <= 0:
        return 0.0, 1.0
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return max(0.0, min(share, middle - half)), min(
        1.0, max(share, middle + half)
    )  # rounding aside, it holds the share


def chance_below(first: tuple[float, float], second: tuple[float, float]) -> float:
    """The probability that the true share behind `first` is below that behind `second`, each (successes, trials), from
    a flat prior: two beta distributions, integrated by steps of 1/2000."""
    one, other = (_beta(successes, trials) for successes, trials in (first, second))
    below = total = 0.0
    for density, beside in zip(one, other, strict=True):
        total += density
        below += (total - density / 2) * beside
    return below


def _beta(successes: float, trials: float) -> list[float]:
    """The density of Beta(1 + successes, 1 + failures) at the middle of each step, scaled to a sum of 1."""
    good, bad = successes, trials - successes
    middles = [(step + 0.5) / _STEPS for step in range(_STEPS)]
    logs = [good * math.log(x) + bad * math.log1p(-x) for x in middles]
    highest = max(logs)
    heights = [math.exp(value - highest) for value in logs]
    whole = sum(heights)
    return [height / whole for height in heights]


def mean_interval(values: Sequence[float], z: float = Z95) -> tuple[float, float]:
    """The 95 % interval of a mean by its standard error; the mean itself twice for fewer than two values."""
    if not values:
        return 0.0, 0.0
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, mean
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    half = z * deviation / math.sqrt(len(values))
    return mean - half, mean + half

"""Reads fields of data that somebody else may have written, such as a transcript's: what is of another kind is absent.
Pure; converts nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def text(data: Mapping[str, Any], key: str) -> str:
    """A text, "" where there is none."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def whole(data: Mapping[str, Any], key: str) -> int:
    """A whole number, 0 where there is none; what is broken is cut off."""
    value = data.get(key)
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0

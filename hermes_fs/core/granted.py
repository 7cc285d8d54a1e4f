"""The values of credentials that a person granted to commands, to be blotted out of what they print.

Filled by a backend when it passes a value on; `core.secrets.redact` asks here. Nothing else may read them.
"""

from __future__ import annotations

import re

SHORTEST = 6
"""Characters; a shorter value would blot out words."""

_names: dict[str, str] = {}


def remember(name: str, value: str) -> None:
    """From now on `hide` knows this value, and each line of one that has several."""
    for line in value.splitlines():
        if len(line.strip()) >= SHORTEST:
            _names[line.strip()] = name


def hide(text: str) -> str:
    """The text with each granted value replaced by `[redacted:<NAME>]`, linear in the text."""
    if not _names or not any(value in text for value in _names):
        return text
    longest_first = sorted(_names, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: f"[redacted:{_names[found[0]]}]", text)

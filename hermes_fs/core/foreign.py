"""Wraps text of an untrusted origin, so that a model can tell where it begins and ends. Pure but for the random mark.

The mark is drawn anew for each text: who wrote the text cannot know it, so nothing inside can close the wrapping.
"""

from __future__ import annotations

import re
import secrets

from hermes_fs.core.types import Origin

_WRAPPED = re.compile(r"<foreign ([0-9a-f]{8}) [a-z]+>\n(.*?)\n</foreign \1>", re.DOTALL)


def wrap(text: str, origin: Origin) -> str:
    """`text` between two lines that name its origin and one random mark."""
    mark = secrets.token_hex(4)
    return f"<foreign {mark} {origin}>\n{text}\n</foreign {mark}>"


def unwrap(text: str) -> str:
    """The text without its wrappings, for a person or for search."""
    return _WRAPPED.sub(lambda match: match[2], text)

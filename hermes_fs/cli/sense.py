"""Gives commands the sense of meaning that the configuration asks for, and says on stderr why there is none."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_fs.core import config
from hermes_fs.core.errors import HermesError
from hermes_fs.core.terminal import one_line
from hermes_fs.providers import embedders

if TYPE_CHECKING:
    from hermes_fs.store.meaning import Meaning


@contextlib.contextmanager
def senses(root: Path, state_dir: Path, patience: float) -> Iterator[Meaning | None]:
    """None where meaning is off or cannot be had: then words alone must do."""
    meaning: Meaning | None = None
    try:
        meaning = embedders.sense(config.load(root, state_dir).semantic, os.environ, state_dir, patience)
    except HermesError as error:
        _note(str(error))
    try:
        yield meaning
    finally:
        if meaning:
            meaning.close()
            if meaning.problem:
                _note(f"search went by words alone: {meaning.problem}")


def _note(line: str) -> None:
    print(f"note: {one_line(line)}", file=sys.stderr)

"""A private folder for what is fetched, one at a time. Owns nothing else; whatever is in it is gone afterwards."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from hermes_fs.core.errors import Failed
from hermes_fs.store.lock import Lock

FOLDER = "installing"


@contextlib.contextmanager
def room(state_dir: Path) -> Iterator[Path]:
    """An empty folder that only this person can look into. What a killed process left there goes first."""
    place = state_dir / FOLDER
    with Lock(state_dir / f"{FOLDER}.lock"):
        shutil.rmtree(place, ignore_errors=True)
        try:
            place.mkdir(mode=0o700)
        except OSError as error:
            raise Failed(f"{place} cannot be made: {error.strerror}", "look at its permissions and the disk") from error
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

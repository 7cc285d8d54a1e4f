"""Says where caches of a workspace lie: in its .git/hermes, or beside it all where that disk is read-only.

What it makes elsewhere is this process's own and goes with it.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

_COPIED = 1 << 30
"""Bytes of a cache beyond which it is made anew rather than copied."""


@functools.cache
def place(state_dir: Path) -> Path:
    """The folder for caches of this workspace. On a read-only disk a temporary one, with what was there so far."""
    if not state_dir.is_dir() or os.access(state_dir, os.W_OK):
        return state_dir
    folder = Path(tempfile.mkdtemp(prefix="hermes-cache-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for path in state_dir.glob("*.db*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < _COPIED:
            shutil.copyfile(path, folder / path.name)
    return folder

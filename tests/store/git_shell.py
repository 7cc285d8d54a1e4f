"""Runs commands as the user would."""

from __future__ import annotations

import subprocess
from pathlib import Path


def sh(cwd: Path, *command: str, check: bool = True) -> str:
    """Output of a command as the user would run it in `cwd`."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout

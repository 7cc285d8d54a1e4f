"""The process that a test kills while it tries a skill: `python -m tests.agent.trying MIND`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hermes_fs.agent.trial import Trials
from hermes_fs.store.candidate import File

TEST = b"import pathlib, time\n\n\ndef test_a():\n    pathlib.Path('began').touch()\n    time.sleep(1000)\n"

if __name__ == "__main__":
    Trials(Path(sys.argv[1]) / ".git" / "hermes", dict(os.environ)).run("a", {"tests/test_a.py": File(TEST)})

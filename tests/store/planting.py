"""Plants a proposal's ref as somebody else's clone would bring it: by git alone, past all of our checks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def plant(
    root: Path,
    name: str,
    files: Mapping[str, tuple[str, bytes]],
    message: str = "note: add",
    parents: Sequence[str] = ("HEAD",),
) -> str:
    """Id of the commit. `files` maps paths to (mode, content); a gitlink's content is an object id."""
    index = root / ".git" / f"planting-{name.replace('/', '-')}"
    env = {**os.environ, "GIT_INDEX_FILE": str(index)}

    def git(*words: str, data: bytes = b"") -> str:
        return subprocess.run(
            ["git", *words], cwd=root, env=env, input=data, capture_output=True, check=True
        ).stdout.decode().strip()  # fmt: skip

    git("read-tree", "HEAD")
    for path, (mode, data) in files.items():
        oid = data.decode() if mode == "160000" else git("hash-object", "-w", "--stdin", data=data)
        git("update-index", "--add", "--cacheinfo", f"{mode},{oid},{path}")
    tree = git("write-tree")
    given = [word for parent in parents for word in ("-p", parent)]
    commit = git("commit-tree", *given, tree, data=message.encode())
    git("update-ref", f"refs/hermes/proposals/{name}", commit)
    index.unlink()
    return commit

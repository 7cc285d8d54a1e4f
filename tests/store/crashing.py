"""The process that crash tests kill: `python -m tests.store.crashing ROOT` commits lessons and prints each one's id."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from hermes_fs.core.types import Change, Provenance
from tests.store.git_shell import opened

AGENT = Provenance("agent", "user")


def main(root: Path, lessons: int) -> None:
    with opened(root) as workspace:
        print("open", flush=True)
        for turn in itertools.islice(itertools.count(), lessons):
            if turn % 3 == 2:  # a person edits in between
                with (root / "MEMORY.md").open("a") as file:
                    file.write(f"- HUMAN {turn}\n")
            memory = workspace.read("MEMORY.md").text + f"- AGENT {turn}\n"
            files: dict[str, bytes | None] = {"MEMORY.md": memory.encode(), "notes/a.md": b"AGENT %d\n" % turn}
            files[f"notes/deep/{turn}.md"] = b"AGENT\n"
            if turn > 3:
                files[f"notes/deep/{turn - 2}.md"] = None
            print(workspace.commit(Change(files, "memory", "why", AGENT)).id, flush=True)
            workspace.settle()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

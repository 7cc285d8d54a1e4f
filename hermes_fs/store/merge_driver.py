"""The program that plain git asks to merge a file (`git pull`, `git merge`), by the file's format. Reads three files
that git names and writes one of them; no settings, no process, no connection.

Arguments: %O %A %B %P, the common version, ours (which takes the result), theirs, and the path in the workspace. Ends
with 0 where all of both sides is in the result; with 1 where it is not: the result stands there whole and without
markers, what it has not is said, and git calls the path unmerged until a person has added it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from hermes_fs.core.terminal import neutralise, one_line
from hermes_fs.store.formats.registry import format_of


def main(arguments: Sequence[str]) -> int:
    base, ours, theirs, path = arguments
    versions = [Path(name).read_bytes() for name in (base, ours, theirs)]
    # Where both sides made the file, git gives an empty one for what they have in common.
    merged = format_of(path).merge(versions[0] or None, versions[1], versions[2])
    content = merged.content or b""
    if content != versions[1]:
        Path(ours).write_bytes(content)
    for conflict in merged.conflicts:
        sys.stderr.write(f"{one_line(path, 200)}: {neutralise(conflict)}\n")
    if not merged.conflicts:
        return 0
    sys.stderr.write("Look at the file, put in what it lacks, then `git add` it.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

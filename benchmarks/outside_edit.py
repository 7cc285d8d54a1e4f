"""How long it takes until what an editor wrote is found by a search, with the watcher at work."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measure import Row, show

from hermes_fs.store.index import Index
from hermes_fs.store.watch import Watcher

ROUNDS = 40
PATIENCE_SECONDS = 60.0


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "notes").mkdir()
        index = Index.open(root, root / ".git" / "hermes")
        with Watcher(index, root) as watcher:
            wait(lambda: watcher.hinted)
            in_place = [measured(index, root, f"inplace{number}x", atomic=False) for number in range(ROUNDS)]
            atomic = [measured(index, root, f"atomic{number}x", atomic=True) for number in range(ROUNDS)]
        index.close()
    show(Row("outside_edit", "written in place until found, median", statistics.median(in_place), "ms", 250))
    show(Row("outside_edit", "saved by renaming until found, median", statistics.median(atomic), "ms", 250))
    show(Row("outside_edit", "the longest of both", max(*in_place, *atomic), "ms"))


def measured(index: Index, root: Path, word: str, *, atomic: bool) -> float:
    note = root / "notes" / "edited.md"
    target = root / "notes" / ".edited.md.tmp" if atomic else note
    target.write_text(f"# Edited\n\n{word}\n", encoding="utf-8")
    if atomic:
        target.rename(note)
    begun = time.perf_counter()
    wait(lambda: index.search(word))
    return (time.perf_counter() - begun) * 1000


def wait(holds: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError("it was never found")
        time.sleep(0.001)


if __name__ == "__main__":
    main()

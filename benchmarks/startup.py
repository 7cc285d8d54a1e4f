"""What `--help` costs beside starting Python with nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from contestants import bare, loopback, ours, peer
from measure import Row, interleaved, median, show

ROUNDS = 15


def main() -> None:
    with tempfile.TemporaryDirectory() as name, loopback(Path(name)) as server:
        folder = Path(name)
        each = [bare(folder, server), ours(folder, server), peer(folder, server)]
        found = interleaved({who.name: who.helped for who in each}, ROUNDS)
    floor, help_page, other = (median(found[who.name]) for who in each)
    show(Row("startup", "python -S -c pass, CPU", floor.cpu * 1000, "ms"))
    show(Row("startup", "hermes --help, CPU", help_page.cpu * 1000, "ms"))
    show(Row("startup", "hermes --help, CPU / python -S -c pass", help_page.cpu / floor.cpu, "times", 9))
    show(Row("startup", "hermes-agent --help, CPU", other.cpu * 1000, "ms"))


if __name__ == "__main__":
    main()

"""What one tool call costs: a turn of many calls less a turn of none, by the number of calls."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from contestants import Contestant, Loopback, bare, loopback, ours, peer
from measure import Row, interleaved, show

ROUNDS = 7
CALLS = 40
NONE = "Say hello."
MANY = f'Read them. [[fake tools={CALLS} name=read_file args={{"path":"file{{i}}.txt"}}]]'


def main() -> None:
    with tempfile.TemporaryDirectory() as name, loopback(Path(name)) as server:
        folder = Path(name)
        for number in range(CALLS + 1):
            (folder / f"file{number}.txt").write_text(f"This is file {number}.\n")
        each = [bare(folder, server), ours(folder, server), peer(folder, server)]
        found = interleaved({who.name: lambda who=who: _per_call(who) for who in each}, ROUNDS)
        connections = _connections(each[1], server)
    milliseconds = {name: statistics.median(figures) * 1000 for name, figures in found.items()}
    for name, figure in milliseconds.items():
        bound = milliseconds["bare script"] + 8 if name == "hermes-fs" else None
        show(Row("toolcalls", f"{name}, per call", figure, "ms", bound))
    above = milliseconds["hermes-fs"] - milliseconds["bare script"]
    show(Row("toolcalls", "hermes-fs above the bare loop, per call", above, "ms", 8))
    show(Row("toolcalls", f"connections for a session of {CALLS} calls", connections, "", 1))


def _per_call(who: Contestant) -> float:
    """Seconds, start-up and all else that a turn without calls has too left out."""
    return (who.asked(MANY).wall - who.asked(NONE).wall) / CALLS


def _connections(who: Contestant, server: Loopback) -> int:
    before = server.requests()
    who.asked(MANY)
    requests = server.requests()[len(before) :]
    if len(requests) != CALLS + 1:
        raise RuntimeError(f"{CALLS} calls took {len(requests)} requests: not all were carried out")
    return requests[-1]["connections"] - before[-1]["connections"]


if __name__ == "__main__":
    main()

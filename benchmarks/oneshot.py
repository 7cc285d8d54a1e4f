"""One prompt, one reply, on an idle machine: how much an agent adds to a bare script with the same SDK."""

from __future__ import annotations

import tempfile
from pathlib import Path

from contestants import bare, loopback, ours, peer
from measure import Row, interleaved, median, show

ROUNDS = 15
PROMPT = "Say hello."


def main() -> None:
    with tempfile.TemporaryDirectory() as name, loopback(Path(name)) as server:
        folder = Path(name)
        each = [bare(folder, server), ours(folder, server), peer(folder, server)]
        found = interleaved({who.name: lambda who=who: who.asked(PROMPT) for who in each}, ROUNDS)
    costs = {who.name: median(found[who.name]) for who in each}
    for who, cost in costs.items():
        show(Row("oneshot", f"{who}, wall", cost.wall, "s"))
        show(Row("oneshot", f"{who}, CPU", cost.cpu, "s"))
        show(Row("oneshot", f"{who}, resident at most", cost.rss, "MiB"))
    floor, agent = costs["bare script"], costs["hermes-fs"]
    show(Row("oneshot", "hermes-fs / bare script, wall", agent.wall / floor.wall, "times", 1.3))
    show(Row("oneshot", "hermes-fs / bare script, CPU", agent.cpu / floor.cpu, "times"))


if __name__ == "__main__":
    main()

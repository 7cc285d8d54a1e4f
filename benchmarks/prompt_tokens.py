"""How long the first request of a conversation is, in a fresh workspace: all messages and tool schemas.

Tokens are counted as a quarter of the request's bytes, alike for all; a real tokenizer finds a little less.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from contestants import Contestant, Loopback, loopback, ours, peer
from measure import Row, show


def main() -> None:
    show(Row("prompt_tokens", "hermes-fs, full profile", _first_prompt(ours), "tokens", 4000))
    show(Row("prompt_tokens", "hermes-fs, small profile", _first_prompt(_small), "tokens", 1500))
    show(Row("prompt_tokens", "hermes-agent", _first_prompt(peer), "tokens"))


def _small(folder: Path, server: Loopback) -> Contestant:
    return ours(folder, server, profile="small")


def _first_prompt(make: Callable[[Path, Loopback], Contestant]) -> float:
    with tempfile.TemporaryDirectory() as name, loopback(Path(name)) as server:
        make(Path(name), server).asked("Say hello.")
        size = next(request["body_bytes"] for request in server.requests() if request["n_tools"])
    return size / 4


if __name__ == "__main__":
    main()

"""How much memory an interactive chat holds after some turns, with all its child processes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pexpect
import psutil
from contestants import loopback, ours
from measure import Row, hermes, show

TURNS = 10
REPLY = "[[fake text=2000]]"


def main() -> None:
    with tempfile.TemporaryDirectory() as name, loopback(Path(name)) as server:
        who = ours(Path(name), server)
        command, *arguments = map(str, hermes())
        chat = pexpect.spawn(
            command, arguments, env={**who.env, "TERM": "xterm-256color"}, cwd=str(who.cwd), dimensions=(40, 120)
        )
        try:
            for number in range(TURNS):
                _wait_for(chat, lambda number=number: len(server.requests()) >= number)
                time.sleep(1)  # the reply is drawn, its lesson and index are settled
                chat.send(f"Turn {number}: tell me more. {REPLY}\r")
            _wait_for(chat, lambda: len(server.requests()) >= TURNS)
            time.sleep(2)
            itself = psutil.Process(chat.pid)
            children = itself.children(recursive=True)
            own, other = itself.memory_info().rss, sum(child.memory_info().rss for child in children)
        finally:
            chat.close(force=True)
    show(Row("chat_memory", f"chat after {TURNS} turns, resident", own / 2**20, "MiB", 100))
    show(Row("chat_memory", f"its {len(children)} child processes, resident", other / 2**20, "MiB"))


def _wait_for(chat: pexpect.spawn, met, seconds: float = 60) -> None:
    """Read what it draws (or it would block) until the condition is met."""
    deadline = time.monotonic() + seconds
    while not met():
        if time.monotonic() > deadline or not chat.isalive():
            raise RuntimeError("the chat did not answer")
        try:
            chat.read_nonblocking(1 << 16, timeout=0.1)
        except pexpect.TIMEOUT:
            continue


if __name__ == "__main__":
    main()

"""What the worst text does to each scanner and parser: 64 KB of every hostile kind, milliseconds of processor time."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from measure import Row, show  # noqa: E402  (a script's own folder)

from tests.adversarial.payloads import payloads  # noqa: E402
from tests.adversarial.readers import Reader, readers  # noqa: E402

SIZE = 64 * 1024
BOUND_MS = 50


def worst(reader: Reader, texts: list[tuple[str, str]]) -> tuple[float, str]:
    """The slowest text, the better of two tries each."""
    reader("warm: up\n")
    taken = []
    for kind, text in texts:
        best = min(_milliseconds(reader, text) for _ in range(2))
        taken.append((best, kind))
    return max(taken)


def _milliseconds(reader: Reader, text: str) -> float:
    started = time.thread_time()
    reader(text)
    return (time.thread_time() - started) * 1000


def main() -> None:
    texts = list(payloads(SIZE))
    for name, reader in readers().items():
        taken, kind = worst(reader, texts)
        show(Row("adversarial", f"{name} ({kind})", taken, "ms", BOUND_MS))


if __name__ == "__main__":
    main()

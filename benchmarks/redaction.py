"""How many credentials `core/secrets.py` finds, and how much harmless text it alters.

python -m benchmarks.redaction [--missed]
"""

from __future__ import annotations

import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from hermes_fs.core.secrets import find, redact
from tests.core.benign_samples import benign
from tests.core.secret_samples import bare, located

SEED = 3
_SUFFIXES = {".py", ".md", ".rst", ".txt", ".json", ".toml", ".cfg", ".ini", ".yaml", ".yml", ".pem", ".js", ".c", ".h"}
_MOST, _LINES = 4000, 20


def share_found(samples: Iterable[tuple[str, str, str]]) -> tuple[float, list[tuple[str, str]]]:
    """Share of secrets of which nothing is left, and those that were missed."""
    rows = list(samples)
    missed = [(kind, text) for kind, text, secret in rows if _remains(secret, redact(text))]
    return 1 - len(missed) / len(rows), missed


def _remains(secret: str, text: str) -> bool:
    """Whether a piece of it that helps an attacker is still there."""
    size = max(6, len(secret) // 3)
    return any(secret[start : start + size] in text for start in range(max(len(secret) - size, 0) + 1))


def share_altered(samples: Iterable[tuple[str, str]]) -> tuple[float, list[tuple[str, str]]]:
    """Share of harmless texts that were altered, and those."""
    rows = list(samples)
    altered = [(kind, text) for kind, text in rows if find(text)]
    return len(altered) / len(rows), altered


def machine_texts() -> Iterator[tuple[str, str]]:
    """Twenty lines each of the files that Python and its packages brought to this machine: nobody's secrets."""
    places = {sysconfig.get_paths()[name] for name in ("stdlib", "purelib")}
    files = sorted(path for place in places for path in Path(place).rglob("*") if _is_text(path))
    for path in files[:: max(1, len(files) // _MOST)]:
        lines = path.read_text(errors="replace").splitlines()
        for start in range(0, len(lines), _LINES):
            yield path.name, "\n".join(lines[start : start + _LINES])


def _is_text(path: Path) -> bool:
    return (path.suffix in _SUFFIXES or path.name == "RECORD") and path.is_file() and path.stat().st_size < 300_000


def main() -> None:
    show = "--missed" in sys.argv
    for which in ("first", "second", "third", "unseen"):
        for name, samples in (("located", located), ("bare", bare)):
            rows = list(samples(which, SEED))
            share, missed = share_found(rows)
            kinds = dict(Counter(kind for kind, _ in missed).most_common(6))
            print(f"{name} {which:<12} {share:7.1%} of {len(rows)}  missed: {kinds}")
            for kind, text in missed[:: max(1, len(missed) // 40)] if show else ():
                print(f"    {kind}: {text[:110]!r}")
    for name, lines in (("harmless", benign(SEED)), ("files of this Python", machine_texts())):
        rows2 = list(lines)
        started = time.process_time()
        share, altered = share_altered(rows2)
        size = sum(len(text) for _, text in rows2)
        seconds = time.process_time() - started
        print(f"{name:<20} {share:8.3%} of {len(rows2)} altered, {size / 1e6 / seconds:.1f} MB/s")
        for kind, text in altered[:: max(1, len(altered) // 40)] if show else ():
            print(f"    {kind}: {text.strip()[:140]!r}")


if __name__ == "__main__":
    main()

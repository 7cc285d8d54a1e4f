"""How a skill from elsewhere is put before a person: what it is, what it brings, what was found. Decides nothing."""

from __future__ import annotations

import sys
from typing import Any

from hermes_fs.cli.output import bad, bold, dim, good, print_text, warning
from hermes_fs.core.errors import Refused
from hermes_fs.core.terminal import one_line, spell_out
from hermes_fs.store.installing import source
from hermes_fs.store.installing.newcomer import Newcomer

LABEL = 9
"""Width of the labels before facts."""
_FILES = 40
_FINDINGS = 20
_OFFER = "[y]es, [N]o, [s]how its files"


def waiting(wanted: source.Source) -> None:
    """Says at a terminal what takes its time."""
    if wanted.origin == "web" and sys.stderr.isatty():
        print(dim(f"fetching {one_line(wanted.text)}"), file=sys.stderr)


def whole(one: Newcomer, problems: list[str]) -> None:
    """Name, use, source, pins, files with sizes, programs, remarks, findings."""
    print(f"{bold(one_line(one.name))}  {one_line(one.description)}\n")
    for label, value in facts(one):
        print(f"{dim(label.ljust(LABEL))} {one_line(value)}")
    programs = set(one.programs)
    for path, data in list(one.files.items())[:_FILES]:
        mark = f"  {warning('program')}" if path in programs else ""
        print(f"  {size(len(data)):>9}  {one_line(path)}{mark}")
    if len(one.files) > _FILES:
        print(dim(f"  and {len(one.files) - _FILES} more files"))
    for remark in one.remarks:
        print(f"{dim('note'.ljust(LABEL))} {one_line(remark)}")
    found(problems)


def found(problems: list[str]) -> None:
    """What the scans say."""
    if not problems:
        print(f"{dim('scanned'.ljust(LABEL))} {good('nothing was found')}")
        return
    print(f"{dim('scanned'.ljust(LABEL))} {bad(f'{len(problems)} found')}")
    for line in problems[:_FINDINGS]:
        print(f"  {bad('✗')} {one_line(line)}")
    if len(problems) > _FINDINGS:
        print(dim(f"  and {len(problems) - _FINDINGS} more"))


def facts(one: Newcomer) -> list[tuple[str, str]]:
    """What pins it, as label and value."""
    rows = [("from", one.source.text), ("commit", one.commit), ("sha256", one.sha256)]
    programs = one.programs
    brings = f"{len(one.files)} ({size(one.size).strip()})"
    return [
        *((label, value) for label, value in rows if value),
        ("files", brings + (f", of them {len(programs)} programs" if len(programs) > 1 else "")),
    ]


def why(one: Newcomer) -> str:
    """What the lesson says of where it came from."""
    pin = f", commit {one.commit}" if one.commit else ""
    return f"installed from {source.without_password(one.source.text)}{pin}, sha256 {one.sha256}"


def ask(question: str, one: Newcomer) -> None:
    """Returns on a yes. Refused on anything else."""
    while True:
        answer = input(f"\n{question} {_OFFER}: ").strip().lower()
        if answer in ("y", "yes"):
            return
        if answer not in ("s", "show"):
            raise Refused("nothing was changed")
        for path, data in one.files.items():
            print(dim(f"── {one_line(path)}"))
            text = None if b"\0" in data else data.decode("utf-8", "replace")
            print_text(spell_out(text) if text is not None else f"({len(data):,} bytes, no text)")


def diff_line(line: str) -> None:
    """One line of a unified diff; nothing in it hides anything."""
    shown = spell_out(line)
    ink = bold if line.startswith(("diff ", "+++", "---")) else {"+": good, "-": bad, "@": dim}.get(line[:1], str)
    print(ink(shown))


def as_json(one: Newcomer) -> dict[str, Any]:
    """What programs read: stable names."""
    return {
        "name": one.name,
        "description": one.description,
        "source": one.source.text,
        "source_commit": one.commit,
        "sha256": one.sha256,
        "files": {path: len(data) for path, data in one.files.items()},
        "programs": one.programs,
        "remarks": list(one.remarks),
    }


def size(number: int) -> str:
    """`812 B`, `3.4 KB`, `1.2 MB`."""
    if number < 1000:
        return f"{number} B"
    return f"{number / 1000:.1f} KB" if number < 1_000_000 else f"{number / 1_000_000:.1f} MB"

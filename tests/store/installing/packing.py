"""Archives for tests: ordinary ones, and ones that no honest program would make."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping

SKILL = b"---\nname: pdf\ndescription: Fills PDF forms. Use when asked for a PDF.\n---\n\n# PDF\n\nRun it.\n"


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def zipped_with_mode(name: str, data: bytes, mode: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("SKILL.md", SKILL)
        entry = zipfile.ZipInfo(name)
        entry.create_system = 3
        entry.external_attr = mode << 16
        archive.writestr(entry, data)
    return made.getvalue()


def tarred(files: Mapping[str, bytes], packed: bool = True) -> bytes:
    return tarred_members([(tarfile.TarInfo(name), data) for name, data in files.items()], packed)


def tarred_members(members: list[tuple[tarfile.TarInfo, bytes]], packed: bool = True) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(made.getvalue()) if packed else made.getvalue()


def special(kind: bytes, name: str = "scripts/odd", target: str = "") -> bytes:
    """A tar file with a skill and one member of this type."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return tarred_members([(tarfile.TarInfo("SKILL.md"), SKILL), (member, b"")])

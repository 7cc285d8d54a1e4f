"""Owns the lines by which plain git merges this repository's files as hermes does: in .git/config and in
.git/info/attributes, never in a file that travels. Merges nothing.

git is told an absolute interpreter that looks neither at its environment nor at the folder that it starts in.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path

from hermes_fs.core.errors import Failed, Refused
from hermes_fs.store.git import Git

KEY = "merge.hermes.driver"
_NAME = "merge.hermes.name"
_PROGRAM = (
    "import sys; sys.path.append(sys.argv.pop(1)); import runpy;"
    ' runpy.run_module("hermes_fs.store.merge_driver", run_name="__main__", alter_sys=True)'
)
_BEGIN, _END = "# hermes: begin\n", "# hermes: end\n"
_LINES = f"{_BEGIN}* merge=hermes\n{_END}"


def command() -> str:
    """What git runs for each file that both sides changed. Raises Failed where no interpreter is known."""
    if not Path(sys.executable).is_absolute():
        raise Failed("this program does not know its own interpreter", "install hermes with pip or uv")
    words = (sys.executable, "-I", "-c", _PROGRAM, str(Path(__file__).resolve().parents[2]))
    return f"{shlex.join(words).replace('%', '%%')} %O %A %B %P"


def is_ours(key: str, value: str) -> bool:
    """Whether a setting of a repository is exactly what `install_drivers` writes here."""
    return key.lower() == KEY and Path(sys.executable).is_absolute() and value == command()


def install_drivers(git: Git) -> list[str]:
    """Plain git merges by format from now on. Lines that say what was written where; none where it was so already.
    Raises Failed, Refused."""
    attributes = _attributes(git)
    before = _read(attributes)
    wanted = f"{_without(before)}{_LINES}"
    done: list[str] = []
    if _setting(git) != command():
        git.run("config", "--local", "--replace-all", _NAME, "by the format of each file (hermes)")
        git.run("config", "--local", "--replace-all", KEY, command())
        done.append(f"{git.common_dir / 'config'}: {KEY}")
    if before != wanted:  # last: an attribute without its driver would have git merge as ever, with markers
        _write(attributes, wanted)
        done.append(f"{attributes}: * merge=hermes")
    return done


def uninstall_drivers(git: Git) -> list[str]:
    """Plain git merges as ever. Lines that say what was taken out of which file. Raises Failed, Refused."""
    attributes = _attributes(git)
    before = _read(attributes)
    done: list[str] = []
    if _without(before) != before:
        _write(attributes, _without(before))
        done.append(f"{attributes}: * merge=hermes")
    if _setting(git):
        git.run("config", "--local", "--remove-section", "merge.hermes")
        done.append(f"{git.common_dir / 'config'}: {KEY}")
    return done


def are_ours(git: Git) -> bool:
    """Whether the driver that git would run is exactly the one that is installed here."""
    return is_ours(KEY, _setting(git))


def _setting(git: Git) -> str:
    said = git.ask("config", "--file", str(git.common_dir / "config"), "--no-includes", "--get", KEY)
    return os.fsdecode(said.out).removesuffix("\n") if not said.code else ""


def _attributes(git: Git) -> Path:
    """Refused where a link leads elsewhere: this folder may have come from anybody."""
    place = git.common_dir / "info" / "attributes"
    if place.is_symlink() or place.parent.is_symlink():
        raise Refused(f"{place} is a link", "look where it leads, and remove it")
    return place


def _read(place: Path) -> str:
    try:
        return place.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


def _without(text: str) -> str:
    """The person's own lines, all with an end."""
    head, begin, rest = text.partition(_BEGIN)
    kept = head + rest.partition(_END)[2] if begin else text
    return f"{kept}\n" if kept and not kept.endswith("\n") else kept


def _write(place: Path, text: str) -> None:
    """Whole or not at all."""
    try:
        place.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix="attributes.", delete=False) as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        Path(file.name).replace(place)
    except OSError as error:
        raise Failed(f"{place} cannot be written: {error.strerror or error}", "look at its folder") from error

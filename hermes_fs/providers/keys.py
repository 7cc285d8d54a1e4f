"""Finds API keys: in the environment, else in ~/.config/hermes/env. Writes none and shows none."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from hermes_fs.core.errors import Refused

KEY_FILE = "~/.config/hermes/env"


class Keys(Mapping[str, str]):
    """The environment with the key file behind it: a Mapping of names to values in which only the names of keys
    should be looked up. The file is read when the environment lacks a name. Raises Refused where others may read it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._file: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        value = self._environ.get(name, "").strip() or self._behind().get(name)
        if not value:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter({**self._behind(), **self._environ})

    def __len__(self) -> int:
        return len({**self._behind(), **self._environ})

    def source(self, name: str) -> str:
        """Where the key of that name comes from, for a person; empty where there is none."""
        if self._environ.get(name, "").strip():
            return "the environment"
        return KEY_FILE if self._behind().get(name) else ""

    def _behind(self) -> dict[str, str]:
        if self._file is None:
            home = self._environ.get("HOME", "")
            self._file = read_key_file(Path(home, ".config/hermes/env")) if home else {}
        return self._file


def read_key_file(path: Path) -> dict[str, str]:
    """KEY=VALUE lines, `export` and quotes allowed, `#` starts a comment line. A missing file is empty. Raises Refused
    where anybody but its owner may read it."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            mode = path.stat().st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise Refused(f"{path} can be read by others", f"run `chmod 600 {path}`")
            lines = file.read().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError as error:
        raise Refused(f"{path} cannot be read", "make it yours and run `chmod 600` on it") from error
    found: dict[str, str] = {}
    for line in lines:
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not line.lstrip().startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found

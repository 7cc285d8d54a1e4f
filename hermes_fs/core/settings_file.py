"""Reads a file of settings as plain data, and says where it is wrong. Knows no key; loads the YAML library on use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hermes_fs.core import full_yaml, plain_yaml
from hermes_fs.core.errors import ConfigError


def read(path: Path) -> dict[str, Any]:
    """A YAML file as plain data; a missing one is empty. Raises ConfigError with the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} cannot be read: {error}", "mend the file") from error
    return parse_yaml(text, path.name)


_MEND = "mend the file; `hermes config check` tries it again"


def parse_yaml(text: str, where: str) -> dict[str, Any]:
    """A YAML mapping as plain data. Raises ConfigError with the line."""
    try:
        data = plain_yaml.parse(text)
    except plain_yaml.Wild:
        data = _wild(text, where)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{where} must be a mapping of keys to values", "see docs/reference/config.md")
    return data


def _wild(text: str, where: str) -> Any:
    if refused := plain_yaml.refusal(text):
        raise ConfigError(f"{where}: {refused}", _MEND)
    try:
        with full_yaml.reader() as yaml:
            return yaml.load(text)
    except full_yaml.Unreadable as error:
        line = f", line {error.line}" if error.line else ""
        raise ConfigError(f"{where}{line}: {error.problem}", _MEND) from error

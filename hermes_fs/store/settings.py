"""Changes settings in YAML text and in this machine's own .git/hermes/local.yaml; comments and order are kept.

config.yaml belongs to the mind: its new text goes through the door, never from here to the disk.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hermes_fs.core import config
from hermes_fs.core.errors import Failed
from hermes_fs.core.loading import load
from hermes_fs.store import identity
from hermes_fs.store.lock import Lock
from hermes_fs.store.transcript import write_whole

_PATIENCE = 10.0  # seconds


def with_values(text: str, values: Mapping[str, Any], where: str = config.CONFIG) -> str:
    """`text` with dotted keys set, or taken out where the value is None. Raises ConfigError where the text is not valid
    YAML, or a key or value is wrong."""
    config.parse_yaml(text, where)
    yaml = load("ruamel.yaml:YAML")()
    yaml.preserve_quotes = True
    yaml.width = 4096
    data = yaml.load(text)
    if data is None:
        data = load("ruamel.yaml.comments:CommentedMap")()
    for key, value in values.items():
        if value is None:
            _take_out(data, key.split("."))
        else:
            config.put(data, key, value)
    written = io.StringIO()
    if data:
        yaml.dump(data, written)
    fresh = written.getvalue()
    config.parse(config.parse_yaml(fresh, where), where)
    return fresh


def write_local(state_dir: Path, values: Mapping[str, Any]) -> None:
    """Set or take out dotted keys in local.yaml, all or nothing. Raises ConfigError, or Failed where the disk does not
    let us."""
    _change(state_dir, lambda data: values)


def add_local(state_dir: Path, key: str, lines: Sequence[str]) -> tuple[str, ...]:
    """Add lines to a list in local.yaml, those that another process added meanwhile kept. Returns the list. Raises as
    `write_local`."""
    made: list[str] = []

    def added(data: Any) -> Mapping[str, Any]:
        for part in key.split("."):
            data = data.get(part) if isinstance(data, dict) else None
        made[:] = dict.fromkeys((*(map(str, data) if isinstance(data, list) else ()), *lines))
        return {key: list(made)}

    _change(state_dir, added)
    return tuple(made)


def _change(state_dir: Path, values: Callable[[Any], Mapping[str, Any]]) -> None:
    """`values` is called with what the file holds."""
    path = state_dir / config.LOCAL
    try:
        identity.host_of(state_dir, identity.machine_id())  # by which they are known as this machine's own
        with Lock(state_dir / f"{config.LOCAL}.lock", _PATIENCE):
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            fresh = with_values(text, values(config.parse_yaml(text, config.LOCAL)), config.LOCAL)
            write_whole(path, fresh.encode())
    except OSError as error:
        hint = "free some space there" if error.errno == errno.ENOSPC else "make the folder writable"
        raise Failed(f"{path} cannot be written: {error.strerror}", hint) from error


def _take_out(data: Any, path: list[str]) -> None:
    """Take a key out, and the sections that are empty without it."""
    if not isinstance(data, dict) or path[0] not in data:
        return
    if len(path) > 1:
        _take_out(data[path[0]], path[1:])
        if data[path[0]]:
            return
    del data[path[0]]

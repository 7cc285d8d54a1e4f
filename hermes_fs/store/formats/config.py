"""The format of config.yaml as a file of the workspace. The settings themselves are core/config.py's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hermes_fs.core.errors import ConfigError
from hermes_fs.core.loading import load
from hermes_fs.store.formats import yaml_file
from hermes_fs.store.formats.format import By, Merged, decode
from hermes_fs.store.formats.plain import check_bytes

_SETTINGS = "hermes_fs.core.config"  # loaded on use: commands that change no settings need not pay for pydantic


@dataclass(frozen=True, slots=True)
class ConfigFormat:
    name: str = "config"

    def check(self, path: str, before: bytes | None, after: bytes | None, by: By) -> list[str]:
        text = decode(after)
        if after is None:
            return []
        if text is None:
            return ["it is not UTF-8 text"]
        try:
            data = load(f"{_SETTINGS}:parse_yaml")(text, path)
            load(f"{_SETTINGS}:check_shared")(data)
            load(f"{_SETTINGS}:parse")(data, path)
        except ConfigError as error:
            return [str(error)]
        return check_bytes(before, after, by, 100_000)

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        return yaml_file.describe("config", before, after, "section")

    def merge(self, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
        return yaml_file.merge(base, ours, theirs, yaml_file.Rules(problems=_problems))


def _problems(data: dict[str, Any]) -> list[str]:
    try:
        load(f"{_SETTINGS}:check_shared")(data)
        load(f"{_SETTINGS}:parse")(data, "config.yaml")
    except ConfigError as error:
        return [str(error)]
    return []

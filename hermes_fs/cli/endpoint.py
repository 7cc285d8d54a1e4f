"""Which settings make an endpoint this machine's own, so that nothing of the former one stays. Writes none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEYS = tuple(f"model.{key}" for key in ("provider", "name", "base_url", "api_key_env", "context_window", "wire"))


def complete(values: Mapping[str, Any], inherited: Mapping[str, Any]) -> dict[str, Any]:
    """Every key of an endpoint: those of `values`, the others taken out. `inherited` is the section `model` of
    config.yaml, of which nothing may show through."""
    return {key: values.get(key) or hiding(inherited, key) for key in KEYS}


def hiding(inherited: Mapping[str, Any], key: str) -> Any:
    """What hides a value of config.yaml from this machine; None where there is none to hide."""
    name = key.rpartition(".")[2]
    if name not in inherited:
        return None
    return {"context_window": 0, "wire": "auto"}.get(name, "")

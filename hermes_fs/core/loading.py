"""Third-party SDKs and adapters are named `"module:attribute"` in static tables and loaded on first use.

This is what keeps `hermes --help` free of them without an import statement inside any function.
"""

from __future__ import annotations

import importlib
from typing import Any

from hermes_fs.core.errors import Failed


def load(target: str, extra: str = "") -> Any:
    """The object that `"module:attribute"` names (or the module, without a colon).

    `extra` is the optional dependency group that brings the module; raises Failed with how to install it.
    """
    module_name, _, attribute = target.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        hint = f"pip install 'hermes-fs[{extra}]'" if extra else "reinstall hermes-fs"
        raise Failed(f"{module_name} cannot be loaded: {error}", hint) from error
    return getattr(module, attribute) if attribute else module


class Later:
    """A module that is imported by the first look at one of its names: for what few uses of a command need. For the
    type checker it is imported beside, under TYPE_CHECKING."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(load(self._module), name)

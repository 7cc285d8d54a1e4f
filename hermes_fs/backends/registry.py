"""The one table of backends, name → "module:attribute", loaded on use. Each passes the shared conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hermes_fs.backends.confined import Ground
from hermes_fs.core.errors import UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Backend

BACKENDS: Mapping[str, str] = {
    "local": "hermes_fs.backends.local:Local",
    "sandbox": "hermes_fs.backends.sandbox:Sandbox",
}
"""Each attribute is called with (cwd, state_dir, environ, ground=…) and returns a Backend that has done nothing yet."""


def backend(name: str, cwd: Path, state_dir: Path, environ: Mapping[str, str], ground: Ground | None = None) -> Backend:
    """Raises UsageError for a name that is not in the table."""
    if name not in BACKENDS:
        raise UsageError(f"there is no backend {name!r}", f"use one of: {', '.join(BACKENDS)}")
    made: Backend = load(BACKENDS[name])(cwd, state_dir, environ, ground=ground)
    return made

"""The one table of backends, name → "module:attribute", loaded on use, and the choice among them on this machine.

Each passes the shared conformance suite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.backends.confined import Ground
from hermes_fs.backends.isolation_probe import Found, bubblewrap, landlock
from hermes_fs.core.errors import Failed, UsageError
from hermes_fs.core.loading import load
from hermes_fs.core.ports import Backend

BACKENDS: Mapping[str, str] = {
    "local": "hermes_fs.backends.local:Local",
    "sandbox": "hermes_fs.backends.sandbox:Sandbox",
    "landlock": "hermes_fs.backends.landlock:Landlock",
}
"""Each attribute is called with (cwd, state_dir, environ, ground, session) and returns a Backend that has done nothing
yet. `landlock` is what `auto` and `sandbox` come down to where there is no bubblewrap."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`remark` is a line for the person, "" where all is as it should be; `fix` is what would mend it."""

    name: str
    remark: str = ""
    fix: str = ""


def choose(wanted: str, state_dir: Path) -> Choice:
    """What `auto`, or a name of the table, means on this machine. Raises Failed where a sandbox is wanted and cannot be
    had, UsageError for another name."""
    if wanted not in ("auto", *BACKENDS):
        raise UsageError(f"there is no backend {wanted!r}", f"use one of: auto, {', '.join(BACKENDS)}")
    if wanted == "local":
        return Choice(wanted)
    tried = bubblewrap(state_dir / "sandbox" / "bubblewrap")
    if tried.program and wanted != "landlock":
        return Choice("sandbox")
    fallback = landlock()
    if fallback.program:
        why = f"{tried.problem}: commands are confined by Landlock, which hides less"
        return Choice("landlock") if wanted == "landlock" else Choice("landlock", why, tried.fix)
    if wanted != "auto":
        raise Failed(_neither(tried, fallback), tried.fix)
    return Choice("local", f"no sandbox here, so commands run as you: {_neither(tried, fallback)}", tried.fix)


def backend(
    name: str,
    cwd: Path,
    state_dir: Path,
    environ: Mapping[str, str],
    ground: Ground | None = None,
    session: str = "",
) -> Backend:
    """Raises UsageError for a name that is not in the table, Refused for a ground that it does not take."""
    if name not in BACKENDS:
        raise UsageError(f"there is no backend {name!r}", f"use one of: {', '.join(BACKENDS)}")
    made: Backend = load(BACKENDS[name])(cwd, state_dir, environ, ground=ground, session=session)
    return made


def _neither(tried: Found, fallback: Found) -> str:
    return f"{tried.problem}; {fallback.problem}"

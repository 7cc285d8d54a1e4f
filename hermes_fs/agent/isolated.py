"""Makes backends in which programs that nobody vouches for can do no harm: isolated, offline, with a state of their
own. Runs nothing in them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.backends import registry
from hermes_fs.backends.confined import Ground
from hermes_fs.backends.sandbox import PROGRAM_NOTE
from hermes_fs.core.errors import Failed
from hermes_fs.core.ports import Backend


@dataclass(frozen=True, slots=True)
class Isolation:
    """What isolates on this machine. `state_dir` is where that was found out already, and is noted; `wanted` names a
    backend, of which only an isolated one is ever used."""

    state_dir: Path
    wanted: str = "auto"

    def why_not(self) -> str:
        """Why nothing can be run here, "" where it can."""
        choice = registry.choose(self.wanted, self.state_dir)
        return "" if choice.name != "local" else choice.remark or "there is no sandbox here"

    def backend(self, cwd: Path, state: Path, environ: Mapping[str, str], ground: Ground, session: str) -> Backend:
        """To be closed; what it keeps goes below `state`. Raises Failed where nothing here isolates, OSError where
        there is no room."""
        choice = registry.choose(self.wanted, self.state_dir)
        self._bring_note(state)
        made = registry.backend(choice.name, cwd, state, environ, ground, session)
        if not made.capabilities.isolated or made.capabilities.network:
            raise Failed("nothing here runs a program in isolation", choice.fix or "see `hermes backend test`")
        return made

    def _bring_note(self, state: Path) -> None:
        """Which bubblewrap works is not found out for each."""
        known, note = (folder / "sandbox" / PROGRAM_NOTE for folder in (self.state_dir, state))
        note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if known.is_file() and known != note:
            shutil.copyfile(known, note)

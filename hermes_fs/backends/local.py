"""The backend of this machine: commands, jobs and files as the user who runs hermes, without isolation."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from hermes_fs.backends.confined import Ground
from hermes_fs.backends.here_jobs import HereJobs
from hermes_fs.backends.jobs import Jobs
from hermes_fs.backends.shell import Shell
from hermes_fs.backends.workbench import OUTPUT_LIMIT, Workbench
from hermes_fs.core import environment
from hermes_fs.core.ports import Capabilities


class Local(Workbench):
    """Implements `core.ports.Backend`. Its state (shell snapshots, jobs, long outputs) lies in `state_dir`/local. `cwd`
    must be an absolute path. Jobs are found again by every Local with the same `state_dir`.
    """

    name = "local"
    output_limit = OUTPUT_LIMIT
    capabilities = Capabilities(persistent=True, hibernate=False, isolated=False, network=True)

    def __init__(
        self,
        cwd: Path,
        state_dir: Path,
        environ: Mapping[str, str],
        ground: Ground | None = None,
        session: str = "",
    ) -> None:
        """Without a `ground`, files belong below `cwd` alone. Jobs are shared by all sessions."""
        state = state_dir / "local"
        folder = state / "shells" / f"{os.getpid()}-{secrets.token_hex(4)}"
        shell = Shell(folder, str(cwd), environment.for_commands(environ))
        jobs = Jobs(state / "jobs", HereJobs(shell), self.output_limit)
        super().__init__(state, environ, ground or Ground((cwd,)), shell, jobs, self.output_limit)

    def allow_network(self, host: str = "") -> None:
        """Nothing to do: commands may reach whatever this machine reaches."""

    def close_network(self) -> None:
        """Nothing to do: as above."""

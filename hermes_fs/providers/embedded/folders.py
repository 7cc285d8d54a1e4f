"""Where model files and the record of the running server are kept: outside every workspace, this person's alone."""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.errors import Refused
from hermes_fs.core.loading import load

_APP = "hermes-fs"


@dataclass(frozen=True, slots=True)
class Folders:
    """`models` holds the files, `server` what the shared server of this host writes (record, locks, leases, log)."""

    models: Path
    server: Path

    @classmethod
    def of_this_person(cls) -> Folders:
        """By the platform's custom: on Linux ~/.local/share/hermes-fs/models and ~/.local/state/hermes-fs/server. A
        home that several hosts share holds a server for each."""
        data, state = load("platformdirs:user_data_path"), load("platformdirs:user_state_path")
        host = "".join(sign if sign.isalnum() or sign in "-." else "-" for sign in socket.gethostname()) or "host"
        return cls(data(_APP, appauthor=False) / "models", state(_APP, appauthor=False) / "server" / host)

    def private_server(self) -> Path:
        """The folder `server`, made where it is missing. Raises Refused where it is not this person's alone."""
        self.server.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.server.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise Refused(f"{self.server} is not a folder of yours", "move it away")
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            self.server.chmod(0o700)
        return self.server

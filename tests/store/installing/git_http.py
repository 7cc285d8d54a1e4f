"""Repositories over http on this machine, by git's own server program."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from hermes_fs.testing.loopback import Incoming, Loopback, Outgoing


class GitServer(Loopback):
    """Serves the repositories of a folder, by their names."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def answer(self, asked: Incoming) -> Outgoing:
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "PATH_INFO": asked.path,
            "QUERY_STRING": asked.query,
            "REQUEST_METHOD": asked.method,
            "CONTENT_TYPE": asked.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(asked.data)),
            "GIT_PROTOCOL": asked.headers.get("git-protocol", ""),
            "HTTP_CONTENT_ENCODING": asked.headers.get("content-encoding", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=asked.data, env=env, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return Outgoing(content, int(headers.pop("Status", "200").split()[0]), headers)

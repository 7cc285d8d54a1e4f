"""Who is measured: a bare script with the same SDK, hermes-fs, and the leading agent of the package index.

All talk to one loopback server that answers at once, as the marker in their prompt tells it to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import ROOT, Cost, hermes, run

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hermes-fs-bench"
PEER = "hermes-agent==0.19.0"


@dataclass(frozen=True)
class Contestant:
    """`ask` is the command line that a prompt is appended to; `page` prints the help."""

    name: str
    ask: tuple[str | Path, ...]
    page: tuple[str | Path, ...]
    env: Mapping[str, str]
    cwd: Path

    def asked(self, prompt: str) -> Cost:
        return run([*self.ask, prompt], self.env, self.cwd)

    def helped(self) -> Cost:
        return run(self.page, self.env, self.cwd)


@dataclass(frozen=True)
class Loopback:
    """The server. `log` gets a JSON line for each request, after it was answered."""

    base_url: str
    log: Path

    def requests(self) -> list[dict[str, Any]]:
        """The chat completions so far, oldest first."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["path"].endswith("/chat/completions")]


@contextmanager
def loopback(folder: Path) -> Iterator[Loopback]:
    """A server in a process of its own, so that its work is not counted as ours."""
    port_file, log = folder / "port", folder / "requests.jsonl"
    log.touch()
    command = [sys.executable, "-m", "hermes_fs.testing.openai_server", "--port", "0", "--port-file", port_file]
    with subprocess.Popen([*command, "--log", log], cwd=ROOT, env=base_environment()) as server:
        try:
            while not (port_file.exists() and port_file.read_text().strip()):
                time.sleep(0.02)
            yield Loopback(f"http://127.0.0.1:{port_file.read_text().strip()}/v1", log)
        finally:
            server.terminate()


def base_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}


def bare(folder: Path, server: Loopback) -> Contestant:
    env = base_environment() | {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "none", "HOME": str(folder)}
    script = Path(__file__).with_name("bare.py")
    return Contestant("bare script", (sys.executable, script), (sys.executable, "-S", "-c", "pass"), env, folder)


def ours(folder: Path, server: Loopback, profile: str = "full") -> Contestant:
    mind, home, work = folder / "mind", folder / "home", folder / "work"
    home.mkdir()
    work.mkdir()
    env = base_environment() | {
        "HOME": str(home),
        "OPENAI_BASE_URL": server.base_url,
        "OPENAI_API_KEY": "none",
        "HERMES_WORKSPACE": str(mind),
        "HERMES_MODEL": "scripted",
    }
    run([*hermes(), "init", mind], env, folder)
    run([*hermes(), "config", "set", "model.profile", profile], env, folder)
    return Contestant("hermes-fs", (*hermes(), "chat", "--yes", "-q"), (*hermes(), "--help"), env, work)


def peer(folder: Path, server: Loopback) -> Contestant:
    """Installed from the package index into an environment of its own, once."""
    environment = CACHE / PEER.replace("==", "-")
    program = environment / "bin" / "hermes"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        print(f"installing {PEER} in an environment of its own", flush=True)
        run([sys.executable, "-m", "venv", "--clear", environment], os.environ, CACHE)
        run([environment / "bin" / "python", "-m", "pip", "install", "--quiet", PEER], os.environ, CACHE)
    home = folder / "peer"
    home.mkdir()
    model = {"provider": "custom", "default": "scripted", "base_url": server.base_url, "api_key": "none"}
    (home / "config.yaml").write_text(json.dumps({"model": model}))  # JSON is YAML
    env = base_environment() | {"HOME": str(home), "HERMES_HOME": str(home)}
    del env["PYTHONPATH"]
    return Contestant("hermes-agent", (program, "chat", "-Q", "--yolo", "-q"), (program, "--help"), env, folder)

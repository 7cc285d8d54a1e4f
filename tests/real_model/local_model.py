"""Brings the embedded model and the library that serves it onto this machine, by the product's own means.

python -m tests.real_model.local_model     prepares it and says where it is; done before, it only looks
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.providers.embedded.catalogue import DEFAULT
from hermes_fs.providers.embedded.pull import Telling, order_of_listed, pull

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hermes-fs-test"

_ENVIRONMENT = dict(os.environ)  # as it was before any test gave itself a home of its own


@dataclass(frozen=True)
class Installed:
    """`library` is a folder for PYTHONPATH, `model` the file."""

    library: Path
    model: Path


def prepare(folder: Path = CACHE) -> Installed:
    """Install the library by hash and pull the model, where they are not in `folder` yet (1.2 GB)."""
    library = folder / "library"
    wanted = (HERE / "requirements-server.txt").read_text()
    stamp = library / "stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the model server", flush=True)
        fixed = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes")
        _pip("install", *fixed, "--upgrade", "--target", str(library), "-r", str(HERE / "requirements-server.txt"))
        stamp.write_text(wanted)
    telling = Telling(lambda line: print(line, flush=True), lambda *_: None, lambda *_: None)
    return Installed(library, pull(order_of_listed(DEFAULT), folder, telling).path)


def _pip(*arguments: str) -> None:
    command = (sys.executable, "-m", "pip", *arguments)
    done = subprocess.run(command, env=_ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr[-2000:]}")


if __name__ == "__main__":
    print(prepare().model)

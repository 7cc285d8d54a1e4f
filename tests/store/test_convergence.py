"""Three machines that live at random and are killed at random come to be the same, and nothing is lost on the way.

`python -m tests.store.test_convergence --seconds 3600 --seed 7` does so for an hour.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.store.clones import bare, clones
from tests.store.converging import Lives
from tests.store.installing.git_http import GitServer
from tests.store.random_life import Life
from tests.store.ssh_server import ssh_server

_SECONDS = float(os.environ.get("HERMES_CONVERGE_SECONDS", "45"))
_EDITS = 300  # on each clone, in a full run


@pytest.mark.slow
@pytest.mark.timeout(_SECONDS + 600)
def test_machines_that_live_at_random_and_are_killed_come_to_be_the_same(tmp_path: Path) -> None:
    seed = int(os.environ.get("HERMES_CONVERGE_SEED", "1"))
    live(tmp_path, _SECONDS, seed)


def test_two_machines_that_learn_by_turns_come_to_be_the_same(tmp_path: Path) -> None:
    with clones(tmp_path, "ab") as made:
        lives = Lives(made, 1)
        for number, clone in enumerate(made):
            one = Life(clone, f"quick {number}", "ab"[number])
            for act in (one.learn, one.write, one.learn, one.write):
                act()
        lives.calm_down()
        lives.judge()


@pytest.mark.slow
def test_machines_come_to_be_the_same_over_ssh(tmp_path: Path, home: Path) -> None:
    bare(tmp_path / "remote.git")
    with ssh_server(tmp_path / "ssh", home) as server:
        live(tmp_path, 60, 2, f"{server}{tmp_path}/remote.git", edits=30)


@pytest.mark.slow
def test_machines_come_to_be_the_same_over_http(tmp_path: Path) -> None:
    repository = bare(tmp_path / "remote.git")
    subprocess.run(["git", "-C", str(repository), "config", "http.receivepack", "true"], check=True)
    with GitServer(tmp_path) as server:
        live(tmp_path, 60, 3, f"{server.root}/remote.git", edits=30)


def live(folder: Path, seconds: float, seed: int, address: str = "", edits: int = _EDITS) -> Lives:
    """One run, judged; raises AssertionError with what is wrong."""
    with clones(folder, address=address) as made:
        lives = Lives(made, seed)
        lives.live(seconds, edits)
        lives.calm_down()
        lives.judge()
        return lives


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seconds", type=float, default=3600)
    words.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    words.add_argument("--edits", type=int, default=_EDITS)
    words.add_argument("--keep", type=Path, help="where the clones of a run lie; those of a failed one stay")
    given = words.parse_args()
    until, done = time.monotonic() + given.seconds, Counter[str]()
    for seed in range(given.seed, given.seed + 1_000_000):
        if time.monotonic() > until:
            break
        folder = Path(tempfile.mkdtemp(dir=given.keep))
        lives = live(folder, until - time.monotonic(), seed, edits=given.edits)
        shutil.rmtree(folder)  # that of a failed run stays, to be looked at
        done.update(lives.did)
        print(f"seed {seed}: {sum(lives.did.values())} acts, {lives.killed} killed, all the same", flush=True)
    print(dict(done))


if __name__ == "__main__":
    main()

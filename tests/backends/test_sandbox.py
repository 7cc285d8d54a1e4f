"""The sandbox backend: the shared suite, its life across objects and processes, and how it treats odd grounds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.backends import sandbox_folders
from hermes_fs.backends.sandbox import Sandbox
from hermes_fs.testing.backend_conformance import BackendConformance

Make = Callable[..., Sandbox]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Sandbox] = []

    def one(**more: object) -> Sandbox:
        (tmp_path / "work").mkdir(exist_ok=True)
        given: dict[str, object] = {"cwd": tmp_path / "work", "state_dir": tmp_path / "state", "environ": os.environ}
        made.append(Sandbox(**(given | more)))  # type: ignore[arg-type]
        return made[-1]

    yield one
    for each in made:
        each.close()
    for known in sandbox_folders.running(tmp_path / "state"):
        sandbox_folders.stop(known)


class TestSandbox(BackendConformance):
    @pytest.fixture
    def backend(self, make: Make) -> Sandbox:
        return make()

"""A background job's end is told once, also by the next start."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hermes_fs.apps.chat.news import JobNews
from hermes_fs.backends.local import Local


def test_a_job_that_ended_is_told_once_and_by_whoever_looks_first(tmp_path: Path) -> None:
    backend = Local(tmp_path, tmp_path / "state", {"PATH": os.environ["PATH"]})
    news = JobNews(tmp_path / "told")
    assert news.ended(backend) == []
    job = backend.start("exit 3")
    limit = time.monotonic() + 20
    while backend.poll(job).code is None and time.monotonic() < limit:
        time.sleep(0.01)
    again = Local(tmp_path, tmp_path / "state", {"PATH": os.environ["PATH"]})
    assert [(state.id, state.code) for state in JobNews(tmp_path / "told").ended(again)] == [(job, 3)]
    assert news.ended(backend) == []
    still = backend.start("sleep 60")
    assert news.ended(backend) == []
    backend.kill(still)
    assert [state.id for state in news.ended(backend)] == [still]

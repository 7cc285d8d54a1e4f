"""Whenever a process dies, no errand is lost and none is done twice; one process works at a time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hermes_fs.core.ids import Ulids
from hermes_fs.store.errands import BEGINNINGS, TRIES, Errand, Errands

PROJECT = Path(__file__).parents[2]
TASK = Errand("reflect", "s1", "t1", ("5 tool calls",))


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 31, 8, 15, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


def queue(folder: Path, clock: Clock | None = None) -> Errands:
    clock = clock or Clock()
    return Errands(folder, clock, Ulids(clock))


def process(folder: Path, what: str, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.store.erranding", str(folder), what]
    env = {**os.environ, "HERMES_FAILPOINT": failpoint}
    return subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=60)


def done(folder: Path) -> list[str]:
    path = folder / "done"
    return path.read_text().splitlines() if path.exists() else []


def test_an_errand_waits_until_it_is_done(tmp_path: Path) -> None:
    with queue(tmp_path) as errands:
        added = errands.add(TASK)
        assert queue(tmp_path).waiting() == [added]
        taken = errands.take()
        assert taken is not None and (taken.id, taken.begun, taken.why) == (added.id, 1, ("5 tool calls",))
        assert [one.id for one in errands.waiting()] == [added.id]
        errands.done(taken)
        assert errands.waiting() == [] and errands.take() is None


def test_the_same_errand_waits_once_but_again_after_it_was_begun(tmp_path: Path) -> None:
    with queue(tmp_path) as errands:
        first = errands.add(TASK)
        assert errands.add(TASK) == first
        assert errands.add(Errand("reflect", "s1", "t2")).id != first.id
        errands.take()
        assert errands.add(TASK).id != first.id


def test_errands_are_handed_out_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    with queue(tmp_path) as errands:
        for number in range(4):
            errands.add(Errand("reflect", f"s{number}"))
        order = []
        while errand := errands.take():
            order.append(errand.session)
            errands.done(errand)
        assert order == ["s0", "s1", "s2", "s3"]


def test_only_one_object_works_on_the_queue(tmp_path: Path) -> None:
    first, second = queue(tmp_path), queue(tmp_path)
    first.add(TASK)
    assert first.take() is not None
    assert second.take() is None
    first.close()
    assert second.take() is not None
    second.close()


def test_what_fails_three_times_is_put_aside_and_can_be_tried_after_all(tmp_path: Path) -> None:
    clock = Clock()
    with queue(tmp_path, clock) as errands:
        errands.add(TASK)
        for turn in range(1, TRIES + 1):
            taken = errands.take()
            assert taken is not None
            assert errands.fail(taken, "no luck") == (turn < TRIES)
            assert errands.take() is None  # at once it would fail again
            clock.moment += timedelta(hours=1)
        assert errands.waiting() == []
        [aside] = errands.aside()
        assert (aside.said, aside.tries) == ("no luck", TRIES)
        errands.retry(aside)
        again = errands.take()
        assert errands.aside() == [] and again is not None and again.tries == 0


def test_work_that_kills_its_process_each_time_is_put_aside(tmp_path: Path) -> None:
    queue(tmp_path).add(TASK)
    for _ in range(BEGINNINGS):
        with queue(tmp_path) as errands:
            assert errands.take() is not None
    with queue(tmp_path) as errands:
        assert errands.take() is None
        assert [one.said for one in errands.aside()] == ["it was cut off each time"]
        assert ["put aside" in line for line in errands.take_news()] == [True]


def test_what_is_postponed_waits_for_its_moment_unless_it_is_asked_for(tmp_path: Path) -> None:
    clock = Clock()
    with queue(tmp_path, clock) as errands:
        errands.add(TASK)
        taken = errands.take()
        assert taken is not None
        errands.postpone(taken, "2026-02-01T00:00:00.000Z", "the budget is spent")
        assert errands.take() is None
        asked = errands.take(only=taken.id)
        assert asked is not None
        errands.postpone(asked, taken.after or "2026-02-01T00:00:00.000Z", "the budget is spent")
        clock.moment += timedelta(days=1)
        due = errands.take()
        assert due is not None and (due.tries, due.begun, due.started) == (0, 1, taken.started)


def test_files_that_are_no_errands_are_passed_over(tmp_path: Path) -> None:
    errands = queue(tmp_path)
    added = errands.add(TASK)
    folder = tmp_path / "errands"
    bad = {"A": "{", "B": "[]", "C": '{"kind": "dance"}', "D": '{"kind": "audit", "tries": "x"}', "E": "\xff"}
    for letter, text in bad.items():
        (folder / f"{letter * 26}.json").write_bytes(text.encode("latin-1"))
    assert errands.waiting() == [added]


def test_news_are_told_once(tmp_path: Path) -> None:
    errands = queue(tmp_path)
    assert errands.take_news() == []
    errands.tell("learned: a\nb")
    errands.tell("and more")
    with (tmp_path / "errands" / "news").open("ab") as file:
        file.write(b'"torn by a ki')
    assert queue(tmp_path).take_news() == ["learned: a\nb", "and more"]
    assert errands.take_news() == []


@pytest.mark.parametrize("point", ["errand.written", "errand.begun", "work.begun", "errand.acknowledged"])
def test_killed_at_work_it_is_done_once_all_the_same(tmp_path: Path, point: str) -> None:
    added = queue(tmp_path).add(TASK)
    assert process(tmp_path, "work", point).returncode == -signal.SIGKILL
    assert process(tmp_path, "work").returncode == 0
    assert done(tmp_path) == [added.id]
    assert queue(tmp_path).waiting() == []


def test_killed_while_it_is_put_aside_it_is_there_still(tmp_path: Path) -> None:
    clock = Clock()
    errands = queue(tmp_path, clock)
    added = errands.add(TASK)
    for _ in range(TRIES - 1):
        taken = errands.take()
        assert taken is not None
        errands.fail(taken, "no luck")
        clock.moment += timedelta(hours=1)
    errands.close()
    assert process(tmp_path, "fail", "errand.aside").returncode == -signal.SIGKILL
    assert [one.id for one in errands.aside()] == [added.id]
    process(tmp_path, "fail")
    assert errands.waiting() == [] and [one.id for one in errands.aside()] == [added.id]


@pytest.mark.slow
def test_killed_at_any_moment_while_it_is_added_it_is_there_or_was_never_promised(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.store.erranding", str(tmp_path), "add"]
    for millis in range(40, 160, 6):
        started = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(millis / 1000)
        started.kill()
        promised = started.communicate()[0].strip()
        waiting = [one.id for one in queue(tmp_path).waiting()]
        assert len(waiting) <= 1
        assert not promised or promised in waiting


@pytest.mark.slow
def test_two_processes_at_once_do_each_errand_once(tmp_path: Path) -> None:
    ids = [queue(tmp_path).add(Errand("reflect", f"s{number}")).id for number in range(60)]
    command = [sys.executable, "-m", "tests.store.erranding", str(tmp_path), "work"]
    racing = [subprocess.Popen(command, cwd=PROJECT) for _ in range(3)]
    assert [one.wait(60) for one in racing] == [0, 0, 0]
    assert sorted(done(tmp_path)) == sorted(ids)
    assert queue(tmp_path).waiting() == []

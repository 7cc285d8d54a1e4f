"""The bar for what takes long: quick work shows none, a pipe shows none, and nothing of it stays."""

from __future__ import annotations

import io

import pytest

from hermes_fs.cli.bar import Bar


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def shown(out: io.StringIO, *steps: tuple[float, int, int], unit: str = "files", scale: float = 1.0) -> str:
    """What is printed; each step is (seconds since the last, done, in all)."""
    watch = Watch()
    with Bar("indexing", unit, scale, out, watch) as bar:
        for seconds, done, total in steps:
            watch.now += seconds
            bar(done, total)
    return out.getvalue()


def test_it_says_how_far_and_how_long_still_and_then_goes() -> None:
    said = shown(Screen(), (0.5, 0, 100), (2.0, 50, 100))
    assert said == f"\r\x1b[K  indexing {'█' * 12}{'░' * 12} 50 of 100 files  25 files/s  2 s left\r\x1b[K"


def test_what_was_there_before_says_nothing_of_the_speed() -> None:
    said = shown(Screen(), (0.0, 900_000_000, 1_000_000_000), (2.0, 920_000_000, 1_000_000_000), unit="MB", scale=1e6)
    assert "920 of 1,000 MB  10 MB/s  8 s left" in said


def test_an_unknown_total_is_counted_up() -> None:
    assert "indexing 3 MB" in shown(Screen(), (0.0, 0, 0), (2.0, 3_000_000, 0), unit="MB", scale=1e6)


@pytest.mark.parametrize("steps", [((0.2, 1, 9), (0.7, 9, 9)), ()])
def test_what_is_soon_done_shows_nothing(steps: tuple[tuple[float, int, int], ...]) -> None:
    assert shown(Screen(), *steps) == ""


def test_in_a_pipe_only_what_is_said_is_printed() -> None:
    pipe = io.StringIO()
    Bar("downloading", "MB", out=pipe).say("the first server has gone")
    assert shown(pipe, (5.0, 1, 2)) == "  the first server has gone\n"

"""The benchmark of learning measures what it says: tasks that no guess solves, lessons of known worth, a gate that is
the product's own."""

from __future__ import annotations

import random

import pytest

from benchmarks.learning import arms
from benchmarks.learning.__main__ import _means
from benchmarks.learning.families import FAMILIES, Family, answers
from benchmarks.learning.noisy import RATES, Lesson, teach


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_misreading_passes_the_weak_test_and_fails_every_task_as_a_guess_does(family: Family) -> None:
    assert answers(family.rule, list(family.sample)) == answers(family.wrong, list(family.sample))
    for number in range(arms.TRAINED + arms.TESTED):
        case = family.case(number)
        lines, wanted = case.files["in.txt"].splitlines(), case.checks[0].says[0][1]
        assert "\n".join(answers(family.rule, lines)) == wanted
        for other in (family.wrong, family.guess):
            try:
                assert "\n".join(answers(other, lines)) != wanted
            except ValueError:  # it cannot even take this input
                continue


def test_lessons_come_at_their_rates_and_the_same_for_a_seed() -> None:
    draw = random.Random(7)
    kinds = [teach(FAMILIES[0], draw).kind for _ in range(2000)]
    assert {kind for kind in RATES if abs(kinds.count(kind) / 2000 - RATES[kind]) > 0.04} == set()
    assert teach(FAMILIES[1], random.Random(3)) == teach(FAMILIES[1], random.Random(3))


@pytest.mark.slow
def test_the_gate_keeps_the_right_lesson_and_refuses_the_one_that_only_passes_its_own_test() -> None:
    def lessons(kind: str, count: int) -> arms.Arm:
        def taught(family: Family, draw: random.Random) -> Lesson:
            return next(made for made in iter(lambda: teach(family, draw), None) if made.kind == kind)

        return arms.run("gated", 1, arms.Course(_means(1), 2, FAMILIES[:count], taught))

    right, wrong = lessons("right", 1), lessons("wrong, own tests pass", 1)
    assert (right.kept["right"], right.refused.total()) == (1, 0)
    assert (wrong.kept.total(), wrong.refused["wrong, own tests pass"]) == (0, arms.ROUNDS)
    assert right.rate > wrong.rate

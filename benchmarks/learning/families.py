"""The tasks: ten families, each with a house rule that nobody can guess, and what a learner may take for that rule.

A task gives in.txt and wants out.txt. Its checker knows the rule. `wrong` is a plausible misreading which passes the
weak test that comes with a lesson; `guess` is what somebody does who knows no rule.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.learning import rules
from hermes_fs.agent.evals.case import Case, Check

Rule = Callable[[list[str]], list[object]]
MAIN = """

if __name__ == "__main__":
    import sys

    with open(sys.argv[1]) as file:
        answer = solve(file.read().splitlines())
    with open(sys.argv[2], "w") as file:
        file.write("".join(f"{line}\\n" for line in answer))
"""
"""Makes a program of a `solve`: from the file of its first argument to that of its second."""


@dataclass(frozen=True)
class Family:
    """`sample` is an input that both `rule` and `wrong` treat alike; `make` draws one that tells them apart."""

    name: str
    about: str
    task: str
    rule: Rule
    wrong: Rule
    guess: Rule
    sample: tuple[str, ...]
    make: Callable[[random.Random], list[str]]

    def answer(self, lines: list[str]) -> list[str]:
        """By the rule."""
        return answers(self.rule, lines)

    def case(self, number: int) -> Case:
        """The task of this number, the same for ever."""
        lines = self.make(random.Random(f"{self.name} {number}"))
        text = "".join(f"{line}\n" for line in lines)
        wanted = "\n".join(self.answer(lines))
        task = f"[{self.name} {number}] {self.task} The input is in.txt; write the answer to out.txt."
        return Case(f"task-{number}", task, (Check("file", "out.txt", (("equals", wanted),)),), {"in.txt": text}, {})


def answers(rule: Rule, lines: list[str]) -> list[str]:
    """What a rule makes of lines, as a program would print it."""
    return [str(line) for line in rule(list(lines))]


def source(rule: Rule) -> str:
    """The rule as a program `solve`."""
    text = inspect.getsource(rule).replace(f"def {rule.__name__}(", "def solve(", 1)
    return ("import re\n\n\n" if "re." in text else "") + text


def _words(draw: random.Random, number: int) -> list[str]:
    return ["".join(draw.choice("abcdefghijklmnoprstuvw") for _ in range(draw.randint(3, 8))) for _ in range(number)]


def _requests(draw: random.Random) -> list[str]:
    codes = [200, 301, 404, 418, 429, 500, 503]
    return [f"GET /{word} {draw.choice(codes)} {draw.randint(10, 900)}" for word in _words(draw, 14)] + ["GET /x 429 3"]


def _amounts(draw: random.Random) -> list[str]:
    return [f"{word};{draw.randint(1, 9)}.{draw.randint(100, 999)},{draw.randint(10, 99)}" for word in _words(draw, 8)]


def _names(draw: random.Random) -> list[str]:
    found = _words(draw, 6)
    return [*found, *(word.upper() for word in found[:3]), found[0]]


def _dates(draw: random.Random) -> list[str]:
    return [f"{draw.randint(1, 12)}/{draw.randint(1, 12)}/{draw.randint(10, 99)}" for _ in range(6)] + ["3/4/71"]


def _durations(draw: random.Random) -> list[str]:
    return [f"{draw.randint(0, 3)}:{draw.randint(0, 59):02}:{draw.randint(0, 59):02}" for _ in range(6)] + ["0:00:31"]


def _versions(draw: random.Random) -> list[str]:
    return [f"{draw.randint(0, 3)}.{draw.randint(8, 12)}.{draw.randint(0, 20)}" for _ in range(6)] + ["1.9.3", "1.10.0"]


def _titles(draw: random.Random) -> list[str]:
    return [" ".join(_words(draw, 3)).title() + draw.choice(["!", "?", " & more", " für alle"]) for _ in range(5)] + [
        "A & B ß"
    ]


def _marks(draw: random.Random) -> list[str]:
    return [f"{word} {draw.randint(0, 20)}" for word in _words(draw, 9)] + ["last 11", "edge 10"]


def _stock(draw: random.Random) -> list[str]:
    return [f"{draw.choice('+-')}{draw.randint(1, 9)} {word}" for word in sorted(_words(draw, 4) * 3)] + [
        "-40 abc",
        "+2 abc",
    ]


def _readings(draw: random.Random) -> list[str]:
    return [
        f"{draw.randint(0, 23):02}h {draw.choice(['', '-'])}{draw.randint(1, 30)}.{draw.randint(0, 9)}"
        for _ in range(12)
    ] + ["24h 12.5", "24h 9.5", "07h 3.0", "07h n/a"]


FAMILIES: tuple[Family, ...] = (
    Family(
        "count-failures", "Counts failed requests in our access logs.", "How many requests failed, by our count?",
        rules.count_failures, rules.count_failures_wrong, rules.count_failures_guess,
        ("GET /a 200 1", "GET /b 503 2"), _requests,
    ),
    Family(
        "sum-amounts", "Adds up amounts of our bank exports.", "What do the amounts come to, in cents?",
        rules.sum_amounts, rules.sum_amounts_wrong, rules.sum_amounts_guess,
        ("a;0,00",), _amounts,
    ),
    Family(
        "merge-names", "Merges lists of names that hold doubles.", "Merge the names that are the same.",
        rules.merge_names, rules.merge_names_wrong, rules.merge_names_guess,
        ("ada",), _names,
    ),
    Family(
        "house-dates", "Writes dates the way our archive files them.", "File these dates.",
        rules.house_dates, rules.house_dates_wrong, rules.house_dates_guess,
        ("1/2/24",), _dates,
    ),
    Family(
        "bill-time", "Turns durations into what we bill.", "How many quarters of an hour do we bill for each?",
        rules.bill_time, rules.bill_time_wrong, rules.bill_time_guess,
        ("1:00:00",), _durations,
    ),
    Family(
        "next-version", "Names the next version of our packages.", "Which version comes next for each?",
        rules.next_version, rules.next_version_wrong, rules.next_version_guess,
        ("1.2.3",), _versions,
    ),
    Family(
        "slug-titles", "Makes file names out of titles.", "What are these titles called on disk?",
        rules.slug_titles, rules.slug_titles_wrong, rules.slug_titles_guess,
        ("One Two",), _titles,
    ),
    Family(
        "grade-marks", "Grades marks by the school's key.", "Grade these marks.",
        rules.grade_marks, rules.grade_marks_wrong, rules.grade_marks_guess,
        ("ada 15", "bob 3"), _marks,
    ),
    Family(
        "count-stock", "Counts what is in stock after a day's movements.", "What is in stock in the end, by name?",
        rules.count_stock, rules.count_stock_wrong, rules.count_stock_guess,
        ("+3 abc", "-1 abc"), _stock,
    ),
    Family(
        "coldest-hours", "Finds the coldest reading of each hour.", "What was the coldest reading of each hour?",
        rules.coldest_hours, rules.coldest_hours_wrong, rules.coldest_hours_guess,
        ("07h 3.0", "07h 4.0"), _readings,
    ),
)  # fmt: skip

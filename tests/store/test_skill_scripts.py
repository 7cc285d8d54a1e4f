"""Scripts are read for what they can do, however they are written; nothing of them is run."""

from __future__ import annotations

import pytest

from hermes_fs.store import skill_scripts
from hermes_fs.store.skill_scripts import Function, Parameter


@pytest.mark.parametrize(
    "text",
    [
        "def f(a=" + "(" * 5_000 + ")" * 5_000 + "): ...",
        "def f(a=" + "-" * 90_000 + "1): ...",
        "def f(a: " + "x." * 50_000 + "y): ...",
        "def f(a=" + "[" * 80 + "]" * 80 + "): ...",
        "\0",
        "def f(:",
        "x = 1\n" * 50_000,
    ],
)
def test_no_text_breaks_the_reader(text: str) -> None:
    made = skill_scripts.script("scripts/a.py", text.encode())
    assert made.problem or made.functions or text.startswith("x =")


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        ("int", [1], [1.5, "1", True, None]),
        ("float", [1, 1.5], ["1", True]),
        ("str | None", ["a", None], [1]),
        ("Optional[int]", [1, None], ["1"]),
        ("list[dict[str, int]]", [[]], [{}]),
        ("bool", [True], [1]),
        ("Path", ["a", 1, None], []),
        ("dict[str, int | None]", [{}, 3], []),
        ("", [1, "a"], []),
    ],
)
def test_arguments_are_checked_as_far_as_annotations_tell(
    annotation: str, good: list[object], bad: list[object]
) -> None:
    function = Function("f", (Parameter("a", annotation, ""),), "", "")
    assert [value for value in good if skill_scripts.objections(function, {"a": value})] == []
    assert [value for value in bad if not skill_scripts.objections(function, {"a": value})] == []


@pytest.mark.parametrize(
    ("path", "first", "program"),
    [
        ("scripts/a.js", "", ("node",)),
        ("scripts/a", "#!/usr/bin/env -S deno run", ("deno", "run")),
        ("scripts/a", "#!/usr/bin/perl -w", ("/usr/bin/perl", "-w")),
        ("scripts/a", "", ()),
    ],
)
def test_other_languages_say_what_runs_them(path: str, first: str, program: tuple[str, ...]) -> None:
    assert skill_scripts.script(path, f"{first}\n1\n".encode()).program == program

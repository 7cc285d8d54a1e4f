"""A real model in both places: it does the tasks, and writes lessons once it was shown how two came out."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable

from benchmarks.learning.arms import TRAINED
from benchmarks.learning.families import MAIN, Family
from benchmarks.learning.noisy import Lesson, hidden_test
from hermes_fs.agent.evals.attempt import Means
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.config import Config, ModelConfig, RetriesConfig
from hermes_fs.core.errors import HermesError
from hermes_fs.core.ports import Cancel, Provider
from hermes_fs.core.types import Reply, Request, system, user
from hermes_fs.providers import select
from hermes_fs.store.formats import skill

KIND = "by the model"
_ASK = """\
You write down what was learned, as a small program. Answer with one JSON object and nothing else:
{"steps": "when and how to use it, in Markdown", "program": "Python source"}
The program defines solve(lines), which takes the lines of the input as strings and returns the lines of the answer."""


def means_of(model: str, base_url: str, small: bool) -> Means:
    """By the environment's keys, as `hermes --model` would choose."""
    config = Config(
        model=ModelConfig(name=model, base_url=base_url, max_tokens=1200), retries=RetriesConfig(attempts=3)
    )

    def provider() -> Provider:
        return select.line_up(config, os.environ, model)

    return Means(provider, SystemClock(), os.environ, "small" if small else "full", Cancel())


def teacher(means: Means) -> Callable[[Family, random.Random], Lesson]:
    """Asks the model for a lesson; what it writes is kept as it is, whatever it is worth."""

    def teach(family: Family, draw: random.Random) -> Lesson:
        shown = []
        for number in range(TRAINED):
            case = family.case(number)
            given, wanted = case.files["in.txt"], case.checks[0].says[0][1]
            shown.append(f"Task: {case.task}\nin.txt:\n{given}\nthe right out.txt:\n{wanted}\n")
        written = _answer(means, f"{family.about}\n\n" + "\n".join(shown))
        program = written.get("program", "") + MAIN
        steps = f"Run `python3 scripts/solve.py in.txt out.txt`.\n\n{written.get('steps', '')}"
        about = f"{family.about} Use when a task says [{family.name}]."
        text = skill.create(family.name, about, f"# {family.name}\n\n{steps}")
        files = {"SKILL.md": text, "scripts/solve.py": program, "tests/test_solve.py": hidden_test(family)}
        return Lesson(family, KIND, files)

    return teach


def _answer(means: Means, text: str) -> dict[str, str]:
    provider = means.provider()
    try:
        for item in provider.stream(Request((system(_ASK), user(text)), max_tokens=1200), means.cancel):
            if isinstance(item, Reply):
                return _parsed(item.message.text)
    except HermesError as error:
        print(f"no lesson: {error}", flush=True)
    finally:
        provider.close()
    return {}


def _parsed(text: str) -> dict[str, str]:
    """The object in a reply, or the program in a fence."""
    try:
        found = json.loads(text[text.index("{") : text.rindex("}") + 1], strict=False)
        return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}
    except ValueError:
        fence = re.search(r"```(?:python)?\n(.*?)```", text, re.DOTALL)
        return {"program": fence[1]} if fence else {}

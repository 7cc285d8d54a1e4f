"""Three agents that differ in what becomes of their lessons: none is kept, each is kept, or what the gate lets through.

All are real but the model: the door, the gate with its trials and evals in a sandbox, the loop, the tools.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.learning.families import FAMILIES, Family
from benchmarks.learning.noisy import Lesson, teach
from hermes_fs.agent.evals.attempt import Means, attempt
from hermes_fs.agent.evals.case import write
from hermes_fs.agent.evals.replay import Replay
from hermes_fs.agent.gate import gate_of
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.candidate import Files, files_of
from hermes_fs.store.init import init
from hermes_fs.store.workspace import Workspace

TRAINED, TESTED, ROUNDS = 2, 4, 3
"""Cases of each family that the gate may replay, those that are asked in the end, and lessons on each family."""
AGENT = Provenance("agent", "reflection", "owner", "bench", "", "noisy")
BY_HAND = Provenance("owner", "user")


@dataclass
class Arm:
    """What came of an arm: the share of the asked tasks that went well, and its lessons by kind and by what became of
    them; `again` are those that said what was known."""

    name: str
    rate: float = 0.0
    kept: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Course:
    """What is taught and asked, by whom, with what."""

    means: Means
    jobs: int = 2
    families: Sequence[Family] = FAMILIES
    teacher: Callable[[Family, random.Random], Lesson] = teach


def run(name: str, seed: int, course: Course) -> Arm:
    """Teaches, then asks. The same seed brings each arm the same lessons in the same order."""
    arm, means = Arm(name), course.means
    with tempfile.TemporaryDirectory(prefix="hermes-bench-") as folder:
        mind, _ = init(Path(folder) / "mind")
        with mind:
            if name != "no learning":
                _teach(mind, arm, seed, course)
            skills = _skills(mind)
    cases = [family.case(TRAINED + number) for family in course.families for number in range(TESTED)]
    with ThreadPoolExecutor(course.jobs) as pool:
        done = list(pool.map(lambda case: attempt(case, skills, means), cases))
    arm.rate = sum(one.passed for one in done) / len(done)
    return arm


def _teach(mind: Workspace, arm: Arm, seed: int, course: Course) -> None:
    draw = random.Random(f"lessons {seed}")
    lessons = [course.teacher(family, draw) for _ in range(ROUNDS) for family in course.families]
    gate = gate_of(mind, os.environ, evaluate=Replay(mind.git, lambda: course.means, jobs=course.jobs))
    for lesson in lessons:
        gated = arm.name == "gated"
        change = _change(mind, lesson, AGENT if gated else BY_HAND, evals=gated)
        if not change.files:  # it says again what is known
            arm.again[lesson.kind] += 1
            continue
        verdict = gate(change) if gated else None  # ungated, as agents do that write files: nothing looks at them
        if verdict and not verdict.passed:
            arm.refused[lesson.kind] += 1
            continue
        mind.commit(replace(change, verdict=verdict))
        arm.kept[lesson.kind] += 1


def _change(mind: Workspace, lesson: Lesson, provenance: Provenance, evals: bool = False) -> Change:
    """The lesson as the whole of the skill; with the training tasks as evals where the gate may use them."""
    folder = f"skills/{lesson.family.name}"
    files = {f"{folder}/{path}": text.encode() for path, text in lesson.files.items()}
    if evals:
        cases = [lesson.family.case(number) for number in range(TRAINED)]
        files |= {f"{folder}/evals/{case.name}.yaml": write(case).encode() for case in cases}
    present = files_of(mind.git, mind.git.tree_at("HEAD", folder), folder) if mind.head() else {}
    gone = {f"{folder}/{path}": None for path in present if f"{folder}/{path}" not in files}
    same = {path for path, data in files.items() if mind.read_bytes(path) == data}
    return Change({**{p: d for p, d in files.items() if p not in same}, **gone}, "skill", lesson.kind, provenance)


def _skills(mind: Workspace) -> dict[str, Files]:
    names = [family.name for family in FAMILIES]
    found = {name: files_of(mind.git, mind.git.tree_at("HEAD", f"skills/{name}"), f"skills/{name}") for name in names}
    return {name: files for name, files in found.items() if files}

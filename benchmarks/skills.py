"""What many skills cost: tokens of the prompt and of a message, and the time until one is listed, offered and read.

    python benchmarks/skills.py [--skills 20 50 500 5000]

Skills are made up, 3,000 letters each, from a seed; half of them lie in the mind, half beside it (~/.claude/skills).
Tokens are estimated as the product does it. Medians of CPU time; "cold" has no cache of skills yet.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from measure import Row, show

from hermes_fs.agent.mind import MindView
from hermes_fs.backends.local import Local
from hermes_fs.core.clock import SystemClock
from hermes_fs.core.config import Config
from hermes_fs.core.ports import Cancel
from hermes_fs.core.tokens import estimate
from hermes_fs.core.types import Answer, Told
from hermes_fs.store import skill_places
from hermes_fs.store.index import Index
from hermes_fs.store.init import init
from hermes_fs.store.skill_places import Place
from hermes_fs.store.workspace import Workspace
from hermes_fs.tools.context import Memo, Settings, ToolContext, Where
from hermes_fs.tools.registry import tool


def _words(text: str) -> list[str]:
    return text.split()


VERBS = _words("deploy review migrate summarise scrape profile translate refactor monitor annotate convert schedule")
NOUNS = _words("postgres kubernetes invoices dashboards tickets podcasts notebooks containers emails spreadsheets logs")
PLACES = _words("harbour orchard station library kitchen garage studio clinic market theatre archive office school")
ROUNDS = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skills", type=int, nargs="+", default=[20, 50, 500, 5000])
    for count in parser.parse_args().skills:
        with tempfile.TemporaryDirectory() as name:
            _measured(Path(name), count)


def _measured(folder: Path, count: int) -> None:
    workspace, _ = init(folder / "mind")
    with workspace:
        bare = estimate(_view(workspace, ()).prompt())
        names = list(_made(count))
        for number, name in enumerate(names):
            _write((workspace.root / "skills", folder / "home/.claude/skills")[number % 2], name)
        workspace.commit_pending()
        time.sleep(2.1)  # a file younger than that is read each time, for its time may not tell a change
        places = skill_places.beyond([], folder, [], folder / "home")
        _prompts(workspace, places, names, bare)
        _reading(workspace, places, names)


def _prompts(workspace: Workspace, places: tuple[Place, ...], names: list[str], bare: int) -> None:
    count, cache = len(names), workspace.state_dir / "skills.db"

    def cold() -> None:
        cache.unlink(missing_ok=True)
        _view(workspace, places).prompt()

    _show(count, "prompt, cold", _median(cold, 5))
    _show(count, "prompt, warm", _median(lambda: _view(workspace, places).prompt()))
    view = _view(workspace, places)
    show(Row("skills", f"{count} skills: added to the prompt", estimate(view.prompt()) - bare, "tokens", 1_100))
    asked = [f"please {' '.join(name.split('-')[:3])} for me" for name in Random(7).choices(names, k=25)]
    told, took = [], []
    for text in asked:
        started = time.process_time()
        aside = view.remember(text, "s")
        took.append(time.process_time() - started)
        told.append(estimate(aside.text) if aside else 0)
    show(Row("skills", f"{count} skills: added to a message that one fits", statistics.median(told), "tokens", 150))
    _show(count, "offering those that fit a message", statistics.median(took))


def _reading(workspace: Workspace, places: tuple[Place, ...], names: list[str]) -> None:
    context = _context(workspace, places)
    view, some = tool("skill_view"), Random(9).sample(names, min(25, len(names)))
    took, again = [], []
    for name in some:
        for times in (took, again):
            started = time.process_time()
            made = view.run({"name": name}, context)
            times.append(time.process_time() - started)
        assert len(made.text if isinstance(made, Told) else made) < 100, "it was read twice"
    _show(len(names), "reading one (skill_view)", statistics.median(took), 20)
    _show(len(names), "asking for it again, 1 line", statistics.median(again), 20)


def _view(workspace: Workspace, places: tuple[Place, ...]) -> MindView:
    index = Index.open(workspace.root, workspace.state_dir)
    return MindView(workspace, index, SystemClock(), Config(), workspace.root / "work", "full", places=places)


def _context(workspace: Workspace, places: tuple[Place, ...]) -> ToolContext:
    backend = Local(workspace.root / "work", workspace.state_dir, dict(os.environ))
    memo = Memo(Settings(places=places))
    return ToolContext(backend, workspace, None, Where("s"), lambda _: Answer(None), lambda _: None, Cancel(), memo)


def _median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    took = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        took.append(time.process_time() - started)
    return statistics.median(took)


def _show(count: int, what: str, seconds: float, bound: float | None = None) -> None:
    show(Row("skills", f"{count} skills: {what}", seconds * 1000, "ms", bound))


def _made(count: int) -> list[str]:
    random = Random(1)
    return [f"{random.choice(VERBS)}-{random.choice(NOUNS)}-{random.choice(PLACES)}-{n:04}" for n in range(count)]


def _write(place: Path, name: str) -> None:
    random = Random(name)
    verb, noun, where, _ = name.split("-")
    words = [
        *VERBS,
        *NOUNS,
        *PLACES,
        *_words("the a of to with when result check run then before after file"),
    ]
    text = (
        f"---\nname: {name}\ndescription: {verb.capitalize()} {noun} of the {where}; use when {noun} are to be done.\n"
    )
    text += f"---\n\n# {name}\n\n"
    while len(text) < 3_000:
        text += f"## {random.choice(words)}\n\n{' '.join(random.choices(words, k=40)).capitalize()}.\n\n"
    folder = place / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(text)


if __name__ == "__main__":
    main()

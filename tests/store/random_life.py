"""A machine that lives at random: its agent learns through the door, its person edits on the disk, syncs, breaks off.

`python -m tests.store.random_life ROOT SEED STEPS [offline]` is one process of it, to be run beside others and killed.
Each thing that it writes holds a word of its own, so that a test can say later what became of it.
"""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from hermes_fs.core.errors import Conflict, Failed, HermesError, NotFound, UsageError
from hermes_fs.core.types import Change, Kind
from hermes_fs.store import conflicts
from hermes_fs.store.paths import kind_of
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.review import Review
from hermes_fs.store.syncing import resolving
from hermes_fs.store.workspace import Workspace
from tests.store.clones import AGENT, OWNER, Clone

_TOPICS = ("alpha", "beta", "Case", "case", "deep/one", "deep", "nested/two")
_SKILLS = ("parse-logs", "greet")
_SKILL = (
    "---\nname: {name}\ndescription: Does a thing with {word}.\n---\n\n# {name}\n\n## Steps\n\n1. Look at {word}.\n"
)
_HEAD = {"MEMORY.md": "# Memory\n\n", "USER.md": "# User\n\n"}
_MOST = 1800  # characters of a memory after which one is deleted rather than added


class Life:
    """One process of a machine. `word` gives the next word that nobody else ever writes."""

    def __init__(self, clone: Clone, seed: str, mark: str) -> None:
        self.clone = clone
        self.mind = clone.mind
        self.dice = random.Random(seed)
        self._mark = mark
        self._words = 0

    def word(self) -> str:
        self._words += 1
        return f"life{self._mark}x{self._words:03d}"

    # -- what is written ----------------------------------------------------------------------------------------------

    def edit(self) -> dict[str, bytes | None]:
        """What one edit, of whatever sort, makes of some files."""
        makers: tuple[tuple[Callable[[], dict[str, str | None]], int], ...] = (
            (self._entries, 6),
            (self._note, 5),
            (self._skill, 4),
            (self._script, 4),
            (self._job, 3),
            (self._claim, 3),
            (self._settings, 2),
            (self._prose, 2),
            (self._deletion, 2),
            (self._rename, 2),
        )
        make = self.dice.choices([one for one, _ in makers], [weight for _, weight in makers])[0]
        return {path: text.encode() if text is not None else None for path, text in make().items()}

    def _entries(self) -> dict[str, str | None]:
        path = self.dice.choice(("MEMORY.md", "USER.md"))
        text = self._text(path) or _HEAD[path]
        lines = text.rstrip("\n").split("\n")
        bullets = [number for number, line in enumerate(lines) if line.startswith("- ")]
        what = self.dice.random()
        if bullets and (what < 0.2 or len(text) > _MOST):
            del lines[self.dice.choice(bullets)]
        elif bullets and what < 0.4:
            number = self.dice.choice(bullets)
            _, mark, id = lines[number].partition(" <!--")
            lines[number] = f"- Changed: {self.word()}{mark}{id}"
        else:
            lines.append(f"- Added: {self.word()}")
        return {path: "\n".join(lines) + "\n"}

    def _note(self) -> dict[str, str | None]:
        path = f"notes/{self.dice.choice(_TOPICS)}.md"
        if self.dice.random() < 0.1:  # a note where others have a folder
            path = f"notes/{self.dice.choice(('deep', 'nested'))}"
        return {path: self._with_paragraph(self._text(path) or f"# {path}\n")}

    def _prose(self) -> dict[str, str | None]:
        path = self.dice.choice(("SOUL.md", "AGENTS.md", "audits/2026-11-21-01.md", "audits/2026-11-21-02.md"))
        return {path: self._with_paragraph(self._text(path) or "# Prose\n")}

    def _with_paragraph(self, text: str) -> str:
        parts = text.rstrip("\n").split("\n\n")
        what = self.dice.random()
        if len(parts) > 2 and what < 0.2:
            del parts[self.dice.randrange(1, len(parts))]
        elif len(parts) > 1 and what < 0.4:
            parts[self.dice.randrange(1, len(parts))] = f"Said anew: {self.word()}."
        else:
            heading = f"## Part {self.word()}\n\n" if what > 0.9 else ""
            parts.insert(self.dice.randrange(1, len(parts) + 1), f"{heading}This is {self.word()}.")
        return "\n\n".join(parts) + "\n"

    def _skill(self) -> dict[str, str | None]:
        name = self.dice.choice(_SKILLS)
        path = f"skills/{name}/SKILL.md"
        text = self._text(path) or _SKILL.format(name=name, word=self.word())
        if self.dice.random() < 0.3:
            head, _, rest = text.partition("description: ")
            return {path: f"{head}description: Does a thing with {self.word()}.\n{rest.partition(chr(10))[2]}"}
        return {path: f"{text.rstrip()}\n\n## Also {self.word()}\n\nDo {self.word()}.\n"}

    def _script(self) -> dict[str, str | None]:
        name = self.dice.choice(_SKILLS)
        file = self.dice.choice(("scripts/run.py", "scripts/go.sh", "assets/data.json", "references/more.md"))
        path = f"skills/{name}/{file}"
        files: dict[str, str | None] = {path: self._program(file, self._text(path))}
        if not self._text(f"skills/{name}/SKILL.md"):
            files[f"skills/{name}/SKILL.md"] = _SKILL.format(name=name, word=self.word())
        return files

    def _program(self, file: str, text: str) -> str:
        word = self.word()
        match file.rpartition(".")[2]:
            case "py":
                return f'{text}print("{word}")\n'
            case "sh":
                return f"{text or '#!/bin/sh' + chr(10)}echo {word}\n"
            case "json":
                return f'{{"data": "{word}"}}\n'
            case _:
                return self._with_paragraph(text or "# More\n")

    def _job(self) -> dict[str, str | None]:
        text = self._text("cron.yaml").replace("{}\n", "")
        blocks = text.split("\njob-")
        number, minute = self.dice.randrange(6), self.dice.randrange(60)
        block = f'{number}:\n  schedule: "{minute} 7 * * *"\n  prompt: Do {self.word()}\n'
        kept = [one for one in blocks[1:] if not one.startswith(f"{number}:")]
        if self.dice.random() < 0.8:
            kept.append(block)
        return {"cron.yaml": "\njob-".join([blocks[0].rstrip("\n"), *(one.rstrip("\n") for one in kept)]) + "\n"}

    def _claim(self) -> dict[str, str | None]:
        text = self._text("model.yaml").replace("{}\n", "")
        blocks = text.split("\nclaim-")
        number = self.dice.randrange(6)
        block = (
            f"{number}:\n  kind: {self.dice.choice(('need', 'style'))}\n  text: Likes {self.word()}\n"
            f"  status: active\n  priority: {self.dice.randrange(1, 6)}\n"
        )
        kept = [one for one in blocks[1:] if not one.startswith(f"{number}:")]
        return {"model.yaml": "\nclaim-".join(one.rstrip("\n") for one in [blocks[0], *kept, block]) + "\n"}

    def _settings(self) -> dict[str, str | None]:
        lines = (self._text("config.yaml") or "format: 1\n").rstrip("\n").split("\n")
        kept = [line for line in lines if not line.startswith(("model:", "  name:"))]
        return {"config.yaml": "\n".join([*kept, "model:", f"  name: some/{self.word()}"]) + "\n"}

    def _deletion(self) -> dict[str, str | None]:
        found = [path for path in self._paths() if path.startswith(("notes/", "audits/", "skills/", "conflicts/"))]
        if not found:
            return self._note()
        path = self.dice.choice(found)
        skill = "/".join(path.split("/")[:2])
        if path.endswith("/SKILL.md"):
            return {one: None for one in found if one.startswith(f"{skill}/")}
        return {path: None}

    def _rename(self) -> dict[str, str | None]:
        found = [path for path in self._paths() if path.startswith("notes/") and path.endswith(".md")]
        if not found:
            return self._note()
        old = self.dice.choice(found)
        return {old: None, f"notes/{self.dice.choice(_TOPICS)}-{self.dice.randrange(3)}.md": self._text(old)}

    def _paths(self) -> list[str]:
        root = self.mind.root
        found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
        return sorted(path for path in found if not path.startswith(".git/") and kind_of(path))

    def _text(self, path: str) -> str:
        place = self.mind.root / path
        return place.read_text() if place.is_file() else ""

    # -- how it is written --------------------------------------------------------------------------------------------

    def learn(self) -> None:
        """Through the door."""
        files = self.edit()
        kinds = {kind_of(path) for path in files}
        kind: Kind = next(iter(kinds)) if len(kinds) == 1 else "merge"  # type: ignore[assignment]
        by = AGENT if kind in ("memory", "user", "note") and self.dice.random() < 0.5 else OWNER
        self.mind.commit(Change(files, kind, "at random", by))

    def write(self) -> None:
        """By hand, on a disk that tells upper from lower case; the person does not make use of that."""
        there = {path.casefold(): path for path in self._paths()}
        for path, data in self.edit().items():
            path = there.get(path.casefold(), path)
            place = self.mind.root / path
            if data is None:
                place.unlink(missing_ok=True)
                continue
            if place.is_dir():
                shutil.rmtree(place)
            if place.parent.is_file():
                place.parent.unlink()
            place.parent.mkdir(parents=True, exist_ok=True)
            aside = place.with_name(f".{place.name}.editing")
            aside.write_bytes(data)
            aside.rename(place)
        if (scripts := sorted(self.mind.root.glob("skills/*/scripts/*"))) and self.dice.random() < 0.3:
            script = self.dice.choice(scripts)
            script.chmod(script.stat().st_mode ^ 0o111)

    def propose(self) -> None:
        files = {"notes/proposed.md": self._with_paragraph(self._text("notes/proposed.md") or "# P\n").encode()}
        Proposals(self.mind).propose(Change({**files}, "note", "at random", AGENT), "a test")

    def decide(self) -> None:
        review = Review(self.mind)
        if waiting := review.waiting():
            one = self.dice.choice(waiting)
            if self.dice.random() < 0.5:
                review.accept(one.id, "ada")
            else:
                review.reject(one.id, "ada", "no")

    def resolve(self) -> None:
        waiting = conflicts.waiting(self.mind.git, self.mind.head())
        if waiting:
            one = self.dice.choice(waiting)
            take = self.dice.randrange(3)
            content = resolving.version(self.mind, one, take) if take else None
            resolving.settle(self.mind, one, content, OWNER, "at random", keep=not take)

    def talk(self) -> None:
        self.clone.talk(self.word())

    def sync(self) -> None:
        self.clone.sync(sessions="origin")

    def steps(self, number: int, offline: bool) -> Iterator[str]:
        """Does so many things; what each was, and "no" where it was not to be."""
        acts: tuple[tuple[Callable[[], None], int], ...] = (
            (self.learn, 10),
            (self.write, 8),
            (self.sync, 0 if offline else 5),
            (self.propose, 1),
            (self.decide, 1),
            (self.resolve, 1),
            (self.talk, 1),
        )
        for _ in range(number):
            act = self.dice.choices([one for one, _ in acts], [weight for _, weight in acts])[0]
            try:
                act()
            except (HermesError, FileNotFoundError) as error:
                expected = (Conflict, Failed, NotFound, UsageError) if act == self.sync else (HermesError, OSError)
                if not isinstance(error, expected):
                    raise
                yield f"{act.__name__} no {error!r:.300}"
            else:
                yield act.__name__


def main(root: Path, seed: str, mark: str, number: int, offline: bool) -> None:
    with Workspace.open(root) as mind:
        for line in Life(Clone(mind), seed, mark).steps(number, offline):
            print(line, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), "offline" in sys.argv[5:])

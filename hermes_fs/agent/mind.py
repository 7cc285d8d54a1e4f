"""What a conversation sees of the mind: its prompt, and what recall finds for a message. Reads only."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.agent import recollect
from hermes_fs.agent.prompt import Mind, Profile, Situation, system_prompt
from hermes_fs.core.clock import Clock
from hermes_fs.core.config import Config
from hermes_fs.core.errors import HermesError
from hermes_fs.core.types import Told
from hermes_fs.store import acting
from hermes_fs.store.formats import entries
from hermes_fs.store.index import Index
from hermes_fs.store.workspace import Workspace
from hermes_fs.tools.skills import described

PROJECT_FILES = ("AGENTS.md", "CLAUDE.md")


@dataclass(frozen=True, slots=True)
class MindView:
    """The mind as one conversation of one person sees it. `earlier` are the sessions that it goes on with."""

    workspace: Workspace
    index: Index
    clock: Clock
    config: Config
    work_dir: Path
    profile: Profile
    person: str = "owner"
    earlier: tuple[str, ...] = ()

    def prompt(self) -> str:
        """The system prompt for the mind as it is now."""
        mind = Mind(
            soul=self._orders("SOUL.md"),
            instructions=self._orders("AGENTS.md"),
            memory=self._entries("MEMORY.md"),
            user=self._entries("USER.md" if self.person == "owner" else f"people/{self.person}/USER.md"),
            skills=self._skills(),
        )
        situation = Situation(
            workspace=str(self.workspace.root),
            work_dir=str(self.work_dir),
            today=f"{self.clock.now().astimezone():%A, %Y-%m-%d}",
            system=f"{platform.system()} {platform.machine()}",
            project=self._project(),
        )
        return system_prompt(mind, situation, self.profile)

    def remember(self, text: str, session: str) -> Told | None:
        """The aside that joins a message, None for none. Recall is a help: where it fails, the message goes without."""
        wanted = self.config.recall
        if not wanted.hits or not recollect.telling_words(text):
            return None
        try:
            hits = self.index.search(_as_words(text), limit=recollect.CANDIDATES, kinds=recollect.KINDS)
        except HermesError:
            return None
        tokens = wanted.tokens if self.profile == "full" else min(wanted.tokens, 150)
        return recollect.aside(hits, text, {session, *self.earlier}, tokens, wanted.hits)

    def learn_of(self, transcript: Path) -> None:
        """Make what was just said findable."""
        self.index.append(transcript)

    def _orders(self, path: str) -> str:
        """Standing instructions bind only where this machine's person has trusted them."""
        return self._text(path) if acting.follows(self.workspace, path) else ""

    def _skills(self) -> tuple[tuple[str, str], ...]:
        """Those that are offered: one that waits for trust is not."""
        waiting = acting.unknown_skills(self.workspace)
        return tuple(row for row in described(self.workspace.root) if row[0] not in waiting)

    def _text(self, path: str) -> str:
        """A file that cannot be read is left out of the prompt; the door reports it."""
        try:
            return self.workspace.read(path).text
        except HermesError:
            return ""

    def _entries(self, path: str) -> tuple[tuple[str, str], ...]:
        return tuple((entry.id, entry.text) for entry in entries.entries(self._text(path)))

    def _project(self) -> str:
        """The instructions of a work directory that this machine's person has declared trusted. A link that leads out
        of it is none."""
        trusted = [Path(folder).expanduser() for folder in self.config.trusted_directories]
        if not any(self.work_dir.is_relative_to(folder) for folder in trusted):
            return ""
        for name in PROJECT_FILES:
            path = self.work_dir / name
            if path.is_file() and path.resolve().is_relative_to(self.work_dir):
                return path.read_text(encoding="utf-8", errors="replace")
        return ""


def _as_words(text: str) -> str:
    """A message as plain search words: what looks like a filter of the query language is none here."""
    return " ".join(text.replace(":", " ").replace('"', " ").split()[:60])

"""What a conversation sees of the mind: its prompt, and what recall finds for a message. Reads only."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from pathlib import Path

from hermes_fs.agent import recollect
from hermes_fs.agent.offer import CANDIDATES, Offers
from hermes_fs.agent.prompt import MAX_LISTED, Mind, Profile, Situation, skill_lines, system_prompt
from hermes_fs.core.clock import Clock
from hermes_fs.core.config import Config
from hermes_fs.core.errors import HermesError
from hermes_fs.core.origins import least_trusted
from hermes_fs.core.tokens import estimate
from hermes_fs.core.types import Told
from hermes_fs.store import acting, catalogue, fitting
from hermes_fs.store.formats import entries
from hermes_fs.store.index import Index
from hermes_fs.store.skill_places import Place
from hermes_fs.store.workspace import Workspace

INDEX_SECONDS = 2.0
"""How long a message waits for a search index that has to be made first; then it goes without what was said before."""
_CLEARLY_TOO_MANY = 5
"""So many times what a prompt lists, folders are counted without a look into each."""
_NUDGE = (
    "Nothing of this conversation was saved for a while. Where something in it will matter in later sessions, save it"
    " now (memory, note, skill_edit) beside answering; where nothing does, just answer."
)
PROJECT_FILES = ("AGENTS.md", "CLAUDE.md")


@dataclass(frozen=True, slots=True)
class MindView:
    """The mind as one conversation of one person sees it. `earlier` are the sessions that it goes on with, `offers`
    the skills that came with its messages, `places` the read-only folders of skills beside the mind's own."""

    workspace: Workspace
    index: Index
    clock: Clock
    config: Config
    work_dir: Path
    profile: Profile
    person: str = "owner"
    earlier: tuple[str, ...] = ()
    offers: Offers = field(default_factory=Offers)
    places: tuple[Place, ...] = ()

    def prompt(self) -> str:
        """The system prompt for the mind as it is now."""
        skills, count = self._skills()
        self.offers.wanted = count > 0 and not skill_lines(skills, self.profile)
        mind = Mind(
            soul=self._orders("SOUL.md"),
            instructions=self._orders("AGENTS.md"),
            memory=self._entries("MEMORY.md"),
            user=self._entries("USER.md" if self.person == "owner" else f"people/{self.person}/USER.md"),
            skills=skills,
            skill_count=count,
        )
        situation = Situation(
            workspace=str(self.workspace.root),
            work_dir=str(self.work_dir),
            today=f"{self.clock.now().astimezone():%A, %Y-%m-%d}",
            system=f"{platform.system()} {platform.machine()}",
            project=self._project(),
        )
        return system_prompt(mind, situation, self.profile)

    def commit(self) -> str:
        """The commit of main that a prompt is built from now."""
        return self.workspace.head()

    def remember(self, text: str, session: str) -> Told | None:
        """The aside that joins a message, None for none. Recall is a help: where it fails, the message goes without."""
        tokens = self.config.recall.tokens if self.profile == "full" else min(self.config.recall.tokens, 150)
        offered = self._offered(text, tokens // 2) if self.offers.wanted else None
        recalled = self._recalled(text, session, tokens - (estimate(offered.text) if offered else 0))
        found = [told for told in (recalled, offered) if told]
        origin = least_trusted(told.origin for told in found)
        return Told("".join(told.text for told in found), origin) if found else None

    def _recalled(self, text: str, session: str, tokens: int) -> Told | None:
        wanted = self.config.recall
        if not wanted.hits or not recollect.telling_words(text):
            return None
        try:
            if not self.index.made_within(INDEX_SECONDS):
                return None
            hits = self.index.search(_as_words(text), limit=recollect.CANDIDATES, kinds=recollect.KINDS)
        except HermesError:
            return None
        return recollect.aside(hits, text, {session, *self.earlier}, tokens, wanted.hits)

    def nudge(self, turns: int) -> str:
        """Once after so many turns in which nothing was saved, where anything can be."""
        due = self.config.learning.nudge_after
        return _NUDGE if due and turns == due and not self.workspace.read_only else ""

    def learn_of(self, transcript: Path) -> None:
        """Make what was just said findable."""
        self.index.append(transcript)

    def _orders(self, path: str) -> str:
        """Standing instructions bind only where this machine's person has trusted them."""
        return self._text(path) if acting.follows(self.workspace, path) else ""

    def _offered(self, text: str, tokens: int) -> Told | None:
        """Of the skills that fit, those that nobody has to trust first."""
        root, state_dir = self.workspace.root, self.workspace.state_dir
        fits = fitting.fitting(root, state_dir, text, CANDIDATES, self._beyond)
        waiting = acting.unknown_skills(self.workspace) if fits else set()
        return self.offers.aside([fit for fit in fits if fit.name not in waiting], tokens)

    def _skills(self) -> tuple[list[tuple[str, str]], int]:
        """Those that may be used, and how many they are: one that waits for trust is not. Too many are only counted."""
        waiting = acting.unknown_skills(self.workspace)
        count = len(set(catalogue.folders(self.workspace.root, self._beyond)) - waiting)
        if count > _CLEARLY_TOO_MANY * MAX_LISTED[self.profile]:
            return [], count
        known = catalogue.described(self.workspace.root, self.workspace.state_dir, self._beyond)
        offered = [row for row in known if row[0] not in waiting]
        return offered, len(offered)

    @property
    def _beyond(self) -> tuple[Place, ...]:
        """A small model reads skills by their path in the mind, so it is told of no others."""
        return self.places if self.profile == "full" else ()

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

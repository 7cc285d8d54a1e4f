"""The inbox of `hermes review` at a terminal: one proposal after the other, a key for each answer. What was not shown
cannot be accepted."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass

from hermes_fs.apps.chat.tty import Tty
from hermes_fs.cli import editing, proposing
from hermes_fs.cli.output import bad, bold, dim, good, warning
from hermes_fs.core.errors import HermesError, NotFound, Refused
from hermes_fs.core.terminal import one_line
from hermes_fs.core.types import Commit
from hermes_fs.store.policy import Ungated
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace

OWNER = "owner"
_KEYS = {
    "a": ("accept", "make it a lesson; a skill is tried by the gate once more"),
    "r": ("reject", "put it away, with a reason that the agent is told; the same is not proposed again"),
    "e": ("edit", "change its words in $EDITOR; then look at it again"),
    "d": ("diff", "all of the change, in a pager"),
    "s": ("skip", "leave it for another time; Enter too"),
    "b": ("back", "to the one before"),
    "?": ("help", "this"),
    "q": ("quit", "leave the others for another time; Esc and Ctrl-C too"),
}
_OFFER = " · ".join(f"{key} {word}" for key, (word, _) in _KEYS.items())
_SHORT = " ".join(_KEYS)
_LEAST_ROWS = 8
_AROUND = 4  # rows of a screen that are not the change's: the count, the keys
_ENTER = ("\r", "\n")
_LEAVING = ("q", "\x03", "\x1b", "\x04", "")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A proposal as it stands on the screen; `rest` is how many lines of its change do not."""

    one: Proposal
    rest: int


class Inbox:
    """Goes through proposals with whoever sits at the terminal."""

    def __init__(self, tty: Tty, workspace: Workspace, review: Review) -> None:
        self._tty = tty
        self._workspace = workspace
        self._review = review
        self._done: dict[str, str] = {}
        self._read: set[str] = set()

    def walk(self, waiting: list[Proposal]) -> None:
        """Until the last was decided on or skipped, or the person leaves."""
        place = 0
        while 0 <= place < len(waiting):
            print(dim(f"\n{place + 1} of {len(waiting)}"))
            step = self._one(waiting[place].id)
            if step is None:
                break
            place = max(place + step, 0)
        self._sum(len(waiting))

    def _one(self, id: str) -> int | None:
        """One proposal; how many to go on by, None to leave."""
        shown = self._show(id)
        if shown is None:
            return self._passed(id)
        while True:
            key = self._asked()
            if key in _LEAVING:
                return None
            if key in ("s", *_ENTER):
                return 1
            if key == "b":
                return -1
            try:
                shown = self._answered(key, shown)
            except HermesError as error:
                print(f"{bad('error')}: {one_line(error.message)}{f' — {one_line(error.hint)}' if error.hint else ''}")
            except KeyboardInterrupt:
                print()
                continue
            if shown.one.id in self._done:
                return 1

    def _answered(self, key: str, shown: _Shown) -> _Shown:
        """Does what a key says; what stands on the screen then."""
        match key:
            case "a" if shown.rest:
                print(warning(f"first the {shown.rest} lines that you have not seen:"))
                return self._paged(shown)
            case "a":
                done = self._tried(shown.one)
                said_yes(done)
                self._done[shown.one.id] = f"accepted as {done.id[:8]}"
            case "r":
                why = self._tty.line("  why? (Enter for no reason, Ctrl-C to think again) ")
                if why is None:
                    raise Refused("it was left", "r rejects it")
                said_no(self._review.reject(shown.one.id, OWNER, why.strip()))
                self._done[shown.one.id] = "rejected"
            case "e":
                edited(self._review, shown.one)
                return self._show(shown.one.id) or shown
            case "d":
                return self._paged(shown)
            case "?" | "h":
                for name, (word, what) in _KEYS.items():
                    print(f"  {bold(name)}  {word.ljust(7)} {dim(what)}")
            case _:
                print(dim(f"  {one_line(key) or 'that'} is no key here: ? tells them"))
        return shown

    def _show(self, id: str) -> _Shown | None:
        """As it is now: the agent, another terminal or a sync may have changed it. None where it is decided on."""
        if id in self._done:
            return None
        try:
            one = self._review.find(id)
        except NotFound:
            return None
        if one.standing.state == "rejected":
            return None
        proposing.about(self._workspace, self._review, one)
        lines = proposing.patch(self._review, one)
        room = max(shutil.get_terminal_size().lines - _AROUND, _LEAST_ROWS)
        cut = len(lines) > room and "\n".join(lines) not in self._read
        print("", *lines[: room if cut else None], sep="\n")
        rest = len(lines) - room if cut else 0
        if rest:
            print(warning(f"… and {rest} more lines: d shows them all"))
        return _Shown(one, rest)

    def _passed(self, id: str) -> int | None:
        """One that is decided on already is only named."""
        print(f"{id} is {self._done.get(id, 'decided on elsewhere')}")
        while True:
            key = self._asked("b back · s on · q quit ")
            if key in _LEAVING:
                return None
            if key in ("s", *_ENTER, "b"):
                return -1 if key == "b" else 1

    def _paged(self, shown: _Shown) -> _Shown:
        """All of the change; from now on it is seen. The pager is the person's own ($PAGER)."""
        text = "\n".join(proposing.patch(self._review, shown.one))
        editing.paged(f"{text}\n", os.environ)
        self._read.add(text)
        return _Shown(shown.one, 0)

    def _asked(self, offer: str = "") -> str:
        """A key; keys are echoed, so that what was answered can be read later."""
        wide = shutil.get_terminal_size().columns > len(_OFFER) + 4
        key = self._tty.key(f"\n  {offer or (_OFFER if wide else _SHORT)} ").lower()
        shown = key if key and key.isprintable() else "s" if key in _ENTER else "q"
        self._tty.write(f"→ {shown}\n")
        return key

    def _tried(self, one: Proposal) -> Commit:
        """Accepts it; where the gate refuses, the person may say why they want it all the same."""
        try:
            return self._review.accept(one.id, OWNER, one.commit)
        except Ungated as error:
            print(f"{bad('refused')}: {one_line(error.message)}")
            why = (self._tty.line("  why do you want it all the same? (Enter to leave it) ") or "").strip()
            if not why:
                raise Refused("it was left", "e changes it, r rejects it") from error
            return self._review.accept(one.id, OWNER, one.commit, why)

    def _sum(self, count: int) -> None:
        did = Counter(word.partition(" ")[0] for word in self._done.values())
        parts = [f"{number} {word}" for word, number in did.items()]
        left = count - len(self._done)
        print(dim(f"\n{', '.join([*parts, *([f'{left} left'] if left else [])])}"))


def said_yes(done: Commit) -> None:
    back = f"hermes revert {done.id[:8]} takes it back"
    print(f"Accepted: {good(done.id[:8])}  {one_line(done.subject)}  {dim(back)}")


def said_no(one: Proposal) -> None:
    print(f"Rejected: {one.id}  {one_line(one.subject)}  {dim(f'hermes review accept {one.id} brings it back')}")


def edited(review: Review, one: Proposal) -> Proposal:
    """Opens the person's editor."""
    made = review.edit(one.id, proposing.edited(review, one, os.environ), OWNER)
    print(f"Edited: {good(made.id)}  {one_line(made.subject)}")
    return made

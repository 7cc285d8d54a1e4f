"""Decides which of the agent's changes become lessons at once and which wait for a person. Pure; writes nothing.

What is never the agent's to write (config.yaml, AGENTS.md, .gitattributes …) is refused by `paths.check_change`,
whatever the policy says. Neither is a person's own change any of its business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from hermes_fs.core.errors import Refused
from hermes_fs.core.origins import is_trusted
from hermes_fs.core.ports import Cancel
from hermes_fs.core.types import Change, Kind, Origin, Verdict
from hermes_fs.store.paths import author_of, kind_of

Way = Literal["auto", "propose"]
REFUSED = "the gate refused it: "
"""How it begins where a person is told why."""

_REASONS = 4
_PROGRAM_FOLDERS = ("scripts", "tests")
_PROGRAM_ENDINGS = (
    ".bash", ".bat", ".cjs", ".cmd", ".exe", ".fish", ".go", ".js", ".jar", ".lua", ".mjs", ".php", ".pl", ".ps1",
    ".py", ".pyc", ".rb", ".sh", ".so", ".ts", ".wasm", ".zsh",
)  # fmt: skip
_READ: Mapping[Origin, str] = {
    "web": "it had read a web page",
    "mcp": "it had read what another program's server said",
    "channel": "it had read a message of somebody unknown",
    "guest": "it had read a guest's message",
    "file": "it had read a file that nobody vouches for",
    "tool": "it had read a program's output",
}


class Gate(Protocol):
    """Tries a skill change out before it counts; None where it has nothing to say of it. May block for as long as tests
    and evals take, unless stopped by `cancel`, and raise HermesError."""

    def __call__(self, change: Change, *, cancel: Cancel | None = None) -> Verdict | None: ...


class Ungated(Refused):
    """The gate did not pass a version of a skill; nothing was written. `verdict` says all that it has against it."""

    def __init__(self, verdict: Verdict, hint: str = "mend that and try again") -> None:
        super().__init__(f"{REFUSED}{told(verdict)}", hint)
        self.verdict = verdict


def told(verdict: Verdict) -> str:
    """Why the gate refused it, on one line."""
    shown = "; ".join(verdict.reasons[:_REASONS])
    more = len(verdict.reasons) - _REASONS
    return f"{shown} (and {more} more)" if more > 0 else shown


@dataclass(frozen=True, slots=True)
class Policy:
    """What becomes of a kind of change from a context that is not tainted; from one that is, all of it is proposed."""

    memory: Way = "auto"
    notes: Way = "auto"
    skills: Way = "auto"
    deletions: Way = "propose"
    programs: Way = "propose"
    cron: Way = "propose"
    expire_days: int = 14
    waiting: int = 100

    def objection(self, change: Change) -> str:
        """Why this change must wait for a person, in a few words; "" where it need not."""
        if author_of(change) == "person" and not change.provenance.model:
            return ""
        return tainted(change.provenance.origin) or next(self._objections(change), "")

    def _objections(self, change: Change) -> Iterator[str]:
        """Those of each path. The path decides, not what kind the change says it is."""
        for path, data in change.files.items():
            kind = kind_of(path)
            if kind == "skill":
                yield from self._of_skill(change, path, data)
            elif self._way(kind) == "propose":
                yield _WAITS.get(kind or "config", "review is wanted for it")

    def _way(self, kind: Kind | None) -> Way:
        match kind:
            case "memory" | "user":
                return self.memory
            case "note":
                return self.notes
            case "cron":
                return self.cron
            case "audit" | "merge":
                return "auto"
            case _:
                return "propose"

    def _of_skill(self, change: Change, path: str, data: bytes | None) -> Iterator[str]:
        program = is_program(path, data)
        if data is None and (program or path.count("/") == 2) and self.deletions == "propose":
            yield "it deletes a skill, or a program of one"
        if data is not None and program and self.programs == "propose":
            yield "it keeps a program"
        if self.skills == "propose":
            yield "skills are reviewed"
        if change.provenance.trigger != "user":
            yield from _unasked(change.verdict, change.expect.get(path) == "" and path.endswith("/SKILL.md"))


def _unasked(verdict: Verdict | None, new: bool) -> Iterator[str]:
    """An edit that the gate passed holds; a new skill only where a test or eval of its own has shown that it works."""
    if not (verdict and verdict.passed):
        yield "nobody asked for it, and nothing has tried it out"
    elif new and not (verdict.tested or verdict.scores):
        yield "nobody asked for this new skill, and it has no test or eval that passes"


_WAITS: Mapping[Kind, str] = {
    "memory": "what is remembered is reviewed",
    "user": "what is remembered is reviewed",
    "note": "notes are reviewed",
    "cron": "it is about a scheduled job",
    "config": "it changes how the agent speaks",
}


def tainted(origin: Origin) -> str:
    """Why what comes of a context with text of this origin must wait; "" for a trusted one. No setting changes this."""
    return "" if is_trusted(origin) else f"from a tainted session: {_READ.get(origin, 'nobody vouches for it')}"


def is_program(path: str, data: bytes | None) -> bool:
    """Whether a skill's file is meant to be run: by its folder, its ending, or a first line that names a program."""
    inside = path.split("/")[2:]
    return (
        (len(inside) > 1 and inside[0].lower() in _PROGRAM_FOLDERS)
        or path.lower().endswith(_PROGRAM_ENDINGS)
        or (data or b"").startswith((b"#!", b"\x7fELF", b"MZ"))
    )

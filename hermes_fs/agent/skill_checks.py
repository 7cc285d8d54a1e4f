"""What can be held against a new version of a skill by reading it: spec, size, what an edit drops, scans, lint. Pure.

Each problem is one sentence that says what to do about it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from hermes_fs.agent.evals import case as cases
from hermes_fs.store.candidate import Candidate
from hermes_fs.store.formats import lint, scan, skill
from hermes_fs.store.formats.format import By, decode
from hermes_fs.store.judging import FormatOf, Harmless, is_harmless, problems_of

FILE = "SKILL.md"
MOST_FILES = 100
MOST_BYTES = 1_000_000
"""Of a whole skill."""
GROWTH_BYTES = 16_000
"""What one edit may add to a SKILL.md that it makes more than four times as long."""
_TIMES = 4
KEPT_WORDS = 0.4
KEPT_LENGTH = 0.5
"""Of a body of some length, the share of its words and of its length that an edit must leave."""
_SOME_WORDS = 30
_WORD = re.compile(r"\w+")

Check = Callable[[Candidate], Iterator[str]]


def problems(candidate: Candidate, format_of: FormatOf, harmless: Harmless, by: By = "agent") -> list[str]:
    """All of them but `changed_too_much`, the gravest first."""
    found = [*_whole(candidate), *_formats(candidate, format_of, harmless, by), *_scans(candidate, harmless)]
    return list(dict.fromkeys([*found, *_lint(candidate), *_evals(candidate)]))


def changed_too_much(candidate: Candidate) -> list[str]:
    """What is too large, grew too much or lost too much at once."""
    return [*_bounds(candidate), *_shrunken(candidate)]


def _whole(candidate: Candidate) -> Iterator[str]:
    if FILE not in candidate.after:
        yield "it would be left without its SKILL.md: keep it, or delete the whole skill"


def _formats(candidate: Candidate, format_of: FormatOf, harmless: Harmless, by: By) -> list[str]:
    """What the door's formats have against the files that change: the spec, sizes, syntax, what the new lines hold."""
    versions = {
        f"skills/{candidate.name}/{path}": (
            candidate.before[path].data if path in candidate.before else None,
            candidate.after[path].data if path in candidate.after else None,
        )
        for path in candidate.changed
    }
    return problems_of(versions, by, format_of, harmless)


def _scans(candidate: Candidate, harmless: Harmless) -> Iterator[str]:
    """Each file that changes as a whole: an order may be spread over lines of which only the last is new. What stood
    there before is not held against the edit."""
    for path in candidate.changed:
        after = _text(candidate, path, old=False)
        if after:
            before = set(scan.problems(_text(candidate, path, old=True)))
            fresh = [f"skills/{candidate.name}/{path}: {one}" for one in scan.problems(after) if one not in before]
            yield from (line for line in fresh if not is_harmless(line, harmless))


def _text(candidate: Candidate, path: str, old: bool) -> str:
    file = (candidate.before if old else candidate.after).get(path)
    text = decode(file.data) if file else None
    return text if text and "\0" not in text else ""


def _bounds(candidate: Candidate) -> Iterator[str]:
    count, size = len(candidate.after), sum(len(file.data) for file in candidate.after.values())
    if count > max(MOST_FILES, len(candidate.before)):
        yield f"it has {count} files, more than {MOST_FILES}: leave out what it does not need"
    if size > max(MOST_BYTES, sum(len(file.data) for file in candidate.before.values())):
        yield f"it has {size:,} bytes in all, more than {MOST_BYTES:,}: leave out what it does not need"
    was, now = (len(files[FILE].data) if FILE in files else 0 for files in (candidate.before, candidate.after))
    if was and now > was * _TIMES and now - was > GROWTH_BYTES:
        yield f"SKILL.md grows from {was:,} to {now:,} bytes at once: put the details into a file in references/"


def _shrunken(candidate: Candidate) -> Iterator[str]:
    """An edit that drops most of the instructions: a model that rewrites from memory loses what it does not recall."""
    if FILE not in candidate.before or FILE not in candidate.after:
        return
    bodies = [skill.load(files[FILE].data).body for files in (candidate.before, candidate.after)]
    old, new = (Counter(_WORD.findall(body.lower())) for body in bodies)
    if old.total() < _SOME_WORDS:
        return
    kept, length = (old & new).total() / old.total(), len(bodies[1].strip()) / len(bodies[0].strip())
    if kept < KEPT_WORDS or length < KEPT_LENGTH:
        share = min(kept, length)
        yield (
            f"the edit drops most of its instructions ({share:.0%} are left): keep what still holds and change only"
            " the section that is wrong"
        )


def _lint(candidate: Candidate) -> Iterator[str]:
    for path in candidate.changed:
        if path in candidate.after and path != FILE:
            known = set(lint.problems(path, candidate.before[path].data)) if path in candidate.before else set()
            found = lint.problems(path, candidate.after[path].data)
            yield from (f"skills/{candidate.name}/{path}: {one}" for one in found if one not in known)


def _evals(candidate: Candidate) -> Iterator[str]:
    """Cases that change and cannot be read: nothing could be replayed."""
    fresh = {path: candidate.after[path].data for path in candidate.changed if path in candidate.after}
    yield from (f"skills/{candidate.name}/{one}" for one in cases.problems(fresh))

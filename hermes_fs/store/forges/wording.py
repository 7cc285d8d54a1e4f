"""Makes the text of a pull request out of a proposal. Whatever a model may have written stands in code, where a forge
renders no HTML, calls nobody, closes nothing and takes no commands; and says the same once it is a commit's message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hermes_fs.core.secrets import redact
from hermes_fs.core.terminal import one_line, spell_out
from hermes_fs.store.proposal import Proposal, judged

TITLE = 120
"""Characters of a title."""
_WHY = 3000
_LINE = 400
_FILES = 40
_KEPT = ("Hermes-Kind", "Hermes-Change", "Hermes-Origin", "Hermes-Trigger", "Hermes-Model", "Hermes-Eval")

_MENTION = re.compile(r"(?<![\w.])@(?=\w)")
_REFERENCE = re.compile(r"(?<!&)([#!])(?=\d)|\b(GH-)(?=\d)|(/(?:issues|pull|work_items|merge_requests|epics)/)(?=\d)")
_TICKET = re.compile(
    r"\b((?:clos|fix|resolv|implement|complet)(?:e|es|ed|s|ing)?:?\s+)([A-Z][A-Z0-9]+)-(?=\d)", re.IGNORECASE
)
_TRAILER = re.compile(r"\b((?:[A-Za-z][A-Za-z0-9]*-)+[A-Za-z][A-Za-z0-9]*):")
_SKIPS_CHECKS = re.compile(r"\[(?=(?:skip|no|ci|actions)[ -](?:ci|skip|actions)\])", re.IGNORECASE)
_COMMAND = re.compile(r"^(\s*)/(?=[a-z])", re.MULTILINE)


def defused(text: str) -> str:
    """A model's words, without what a forge acts on wherever it stands, a commit's message included: mentions, what
    refers to (and may close) an issue, trailers, commands of GitLab, its placeholders, what keeps checks from running.
    A blank more, nothing less."""
    text = _MENTION.sub("@ ", text)
    text = _REFERENCE.sub(lambda found: f"{found[0]} ", text)
    text = _TICKET.sub(r"\1\2 -", text)
    text = _TRAILER.sub(r"\1 :", text)
    text = _SKIPS_CHECKS.sub("[ ", text)
    text = _COMMAND.sub(r"\1/ ", text)
    return text.replace("%{", "% {").replace("<!--", "<! --")


def title(one: Proposal) -> str:
    """One line."""
    return one_line(defused(redact(one.subject)).replace("`", "'"), TITLE)


def short_body(one: Proposal) -> str:
    """One line, for an option of a push."""
    return f"A lesson that Hermes proposes. Take it back with `hermes revert {one.change}`. Hermes-Change: {one.change}"


def body(one: Proposal, stat: str, trailers: Mapping[str, str], said: Sequence[str]) -> str:
    """Markdown. `stat` are lines `path: +n -m`, `said` is what was said before it, as `role: text`."""
    return "\n\n".join(_parts(one, stat, trailers, said)) + "\n"


def _parts(one: Proposal, stat: str, trailers: Mapping[str, str], said: Sequence[str]) -> Iterator[str]:
    yield f"Hermes proposes this lesson. It waits for a person: {_code(one.because)}."
    yield "\n".join(["| file | lines |", "| --- | --- |", *_files(stat)])
    if one.why:
        yield f"**Why, in the model's words**\n\n{_fenced(one.why[:_WHY].splitlines())}"
    if said:
        yield f"**What was said before it**\n\n{_fenced(said)}"
    yield "\n".join(
        ["| | |", "| --- | --- |", *(f"| {name} | {_code(value)} |" for name, value in _facts(one, trailers))]
    )
    yield f"Merging it makes it a lesson. Taking it back, later lessons kept: `hermes revert {one.change}`"
    yield "Closing it rejects it, the last comment being the reason. The agent reads comments as the words of others."
    yield "\n".join(f"{name}: {trailers[name]}" for name in _KEPT if trailers.get(name))


def _files(stat: str) -> Iterator[str]:
    lines = [line for line in stat.split("\n") if line]
    for line in lines[:_FILES]:
        path, _, what = line.rpartition(": ")
        yield f"| {_code(path) if path else ''} | {_code(what)} |"
    if len(lines) > _FILES:
        yield f"| and {len(lines) - _FILES} more | |"


def _facts(one: Proposal, trailers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from judged(one, trailers)
    yield "origin", one.provenance.origin
    if one.provenance.model:
        yield "model", one.provenance.model


def _code(text: str) -> str:
    """Inline code that fits into a table."""
    flat = one_line(defused(redact(text)), _LINE).replace("`", "'").replace("|", "/")
    return f"`{flat}`" if flat else ""


def _fenced(lines: Sequence[str]) -> str:
    """A block of code that nothing in it can end."""
    shown = [spell_out(line).replace("\t", " ")[:_LINE] for line in defused(redact("\n".join(lines))).split("\n")]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *shown, fence])

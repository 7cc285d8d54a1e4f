"""Judges the files and folders that a `git` command names beside those of its repository. Runs none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from hermes_fs.tools.commands.effects import Call, Finding, names, written
from hermes_fs.tools.commands.tokens import Word

_READ_BY = {
    **dict.fromkeys(names("commit tag merge notes"), ("-F", "--file", "-t", "--template")),
    "blame": ("--contents",),
}
"""Subcommand → options whose value is a file that it takes text from."""
_WRITTEN_BY = {
    "archive": ("-o", "--output"),
    "format-patch": ("-o", "--output-directory"),
    **dict.fromkeys(names("init clone"), ("--separate-git-dir",)),
}


def judge(call: Call) -> Iterator[Finding]:
    """What is read and written where the line says."""
    read, wrote = _named(call)
    for word in read:
        if word.dynamic:
            yield Finding("unknown", "reads what is only known when it runs")
        else:
            yield Finding("read", "reads", path=word.text)
    for word in wrote:
        yield written(word)
    if call.name == "init" and (template := call.value("--template")) is not None and template.text:
        yield Finding("persist", f"takes hooks from {template.text}, which git runs later")
    if call.name == "apply" and call.has("--unsafe-paths"):
        yield Finding("unknown", "may write outside of the repository")
    if call.name == "worktree" and call.texts[:1] == ["remove"] and call.has("-f", "--force"):
        yield Finding("delete", "throws away changes that are not committed")


def _named(call: Call) -> tuple[list[Word], list[Word]]:
    """Files that it reads, and places that it writes."""
    read = [word for option in _READ_BY.get(call.name, ()) if (word := call.value(option)) is not None]
    wrote = [word for option in _WRITTEN_BY.get(call.name, ()) if (word := call.value(option)) is not None]
    operands = call.operands
    match call.name:
        case "diff" | "grep" if call.has("--no-index"):
            read += operands if call.name == "diff" else operands[1:]
        case "diff":
            read += _leading_out(operands)
        case "hash-object" | "apply" | "am" | "mailinfo":
            read += operands
        case "bundle" if call.texts[:1] == ["create"]:
            wrote += operands[1:2]
        case "bundle":
            read += operands[1:2]
        case "init":
            wrote += operands[:1]
        case "clone":
            wrote += operands[1:2]
        case "worktree" if call.texts[:1] in (["add"], ["move"], ["remove"]):
            wrote += _worktrees(call)
    return read, wrote


def _worktrees(call: Call) -> Sequence[Word]:
    """The folders of `worktree add [-b NAME] FOLDER [COMMIT]` and its kin."""
    valued = [word for option in ("-b", "-B", "--reason") if (word := call.value(option)) is not None]
    folders = [word for word in call.operands[1:] if word not in valued]
    return folders[:1] if call.texts[0] == "add" else folders


def _leading_out(words: Sequence[Word]) -> list[Word]:
    """Paths that git would compare as plain files, for they lie elsewhere; no range of commits."""
    return [
        word
        for word in words
        if word.text.startswith(("/", "~")) or (not word.dynamic and ".." in PurePosixPath(word.text).parts)
    ]

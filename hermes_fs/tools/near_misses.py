"""What a model most likely meant by an argument or a choice that a tool does not have. Knows words, but no tool."""

from __future__ import annotations

from collections.abc import Collection, Sequence

_ARGUMENTS: tuple[tuple[str, ...], ...] = (
    ("text", "content", "contents", "body", "markdown", "entry", "fact", "value", "new", "new_text"),
    ("content", "text", "contents", "body"),
    ("old", "old_text", "old_string", "find"),
    ("path", "file", "file_path", "filepath", "filename"),
    ("file", "path", "file_path", "filepath", "filename"),
    ("command", "cmd"),
    ("query", "q", "text", "search"),
    ("name", "skill", "skill_name"),
    ("topic", "title", "name", "path"),
    ("title", "section", "heading", "section_title"),
    ("batch", "operations", "entries"),
    ("id", "entry_id", "key"),
    ("open", "ref", "id"),
    ("why", "reason"),
    ("action", "operation"),
)
"""What a tool calls an argument, then what else it is called."""

_CHOICES: tuple[frozenset[str], ...] = (
    frozenset(("add", "create", "new", "save", "store", "remember", "insert", "write")),
    frozenset(("add", "append")),
    frozenset(("replace", "update", "edit", "change", "modify")),
    frozenset(("remove", "delete", "forget")),
    frozenset(("user", "user.md", "person", "owner", "profile")),
    frozenset(("memory", "memory.md", "agent")),
    frozenset(("doing", "in_progress", "in progress")),
    frozenset(("done", "completed", "complete")),
    frozenset(("pending", "todo", "open")),
)
"""Words for the same choice."""


def argument(given: str, known: Collection[str], taken: Collection[str]) -> str:
    """The argument of `known`, none of those `taken`, that `given` means; "" where that is not clear."""
    name = given.strip().lower().replace("-", "_")
    if name in known and name not in taken:
        return name
    meant = [names[0] for names in _ARGUMENTS if name in names[1:] and names[0] in known]
    return meant[0] if len(meant) == 1 and meant[0] not in taken else ""


def choice(given: str, allowed: Sequence[str]) -> str:
    """The one of `allowed` that `given` means; "" where that is not clear, as with `remove` beside `remove_file`."""
    word = given.strip().lower()
    for allowed_word in (word, word.replace("-", "_").replace(" ", "_")):
        if allowed_word in allowed:
            return allowed_word
    if any(known.startswith(f"{word}_") for known in allowed):
        return ""
    meant = {known for words in _CHOICES if word in words for known in allowed if known in words}
    return meant.pop() if len(meant) == 1 else ""

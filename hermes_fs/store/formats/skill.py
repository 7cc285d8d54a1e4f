"""Skills as the Agent Skills standard has them: read leniently, written strictly, edited in bounded steps. Pure.

The standard: https://agentskills.io/specification. Our own data lives below `metadata:`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hermes_fs.core.errors import Refused
from hermes_fs.store.formats import front, sections
from hermes_fs.store.formats.format import excerpt

MAX_BYTES = 40_000
"""Of a SKILL.md that the agent writes; what is longer belongs into references/."""
MAX_NAME = 64
MAX_DESCRIPTION = 1024
MAX_COMPATIBILITY = 500
FIELDS = ("name", "description", "license", "compatibility", "allowed-tools", "metadata")
"""The keys of the standard."""
FOLDERS = ("scripts", "references", "assets", "tests", "evals")
"""Where the further files of a skill lie."""


@dataclass(frozen=True, slots=True)
class Skill:
    """What could be read. `front` is the front matter as plain data, `problems` why it is no strict skill, one line
    each; name and description are made up from the folder and the body where they are missing."""

    name: str
    description: str
    body: str
    front: Mapping[str, Any]
    problems: tuple[str, ...]


def load(data: bytes, folder: str = "") -> Skill:
    """Read a SKILL.md however it was written; `folder` is the name of its folder. Never raises."""
    text = data.decode("utf-8", "replace")
    parts = front.cut(text)
    values, broken = front.read(parts.front)
    problems = [broken] if broken else []
    problems += [] if parts.opening else ["it has no front matter between two lines of ---"]
    name = front.as_text(values.get("name")) or folder
    description = front.as_text(values.get("description"))
    if not description:
        problems.append("it has no description")
        description = _first_words(parts.body)
    problems += [f"the standard has no key {key}" for key in values if key not in FIELDS]
    return Skill(name, description, parts.body, values, tuple(problems))


def headline(data: bytes, folder: str) -> str:
    """The description alone, as `load` gives it, fifty times faster where it stands on one plain line."""
    parts = front.cut(data.decode("utf-8", "replace"))
    found = front.plain_value(parts.front, "description")
    return load(data, folder).description if found is None else found


OWN = "hermes-"
"""How keys of our own below `metadata` begin. They say what became of a skill, never what it does."""
STATUS, PINNED = f"{OWN}status", f"{OWN}pinned"


def metadata(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The map for what the standard does not know; empty where it is none."""
    found = values.get("metadata")
    return found if isinstance(found, Mapping) else {}


def marks(data: bytes) -> tuple[bool, bool]:
    """Whether a SKILL.md says that it is archived (neither listed for the agent nor found for a message), and whether a
    person wants it left alone by the audit."""
    parts = front.cut(data.decode("utf-8", "replace"))
    if STATUS not in parts.front and PINNED not in parts.front:
        return False, False
    said = metadata(front.read(parts.front)[0])
    return front.as_text(said.get(STATUS)) == "archived", front.as_text(said.get(PINNED)).lower() == "true"


def instructions(data: bytes) -> str:
    """The body of a SKILL.md, without the space around it."""
    return front.cut(data.decode("utf-8", "replace")).body.strip()


def described(data: bytes, folder: str) -> str:
    """What the front matter of a SKILL.md says, but for our own marks: the same text for the same values, however they
    are written down."""
    text = strictly(data.decode("utf-8", "replace"), folder)
    values, broken = front.strict(text)
    if broken:
        return text
    kept = {key: value for key, value in metadata(values).items() if not str(key).startswith(OWN)}
    rest = {key: value for key, value in values.items() if key != "metadata"} | ({"metadata": kept} if kept else {})
    return json.dumps(rest, sort_keys=True, default=str)


def same_but_marks(before: bytes, after: bytes) -> bool:
    """Whether two SKILL.md differ in the marks alone, and hold such as we set."""
    old, new = (front.cut(data.decode("utf-8", "replace")) for data in (before, after))
    was, now = (front.read(parts.front)[0] for parts in (old, new))
    said = {key: front.as_text(metadata(now).get(key)) for key in (STATUS, PINNED)}
    known = said[STATUS] in ("", "archived") and said[PINNED].lower() in ("", "true")
    return known and old.body == new.body and _unmarked(was) == _unmarked(now)


def _unmarked(values: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: said for key, said in metadata(values).items() if key not in (STATUS, PINNED)}
    return {**values, "metadata": own}


def check(text: str, folder: str) -> list[str]:
    """What the public validator, or our own bounds, would refuse in a SKILL.md that lies in `folder`."""
    values, broken = front.strict(text)
    if broken:
        return [broken]
    unknown = [key for key in values if key not in FIELDS]
    found = [f"the standard has no key {key}: put it below metadata" for key in unknown]
    found += _name_problems(values.get("name", ""), folder)
    description = values.get("description", "")
    if not isinstance(description, str) or not description.strip():
        found.append("it needs a description: what the skill does and when to use it")
    elif len(description) > MAX_DESCRIPTION:
        found.append(f"its description has {len(description)} characters, at most {MAX_DESCRIPTION} are allowed")
    found += [f"{key} must be text" for key in FIELDS[2:5] if not isinstance(values.get(key, ""), str)]
    if len(values.get("compatibility", "")) > MAX_COMPATIBILITY:
        found.append(f"compatibility has more than {MAX_COMPATIBILITY} characters")
    if not isinstance(values.get("metadata", {}), dict):
        found.append("metadata must be a map")
    if not front.cut(text).body.strip():
        found.append("it has no body: write down the steps")
    return found


def slug(words: str) -> str:
    """A name as the standard wants it, made of words: lower-case letters, digits, single hyphens; "" for none."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:MAX_NAME].rstrip("-")


def name_problems(name: str) -> list[str]:
    """What the standard has against a name."""
    return _name_problems(name, name)


def _name_problems(raw: Any, folder: str) -> list[str]:
    if not isinstance(raw, str) or not raw.strip():
        return ["it needs a name"]
    name = unicodedata.normalize("NFKC", raw.strip())
    found = []
    if len(name) > MAX_NAME:
        found.append(f"its name has {len(name)} characters, at most {MAX_NAME} are allowed")
    if name != name.lower() or not all(letter.isalnum() or letter == "-" for letter in name):
        found.append(f"the name {excerpt(name, 40)!r} may hold lower-case letters, digits and hyphens only")
    if name.startswith("-") or name.endswith("-") or "--" in name:
        found.append(f"the name {excerpt(name, 40)!r} may not begin or end with a hyphen, nor hold two in a row")
    if unicodedata.normalize("NFKC", folder) != name:
        found.append(f"its name {excerpt(name, 40)!r} must be that of its folder, {folder!r}")
    return found


def _first_words(body: str) -> str:
    lines = (line.strip() for line in body.splitlines())
    return next((excerpt(line, 200) for line in lines if line and not line.startswith(("#", "```", "<!--"))), "")


# -- writing ----------------------------------------------------------------------------------------------------------


def create(name: str, description: str, body: str) -> str:
    """A new SKILL.md. Raises Refused where the standard would not have it."""
    values = {"name": name.strip(), "description": " ".join(description.split())}
    text = f"---\n{front.write(values)}---\n\n{_body(body)}"
    return _checked(text, name.strip())


def set_description(text: str, folder: str, description: str) -> str:
    """The skill with another description."""
    wanted = " ".join(description.split())
    strict = strictly(text, folder)
    edited = front.with_value(strict, "description", wanted)
    before, after = front.strict(strict)[0], front.strict(edited)[0]
    if after != {**before, "description": wanted}:  # the old value stood in a shape that cannot be cut out by lines
        parts = front.cut(strict)
        edited = f"{parts.opening}{front.write({**before, 'description': wanted})}{parts.rest}"
    return _checked(edited, folder)


def set_mark(text: str, folder: str, key: str, value: str) -> str:
    """The skill with a key of our own below `metadata` set, or without it where `value` is ""; the body stays."""
    strict = strictly(text, folder)
    values = front.strict(strict)[0]
    own = {name: said for name, said in metadata(values).items() if name != key} | ({key: value} if value else {})
    fresh = {name: said for name, said in values.items() if name != "metadata"} | ({"metadata": own} if own else {})
    edited = front.with_nested(strict, "metadata", key, value)
    return _checked(edited if front.strict(edited)[0] == fresh else with_metadata(strict, own), folder)


def with_metadata(strict: str, wanted: Mapping[str, Any]) -> str:
    """A strict SKILL.md with another map below `metadata`, none where it is empty. Unchanged where it says so already;
    comments in its front matter go."""
    values, parts = front.strict(strict)[0], front.cut(strict)
    if metadata(values) == dict(wanted):
        return strict
    fresh = {key: value for key, value in values.items() if key != "metadata"}
    if wanted:
        fresh["metadata"] = dict(wanted)
    return f"{parts.opening}{front.write(fresh)}{parts.rest}"


def edit_body(text: str, folder: str, edit: Callable[[str], str]) -> str:
    """The skill with its body changed by `edit`. Front matter that is strict keeps its bytes."""
    parts = front.cut(strictly(text, folder))
    return _checked(parts.opening + parts.front + parts.closing + edit(parts.body), folder)


def strictly(text: str, folder: str) -> str:
    """The same skill with front matter that the standard accepts: unchanged where it does, else written anew.

    Keys that the standard does not know go below `metadata`; the body keeps its bytes.
    """
    if not check(text, folder):
        return text
    skill = load(text.encode("utf-8", "replace"), folder)
    values: dict[str, Any] = {"name": folder, "description": skill.description[:MAX_DESCRIPTION]}
    for key in FIELDS[2:5]:
        if text_value := front.as_text(skill.front.get(key)):
            values[key] = text_value
    metadata = skill.front.get("metadata")
    own = dict(metadata) if isinstance(metadata, Mapping) else {"metadata": metadata} if metadata else {}
    own |= {key: value for key, value in skill.front.items() if key not in FIELDS and key not in own}
    if own:
        values["metadata"] = {str(key): value for key, value in own.items()}
    gap = "" if front.cut(text).opening else "\n"
    return f"---\n{front.write(values)}---\n{gap}{skill.body}"


def _body(body: str) -> str:
    """The body of a new skill; front matter that a model sent along goes."""
    plain = front.cut(body.lstrip()).body if body.lstrip().startswith("---") else body
    return plain.strip() + "\n"


def _checked(text: str, folder: str) -> str:
    problems = check(text, folder)
    if problems:
        raise Refused(f"skill {folder}: {problems[0]}", "change it and try again")
    return text


def flat_sections(body: str) -> dict[str, str]:
    """Section texts by title; a title that repeats is numbered."""
    found: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for title, _, text in sections.cut(body):
        number = counts[title] = counts[title] + 1
        found[title if number == 1 else f"{title}\n{number}"] = text
    return found

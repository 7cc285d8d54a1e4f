"""A case of a skill's evals/: a task, the files that it starts with, and what tells that it was done. Pure.

One YAML file, `skills/<name>/evals/<case>.yaml`; docs/evals.md shows its keys.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from hermes_fs.core.errors import Refused
from hermes_fs.core.loading import load
from hermes_fs.store.formats import yaml_file

STEPS = 20
SECONDS = 300.0
_MOST_FILES = 50
_MOST_BYTES = 200_000
_KEYS = ("task", "files", "checks", "check_files", "steps", "seconds", "from")
_SAYS = ("equals", "contains", "lacks", "matches")
_ON_FILE = ("file", *_SAYS, "exists")
_ON_REPLY = ("reply", *_SAYS)
_ON_COMMAND = ("command", "exit", *_SAYS)

Subject = Literal["file", "reply", "command"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold afterwards: of a file (`name` its path), of the last reply, or of what a command
    (`name`) prints, which is run in the work directory. `says` maps equals, contains, lacks and matches (a regular
    expression, searched for) to text; `exists` and `exit` are what is wanted of a file and of a command."""

    subject: Subject
    name: str
    says: tuple[tuple[str, str], ...] = ()
    exists: bool = True
    exit: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """`files` lie in the work directory when the task is given; `check_files` are put there once it is over, before the
    checks. `steps` and `seconds` bound the attempt; `origin` is the session that it was made from, "" for none."""

    name: str
    task: str
    checks: tuple[Check, ...]
    files: Mapping[str, str]
    check_files: Mapping[str, str]
    steps: int = STEPS
    seconds: float = SECONDS
    origin: str = ""


class _Wrong(Exception):
    """What is wrong with a case, and where: a key, and of `checks` which one, from 0."""

    def __init__(self, problem: str, key: str = "", place: int = -1) -> None:
        super().__init__(problem)
        self.key, self.place = key, place


def parse(data: bytes, name: str) -> Case:
    """Reads a case. Raises Refused with one line that names what is wrong, and in which line of the file."""
    try:
        return _case(yaml_file.parse(data), name)
    except yaml_file.Broken as error:
        raise Refused(f"eval {name}: {error}", "mend the file: docs/evals.md") from error
    except _Wrong as error:
        where = _line(data.decode("utf-8", "replace"), error)
        raise Refused(f"eval {name}: line {where}: {error}", "see docs/evals.md") from error


def _case(values: Mapping[str, Any], name: str) -> Case:
    unknown = next((key for key in values if key not in _KEYS), "")
    _require(not unknown, f"there is no key {unknown!r}; there are {', '.join(_KEYS)}", unknown)
    task = values.get("task")
    _require(isinstance(task, str) and bool(task.strip()), "it needs a task: what a person would ask", "task")
    checks = values.get("checks")
    _require(isinstance(checks, list) and bool(checks), "it needs checks: what tells that the task was done", "checks")
    return Case(
        name,
        str(task).strip(),
        tuple(_check(one, place) for place, one in enumerate(checks or ())),
        _files(values.get("files"), "files"),
        _files(values.get("check_files"), "check_files"),
        _whole(values.get("steps", STEPS), "steps"),
        float(_whole(values.get("seconds", int(SECONDS)), "seconds")),
        str(values.get("from") or ""),
    )


def _line(text: str, wrong: _Wrong) -> int:
    """Where a reader should look, from 1: the key's line, or that of the check; 1 where the key is not there."""
    lines = text.split("\n")
    start = next((at for at, line in enumerate(lines) if re.match(rf"['\"]?{re.escape(wrong.key)}['\"]? *:", line)), 0)
    items = [(at, re.match(r" *(?=- )", line)) for at, line in enumerate(lines) if at > start]
    dashes = [(at, len(found[0])) for at, found in items if found]
    here = [at for at, depth in dashes if depth == dashes[0][1]] if wrong.place >= 0 else []
    return (here[wrong.place] if wrong.place < len(here) and here else start) + 1


def _check(value: Any, place: int) -> Check:
    def require(holds: bool, problem: str) -> None:
        _require(holds, problem, "checks", place)

    require(isinstance(value, dict), "each check is a map such as {file: out.txt, contains: done}")
    keys = _ON_FILE if "file" in value else _ON_COMMAND if "command" in value else _ON_REPLY
    subject: Subject = "file" if "file" in value else "command" if "command" in value else "reply"
    unknown = next((key for key in value if key not in keys), "")
    require(not unknown, f"a check of a {subject} has no {unknown!r}; it has {', '.join(keys)}")
    says = dict(value) | (dict(value["reply"]) if isinstance(value.get("reply"), dict) else {})
    wanted = tuple((key, str(says[key])) for key in _SAYS if key in says)
    for key, text in wanted:
        require(key != "matches" or _is_pattern(text), f"{text!r} is no regular expression")
    target = "" if subject == "reply" else str(value[subject])
    if subject == "file":
        require(_is_inside(target), f"{target!r} is no path inside the work directory")
    require(bool(wanted) or subject != "reply", "a check of the reply says what it equals, contains or matches")
    exists = value.get("exists", True)
    return Check(subject, target, wanted, exists is not False, _whole(value.get("exit", 0), "checks", place))


def _files(value: Any, key: str) -> dict[str, str]:
    if value is None:
        return {}
    _require(isinstance(value, dict), f"{key} are a map of paths to texts", key)
    found = {str(path): str(text) for path, text in value.items()}
    wrong = next((path for path in found if not _is_inside(path)), "")
    _require(not wrong, f"{wrong!r} is no path inside the work directory", key)
    size = sum(len(text.encode()) for text in found.values())
    _require(len(found) <= _MOST_FILES and size <= _MOST_BYTES, f"at most {_MOST_FILES} files of 200 kB in all", key)
    return found


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and ".git" not in parts and "\0" not in path


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _whole(value: Any, key: str, place: int = -1) -> int:
    holds = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    _require(holds, f"{value!r} is no number", key, place)
    return int(value)


def _require(holds: bool, problem: str, key: str, place: int = -1) -> None:
    if not holds:
        raise _Wrong(problem, key, place)


def is_case(path: str) -> bool:
    """Whether a file of a skill (its path below the folder) is one of its cases."""
    return path.startswith("evals/") and path.endswith((".yaml", ".yml"))


def problems(files: Mapping[str, bytes]) -> list[str]:
    """What is wrong with the cases among a skill's files, a line for each that cannot be read: file, line, what to
    do."""
    found = []
    for path in sorted(filter(is_case, files)):
        try:
            parse(files[path], PurePosixPath(path).stem)
        except Refused as error:
            found.append(f"{path}: {error.message.partition(': ')[2]} ({error.hint})")
    return found


def cases_of(files: Mapping[str, bytes]) -> list[Case]:
    """The cases among a skill's files (path below its folder → bytes), by name. Raises Refused."""
    found = sorted(filter(is_case, files))
    return [parse(files[path], PurePosixPath(path).stem) for path in found]


def write(case: Case) -> str:
    """The case as YAML, texts of several lines as they are."""
    yaml = load("ruamel.yaml:YAML")()
    literal = load("ruamel.yaml.scalarstring:LiteralScalarString")
    yaml.width = 1000

    def shown(text: str) -> Any:
        plain = all(letter.isprintable() or letter in "\n\t" for letter in text)
        return literal(text) if "\n" in text and plain and not text.startswith((" ", "\n")) else text

    values: dict[str, Any] = {"task": shown(case.task)}
    for key, files in (("files", case.files), ("check_files", case.check_files)):
        if files:
            values[key] = {path: shown(text) for path, text in files.items()}
    values["checks"] = [_plain(one, shown) for one in case.checks]
    values |= {"steps": case.steps} if case.steps != STEPS else {}
    values |= {"seconds": int(case.seconds)} if case.seconds != SECONDS else {}
    values |= {"from": case.origin} if case.origin else {}
    out = io.StringIO()
    yaml.dump(values, out)
    return out.getvalue()


def _plain(check: Check, shown: Any) -> dict[str, Any]:
    said = {key: shown(text) for key, text in check.says}
    match check.subject:
        case "reply":
            return {"reply": said}
        case "file":
            return {"file": check.name, **said} | ({} if check.exists else {"exists": False})
        case "command":
            return {"command": check.name, **said} | ({"exit": check.exit} if check.exit else {})


def named(cases: Sequence[Case], wanted: Sequence[str]) -> list[Case]:
    """Those of these names, all where none is named. Raises Refused for one that is not there."""
    missing = next((name for name in wanted if name not in {case.name for case in cases}), "")
    if missing:
        known = ", ".join(case.name for case in cases) or "none"
        raise Refused(f"there is no case {missing!r}", f"there are: {known}")
    return [case for case in cases if not wanted or case.name in wanted]

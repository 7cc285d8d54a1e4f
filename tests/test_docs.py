"""The documents tell the truth: links lead somewhere, named code exists, every command is described."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.source import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_CODE = re.compile(r"```.*?```", re.DOTALL)

# Spelled in pieces, because this file is searched like every other.
_OF_ONE_MACHINE = re.compile(
    "|".join((r"(?<![\w.~*/}-])/wo" r"rk/", r"/ro" r"ot/", r"py" r"pi\.org", r"pythonho" r"sted"))
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    assert [problem for text, target in _links(document) if (problem := _problem(document, text, target))] == []


def _links(document: Path) -> Iterator[tuple[str, str]]:
    text = _CODE.sub("", document.read_text(encoding="utf-8"))
    return ((link["text"], link["target"]) for link in _LINK.finditer(text))


def _problem(document: Path, text: str, target: str) -> str:
    """Why the link is wrong, or nothing. A link to a Python file whose text is `code` names something defined there."""
    if target.startswith(("http://", "https://", "mailto:")):
        return ""
    name, _, anchor = target.partition("#")
    path = (document.parent / name).resolve() if name else document
    if not path.exists() or not path.is_relative_to(ROOT):
        return f"{target}: no such file"
    if path.suffix == ".py" and text.startswith("`") and text.strip("`().") not in _defined(path):
        return f"{target}: does not define {text}"
    if path.suffix == ".md" and anchor and anchor not in _anchors(path):
        return f"{target}: no such heading"
    return ""


@cache
def _defined(path: Path) -> frozenset[str]:
    """`name`, `Class.name`, and the file's own name in the forms that a text may use."""
    inside = path.relative_to(ROOT).as_posix()
    names = {path.name, inside, inside.removeprefix("hermes_fs/"), path.stem}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names |= _names(node)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{name}" for line in node.body for name in _names(line)}
    return frozenset(names)


def _names(node: ast.stmt) -> set[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {node.name}
        case ast.Assign():
            return {target.id for target in node.targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


@cache
def _anchors(path: Path) -> frozenset[str]:
    headings = _HEADING.findall(_CODE.sub("", path.read_text(encoding="utf-8")))
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def test_every_page_is_linked_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for _, target in _links(index)}
    assert [str(page) for page in sorted(index.parent.rglob("*.md")) if page not in linked | {index}] == []


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert len(set(numbers)) == len(numbers)


def test_no_file_names_a_path_or_a_registry_of_the_machine_it_was_written_on() -> None:
    found = []
    for name in _tracked():
        text = (ROOT / name).read_bytes().decode("utf-8", errors="replace")
        found += [f"{name}: {hit[0]}" for hit in _OF_ONE_MACHINE.finditer(text)]
    assert found == []


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]

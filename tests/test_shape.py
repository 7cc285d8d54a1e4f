"""The bounds that keep the code readable (docs: the design, section 10). Raising one takes a decision record."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator

from hermes_fs.core.config import leaves
from tests.source import PACKAGE, ROOT, Function, Module, dotted_name, imported, modules

FILE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 6
COMPLEXITY = 10
DATACLASS_FIELDS = 12
LOOP_LINES = 150
CONFIG_LEAVES = 100

BROAD_EXCEPTS = {"agent/calls.py": 1}
"""Where anything at all may be caught, and how often: a tool call."""


def test_no_file_is_longer_than_the_bound() -> None:
    assert [f"{module.name}: {module.lines}" for module in modules() if module.lines > FILE_LINES] == []


def test_the_loop_fits_on_a_few_screens() -> None:
    assert [module.lines for module in modules() if module.name == "agent/loop.py" and module.lines > LOOP_LINES] == []


def test_no_function_is_longer_than_the_bound() -> None:
    assert [
        f"{module.at(function)} {function.name}: {length}"
        for module in modules()
        for function in module.functions()
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    ] == []


def test_no_function_takes_more_parameters_than_the_bound() -> None:
    assert [
        f"{module.at(function)} {function.name}: {count}"
        for module in modules()
        if not module.name.startswith("cli/")
        for function in module.functions()
        if (count := _parameters(function)) > PARAMETERS
    ] == []


def _parameters(function: Function) -> int:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    bound = bool(named) and named[0].arg in ("self", "cls")
    return len(named) + (arguments.vararg is not None) + (arguments.kwarg is not None) - bound


def test_no_function_branches_more_than_the_bound_even_where_the_linter_is_told_to_look_away() -> None:
    setting = f"lint.mccabe.max-complexity={COMPLEXITY}"
    command = ["ruff", "check", "--isolated", "--ignore-noqa", "--no-cache", "--select", "C901", "--config", setting]
    done = subprocess.run([sys.executable, "-m", *command, str(PACKAGE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_dataclass_has_more_fields_than_the_bound() -> None:
    assert [
        f"{module.at(kind)} {kind.name}: {count}"
        for module in modules()
        for kind in module.classes()
        if _is_dataclass(kind) and (count := _fields(kind)) > DATACLASS_FIELDS
    ] == []


def _is_dataclass(kind: ast.ClassDef) -> bool:
    return any("dataclass" in ast.unparse(decorator) for decorator in kind.decorator_list)


def _fields(kind: ast.ClassDef) -> int:
    return sum(isinstance(line, ast.AnnAssign) and "ClassVar" not in ast.unparse(line.annotation) for line in kind.body)


def test_no_import_cycles() -> None:
    known = frozenset(module.dotted for module in modules())
    graph = {module.dotted: imported(module, known) - {module.dotted} for module in modules()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def test_imports_go_downward_only() -> None:
    program = "from importlinter.cli import lint_imports_command as check; check()"
    command = [sys.executable, "-c", program, "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_import_stands_inside_a_function() -> None:
    assert [
        module.at(node)
        for module in modules()
        for function in module.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ] == []


def test_no_global_statements() -> None:
    assert [
        module.at(node) for module in modules() for node in ast.walk(module.tree) if isinstance(node, ast.Global)
    ] == []


def test_anything_at_all_is_caught_only_at_the_named_places() -> None:
    found: dict[str, list[str]] = {}
    for module in modules():
        for handler in _handlers(module):
            if _is_broad(handler) and not _raises_again(handler):
                found.setdefault(module.name, []).append(module.at(handler))
    assert [where for name, places in found.items() for where in places[BROAD_EXCEPTS.get(name, 0) :]] == []


def test_no_exception_is_swallowed() -> None:
    assert [
        module.at(handler)
        for module in modules()
        for handler in _handlers(module)
        if all(isinstance(line, ast.Pass) or _is_ellipsis(line) for line in handler.body)
    ] == []


def _handlers(module: Module) -> Iterator[ast.ExceptHandler]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler))


def _is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted_name(kind).removeprefix("builtins.") in ("Exception", "BaseException") for kind in kinds)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    """Cleaning up and letting the error pass on is not catching it."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _is_ellipsis(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and line.value.value is ...


def test_the_configuration_stays_small() -> None:
    assert len(list(leaves())) <= CONFIG_LEAVES

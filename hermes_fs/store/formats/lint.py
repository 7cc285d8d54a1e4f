"""What can be said of a program without running it: it parses, and it uses no name that nothing defines. Pure.

Names are looked up as Python's own compiler does, by its symbol tables; what is made up at run time is passed over.
"""

from __future__ import annotations

import ast
import builtins
import json
import symtable
from collections.abc import Iterator

_KNOWN = frozenset(dir(builtins)) | {
    "__file__", "__builtins__", "__path__", "__annotations__", "__version__", "WindowsError", "__class__",
    "__module__", "__qualname__",
}  # fmt: skip
_MADE_UP = ("globals", "exec", "locals", "vars", "setattr")
_MOST = 5


def problems(path: str, data: bytes) -> list[str]:
    """One line each, with the line's number where there is one; none for a file of no known kind."""
    if path.endswith(".py") or (data.startswith(b"#!") and b"python" in data.split(b"\n", 1)[0]):
        return python(data)
    if path.endswith(".json"):
        return _json(data)
    return []


def python(data: bytes) -> list[str]:
    """Syntax errors, or names that nothing defines."""
    try:
        tree = ast.parse(data)
        text = data.decode("utf-8-sig")
        table = symtable.symtable(text, "skill", "exec")
    except SyntaxError as error:
        return [f"line {error.lineno}: {error.msg}"]
    except (ValueError, RecursionError, MemoryError) as error:
        return [f"it cannot be compiled: {str(error) or 'it is nested too deeply'}"]
    if _is_dynamic(tree):
        return []
    defined = _KNOWN | {name for scope in _scopes(table) for name in _defined(scope)}
    used = {name for scope in _scopes(table) for name in _asked(scope)}
    lines = _lines(tree, used - defined)
    return [f"line {line}: nothing defines the name {name}" for name, line in sorted(lines.items())][:_MOST]


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    waiting = [table]
    while waiting:
        scope = waiting.pop()
        yield scope
        waiting += scope.get_children()


def _defined(scope: symtable.SymbolTable) -> Iterator[str]:
    """What a scope makes known to the whole module."""
    for symbol in scope.get_symbols():
        made = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
        if made and (scope.get_type() == "module" or symbol.is_declared_global()):
            yield symbol.get_name()


def _asked(scope: symtable.SymbolTable) -> Iterator[str]:
    """What a scope looks for in the module, or beyond. `is_global` is of no use: Python 3.11 takes every function that
    is called `top` for a module."""
    outermost = scope.get_type() == "module"
    for one in scope.get_symbols():
        if one.is_referenced() and (outermost or not (one.is_local() or one.is_free() or one.is_parameter())):
            yield one.get_name()


def _is_dynamic(tree: ast.Module) -> bool:
    """Whether names may come from where nobody sees it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MADE_UP:
            return True
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "NameError":
            return True
    return False


def _lines(tree: ast.Module, names: set[str]) -> dict[str, int]:
    """Where each name is first used; one that is only annotated is no use at run time."""
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
            found[node.id] = min(node.lineno, found.get(node.id, node.lineno))
    return found


def _json(data: bytes) -> list[str]:
    try:
        json.loads(data)
    except RecursionError:
        return ["it is nested too deeply to be read"]
    except ValueError as error:
        return [f"it is no JSON: {error}"]
    return []

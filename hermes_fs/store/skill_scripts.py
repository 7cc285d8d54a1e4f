"""What a skill's scripts can do, read from their text: functions with their signatures; no line is run. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

FOLDER = "scripts/"
MAX_BYTES = 200_000
"""Of a Python file that is read for its functions."""
_SHELL = (".sh", ".bash")
_BY_ENDING = {"js": "node", "mjs": "node", "cjs": "node", "rb": "ruby", "pl": "perl", "php": "php", "lua": "lua"}
_MAX_DOC = 120
_KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "list": (list,), "dict": (dict,),
    "List": (list,), "Dict": (dict,), "tuple": (list,), "set": (list,), "None": (type(None),),
}  # fmt: skip
"""What JSON gives for an annotation; what is not here is not checked."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`annotation` and `default` are source text, "" where there is none."""

    name: str
    annotation: str
    default: str

    @property
    def shown(self) -> str:
        typed = f"{self.name}: {self.annotation}" if self.annotation else self.name
        return f"{typed} = {self.default}" if self.default else typed


@dataclass(frozen=True, slots=True)
class Function:
    """A public function of a script, to be called with named arguments. `open`: it takes any further names."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: str
    about: str
    open: bool = False

    @property
    def signature(self) -> str:
        inside = ", ".join([*(one.shown for one in self.parameters), *(["**…"] if self.open else [])])
        return f"{self.name}({inside})" + (f" -> {self.returns}" if self.returns else "")


@dataclass(frozen=True, slots=True)
class Script:
    """`about` is the first line of its docstring or comment; `problem` says why a Python file cannot be read; `program`
    are the words that run a file of another language, none where it runs by itself."""

    path: str
    language: Literal["python", "shell", "other"]
    about: str = ""
    functions: tuple[Function, ...] = ()
    problem: str = ""
    program: tuple[str, ...] = ()


def scripts(files: Mapping[str, bytes]) -> list[Script]:
    """The programs below scripts/, by path."""
    return [script(path, data) for path, data in sorted(files.items()) if path.startswith(FOLDER)]


def script(path: str, data: bytes) -> Script:
    """One program, by its ending and first line."""
    first = data.split(b"\n", 1)[0]
    if path.endswith(".py") or (first.startswith(b"#!") and b"python" in first):
        return _python(path, data)
    shell = path.endswith(_SHELL) or (first.startswith(b"#!") and first.rstrip().endswith(b"sh"))
    return Script(path, "shell" if shell else "other", _comment(data), program=_program(path, first))


def _program(path: str, first: bytes) -> tuple[str, ...]:
    """By its first line, for the mind keeps no file executable; else by its ending."""
    words = first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []
    if words[:1] and words[0].endswith("/env"):
        words = [word for word in words[1:] if word != "-S"]
    ending = path.rpartition(".")[2]
    return tuple(words) or ((_BY_ENDING[ending],) if ending in _BY_ENDING else ())


def _python(path: str, data: bytes) -> Script:
    if len(data) > MAX_BYTES:
        return Script(path, "python", problem=f"it has more than {MAX_BYTES:,} bytes")
    try:
        tree = ast.parse(data)
        nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef) and _callable(node)]
        return Script(path, "python", _first_line(ast.get_docstring(tree)), tuple(map(_function, nodes)))
    except SyntaxError as error:
        return Script(path, "python", problem=f"line {error.lineno}: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Script(path, "python", problem=f"it cannot be read: {type(error).__name__}")


def _callable(node: ast.FunctionDef) -> bool:
    """By JSON arguments: public, and none of its parameters goes by its position alone."""
    return not node.name.startswith("_") and not node.args.posonlyargs and node.args.vararg is None


def _function(node: ast.FunctionDef) -> Function:
    returns = ast.unparse(node.returns) if node.returns else ""
    about = _first_line(ast.get_docstring(node))
    return Function(node.name, tuple(_parameters(node.args)), returns, about, node.args.kwarg is not None)


def _parameters(args: ast.arguments) -> Iterator[Parameter]:
    missing: list[ast.expr | None] = [None] * (len(args.args) - len(args.defaults))
    defaults = [*missing, *args.defaults, *args.kw_defaults]
    for arg, default in zip((*args.args, *args.kwonlyargs), defaults, strict=True):
        annotation = ast.unparse(arg.annotation) if arg.annotation else ""
        yield Parameter(arg.arg, annotation, ast.unparse(default) if default else "")


def _comment(data: bytes) -> str:
    for line in data.decode("utf-8", "replace").splitlines()[:20]:
        if line.startswith("#") and not line.startswith("#!") and line.strip("# "):
            return _first_line(line.strip("# "))
    return ""


def _first_line(text: str | None) -> str:
    line = next((line.strip() for line in (text or "").splitlines() if line.strip()), "")
    return line if len(line) <= _MAX_DOC else f"{line[: _MAX_DOC - 1]}…"


def objections(function: Function, arguments: Mapping[str, Any]) -> list[str]:
    """Why a call with these arguments would fail: names that are missing or unknown, values of another kind."""
    known = {one.name: one for one in function.parameters}
    found = [f"it needs {one.name}" for one in function.parameters if not one.default and one.name not in arguments]
    found += [f"it has no argument {name}" for name in arguments if name not in known and not function.open]
    for name, value in arguments.items():
        if name in known and not _fits(known[name].annotation, value):
            found.append(f"{name} must be {known[name].annotation}")
    return found


def _fits(annotation: str, value: Any) -> bool:
    """Whether a JSON value fits an annotation; one that is not understood fits everything."""
    if annotation.startswith("Optional[") and annotation.endswith("]"):
        return value is None or _fits(annotation[9:-1], value)
    names = [part.strip().partition("[")[0] for part in annotation.split("|")]
    if "[" in annotation and "|" in annotation[annotation.index("[") :]:
        return True
    kinds = [_KINDS.get(name) for name in names]
    if not annotation or None in kinds:
        return True
    allowed = tuple(kind for some in kinds if some for kind in some)
    if isinstance(value, bool):
        return bool in allowed
    return isinstance(value, allowed)

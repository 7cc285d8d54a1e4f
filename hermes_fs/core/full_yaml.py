"""The full YAML reader, for what is not plain: loads the library on use and makes one error of all that it raises.

Give it no text that `plain_yaml.refusal` refuses: its time grows with the square of the nesting.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hermes_fs.core.loading import load


class Unreadable(Exception):
    """Not YAML. `line` counts from 1; 0 where it is not known."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


@contextmanager
def reader() -> Iterator[Any]:
    """The library's own reader (YAML 1.2, plain data); what reading raises within becomes Unreadable."""
    error_kind = load("ruamel.yaml.error:YAMLError")
    yaml = load("ruamel.yaml:YAML")(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        yield yaml
    except error_kind as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise Unreadable(problem, mark.line + 1 if mark else 0) from error
    except (ValueError, RecursionError, AttributeError, TypeError, IndexError) as error:  # hostile files bring them out
        raise Unreadable(f"not valid YAML ({type(error).__name__})") from error

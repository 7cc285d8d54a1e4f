"""Arguments are checked before a tool runs, and the error tells how to call it right."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_fs.core.errors import ToolError
from hermes_fs.tools.arguments import check

SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 9},
        "share": {"type": "number"},
        "all": {"type": "boolean"},
        "mode": {"type": "string", "enum": ["a", "b"]},
        "edits": {
            "type": "array",
            "items": {"type": "object", "properties": {"old": {"type": "string"}}, "required": ["old"]},
        },
    },
    "required": ["path"],
}


def checked(**args: Any) -> Any:
    return check("tool", SCHEMA, args)


def test_good_arguments_pass_unchanged() -> None:
    args = {"path": "x", "limit": 3, "share": 0.5, "all": False, "mode": "a", "edits": [{"old": "y"}]}
    assert checked(**args) == args


def test_what_small_models_write_as_text_is_read() -> None:
    assert checked(path="x", limit="5", share="0.5", all="true", edits='[{"old": "1"}]') == {
        "path": "x",
        "limit": 5,
        "share": 0.5,
        "all": True,
        "edits": [{"old": "1"}],
    }
    assert checked(path="x", limit=5.0)["limit"] == 5
    assert checked(path="5")["path"] == "5"


def test_one_object_where_a_list_is_wanted_is_a_list_of_one() -> None:
    assert checked(path="x", edits={"old": "y"})["edits"] == [{"old": "y"}]


def test_null_counts_as_not_given() -> None:
    assert checked(path="x", limit=None) == {"path": "x"}
    with pytest.raises(ToolError, match=r"tool\(\) needs path"):
        checked(path=None)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, r"tool\(\) needs path \(it takes: path, \[limit\]"),
        ({"path": 3}, r"tool\(path\) must be a string, not 3"),
        ({"path": "x", "limit": "many"}, r"tool\(limit\) must be an integer, not \"many\""),
        ({"path": "x", "limit": True}, r"must be an integer, not true"),
        ({"path": "x", "limit": 0}, r"at least 1"),
        ({"path": "x", "limit": 10}, r"at most 9"),
        ({"path": "x", "mode": "c"}, r"must be one of a, b, not \"c\""),
        ({"path": "x", "paths": "y"}, r"no such argument \(did you mean path\?\)"),
        ({"path": "x", "zzz": "y"}, r"no such argument \(it takes: path, "),
        ({"path": "x", "edits": 3}, r"must be an array, not .* \(a list of \{old\}\)"),
        ({"path": "x", "edits": [{"new": "y"}]}, r"edits\)\[0\]"),
        ({"path": "x", "edits": ["y"]}, r"must be an object"),
    ],
)
def test_the_error_names_the_argument_and_what_it_should_be(args: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolError, match=said):
        checked(**args)

"""Calls that models write as text, and everything that only looks like one."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_fs.providers.textcalls import TextCalls

NAMES = ("terminal", "read_file")
CALL = '{"name": "terminal", "arguments": {"command": "ls"}}'
FOUND = [("terminal", '{"command": "ls"}')]


def read(*pieces: str, names: Sequence[str] = NAMES) -> tuple[str, list[tuple[str, str]]]:
    parser = TextCalls(names)
    text = "".join(parser.feed(piece) for piece in pieces)
    return text + parser.end(), parser.calls


@pytest.mark.parametrize(
    "written",
    [
        f"<tool_call>{CALL}</tool_call>",
        f"<tool_call>\n{CALL}\n</tool_call>\n",
        f"<tool_call>\n{CALL}",
        f"<tools>\n{CALL}\n</tools>",
        f"```json\n{CALL}\n```",
        f"```json\n{CALL}\n```\n\n",
        f"```\n{CALL}```",
        f"```JSON\n{json.dumps(json.loads(CALL), indent=2)}\n```",
        f"  ```json\n  {CALL}\n  ```",
        f"```json\n{CALL}",
        f"```xml\n<tool_call>\n{CALL}\n</tool_call>\n```",
        CALL,
        f"\n\n{CALL}\n",
        f"[{CALL}]",
        '{"name": "terminal", "parameters": {"command": "ls"}}',
        '{"type": "function", "function": {"name": "terminal", "arguments": {"command": "ls"}}}',
        '{"name": "terminal", "arguments": "{\\"command\\": \\"ls\\"}"}',
    ],
)
def test_a_call_is_found_and_none_of_it_is_shown(written: str) -> None:
    assert read(written) == ("", FOUND)


def test_text_around_calls_is_kept() -> None:
    text, calls = read(f"I look.\n\n```json\n{CALL}\n```\nAnd again: <tool_call>{CALL}</tool_call>\n")
    assert text == "I look.\n\n\nAnd again:"
    assert calls == FOUND * 2


def test_several_calls_in_one_block_all_count() -> None:
    second = '{"name": "read_file", "arguments": {"path": "x"}}'
    assert read(f"```json\n{CALL}\n{second}\n```")[1] == [*FOUND, ("read_file", '{"path": "x"}')]
    assert read(f"```json\n[{CALL},\n{second}]\n```")[1] == [*FOUND, ("read_file", '{"path": "x"}')]


def test_code_fences_and_raw_line_breaks_within_the_arguments_do_not_end_a_call() -> None:
    value = "# Title\n```python\nprint(1)\n```\n"
    escaped = json.dumps({"name": "terminal", "arguments": {"command": value}})
    raw = '{"name": "terminal", "arguments": {"command": "' + value + '"}}'
    for written in (escaped, raw):
        text, calls = read(f"```json\n{written}\n```\nbye")
        assert text == "\nbye"
        assert [json.loads(arguments) for _, arguments in calls] == [{"command": value}]


@pytest.mark.parametrize(
    "ordinary",
    [
        "plain",
        "ends with blanks \n\n",
        "`<tool_call>` is a tag",
        "<tool_call>not json</tool_call>",
        '<tool_call>{"name": "other", "arguments": {}}</tool_call>',
        '```json\n{"name": "my-package", "version": "1.0"}\n```\n',
        '```json\n{"name": "terminal"}\n```',
        '```json\n{"name": "terminal", "description": "d", "parameters": {"type": "object"}}\n```',
        f"```python\n{CALL}\n```\nafter",
        f"````\n```json\n{CALL}\n```\n````\n",
        f'{{"answer": 42}}\n```text\n{CALL}\n```',
        f"{CALL} is how I would call it",
        '{"name": "terminal", "arguments": {"command": "ls"',
        "```json\n```\n",
        "``` not a fence ``` at all",
        "```",
        "<tool_",
        "{",
        "a < b and `{` too",
        "```json\n{'name': 'terminal', 'arguments': {}}\n```",
    ],
)
def test_text_that_is_no_call_comes_back_unchanged(ordinary: str) -> None:
    assert read(ordinary) == (ordinary, [])


def test_nothing_is_withheld_from_a_model_without_tools() -> None:
    parser = TextCalls(())
    assert parser.feed(f"```json\n{CALL}") == f"```json\n{CALL}"


def test_ordinary_text_and_code_are_shown_as_they_come() -> None:
    parser = TextCalls(NAMES)
    assert parser.feed("Here is") == "Here is"
    assert parser.feed(" code:\n```python\nprint(") == " code:\n```python\nprint("
    assert parser.feed('1)\n```\n```json\n{"b') == '1)\n```\n```json\n{"b'


def test_a_call_is_withheld_while_it_is_written() -> None:
    parser = TextCalls(NAMES)
    shown = [parser.feed(char) for char in f"Yes.\n```json\n{CALL}\n```"]
    assert "".join(shown) == "Yes."


FRAGMENTS = st.sampled_from(
    [
        *(
            "```",
            "json",
            "\n",
            "{",
            "}",
            "`",
            " ",
            "text",
            "<tool_call>",
            "</tool_call>",
            "<tools>",
            "</tools>",
            "[",
            "]",
        ),
        *(
            CALL,
            CALL[:20],
            CALL[20:],
            '{"name"',
            '"terminal"',
            ",",
            '"',
            "\\",
            "python",
            "\t",
            '{"name": "x"}',
            "é",
            "<",
        ),
    ]
)


@given(st.lists(FRAGMENTS, max_size=14).map("".join), st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_any_chunking_gives_the_same_text_and_calls(written: str, sizes: list[int]) -> None:
    pieces, start, turn = [], 0, 0
    while start < len(written):
        size = sizes[turn % len(sizes)]
        pieces.append(written[start : start + size])
        start, turn = start + size, turn + 1
    assert read(*pieces) == read(written)


@given(st.lists(FRAGMENTS, max_size=14).map("".join))
def test_no_text_is_lost_where_no_call_was_found(written: str) -> None:
    text, calls = read(written)
    assert calls or text == written


def test_a_long_hostile_text_is_read_in_little_time() -> None:
    for hostile in ("```json\n" * 8000, "<tool_call>{" * 8000, '```json\n{"name": "' + "```" * 20000, "`" * 60000):
        parser = TextCalls(NAMES)
        text = "".join(parser.feed(hostile[at : at + 64]) for at in range(0, len(hostile), 64)) + parser.end()
        assert text == hostile

# ruff: noqa: E501  (tables)
"""The plain reader of YAML: what it reads, it reads as the full reader does; what is wild it leaves alone."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hermes_fs.core import plain_yaml

PLAIN = [
    "", "# a remark\n", "a: b\n", "a: 1\nb: -7\nc: true\nd:\n", "a:\n  b:\n    c: d e, f\n", "a:\n- x\n- y\n",
    "a:\n  - x: 1\n    y: 2\n  - - z\n    - w\n", "- a\n- b: c\n", "a: 'it: is'\nb: \"# no\"  # yes\n",
    "a: http://x.y/z#1  # remark\n", "a: [b, c-d]\nb: []\n", "text: User's editor is vim, not emacs (since 2020)\n",
    "a: |\n  one\n\n    two: x # y\n\nb: |-\n  last\n  - line\n\n", "- a: |\n    x\n  b: c\n",
    "a: yes\nb: no\nc: on\n", "'quoted key': v\n\"other\": v\n", "a: b\r\nc: d\r\n", "a:\n  -\n  - b\n", "a: c'est\n",
    "a: 1.5\nb: -0.25\nc: 0.80 # r\n", "a: 2020-01-01\nb: '2020-01-01'\n",
]  # fmt: skip
WILD = [
    "a: &b c\n", "a: *b\n", "a: |+\n  text\n", "a: >\n  text\n", "a: !!str b\n", "? a\n: b\n", "a: b\n  c\n", "a: 1.\n",
    "a: 0x10\n", "a: 2020-13-01\n", "a: 2020-01-01 10:00:00\n", "a: ~\n", "a: null\n", "a: {b: c}\n", "a: b: c\n", "a: 1\na: 2\n", "\ta: b\n",
    "--- \na: b\n", "a: \"x\\n\"\n", "a: 'it''s'\n", "a:\n   b: 1\n  c: 2\n", "true: a\n", "a: @b\n", "a: [b, [c]]\n", "<<: a\n",
    "a: .inf\n", "%YAML 1.1\n", "a: 010\n", "a: -\n", "...\n",
]  # fmt: skip


def full(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_read_as_the_full_reader_does(text: str) -> None:
    assert plain_yaml.parse(text) == full(text)


@pytest.mark.parametrize("text", WILD)
def test_all_else_is_left_to_the_full_reader(text: str) -> None:
    with pytest.raises(plain_yaml.Wild):
        plain_yaml.parse(text)


LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "  ", "    ", " ", "- ", "  - ", "- - "]),
        st.sampled_from(["a:", "b:", "'c':", "d :", "-", "", "true:", "1:", "a.b:", "#", "?", "&x", "a: b:"]),
        st.sampled_from(
            ["", " x", " 1", " true", " True", " 'y'", ' "z"', " [a, b]", " {}", " # r", " x # r", " x#r", " a:b", " ~",
             " 0o7", " |\n  t", " |-\n    t\n\n  ", " 1e3", " 1_0", " x: y", " *x", " |", " -", " - x", " 1.5", " -0.0", " 01.5", " 1.", " 1.5.2", " 2020-01-31", " 2020-02-31", " 2020-1-1", " yes", " NULL", " .5", " x\t", " é", " =", " _1"]
        ),
    ),
    max_size=7,
)  # fmt: skip


@settings(max_examples=1500)
@given(LINES)
def test_whatever_it_reads_is_what_the_full_reader_reads(lines: list[tuple[str, str, str]]) -> None:
    text = "".join(f"{indent}{key}{value}\n" for indent, key, value in lines)
    found: Any = plain_yaml.Wild
    with contextlib.suppress(plain_yaml.Wild):
        found = plain_yaml.parse(text)
    if found is not plain_yaml.Wild:
        assert found == full(text)


def test_what_costs_the_full_reader_too_much_is_refused_by_a_look() -> None:
    for text in ("[" * 100, "{a: " * 100, "- " * 100, "? " * 100, "\n".join(f"a{n}: &a{n} [*a{n}]" for n in range(50)),
                 "x: 1.5\n" * 10_000, f"a:\n{' ' * 300}b: c\n"):  # fmt: skip
        assert plain_yaml.refusal(text)
    for text in ("%YAML 1.10\nname: a\n", "a: b\n%TAG ! x\n"):  # on the first of which the library itself dies
        assert "directive" in plain_yaml.refusal(text)
    assert not plain_yaml.refusal("a: 5\nb: '%'\nc: |\n  %YAML 1.10\n")
    assert not plain_yaml.refusal("a: [b, [c, {d: e}]]\nf: &g h\ni: *g\n")

# ruff: noqa: E501  (a table)
"""Text made to be slow: for every pattern and parser the input that its worst case is made of. Deterministic."""

from __future__ import annotations

from collections.abc import Iterator

_RUNS = "a-#*_`~<>[](){}'\":&!|\\ ,./=+?%0A@$^;\n\t\r\0\x1b"

_UNITS: dict[str, str] = {
    # Markdown and the mind's own files
    "bullets": "- a\n", "bullets apart": "- a\n\n", "nested bullets": "- - - ", "headings": "# h\n",
    "fences": "```\n", "open fences": "```a\n", "two fences": "```\n~~~\n", "comments": "<!-- a -->\n",
    "open comments": "<!--\n", "closed comments": "-->\n", "same ids": "- a <!-- abcdef -->\n",
    "blank ids": "- a  \t <!--", "spaced ids": " \t<!-- \t", "rules": "- - -\n", "rule tails": "-\t-\t-\tx\n",
    "indents": "- a\n  b\n", "tables": "|a|b|\n|-|-|\n", "quotes": "> ", "quoted lines": "> a\n", "front": "---\n",
    "links": "[a](", "link texts": "[[a]", "images": "![", "emphasis": "**a *b ", "underscores": "_a__b_",
    "ticks": "`a``b", "autolinks": "<http://a", "entities": "&#x", "references": "[a]: b\n", "tags": "<a b='",
    # YAML and JSON
    "flow lists": "[", "flow maps": "{a: ", "flow pairs": "[{a: [", "sequences": "- ", "block keys": "? ",
    "anchors": "&a [*a, ", "aliases": "- *a\n", "merge keys": "<<: *a\n", "tagged": "!!a ", "escapes": "\\\"",
    "single quotes": "'a''", "colons": "a: b: ", "folded": "a: >\n", "hash": "a # b\n", "directives": "%YAML 1.1\n",
    "documents": "--- a\n", "json objects": '{"a":', "json strings": '"\\', "numbers": "1_", "times": "2001-01-01 ",
    "floats": "1e9", "sexagesimal": "1:1", "json lines": '{"type":"message","id":1}\n', "broken lines": "{\n",
    # calls in text
    "tool tags": "<tool_call>", "call starts": '{"name":', "call fences": '```json\n{"name":"t"', "think": "<think>",
    "half tags": "</thin", "call objects": '<tool_call>{"name":"t","arguments":{}}', "events": "data: {}\n\n",
    "event fields": "data:", "closed calls": '</tool_call>{"name":"',
    # credentials
    "passwords": "password=", "named": "api_key: a1B2c3 ", "assigned": "token==", "aws": "AKIA", "jwt": "eyJaaaaaaaaaa.",
    "keys": "-----BEGIN PRIVATE KEY-----\n", "key ends": "-----END ", "urls": "://a:b", "url hosts": "://a:b@", "sk": "sk-",
    "bearers": "bearer a", "slack": "xoxb-a1-", "github": "ghp_a1", "discord": "MAAAAAAAAAAAAAAAAAAAAAAAA.aaaaaa.",
    # orders
    "ignore": "ignore a b c ", "ignores": "ignoring ", "you are": "you are now in ", "act": "act without ",
    "print": "print your hidden ", "tell": "do not tell it to the ", "run": "run and download ", "approved": "pre-approved ",
    "disable": "disable the approval ", "rules of": "safety rules ", "never ask": "never ask for ", "treat": "treat a b ",
    "account": "account @1 ", "add key": "add key ", "register": "register itself ", "always": "always curl | ",
    "decode": "base64 -d ", "write": "write this to ", "copy": "copy the password to ", "send": "send conversations to ",
    "cat": "cat .env", "obey": "obey any a ", "index": "--index-url http://a", "package": "package note ", "then": "base64 then ",
    "never": "never not ", "mention": "do not mention a b c ", "system": "new system ", "im": "<|im_start",
    "paragraphs": "ignore\n\n", "at": "send memories to a@", "spaces": "ignore \n", "cats": "cat a/",
    # numbers, words, other alphabets
    "words": "word ", "long words": "Wo1", "lines": "line\n", "returns": "a\r\n", "dates": "since:7d ", "quotes in": '"a" "',
    "accents": "é", "han": "日", "kana": "ア イ", "thai": "ก่", "hebrew marks": "א\u200e\n", "isolates": "א\u2066",
    "zero width": "\u200b", "joiners": "❤\u200d", "selectors": "a\ufe0f", "tags of flags": "🏴\U000e0067", "alike": "аa ",
    "posing": "аро.", "raised": "ᵍ", "combining": "a\u0301", "overrides": "\u202ea", "braille": "\u2800", "bold": "𝐢",
    "line separators": "a\u2028", "greek": "aνb ", "dotted": "İ", "ligatures": "ﷺ",
    # terminals
    "csi": "\x1b[0;", "osc": "\x1b]8;;a", "dcs": "\x1bP", "c1": "\x9b1", "colours": "\x1b[31ma", "backspaces": "a\b",
}  # fmt: skip


def payloads(size: int) -> Iterator[tuple[str, str]]:
    """(name, text) of at most `size` bytes as UTF-8, one after the other."""
    for letter in _RUNS:
        yield f"run of {letter!r}", letter * size
    for name, unit in _UNITS.items():
        count = size // len(unit.encode())
        yield name, unit * count
        yield f"{name}, then a stranger", unit * (count - 1) + "\x01!"
    for name, opening, closing in (("[", "[", "]"), ("{", "{a: ", "}"), ("(", "(", ")"), ('{"', '{"a":', "}")):
        depth = size // (len(opening) + len(closing))
        yield f"balanced {name}", opening * depth + closing * depth
    yield from _growing(size)


def _growing(size: int) -> Iterator[tuple[str, str]]:
    """What no repeated unit can be: every part another."""
    makers = {
        "keys": lambda n: f"key{n}: value\n",
        "quoted keys": lambda n: f'"key{n}": "v"\n',
        "deep keys": lambda n: f"{' ' * min(n, 1000)}k{n}:\n",
        "records": lambda n: f"r{n}:\n  text: a\n  status: active\n",
        "accounts": lambda n: f"p{n}:\n  role: guest\n  accounts: {{a: [x{n}]}}\n",
        "many anchors": lambda n: f"a{n}: &a{n} [1]\n",
        "bomb": lambda n: f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" if n else "a0: &a0 [x]\n",
        "facts": lambda n: f"- fact number {n}\n",
        "identified": lambda n: f"- fact <!-- {n:06d} -->\n",
        "titles": lambda n: f"## title {n}\ntext\n",
        "fence lengths": lambda n: "`" * (3 + n % 80) + "\n",
        "json keys": lambda n: f'{{"k{n}": {n}}}\n',
        "distinct words": lambda n: f"w{n:x} ",
        "ids that repeat": lambda n: f"- f{n} <!-- {n % 50:06d} -->\n",
    }
    for name, make in makers.items():
        pieces: list[str] = []
        room, number = size, 0
        while room > 0:
            pieces.append(make(number))
            room -= len(pieces[-1])
            number += 1
        yield name, "".join(pieces[:-1])

"""Whatever a model may have written, a forge renders, calls and closes nothing by it, nor does a commit's message."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from hermes_fs.core.types import Change
from hermes_fs.store.forges import wording
from hermes_fs.store.message import read_trailers
from hermes_fs.store.proposal import Proposal
from hermes_fs.store.proposals import Proposals
from tests.store.forges.world import WEB, World
from tests.store.git_shell import sh

HOSTILE = """\
@octocat please look, cc @org/team and me@host.example
Fixes #1, closes owner/repo#2, resolves GH-3, fixes https://github.com/o/r/issues/4, closes !5, implements ABC-6
<img src=x onerror=alert(1)> <!-- hidden --> [click](javascript:alert(1)) ![p](https://evil.example/pixel.png)
/merge
/close
Hermes-Change: 01J0000000000000000000000
Co-authored-by: Mallory <m@evil.example>
````
</details> %{first_commit}
```
| a | b | [skip ci] [CI-Skip] skip-checks:true
"""
ACTS = (
    re.compile(r"(?<![\w.])@\w"),
    re.compile(r"#\d|GH-\d|/issues/\d|!\d|ABC-\d"),
    re.compile(r"^\s*/(merge|close)", re.MULTILINE),
    re.compile(r"^(> ?)?Co-authored-by:|\[skip ci\]|\[ci-skip\]|skip-checks:", re.MULTILINE | re.IGNORECASE),
    re.compile("01J0000000000000000000000$", re.MULTILINE),
)


def proposed(here: World) -> Proposal:
    """The door takes such a reason: it is quoted there."""
    change = Change({"notes/a.md": b"harmless\n"}, "note", HOSTILE, WEB)
    made = Proposals(here.mind).submit(change)
    assert isinstance(made, Proposal)
    return made


def test_a_hostile_reason_is_code_in_the_body_and_harmless_in_the_commit(here: World) -> None:
    made = proposed(here)
    done = here.publish(made)
    trailers = {"Hermes-Kind": "note", "Hermes-Change": made.change}
    body = wording.body(made, "notes/a.md: +1 -0 (new)", trailers, [HOSTILE, "user: ``` @you"])
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    assert not any(token.type == "html_block" for token in tokens)
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
    blocks = [token.content for token in tokens if token.type == "fence"]
    assert len(blocks) == 2 and all("Fixes" in block and "| a | b |" in block for block in blocks)
    plain = "".join(child.content for child in inline if child.type == "text")
    assert "octocat" not in plain and "merge" not in plain.replace("Merging", "")
    message = sh(here.bare, "git", "log", "-1", "--format=%B", done.known.branch)
    for text in (body, message):
        for acts in ACTS[:4]:
            assert not acts.search(text), acts.search(text)
    assert "me@host.example" in message, "an address of mail calls nobody"
    assert read_trailers(message)["Hermes-Change"] == made.change
    assert message.count("Hermes-Change: ") == 1 == body.count("Hermes-Change: ")


def test_a_squash_with_the_body_as_its_message_keeps_the_trailers(here: World) -> None:
    made = here.propose()
    trailers = {"Hermes-Kind": "note", "Hermes-Change": made.change, "Hermes-Origin": "web", "Hermes-Session": "s1"}
    assert read_trailers(f"A title (#1)\n\n{wording.body(made, '', trailers, [])}") == {
        "Hermes-Kind": "note", "Hermes-Change": made.change, "Hermes-Origin": "web",
    }  # fmt: skip


def test_credentials_and_hidden_characters_of_the_conversation_do_not_leave(here: World) -> None:
    key = "ghp_" + "a8Fk2Lq9Zx7Wm3Vb5Nc1" + "Tr6Yu4Io0Pe2Sd8G"
    body = wording.body(here.propose(), "a: +1", {}, [f"user: my key is {key}", "tool: \x1b[2K\u202e text"])
    assert key not in body and "[redacted:" in body
    assert "\x1b" not in body and "\u202e" not in body


@pytest.mark.parametrize("subject", ["fix @you #1", "a`b|c\n/merge", "x" * 500])
def test_a_title_is_one_short_line(here: World, subject: str) -> None:
    made = here.propose()
    title = wording.title(replace(made, subject=subject))
    assert "\n" not in title and "`" not in title and len(title) <= wording.TITLE
    assert not any(acts.search(title) for acts in ACTS[:2])

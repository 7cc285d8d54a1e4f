"""Without a token: pull requests by options of the push, over smart HTTP to git's own server with a forge's hooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hermes_fs.store.forges.choosing import ForgeSettings
from hermes_fs.store.review import Review
from tests.store.forges.world import World
from tests.store.git_shell import sh
from tests.store.installing.git_http import GitServer

pytestmark = pytest.mark.slow

_OPTIONS = """\
i=0
while [ "$i" -lt "${{GIT_PUSH_OPTION_COUNT:-0}}" ]; do
  eval "echo \\"\\$GIT_PUSH_OPTION_$i\\"" >> {log}
  i=$((i+1))
done
"""
GITLAB = f"#!/bin/sh\ncat > /dev/null\n{_OPTIONS}" + (
    "echo '========================================'\necho 'View merge request for hermes/proposal:'\n"
    "echo '  https://gitlab.example/owner/mind/-/merge_requests/7'\n"
)
AGIT = """\
#!/usr/bin/env python3
import sys
def read():
    size = int(sys.stdin.buffer.read(4), 16)
    return sys.stdin.buffer.read(size - 4).decode() if size else None
def write(text):
    sys.stdout.buffer.write(b"%04x" % (len(text.encode()) + 4) + text.encode())
def flush():
    sys.stdout.buffer.write(b"0000"); sys.stdout.buffer.flush()
read(); read()
write("version=1\\0push-options\\n"); flush()
refs = []
while (line := read()) is not None:
    refs.append(line.split()[2])
log = open({log!r}, "a")
while (line := read()) is not None:
    log.write(line.strip() + "\\n")
for ref in refs:
    write("ok " + ref + "\\n"); write("option refname refs/pull/9/head\\n"); write("option forced-update\\n")
flush()
"""


@dataclass
class Hooked(World):
    server: str = ""

    @property
    def address(self) -> str:
        return f"{self.server}/owner/mind.git"

    @property
    def log(self) -> Path:
        return self.tmp / "options.log"

    def hook(self, name: str, text: str) -> None:
        hook = self.bare / "hooks" / name
        hook.write_text(text.format(log=str(self.log)))
        hook.chmod(0o755)

    def told(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def hooked(here: World) -> Iterator[Hooked]:
    for key in ("http.receivepack", "receive.advertisePushOptions"):
        sh(here.bare, "git", "config", key, "true")
    with GitServer(here.tmp) as server:
        yield Hooked(here.tmp, here.mind, here.bare, server=server.root)


def test_a_merge_request_of_gitlab(hooked: Hooked) -> None:
    hooked.settings = ForgeSettings("gitlab")
    hooked.hook("post-receive", GITLAB)
    made = hooked.propose(why="fixes #1\n@you")
    done = hooked.publish(made)
    assert (done.known.shown, done.new, done.note) == ("merge request !7", True, "")
    assert done.known.url == "https://gitlab.example/owner/mind/-/merge_requests/7"
    options = hooked.told()
    assert options[:2] == ["merge_request.create", "merge_request.target=main"]
    assert options[2].startswith("merge_request.title=note a: add")
    assert f"Hermes-Change: {made.change}" in options[3] and options[4] == "merge_request.remove_source_branch"
    assert not hooked.publish(made).moved and hooked.told() == []
    Review(hooked.mind).edit(made.id, {"notes/a.md": b"better\n"}, "owner")
    again = hooked.publish(made)
    assert (again.known.number, again.new, again.moved) == (7, False, True)


def test_a_pull_request_of_gitea_without_a_branch(hooked: Hooked) -> None:
    hooked.settings = ForgeSettings("gitea")
    sh(hooked.bare, "git", "config", "receive.procReceiveRefs", "refs/for")
    hooked.hook("proc-receive", AGIT)
    made = hooked.propose()
    done = hooked.publish(made)
    assert (done.known.shown, done.new, done.note) == ("pull request #9", True, "")
    options = dict(line.split("=", 1) for line in hooked.told())
    assert options["topic"] == f"hermes-proposal-{made.id}" and options["force-push"] == "true"
    assert options["title"] == made.subject and made.change in options["description"]
    assert not hooked.publish(made).moved and hooked.told() == []
    Review(hooked.mind).edit(made.id, {"notes/a.md": b"better\n"}, "owner")
    assert hooked.publish(made).moved and len(hooked.told()) == 4
    assert "hermes/proposal" not in sh(hooked.bare, "git", "for-each-ref", "refs/heads")


@pytest.mark.parametrize("kind", ["gitlab", "gitea", "github"])
def test_a_server_that_knows_no_options_gets_a_plain_branch(hooked: Hooked, kind: str) -> None:
    sh(hooked.bare, "git", "config", "receive.advertisePushOptions", "false")
    hooked.settings = replace(ForgeSettings(), forge=kind)  # type: ignore[arg-type]
    made = hooked.propose()
    done = hooked.publish(made)
    assert done.known.number == 0 and done.moved and "no pull request" in done.note
    assert sh(hooked.bare, "git", "show", f"hermes/proposal/{made.id}:notes/a.md") == "web\n"


def test_a_server_that_refuses_the_branch_is_one_line(hooked: Hooked) -> None:
    hooked.settings = ForgeSettings("none")
    hooked.hook("pre-receive", "#!/bin/sh\nprintf 'no \\033[2K such branches\\n' >&2\nexit 1\n")
    with pytest.raises(Exception, match="did not take hermes/proposal/") as failed:
        hooked.publish(hooked.propose())
    assert "\x1b" not in str(failed.value)

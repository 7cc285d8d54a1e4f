"""`hermes skills search --hubs`: what the hubs of this machine's settings offer. Installs nothing."""

from __future__ import annotations

import sys

from hermes_fs.cli.open import config_of
from hermes_fs.cli.output import dim, print_json, print_table, warning
from hermes_fs.core.errors import Failed, NotFound
from hermes_fs.core.terminal import one_line
from hermes_fs.store.installing import hubs
from hermes_fs.store.workspace import Workspace

_ABOUT = 160


def search(workspace: Workspace, text: str, as_json: bool) -> None:
    """Print what fits, and on stderr which hub did not answer. NotFound where none is configured, Failed where none
    answers."""
    asked = config_of(workspace.root).skills.hubs
    if not asked:
        raise NotFound("no hub is configured", "name one: hermes config set skills.hubs '[https://example.com]'")
    hits, problems = hubs.search(asked, text)
    for line in problems:
        print(f"{warning('not asked')}: {one_line(line)}", file=sys.stderr)
    if len(problems) == len(asked):
        raise Failed("no hub answered", "look at your connection, and at `hermes config get skills.hubs`")
    if as_json:
        rows = [{"name": hit.name, "description": hit.description, "source": hit.source} for hit in hits]
        print_json(rows)
    elif hits:
        print_table(("skill", "install it from", "what it is for"),
                    [(hit.name, hit.source, one_line(hit.description, _ABOUT)) for hit in hits])  # fmt: skip
        print(dim(f"\nTake one: hermes skills install '{one_line(hits[0].source)}'"))
    else:
        print(dim("No skill of a hub fits."))

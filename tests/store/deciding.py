"""The process that crash tests of proposals kill: `python -m tests.store.deciding ROOT propose|amend|accept|reject`."""

from __future__ import annotations

import sys
from pathlib import Path

from hermes_fs.core.errors import HermesError
from hermes_fs.core.types import Change, Provenance
from hermes_fs.store.proposals import Proposals
from hermes_fs.store.review import Review
from hermes_fs.store.workspace import Workspace

WEB = Provenance("web", "user", "owner", "s1", "", "m")


def main(root: Path, what: str) -> None:
    with Workspace.open(root) as workspace:
        match what:
            case "propose":
                Proposals(workspace).submit(Change({"notes/a.md": b"AGENT\n"}, "note", "why", WEB))
            case "amend":
                Proposals(workspace).update("notes/a.md", lambda text: text + "MORE\n", Change({}, "note", "more", WEB))
            case _:
                print("ready", flush=True)
                sys.stdin.readline()
                _decide(Review(workspace), what, sys.argv[3])


def _decide(review: Review, what: str, name: str) -> None:
    try:
        done = review.accept(name, "owner").id if what == "accept" else review.reject(name, "owner", "no").id
        print(f"done {done}", flush=True)
    except HermesError as error:
        print(f"{type(error).__name__} {error}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

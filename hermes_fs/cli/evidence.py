"""What was said around a lesson or a proposal, out of the transcript that it names. Reads only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from hermes_fs.core.errors import HermesError
from hermes_fs.store import transcript
from hermes_fs.store.workspace import Workspace

_LINES = 6


def said(workspace: Workspace, evidence: str) -> Iterator[str]:
    """The last messages up to where `evidence` ends, `role: text`, where its transcript is on this machine."""
    path, _, span = evidence.partition("#")
    if not path.startswith("sessions/") or ".." in path:
        return
    with contextlib.suppress(HermesError):  # another machine's transcript may not be here
        records = transcript.read(workspace.root / path).records
        first, _, last = span.partition("..")
        places = [place for place, record in enumerate(records) if record.id in (first, last)]
        until = places[-1] + 1 if places else len(records)
        found = [record for record in records[:until] if record.type == "message" and record.data.get("text")]
        yield from (f"{record.data['role']}: {record.data['text']}" for record in found[-_LINES:])

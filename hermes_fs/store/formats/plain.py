"""The format of files that no other format knows: text or bytes of any kind. Must not touch the disk."""

from __future__ import annotations

from dataclasses import dataclass

from hermes_fs.store.formats import runs, scan
from hermes_fs.store.formats.format import By, Merged, decode, fate, settled
from hermes_fs.store.formats.lines import added, merge_bytes
from hermes_fs.store.formats.runs import Join


@dataclass(frozen=True, slots=True)
class PlainFormat:
    """`label` begins the commit's subject, "" for the path alone; `limit` in bytes binds the agent; `join` puts
    together what two sides wrote at one place. Two files of one name that were made `apart` are two documents, one
    below the other."""

    name: str = "plain"
    label: str = ""
    limit: int = 1_000_000
    join: Join = runs.whole
    apart: bool = False

    def check(self, path: str, before: bytes | None, after: bytes | None, by: By) -> list[str]:
        return check_bytes(before, after, by, self.limit)

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        done = f"{fate(before, after)} {path}"
        return f"{self.label}: {done}" if self.label else done

    def merge(self, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
        if done := settled(base, ours, theirs):
            return done
        base = b"" if self.apart and base is None else base
        return merge_bytes(base, ours or b"", theirs or b"", self.join)


def check_bytes(before: bytes | None, after: bytes | None, by: By, limit: int) -> list[str]:
    """What holds for every file: a size that binds the agent, and a scan of the lines that are new."""
    if after is None:
        return []
    if by == "agent" and len(after) > limit:
        return [f"{len(after):,} bytes are more than {limit:,}: split it or shorten it"]
    text = decode(after)
    if text is None or "\0" in text:
        return ["it is not UTF-8 text"] if by == "agent" else []
    return scan.problems(added(decode(before) or "", text))

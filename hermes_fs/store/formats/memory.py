"""The format of MEMORY.md and USER.md: entries with ids, a limit that binds the agent. Must not touch the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from hermes_fs.store.formats import entries, runs, scan, sequences
from hermes_fs.store.formats.entries import Entry, Part
from hermes_fs.store.formats.format import By, Merged, counted, decode, excerpt, left_out, settled
from hermes_fs.store.formats.lines import alike, ended, merge_bytes, newline_of

MEMORY_LIMIT = 2200
USER_LIMIT = 1375
_MANY = 2000  # lines; by id a merge takes a tenth of a millisecond for each, so what is longer is merged by line
_BATCH = 3500  # characters; orders are looked for in pieces that are a little longer
_MARK = "- \x00"  # begins the item that stands for an entry when sequences are merged: a bullet that no line can be


@dataclass(frozen=True, slots=True)
class EntriesFormat:
    """`limit` in characters as rendered. It binds what makes the file longer, by the agent alone; nothing is cut."""

    name: str
    limit: int

    def check(self, path: str, before: bytes | None, after: bytes | None, by: By) -> list[str]:
        if after is None:
            return ["it must stay: remove its entries instead"] if by == "agent" else []
        text = decode(after)
        if text is None or "\0" in text:
            return ["it is not UTF-8 text: save it as UTF-8"]
        known = decode(before) or ""
        problems = self._scanned(known, text)
        if by == "agent":
            problems += self._too_long(known, text) + _repeated(text)
        return problems

    def describe(self, path: str, before: bytes | None, after: bytes | None) -> str:
        old, new = (_texts(decode(data) or "") for data in (before, after))
        counts = {
            "add": len(new.keys() - old.keys()),
            "edit": sum(old[key] != new[key] for key in old.keys() & new.keys()),
            "remove": len(old.keys() - new.keys()),
        }
        done = [(verb, count) for verb, count in counts.items() if count]
        if not done:
            return f"{self._label(path)}: edit text"
        first = f"{done[0][0]} {counted(done[0][1], 'entry', 'entries')}"
        return f"{self._label(path)}: " + ", ".join([first, *(f"{verb} {count}" for verb, count in done[1:])])

    def merge(self, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merged:
        if done := settled(base, ours, theirs):
            return done
        texts = [decode(data) for data in (base, ours, theirs)]
        if ours is None or theirs is None or None in texts[1:] or (base is not None and texts[0] is None):
            return merge_bytes(base, ours or b"", theirs or b"")
        if any((text or "").count("\n") > _MANY or "\0" in (text or "") for text in texts):
            return merge_bytes(base, ours, theirs)
        one, other, origin, newline = alike(texts[1] or "", texts[2] or "", texts[0] or "")
        content, conflicts = merge(origin or "", one, other)
        return Merged(content.replace("\n", newline).encode(), conflicts)

    def _label(self, path: str) -> str:
        parts = path.split("/")
        return f"{self.name} {parts[1]}" if len(parts) == 3 else self.name

    def _scanned(self, before: str, after: str) -> list[str]:
        """Problems of the entries that are new or changed; what stood there before is not judged again."""
        known = set(_texts(before).values())
        fresh = dict.fromkeys(entry.text for entry in entries.entries(after) if entry.text not in known)
        suspect = [text for batch in batches(fresh) if not clean(batch) for text in batch]
        return [f"entry {excerpt(text, 30)!r} {problem}" for text in suspect for problem in scan.problems(text)]

    def _too_long(self, before: str, after: str) -> list[str]:
        size = entries.rendered_size(after)
        if size <= self.limit or size <= entries.rendered_size(before):
            return []
        return [f"{size:,} of {self.limit:,} characters: shorten, join or remove entries first, then add"]


def _texts(text: str) -> dict[str, str]:
    return {entry.id: entry.text for entry in entries.entries(text)}


def batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """As many at a time as are judged in one piece; one that is longer alone."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and size + len(text) > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text) + 2
    if batch:
        yield batch


def clean(batch: list[str]) -> bool:
    """Whether nothing is wrong with any of them, seen together: what one letter is for may hang on its text, so only
    for plain letters."""
    joined = "\n\n".join(batch)
    return len(batch) > 1 and joined.isascii() and not scan.problems(joined)


def _repeated(text: str) -> list[str]:
    ids = [part.id for part in entries.parse(text) if isinstance(part, Entry)]
    if "" in ids:
        return ["an entry lacks its id: write entries with the memory tool"]
    return [f"the id {key} stands twice" for key, count in Counter(ids).items() if count > 1]


# -- merging ----------------------------------------------------------------------------------------------------------


def merge(base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
    """Merged by id; where both sides edited one entry differently the longer text stays, the other is a conflict.

    An entry that one side removed and the other edited stays. Everything else is merged by line, nothing lost.
    """
    newline = newline_of(max(ours, theirs))
    sides = [_keyed(base, newline), *sorted((_keyed(ours, newline), _keyed(theirs, newline)), key=_order)]
    known, first, second = ({item: part for item, part in side if isinstance(part, Entry)} for side in sides)
    kept, conflicts = _kept(known, first, second)
    origin, one, other = ([item for item, _ in side] for side in sides)
    items = sequences.woven(origin, one, other, runs.prose)
    placed = [item for item in dict.fromkeys(_numbered(items)) if not item.startswith(_MARK) or item in kept]
    missing = [item for item in kept if item not in placed]
    last = max((place for place, item in enumerate(placed) if item in kept), default=len(placed) - 1)
    placed[last + 1 : last + 1] = sorted(missing)
    parts: list[Part] = [kept[item] if item in kept else item.partition(_MARK)[0] for item in placed]
    merged = ended(entries.render(parts, newline), newline) if parts else ""
    if {entry.id: entry.text for entry in kept.values()} != _texts(merged):
        # Lines that came together closed or opened a fence or a comment: entries go where no line reaches them.
        rest = [part for part in parts if isinstance(part, str)]
        merged = ended(entries.render([*(kept[item] for item in placed if item in kept), newline, *rest]), newline)
    return merged, conflicts


_Keyed = list[tuple[str, Part]]


def _order(side: _Keyed) -> list[tuple[str, str]]:
    return [(item, part.raw if isinstance(part, Entry) else part) for item, part in side]


def _keyed(text: str, newline: str) -> _Keyed:
    """Parts by what identifies them: an entry's id behind a mark, a line itself."""
    parts = entries.parse(ended(entries.assign_ids(text), newline)) if text else []
    return [(_MARK + part.id if isinstance(part, Entry) else part, part) for part in parts]


def _numbered(items: list[str]) -> list[str]:
    """Lines that repeat made distinct behind a mark, so that only entries are joined where they stand twice."""
    counts: dict[str, int] = {}
    numbered = []
    for item in items:
        counts[item] = counts.get(item, 0) + 1
        numbered.append(item if item.startswith(_MARK) else f"{item}{_MARK}{counts[item]}")
    return numbered


def _kept(
    base: Mapping[str, Entry], first: Mapping[str, Entry], second: Mapping[str, Entry]
) -> tuple[dict[str, Entry], tuple[str, ...]]:
    """The entries that stay, with their merged texts, and what could not stay."""
    kept: dict[str, Entry] = {}
    conflicts: list[str] = []
    for item in sorted({*first, *second}):
        one, other, was = first.get(item), second.get(item), base.get(item)
        if one is None or other is None:
            here = one or other
            if here and (was is None or here.text != was.text):
                kept[item] = here  # added by one side, or edited by it and removed by the other
            continue
        kept[item], lost = _one_of(was, one, other)
        if lost:
            conflicts.append(left_out(kept[item].text, lost, f"entry {kept[item].id}"))
    return kept, tuple(conflicts)


def _one_of(was: Entry | None, one: Entry, other: Entry) -> tuple[Entry, str]:
    if one.text == other.text:
        fresh = [entry for entry in (one, other) if was is None or entry.raw != was.raw] or [one]
        return max(fresh, key=lambda entry: entry.raw), ""
    if was and one.text == was.text:
        return other, ""
    if was and other.text == was.text:
        return one, ""
    longer, shorter = sorted((one, other), key=lambda entry: (len(entry.text), entry.text), reverse=True)
    return replace(longer), shorter.text

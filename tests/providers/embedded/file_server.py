"""A loopback HTTP server that offers one file, and misbehaves on request."""

from __future__ import annotations

import re

from hermes_fs.testing.loopback import Incoming, Loopback, Outgoing


class FileServer(Loopback):
    """`ranges` False: every request gets the whole file. `cut` are lengths after which the answers to the first
    requests break off. `spans` are the Range headers as they came, "" for none."""

    def __init__(self, content: bytes, ranges: bool = True, cut: list[int] | None = None, status: int = 200) -> None:
        super().__init__()
        self.content = content
        self.ranges = ranges
        self.cut = cut or []
        self.status = status
        self.etag = '"one"'

    @property
    def url(self) -> str:
        return f"{self.root}/files/some-model.gguf"

    @property
    def spans(self) -> list[str]:
        return [asked.headers.get("range", "") for asked in self.requests]

    def answer(self, asked: Incoming) -> Outgoing:
        if self.status != 200:
            return Outgoing("no", self.status)
        size = len(self.content)
        start, partial = self._begin(asked.headers.get("range", ""), asked.headers.get("if-range", ""))
        if partial and start >= size:
            return Outgoing(status=416, headers={"Content-Range": f"bytes */{size}"})
        rest = self.content[start:]
        headers = {"ETag": self.etag, "Content-Length": str(len(rest))}
        if partial:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        sent = rest[: self.cut.pop(0)] if self.cut else rest
        return Outgoing(iter([sent]), 206 if partial else 200, headers)

    def _begin(self, wanted: str, condition: str) -> tuple[int, bool]:
        """Where the answer begins, and whether it is a partial one."""
        found = re.fullmatch(r"bytes=(\d+)-", wanted)
        if not found or not self.ranges or (condition and condition != self.etag):
            return 0, False
        return int(found[1]), True

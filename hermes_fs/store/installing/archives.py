"""Reads archives as bytes, into memory and never onto the disk. Owns the rules for what a hostile one may try."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Sequence

from hermes_fs.core.errors import Refused
from hermes_fs.store.installing.pile import HARM, MAX_ENTRIES, check_name, checked

MAX_BYTES = 50 << 20
MAX_UNPACKED = 100 << 20
MAX_RATIO = 200
"""Bounds: bytes of an archive, bytes that come out of it, and how many come out for one that goes in."""

_FREE = 1 << 20
"""Bytes up to which no ratio counts: a file of blanks is no attack."""
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ENTRY = b"PK\x01\x02"
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


class Archive:
    """A zip or tar file. Refused where it is none, is damaged, or holds what a skill has no need of: links, devices,
    names that lead elsewhere, more bytes than it says."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_BYTES:
            raise Refused(f"the archive has more than {MAX_BYTES >> 20} MB", "name a smaller one")
        self._files = _unzip(data) if data.startswith(_ZIP) else _untar(data)

    @property
    def names(self) -> Sequence[str]:
        return list(self._files)

    def read(self, name: str) -> bytes:
        return self._files[name]


def _unzip(data: bytes) -> dict[str, bytes]:
    if data.count(_ENTRY) > MAX_ENTRIES:  # before the library makes an object of each
        raise Refused(f"it holds more than {MAX_ENTRIES:,} files", HARM)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            for entry in entries:
                _check_entry(entry)
            inside = [entry for entry in entries if not entry.orig_filename.endswith("/")]
            names = checked(entry.orig_filename for entry in inside)
            left = MAX_UNPACKED
            files: dict[str, bytes] = {}
            for name, entry in zip(names, inside, strict=True):
                files[name] = _inflate(archive, entry, left)
                left -= len(files[name])
            return files
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Refused(f"the archive cannot be read: {error}", HARM) from error


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    check_name(name.removesuffix("/"))
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise Refused(f"it holds a link: {name!r}", "links are not followed: ask for an archive without")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Refused(f"it holds {name!r}, which is no file", HARM)
    if entry.flag_bits & _ENCRYPTED:
        raise Refused(f"{name!r} in it is encrypted", "unpack it yourself and name the folder")
    if entry.compress_type not in _PLAIN:
        raise Refused(f"{name!r} in it is packed in a way that is not read here", "pack it as an ordinary zip file")


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """What an entry really holds, whatever it says of itself."""
    with archive.open(entry) as file:
        data = file.read(min(most, MAX_RATIO * max(entry.compress_size, 1) + _FREE) + 1)
    if len(data) > most:
        raise Refused(f"{entry.orig_filename!r} in it unpacks to more than {MAX_UNPACKED >> 20} MB with it", HARM)
    _check_ratio(len(data), entry.compress_size)
    return data


def _untar(data: bytes) -> dict[str, bytes]:
    raw: list[tuple[str, bytes]] = []
    try:
        plain = _gunzip(data) if data.startswith(_GZIP) else data
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            last = -1
            for count, member in enumerate(archive):
                if member.offset <= last or count > MAX_ENTRIES:  # a size below nothing would go round for ever
                    raise Refused("its list of files is not in order, or too long", HARM)
                last = member.offset
                if content := _member(archive, member):
                    raw.append(content)
    except (tarfile.TarError, zlib.error, EOFError, ValueError, OverflowError, OSError, RecursionError) as error:
        raise Refused(f"the archive cannot be read: {error}", HARM) from error
    names = checked(name for name, _ in raw)
    return {name: content for name, (_, content) in zip(names, raw, strict=True)}


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[str, bytes] | None:
    name = member.name.removeprefix("./")
    if member.isdir():
        if name not in ("", "."):
            check_name(name.rstrip("/"))
        return None
    if member.issym() or member.islnk():
        raise Refused(f"it holds a link: {member.name!r}", "links are not followed: ask for an archive without")
    if not member.isreg() or member.issparse():
        raise Refused(f"it holds {member.name!r}, which is no file", HARM)
    check_name(name)
    file = archive.extractfile(member)
    content = file.read(min(max(member.size, 0), MAX_UNPACKED)) if file else b""
    if len(content) != member.size:
        raise Refused(f"the archive ends in the middle of {name!r}", "fetch it again")
    return name, content


def _gunzip(data: bytes) -> bytes:
    """What is packed, no further than the bounds."""
    pieces: list[bytes] = []
    size = 0
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        while piece := file.read(_FREE):
            pieces.append(piece)
            size += len(piece)
            _check_ratio(size, len(data))
            if size > MAX_UNPACKED:
                raise Refused(f"it unpacks to more than {MAX_UNPACKED >> 20} MB", HARM)
    return b"".join(pieces)


def _check_ratio(unpacked: int, packed: int) -> None:
    if unpacked > _FREE and unpacked > MAX_RATIO * max(packed, 1):
        raise Refused(f"it unpacks to more than {MAX_RATIO} times its size", HARM)

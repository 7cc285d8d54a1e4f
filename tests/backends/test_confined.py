"""Files by descriptor: nothing leaves the declared ground, whoever swaps folders for links meanwhile."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_fs.backends.confined import Confined, Ground
from hermes_fs.core.errors import Failed, HermesError, NotFound, Refused


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    for folder in ("work/deep", "mind/.git/hermes", "mind/notes", "outside"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("work/a", "work/deep/b", "mind/MEMORY.md", "mind/.git/hermes/key", "outside/secret"):
        (tmp_path / file).write_text(file)
    return Ground((tmp_path / "work",), (tmp_path / "mind",), (tmp_path / "mind/.git",))


@pytest.fixture
def files(ground: Ground) -> Confined:
    return Confined(ground)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_ground_is_read_and_written(files: Confined, tmp_path: Path) -> None:
    assert files.read(f"{tmp_path}/work/deep/b") == b"work/deep/b"
    files.write(f"{tmp_path}/work/new/folder/c", b"1")
    assert (tmp_path / "work/new/folder/c").read_bytes() == b"1"
    assert files.read(f"{tmp_path}/mind/MEMORY.md") == b"mind/MEMORY.md"


@pytest.mark.parametrize("outside", [False, True])
def test_the_mind_is_not_written_and_what_is_hidden_not_read(files: Confined, tmp_path: Path, outside: bool) -> None:
    for path in ("mind/MEMORY.md", "mind/new", "mind/.git/config", "mind/.git/hermes/key"):
        with pytest.raises(Refused):
            files.write(f"{tmp_path}/{path}", b"x", outside)
    with pytest.raises(Refused, match="private state"):
        files.read(f"{tmp_path}/mind/.git/hermes/key", outside)
    assert not (tmp_path / "mind/new").exists()


def test_the_outside_is_opened_for_a_call_that_was_allowed_and_for_that_alone(files: Confined, tmp_path: Path) -> None:
    secret = f"{tmp_path}/outside/secret"
    for call in (lambda: files.read(secret), lambda: files.write(secret, b"x")):
        with pytest.raises(Refused, match="outside the work directory"):
            call()
    with pytest.raises(HermesError):
        files.write(f"{tmp_path}/outside/new/folder/x", b"x")
    assert not (tmp_path / "outside/new").exists()
    assert files.read(secret, outside=True) == b"outside/secret"
    files.write(secret, b"changed", outside=True)
    with pytest.raises(Refused):
        files.read(secret)


def test_no_detour_leaves_the_ground(files: Confined, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "up").symlink_to("..")
    (work / "out").symlink_to(tmp_path / "outside")
    (work / "file").symlink_to(tmp_path / "outside/secret")
    (work / "inner").symlink_to("deep")
    (work / "chain").symlink_to("file")
    (work / "loop").symlink_to("loop")
    (work / "magic").symlink_to("/proc/thread-self/root")
    (work / "opened").symlink_to("/proc/self/cwd")
    detours = ("../outside/secret", "deep/../../outside/secret", "up/outside/secret", "out/secret", "file",
               "chain", "inner/b", "loop", "loop/x",
               f"magic{tmp_path}/outside/secret", "opened/x", "//../outside/secret")  # fmt: skip
    for detour in detours:
        with pytest.raises(HermesError):
            files.read(f"{work}/{detour}")
        with pytest.raises(HermesError):
            files.write(f"{work}/{detour}", b"escaped")
    for path in ("/proc/self/environ", "/proc/1/cmdline", "/dev/null", "/dev/stdin", "/sys/kernel/x", "/"):
        for outside in (False, True):
            with pytest.raises(HermesError):
                files.read(path, outside)
            with pytest.raises(HermesError):
                files.write(path, b"escaped", outside)
    assert (tmp_path / "outside/secret").read_text() == "outside/secret"
    assert names_in(tmp_path / "outside") == ["secret"]


def test_the_same_directory_under_another_name_has_the_same_right(tmp_path: Path, ground: Ground) -> None:
    """What counts is the directory, not its spelling: a root that is reached through a link is that directory."""
    (tmp_path / "alias").symlink_to(tmp_path / "mind")
    files = Confined(Ground((tmp_path,), (tmp_path / "alias",), (tmp_path / "alias/.git",)))
    assert files.read(f"{tmp_path}/outside/secret") == b"outside/secret"
    with pytest.raises(Refused):
        files.write(f"{tmp_path}/mind/x", b"")
    with pytest.raises(Refused):
        files.read(f"{tmp_path}/mind/.git/hermes/key")


def test_pipes_sockets_and_devices_are_refused_at_once(files: Confined, tmp_path: Path) -> None:
    work = tmp_path / "work"
    os.mkfifo(work / "pipe")
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(work):
        server.bind("socket")
    names = ["pipe", "socket", "deep"]
    if os.geteuid() == 0:
        os.mknod(work / "device", 0o600 | 0o020000, os.makedev(1, 5))
        names.append("device")
    for name in names:
        with pytest.raises(Failed, match="not a regular file"):
            files.read(f"{work}/{name}")
        with pytest.raises(Failed, match="not a regular file"):
            files.write(f"{work}/{name}", b"x")


def test_a_write_breaks_a_hard_link_and_lends_nobodys_rights(files: Confined, tmp_path: Path) -> None:
    os.link(tmp_path / "outside/secret", tmp_path / "work/linked")
    (tmp_path / "work/linked").chmod(0o6755)
    files.write(f"{tmp_path}/work/linked", b"mine")
    assert (tmp_path / "outside/secret").read_text() == "outside/secret"
    assert (tmp_path / "work/linked").stat().st_mode & 0o7777 == 0o755
    assert files.stat(f"{tmp_path}/work/linked").names == 1


def test_a_write_that_fails_leaves_nothing_behind(files: Confined, tmp_path: Path) -> None:
    (tmp_path / "work/a").unlink()
    (tmp_path / "work/a").mkdir()
    with pytest.raises(Failed):
        files.write(f"{tmp_path}/work/a", b"x")
    assert names_in(tmp_path / "work") == ["a", "deep"]


def test_a_root_that_is_gone_opens_nothing(files: Confined, tmp_path: Path) -> None:
    (tmp_path / "work").rename(tmp_path / "moved")
    with pytest.raises(NotFound):
        files.read(f"{tmp_path}/work/a")
    with pytest.raises(Refused):
        files.read(f"{tmp_path}/moved/a")


_EXCHANGE = 2


@contextlib.contextmanager
def swapping(place: Path, link: Path) -> Iterator[Callable[[], int]]:
    """A thread that lets a directory and a link trade names, in one step (renameat2), as fast as it can; tells how
    often."""
    exchange = ctypes.CDLL(None, use_errno=True).renameat2
    names = os.fsencode(place), os.fsencode(link)
    over, turns = threading.Event(), 0

    def swap() -> None:
        nonlocal turns
        while not over.is_set():
            assert exchange(-100, names[0], -100, names[1], _EXCHANGE) == 0, ctypes.get_errno()
            turns += 1

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield lambda: turns
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
def test_a_folder_that_is_swapped_for_a_link_again_and_again_never_leads_out(files: Confined, tmp_path: Path) -> None:
    place, link = tmp_path / "work/deep", tmp_path / "work/link"
    (place / "secret").write_text("inside")
    link.symlink_to(tmp_path / "outside")
    done = 0
    with swapping(place, link) as turns:
        while done < 300 or turns() < 3000:
            with contextlib.suppress(HermesError):
                if files.stat(f"{place}/secret").path == f"{place}/secret":
                    assert files.read(f"{place}/secret") in (b"inside", b"written")
                    files.write(f"{place}/secret", b"written")
                    files.write(f"{place}/fresh", b"written")
                    done += 1
    assert (tmp_path / "outside/secret").read_text() == "outside/secret"
    assert names_in(tmp_path / "outside") == ["secret"]

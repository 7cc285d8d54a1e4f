"""Attempts to get out of the sandbox by system calls: mounts, namespaces, other doors into the kernel."""

from __future__ import annotations

import ctypes
import os
import platform

import pytest

from hermes_fs.backends import seccomp
from tests.backends.scene import Scene, python, syscall

IS_ROOT = os.geteuid() == 0
CALLS = seccomp.MACHINES[platform.machine()].calls


def test_nothing_can_be_mounted(scene: Scene) -> None:
    (scene.work / "here").mkdir()
    attack = "mount -t tmpfs none here"
    if IS_ROOT:
        assert scene.bare(f"{attack} && umount here").code == 0
    assert scene.inside(attack).code != 0
    assert scene.inside("mount --bind / here").code != 0


def test_what_is_covered_cannot_be_uncovered(scene: Scene) -> None:
    for place in (scene.state, scene.work / ".git/hooks", "/proc/sys", "/tmp", "/"):
        assert scene.inside(f"umount -l {place}").code != 0
    assert scene.inside(f"ls -A {scene.state}").output == ""


def test_what_is_read_only_stays_so(scene: Scene) -> None:
    for place in ("/", "/usr", scene.mind, "/proc/sys"):
        assert scene.inside(f"mount -o remount,rw,bind {place}").code != 0
    assert scene.inside(f"touch {scene.mind}/x").code != 0


def test_the_root_cannot_be_changed(scene: Scene) -> None:
    (scene.work / "root").mkdir()
    if IS_ROOT:
        assert "No such file" in scene.bare("chroot root /no-such-program").output
    assert "Operation not permitted" in scene.inside("chroot root /bin/true").output
    assert scene.inside("pivot_root . root").code != 0


def test_no_namespace_can_be_made_or_entered(scene: Scene) -> None:
    assert scene.bare("unshare --user --map-root-user true").code == 0
    for kind in ("--user", "--mount", "--net", "--pid --fork", "--ipc", "--uts", "--cgroup", "--time"):
        assert scene.inside(f"unshare {kind} true").code != 0
    assert scene.inside("nsenter --target 1 --mount true").code != 0


def test_no_process_can_be_made_in_a_new_namespace(scene: Scene) -> None:
    new_user = 0x10000000
    attack = syscall(CALLS["clone"], new_user | 17, 0, 0, 0, 0)
    assert scene.bare(attack).output.startswith("0")
    assert scene.inside(attack).output == "EPERM\n"
    assert scene.inside(syscall(CALLS["clone3"], 0, 0)).output == "ENOSYS\n"


def test_no_process_can_be_traced(scene: Scene) -> None:
    attack = syscall(CALLS["ptrace"], 0, 0, 0, 0)  # PTRACE_TRACEME
    assert scene.bare(attack).output == "0\n"
    assert scene.inside(attack).output == "EPERM\n"


# What each opens: other processes' memory and files, the kernel's keys, programs in the kernel, its counters, its page
# faults, calls past this filter, files by number, modules, its log, another kernel, swap, the clock, mounts.
REFUSED = (
    "process_vm_readv process_vm_writev pidfd_getfd kcmp keyctl add_key request_key bpf perf_event_open userfaultfd"
    " io_uring_setup open_by_handle_at finit_module syslog kexec_load swapon clock_settime fsopen open_tree move_mount"
    " mount_setattr setns reboot sethostname quotactl"
)


@pytest.mark.parametrize("name", REFUSED.split())
def test_the_call_is_refused_before_the_kernel_looks_at_it(scene: Scene, name: str) -> None:
    """All arguments are -1: nothing comes of the call anywhere, but only the filter says EPERM to all of them."""
    attack = syscall(CALLS[name], *[-1] * 6)
    assert scene.inside(attack).output == ("ENOSYS\n" if name == "io_uring_setup" else "EPERM\n")


def test_the_filters_numbers_are_this_machines(scene: Scene) -> None:
    """Each number asked for by name from the system's own tables, where Python knows some."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.syscall(CALLS["keyctl"], 0, -3, 0) != -1 or ctypes.get_errno() in (
        126,
        1,
    )  # a keyring's number, or none
    assert libc.syscall(CALLS["kcmp"], os.getpid(), os.getpid(), 1, 0, 0) == 0  # the same memory
    assert libc.syscall(CALLS["userfaultfd"], -1) == -1
    assert ctypes.get_errno() in (22, 1)


TERMINAL = python(
    """
import errno, fcntl, os, pty, termios
if os.fork() == 0:
    os.setsid()
    _, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSCTTY, 0)
    try:
        fcntl.ioctl(inner, termios.TIOCSTI, b"x")
        print("typed", flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno], flush=True)
    os._exit(0)
os.wait()
"""
)


def test_nothing_can_be_typed_into_a_terminal(scene: Scene) -> None:
    assert scene.bare(TERMINAL).output in ("typed\n", "EIO\n")  # EIO: this kernel has switched it off by itself
    assert scene.inside(TERMINAL).output == "EPERM\n"


SHARED = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
found = libc.shmget(0x4845524D, 0, 0)
print("found" if found >= 0 else errno.errorcode[ctypes.get_errno()])
"""


def test_shared_memory_outside_is_not_there(scene: Scene) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    made = libc.shmget(0x4845524D, 4096, 0o1600)
    assert made >= 0
    try:
        assert scene.bare(python(SHARED)).output == "found\n"
        assert scene.inside(python(SHARED)).output == "ENOENT\n"
    finally:
        libc.shmctl(made, 0, None)
    assert scene.inside("ls -A /dev/shm /dev/mqueue 2>/dev/null").output.replace("/dev/shm:\n", "").strip() == ""


def test_calls_by_other_machines_numbers_are_refused(scene: Scene) -> None:
    if platform.machine() == "x86_64":
        assert scene.inside(syscall(0x40000000 + 39)).output == "ENOSYS\n"


def test_every_call_that_the_filter_names_has_one_number() -> None:
    for machine in seccomp.MACHINES.values():
        assert len(set(machine.calls.values())) == len(machine.calls)
    assert seccomp.program("vax") == b""
    assert len(seccomp.program("x86_64")) % 8 == len(seccomp.program("aarch64")) % 8 == 0

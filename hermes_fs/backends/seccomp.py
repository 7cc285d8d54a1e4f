"""The system calls that a sandboxed command may not make, as a BPF program for the kernel. Opens and runs nothing.

What is refused gives EPERM (or ENOSYS, so that a C library falls back to what can be judged). A filter sees numbers and
never memory, so what hides its flags behind a pointer (clone3, io_uring) is refused as a whole. Layout of the program:
linux/filter.h and linux/seccomp.h; numbers: arch/x86/entry/syscalls/syscall_64.tbl and asm-generic/unistd.h.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_LOAD, _JUMP_EQUAL, _JUMP_SET, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24
"""Offsets in struct seccomp_data; the lower half of an argument comes first on these machines."""

_NAMESPACES = 0x7E020080
"""CLONE_NEW*: time, mount, cgroup, uts, ipc, user, pid, net."""
_TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI types into a terminal, TIOCLINUX pastes into a console."""
FAMILIES = (1, 2, 10, 16)
"""Sockets that a network namespace confines: unix, IPv4, IPv6, netlink. Not vsock, packet, alg, bluetooth …"""

# fmt: off
_X86_64: Mapping[str, int] = {
    "ioctl": 16, "socket": 41, "socketpair": 53, "clone": 56, "clone3": 435, "unshare": 272, "setns": 308,
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "pidfd_getfd": 438,
    "add_key": 248, "request_key": 249, "keyctl": 250,
    "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
    "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "fanotify_init": 300,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "open_by_handle_at": 304, "name_to_handle_at": 303, "lookup_dcookie": 212,
    "kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "finit_module": 313, "delete_module": 176,
    "reboot": 169, "swapon": 167, "swapoff": 168, "syslog": 103, "acct": 163, "quotactl": 179, "quotactl_fd": 443,
    "settimeofday": 164, "clock_settime": 227, "adjtimex": 159, "clock_adjtime": 305, "sethostname": 170,
    "setdomainname": 171, "iopl": 172, "ioperm": 173, "modify_ldt": 154, "vhangup": 153, "nfsservctl": 180,
    "uselib": 134, "_sysctl": 156, "move_pages": 279, "migrate_pages": 256,
}
_GENERIC: Mapping[str, int] = {
    "ioctl": 29, "socket": 198, "socketpair": 199, "clone": 220, "clone3": 435, "unshare": 97, "setns": 268,
    "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "pidfd_getfd": 438,
    "add_key": 217, "request_key": 218, "keyctl": 219,
    "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
    "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "fanotify_init": 262,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "open_by_handle_at": 265, "name_to_handle_at": 264, "lookup_dcookie": 18,
    "kexec_load": 104, "kexec_file_load": 294, "init_module": 105, "finit_module": 273, "delete_module": 106,
    "reboot": 142, "swapon": 224, "swapoff": 225, "syslog": 116, "acct": 89, "quotactl": 60, "quotactl_fd": 443,
    "settimeofday": 170, "clock_settime": 112, "adjtimex": 171, "clock_adjtime": 266, "sethostname": 161,
    "setdomainname": 162, "vhangup": 58, "nfsservctl": 42, "move_pages": 239, "migrate_pages": 238,
}
# fmt: on
_ABSENT = frozenset(("clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"))
_JUDGED = frozenset(("ioctl", "socket", "socketpair", "clone"))
_FOREIGN_NUMBERS = 0x40000000
"""From here on x86_64 counts its x32 calls, a second way to everything."""


@dataclass(frozen=True, slots=True)
class Machine:
    """`arch` is AUDIT_ARCH_* of linux/audit.h, `calls` the numbers of what is refused or looked at."""

    arch: int
    calls: Mapping[str, int]


MACHINES: Mapping[str, Machine] = {
    "x86_64": Machine(0xC000003E, _X86_64),
    "aarch64": Machine(0xC00000B7, _GENERIC),
    "riscv64": Machine(0xC00000F3, _GENERIC),
}
"""By the name that uname gives."""


def program(machine: str, families: Sequence[int] = FAMILIES) -> bytes:
    """The filter as an array of struct sock_filter, or b"" for a machine whose numbers are not known here. `families`
    are those of the sockets that can be made; pairs of connected ones can always."""
    known = MACHINES.get(machine)
    return b"" if known is None else b"".join(_instructions(known, families))


def _instructions(machine: Machine, families: Sequence[int]) -> Iterator[bytes]:
    yield _do(_LOAD, _ARCH)
    yield _jump(_JUMP_EQUAL, machine.arch, 1, 0)
    yield _refuse(errno.ENOSYS)  # a call by another machine's numbers
    yield _do(_LOAD, _NUMBER)
    yield _jump(_JUMP_AT_LEAST, _FOREIGN_NUMBERS, 0, 1)
    yield _refuse(errno.ENOSYS)
    for name, number in machine.calls.items():
        if name not in _JUDGED:
            yield _jump(_JUMP_EQUAL, number, 0, 1)
            yield _refuse(errno.ENOSYS if name in _ABSENT else errno.EPERM)
    yield from _when(machine.calls["clone"], _FIRST, _flags())
    yield from _when(machine.calls["ioctl"], _SECOND, _values(_TERMINAL_INPUT))
    yield from _when(machine.calls["socket"], _FIRST, _others(families))
    yield from _when(machine.calls["socketpair"], _FIRST, _others(FAMILIES))
    yield _do(_RETURN, _ALLOW)


def _when(number: int, argument: int, judging: list[bytes]) -> Iterator[bytes]:
    """For this call the argument is loaded and judged, which ends the program; other calls pass by."""
    body = [_do(_LOAD, argument), *judging, _do(_RETURN, _ALLOW)]
    yield _jump(_JUMP_EQUAL, number, 0, len(body))
    yield from body


def _flags() -> list[bytes]:
    return [_jump(_JUMP_SET, _NAMESPACES, 0, 1), _refuse(errno.EPERM)]


def _values(values: tuple[int, ...]) -> list[bytes]:
    return [part for value in values for part in (_jump(_JUMP_EQUAL, value, 0, 1), _refuse(errno.EPERM))]


def _others(values: Sequence[int]) -> list[bytes]:
    checks = [_jump(_JUMP_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
    return [*checks, _refuse(errno.EAFNOSUPPORT)]


def _do(code: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, 0, 0, value)


def _jump(code: int, value: int, true: int, false: int) -> bytes:
    """How many instructions to pass over where the loaded number fits, and where it does not."""
    return struct.pack("=HBBI", code, true, false, value)


def _refuse(number: int) -> bytes:
    return _do(_RETURN, _ERRNO | number)

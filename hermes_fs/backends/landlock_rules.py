"""Confines the calling thread, and what it starts, by Landlock and a filter of system calls. Decides nothing.

Both belong to a thread and are inherited by its children, so one thread can start confined processes while the others
stay free. Numbers and layouts: linux/landlock.h, landlock(7), prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hermes_fs.core.errors import Failed

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_BENEATH = 1
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER, _BOUNDING_DROP = 38, 22, 2, 24

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
_REMOVE_AND_MAKE = 0x1FF0  # remove dir, file; make char, dir, reg, sock, fifo, block, sym
_DEVICES = 0x0840  # make char, block
_REFER, _TRUNCATE, _IOCTL = 0x2000, 0x4000, 0x8000
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | _IOCTL

READING = EXECUTE | READ_FILE | READ_DIR
WRITING = (READING | WRITE_FILE | _REMOVE_AND_MAKE | _REFER | _TRUNCATE | _IOCTL) & ~_DEVICES
_TCP = 3  # bind, connect
_SCOPES = 3  # abstract unix sockets, signals


@dataclass(frozen=True, slots=True)
class Rule:
    """`rights` hold for the path and all below it."""

    path: Path
    rights: int


def confine(abi: int, rules: Iterable[Rule], network: bool, filtered: bytes) -> None:
    """For good, for this thread. Raises Failed where the kernel does not take it."""
    handled = _handled(abi)
    _call(ctypes.CDLL(None, use_errno=True).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    attributes = struct.pack("=QQQ", handled, 0 if network or abi < 4 else _TCP, _SCOPES if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = _system(_CREATE, ctypes.c_char_p(attributes), size, 0)
    try:
        for rule in rules:
            _add(ruleset, rule, handled)
        _system(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
    _drop_capabilities()
    instructions = ctypes.create_string_buffer(filtered, len(filtered))
    # struct sock_fprog: the number of instructions, then (aligned) where they are
    given = struct.pack("@HP", len(filtered) // 8, ctypes.addressof(instructions))
    _call(ctypes.CDLL(None, use_errno=True).prctl(_SECCOMP, _FILTER, ctypes.c_char_p(given), 0, 0), "seccomp")


def _drop_capabilities() -> None:
    """Where hermes runs as root: a command could read any process's environment with them. It gets none back, for it
    may gain no privileges (capset(2), capabilities(7))."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = 0
    while libc.prctl(_BOUNDING_DROP, number, 0, 0, 0) == 0:
        number += 1
    _call(libc.capset(ctypes.c_char_p(struct.pack("=Ii", 0x20080522, 0)), ctypes.c_char_p(bytes(24))), "capabilities")


def _handled(abi: int) -> int:
    """What this version of Landlock knows; what is handled and not granted is refused."""
    known = READING | WRITE_FILE | _REMOVE_AND_MAKE
    for least, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL)):
        known |= right if abi >= least else 0
    return known


def _add(ruleset: int, rule: Rule, handled: int) -> None:
    try:
        opened = os.open(rule.path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not there, so there is nothing to grant
    try:
        rights = rule.rights & handled & (-1 if rule.path.is_dir() else _OF_FILES)
        _system(_ADD, ruleset, _BENEATH, ctypes.c_char_p(struct.pack("=Qi", rights, opened)), 0)
    finally:
        os.close(opened)


def _system(number: int, *arguments: object) -> int:
    done: int = ctypes.CDLL(None, use_errno=True).syscall(number, *arguments)
    return _call(done, "landlock")


def _call(done: int, what: str) -> int:
    if done < 0:
        problem = os.strerror(ctypes.get_errno())
        raise Failed(f"commands could not be confined: {what}: {problem}", "see `hermes backend test`")
    return done

"""What a process may use while it handles a stranger's file, and what the system no longer does for it.

Memory, processor time and files are limited as POSIX has it. On Linux, on x86-64 and ARM64, a seccomp filter also
refuses sockets, other programs, other processes, and every change of a file; the filter stays for the life of the
process and cannot be taken off (see seccomp(2), "Seccomp filters" in the kernel's documentation). Elsewhere sockets
and programs are refused as far as Python goes, by an audit hook.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from contextlib import suppress
from typing import NamedTuple

MEGABYTE = 2**20


class Limits(NamedTuple):
    """`memory` in bytes of address space, `seconds` of processor time, `output` in bytes said of one file."""

    memory: int = 1024 * MEGABYTE
    seconds: int = 60
    output: int = 2048 * MEGABYTE


def confine(limits: Limits, programs: bool = False) -> None:
    """Hold this process to the limits for good: never to be called in a program's own process.

    `programs` lets it become another program, which is then held to them.
    """
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        with suppress(ValueError, OSError):  # a system without such a limit
            resource.setrlimit(what, (most, most + (what == resource.RLIMIT_CPU)))
    if not _filter_calls(programs):
        sys.addaudithook(_refuse)


_REFUSED_EVENTS = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.kill")


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event.startswith(_REFUSED_EVENTS):
        raise PermissionError(errno.EACCES, f"a file being read may not use {event}")


# The filter: numbers of calls as the kernel's headers have them, each architecture its own.

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7
_REFUSED = {
    # sockets, programs, signals to others, their memory, namespaces, mounts, keys, io_uring, bpf; then: truncate,
    # rename, mkdir, rmdir, creat, link, unlink, symlink, chmod, chown, mknod, in all their forms, and openat2
    _X86_64: (
        *(41, 42, 53, 57, 58, 59, 322, 62, 101, 310, 311, 424, 434, 438, 272, 308, 165, 250, 425, 321, 298, 323, 304),
        *(76, 77, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 133, 258, 259, 260, 263, 264, 265, 266, 268),
        *(316, 437, 452),
    ),
    _AARCH64: (
        *(198, 203, 199, 221, 281, 129, 117, 270, 271, 424, 434, 438, 97, 268, 40, 219, 425, 280, 241, 282, 265),
        *(45, 46, 38, 34, 37, 35, 36, 52, 53, 54, 55, 33, 276, 437, 452),
    ),
}  # fmt: skip
_BECOMING = (
    59,
    322,
    221,
    281,
)  # execve and execveat, none of which is another call on the other architecture
_CLONE3 = 435  # its flags lie in memory, where the filter cannot look; the C library then takes clone
_OPENING = {
    _X86_64: ((2, 1), (257, 2)),
    _AARCH64: ((56, 2),),
}  # open and openat, with the place of their flags
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CLONING = {_X86_64: 56, _AARCH64: 220}
_THREAD = 0x00010000  # the flag of clone for a thread of the same process
_MACHINES = {"x86_64": _X86_64, "aarch64": _AARCH64}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _FAIL, _UNKNOWN = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EACCES, 0x00050000 | errno.ENOSYS
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000  # x86-64's other numbering, in which the same calls have other numbers
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER, _DEATH_SIGNAL = 38, 22, 2, 1


def _filter_calls(programs: bool) -> bool:
    """Whether the system took the filter."""
    architecture = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or architecture is None:
        return False
    program = _program(architecture, programs)
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    described = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    system = ctypes.CDLL(None, use_errno=True)
    for asked in (
        (_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (_SET_SECCOMP, _FILTER, ctypes.create_string_buffer(described), 0, 0),
    ):
        if system.prctl(*asked) != 0:
            return False
    return True


def _program(architecture: int, programs: bool) -> list[tuple[int, int, int, int]]:
    """The filter in the kernel's packet filter language: (operation, steps on if true, if false, operand)."""
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if architecture == _X86_64:
        program += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _FAIL)]
    for number in set(_REFUSED[architecture]).difference(_BECOMING if programs else ()):
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _FAIL)]
    for number, place in _OPENING[architecture]:
        program += [
            (_EQUAL, 0, 4, number),
            (_LOAD, 0, 0, _ARGUMENTS + 8 * place),
            (_ANY_BIT, 0, 1, _WRITING),
            (_RETURN, 0, 0, _FAIL),
            (_RETURN, 0, 0, _ALLOW),
        ]
    return [
        *program,
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _UNKNOWN),
        (_EQUAL, 0, 3, _CLONING[architecture]),
        (_LOAD, 0, 0, _ARGUMENTS),
        (_ANY_BIT, 1, 0, _THREAD),
        (_RETURN, 0, 0, _FAIL),
        (_RETURN, 0, 0, _ALLOW),
    ]


def die_with_parent() -> None:
    """Have this process end when the one that started it does, where the system can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, 9, 0, 0, 0)

"""Checksums of files and of their pages, and which pages of Chroma's database may differ where nothing is amiss.

A file's SHA-256 says which one it is. Its pages' sums are against accidents, not against forgery: each page of 4096
bytes is its 64-bit words, weighted and summed, which notices any change within one word for certain and others but for
one in 2^64, at the speed of memory. Refuses to know what the files are for.
"""

from __future__ import annotations

import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

Sums = NDArray[np.uint64]

_PAGE = 4096  # bytes; SQLite's own size, so that a page here is one of its
_BLOCK = 1024 * _PAGE
_PART = 16 * _BLOCK  # read by one thread
_READERS = 4  # threads
_READ = 2**24
"""Bytes hashed at a time: between two reads other threads may hold the interpreter, each for milliseconds."""
_WEIGHTS = np.arange(1, _PAGE // 8 + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
_COUNTERS = ((24, 40), (92, 100))  # of SQLite's header: its changes, its size, its first free page
_INTERIOR, _LEAF = 0x05, 0x0D


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex. OSError where it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_READ):
            digest.update(block)
    return digest.hexdigest()


def sums(path: Path) -> Sums:
    """One number for each page of a file, the last one filled up with zeros. OSError where it cannot be read."""
    starts = range(0, path.stat().st_size, _PART)
    if len(starts) < 2:
        return _sums_from(path, 0)
    with ThreadPoolExecutor(_READERS) as readers:
        return np.concatenate(list(readers.map(partial(_sums_from, path), starts)))


def _sums_from(path: Path, start: int) -> Sums:
    """The sums of the pages of one part."""
    found = [np.zeros(0, np.uint64)]
    block = bytearray(_BLOCK)
    with path.open("rb") as file:
        file.seek(start)
        while file.tell() < start + _PART and (size := file.readinto(block)):
            filled = -(-size // _PAGE) * _PAGE
            block[size:filled] = bytes(filled - size)
            words = np.frombuffer(block, np.uint64, filled // 8).reshape(-1, _PAGE // 8)
            found.append(np.einsum("ij,j->i", words, _WEIGHTS))
    return np.concatenate(found)


def without_counters(path: Path, found: Sums) -> Sums:
    """The sums of a SQLite file with what its header counts taken for zeros."""
    with path.open("rb") as file:
        first = bytearray(file.read(_PAGE).ljust(_PAGE, b"\0"))
    for start, end in _COUNTERS:
        first[start:end] = bytes(end - start)
    return np.concatenate([[np.frombuffer(first, np.uint64) @ _WEIGHTS], found[1:]]).astype(np.uint64)


def root_of(path: Path, table: str) -> int:
    """The number of the first page of a SQLite file's table; 0 where it has none of that name."""
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        found = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    finally:
        database.close()
    return int(found[0]) if found else 0


def loose_pages(path: Path, root: int) -> set[int]:
    """The numbers, from 1, of a SQLite file's pages that hold a table's rows or nothing.

    See https://www.sqlite.org/fileformat2.html, 1.5 and 1.6. What makes no sense is left out.
    """
    found: set[int] = set()
    with path.open("rb") as file:
        waiting = [root]
        while waiting:
            number = waiting.pop()
            page = _page(file, number)
            if number in found or page[:1] not in (bytes([_INTERIOR]), bytes([_LEAF])):
                continue
            found.add(number)
            if page[0] == _INTERIOR:
                cells = [_number(page, 12 + 2 * cell, 2) for cell in range(_number(page, 3, 2))]
                waiting += [_number(page, 8), *(_number(page, cell) for cell in cells)]
        trunk = _number(_page(file, 1), 32)
        while trunk and trunk not in found:
            page = _page(file, trunk)
            leaves = min(_number(page, 4), _PAGE // 4 - 2)
            found.update([trunk, *(_number(page, 8 + 4 * leaf) for leaf in range(leaves))])
            trunk = _number(page, 0)
    return found


def _page(file: BinaryIO, number: int) -> bytes:
    if number < 1:
        return b""
    file.seek((number - 1) * _PAGE)
    page: bytes = file.read(_PAGE)
    return page


def _number(page: bytes, offset: int, size: int = 4) -> int:
    return int.from_bytes(page[offset : offset + size], "big")

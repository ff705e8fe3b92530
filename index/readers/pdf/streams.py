"""How much the packed parts of a PDF come to, counted before anything unpacks them for good.

Owns a look at the bytes alone: every stream that stands in them, whether or not the file's own tables lead to it.
So a damaged file is held to the same limits, and a part that only a font or a figure names is seen too. What is
unpacked is counted and dropped. Refuses to know pages, and what lies in an encrypted file, where packed parts
cannot be told from noise (`index.readers.pdf.structure` counts those of its pages).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple

LARGEST_STREAM = 64 * 2**20  # bytes that one packed part unpacks to
LARGEST_PICTURE = 256 * 2**20  # bytes of one colour of a picture
LARGEST_SUM = 4 * 2**30  # bytes that all parts unpack to: beyond it the time for one file is gone
MOST_LAYERS = 4  # of packing, one around the other

_HIGHEST_RATIO = 1032  # that zlib reaches: what is short enough need not be unpacked to be known to be small
_BLOCK = 2**20
_HEAD = 1024  # bytes before a stream in which its description is looked for
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_PACKERS = re.compile(rb"/(?:FlateDecode|Fl|LZWDecode|LZW|RunLengthDecode|RL|BrotliDecode)(?![A-Za-z])")
_PICTURE = re.compile(rb"/Subtype\s*/Image(?![A-Za-z])")
_ATTACHED = re.compile(rb"/Type\s*/EmbeddedFile(?![A-Za-z])")
_NUMBER = rb"/%s\s+(\d{1,12})(?!\s+\d+\s+R)"


class _Stream(NamedTuple):
    """A packed part: its description as it is written, and its bytes."""

    head: bytes
    body: bytes


def excess(content: bytes) -> str | None:
    """Why the packed parts of a file are too large to be unpacked, in words; None where they are not."""
    total = 0
    for stream in _streams(content):
        if layers := _layers_beyond(stream):
            return f"a part of it is packed {layers} times over"
        if _PICTURE.search(stream.head):
            if (size := _picture_size(stream.head)) > LARGEST_PICTURE:
                return f"a picture in it takes {size:,} bytes"
            continue
        if (size := unpacked_size(stream.body)) > LARGEST_STREAM:
            return f"a part of it unpacks to more than {LARGEST_STREAM // 2**20} MB"
        total += size
        if total > LARGEST_SUM:
            return f"its parts unpack to more than {LARGEST_SUM // 2**30} GB"
    return None


def unpacked_size(body: bytes, largest: int = LARGEST_STREAM) -> int:
    """The bytes that `body` unpacks to, layer by layer, or some number above `largest`; 0 where it is surely less.

    A body that is not packed by zlib, or whose packing breaks off, counts as what came out so far.
    """
    if len(body) * _HIGHEST_RATIO <= largest and not _packed_twice(body):
        return 0
    size = 0
    for block in _unpacked(body):
        size += len(block)
        if size > largest:
            break
    return size


def _streams(content: bytes) -> Iterator[_Stream]:
    for match in _STREAM.finditer(content):
        start = match.end()
        end = content.find(b"endstream", start)
        head = content[max(match.start() - _HEAD, 0) : match.start()]
        head = head[head.rfind(b"obj") + 3 :]
        if not _ATTACHED.search(head):
            yield _Stream(head, content[start : end if end >= 0 else len(content)])


def _layers_beyond(stream: _Stream) -> int:
    """How many times the part is packed by its own description, where that is more than anyone needs."""
    layers = len(_PACKERS.findall(stream.head))
    return layers if layers > MOST_LAYERS else 0


def _picture_size(head: bytes) -> int:
    """The bytes that one colour of a picture takes, which is drawn into a room made by these numbers."""
    found = (re.search(_NUMBER % name, head) for name in (b"Width", b"Height", b"BitsPerComponent"))
    width, height, bits = (int(number[1]) if number else 1 for number in found)
    return width * height * bits // 8


def _packed_twice(body: bytes) -> bool:
    """Whether what comes out of a packed body looks packed again, which no ratio bounds."""
    start = next(_unpacked(body[:4096]), b"")
    return _looks_packed(start)


def _looks_packed(body: bytes) -> bool:
    """Whether it begins as zlib's format does (RFC 1950): a known method, and a check that comes out even."""
    return len(body) > 1 and body[0] & 0x0F == 8 and body[0] >> 4 <= 7 and (body[0] * 256 + body[1]) % 31 == 0


def _unpacked(body: bytes) -> Iterator[bytes]:
    """What comes out of all layers, block by block: each layer's own blocks, so that none is held whole."""
    if not _looks_packed(body):
        return
    inner: zlib._Decompress | None = None
    for position, block in enumerate(_blocks(body, zlib.decompressobj())):
        yield block
        if not position and _looks_packed(block):
            inner = zlib.decompressobj()
        if inner is not None:
            yield from _blocks(block, inner)


def _blocks(packed: bytes, unpacker: zlib._Decompress) -> Iterator[bytes]:
    """What one layer gives, as far as it is sound; the unpacker goes on where it stopped."""
    while packed and not unpacker.eof:  # at its end, zlib still shows the tail of before
        try:
            yield unpacker.decompress(packed, _BLOCK)
        except zlib.error:
            return
        packed = unpacker.unconsumed_tail

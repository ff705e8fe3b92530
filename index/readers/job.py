"""What a reader finds, as frames: said in the process that reads a file, heard in the one that asked for it.

What is heard was written by a stranger's file in the worst case, so it is checked here once: it is the values that
a reader may yield, spans lie inside their text, and text is text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from index.layout import Layout
from index.readers import Found, read
from index.sandbox.client import Overrun
from index.sandbox.frames import Frame
from index.schema import Document, Enclosed, Unreadable

_KINDS: dict[str, type[Document | Unreadable | Enclosed]] = {"d": Document, "u": Unreadable, "e": Enclosed}
_CONTENT = "c"
_BLOCK = 2**20


def read_file(path: str) -> Iterator[tuple[str, bytes]]:
    """A sandbox's job: the papers of a file. An enclosed file's bytes come in pieces before what it is."""
    for item in read(Path(path)):
        if isinstance(item, Enclosed) and item.content is not None:
            for start in range(0, len(item.content), _BLOCK):
                yield _CONTENT, item.content[start : start + _BLOCK]
            item = item.model_copy(update={"content": b""})
        kind = next(kind for kind, value in _KINDS.items() if isinstance(item, value))
        yield kind, item.model_dump_json().encode()


def heard(frames: Iterable[Frame]) -> Iterator[Found]:
    """What `read_file` said. Overrun where it is nothing that a reader says."""
    content = bytearray()
    for frame in frames:
        if frame.kind == _CONTENT:
            content += frame.content
            continue
        item = _checked(frame)
        if isinstance(item, Enclosed) and item.content is not None:
            item, content = item.model_copy(update={"content": bytes(content)}), bytearray()
        yield item


def _checked(frame: Frame) -> Found:
    try:
        item = _KINDS[frame.kind].model_validate_json(frame.content)
        if isinstance(item, Document):
            _check(item)
    except (KeyError, ValidationError, ValueError) as error:
        raise Overrun(f"was read into what is no paper ({error}); save it anew") from error
    return item


def _check(document: Document) -> None:
    """ValueError where a section or a word lies outside of the text."""
    end = 0
    for section in document.sections:
        if not end <= section.start <= section.end <= len(document.text):
            raise ValueError(f"its section {section.name!r} is not where it should be")
        end = section.end
    if document.layout and not Layout.unpacked(document.layout).fits(len(document.text)):
        raise ValueError("its words are not where its text has them")

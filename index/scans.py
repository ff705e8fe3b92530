"""Scans, read by recognising the characters of their pages.

Owns the way of a page's picture: drawn in a sandbox, recognised by tesseract under limits of its own, and its words
handed back to be composed in a sandbox like those of a text layer. Refuses to know how pages become a paper.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from index import ocr
from index.readers import Found
from index.readers.job import heard
from index.readers.pdf.schema import RecognisedWord
from index.sandbox.client import Overrun
from index.sandbox.limits import Limits
from index.sandbox.pool import lent
from index.schema import Document

_DRAWING, _COMPOSING = "index.readers.pdf.scan:pictures", "index.readers.pdf.scan:composed"
_SCALE = 300 / 72  # pixels a point, for which tesseract is made


def unrecognised(item: Found) -> bool:
    """Whether a document is of pages some of which are pictures without words."""
    return (
        isinstance(item, Document) and bool(item.layout) and any(n.kind == "not read" for n in item.notices)
    )


def recognised(path: Path, languages: str, limits: Limits) -> Iterator[Found]:
    """The paper of a file whose pages are pictures, all or some.

    ReadError where tesseract or a language of it is missing, Overrun where a page takes it too much or where it
    finds no words.
    """
    ocr.require(languages, limits)
    words: dict[int, list[RecognisedWord]] = {}
    page = 0
    with lent(limits) as sandbox:
        for frame in sandbox.run(_DRAWING, str(path.absolute()), _SCALE):
            if frame.kind == "n":
                page = int(json.loads(frame.content))
            else:
                words[page] = _in_points(ocr.words_of(frame.content, languages, limits))
        if not any(words.values()):
            count = f"{len(words)} page" + ("s" if len(words) != 1 else "")
            raise Overrun(f"is a scan in which tesseract recognises no words ({count})")
        yield from heard(sandbox.run(_COMPOSING, str(path.absolute()), json.dumps(words)))


def _in_points(found: list[ocr.SeenWord]) -> list[RecognisedWord]:
    lines = {line: number for number, line in enumerate(dict.fromkeys(word.line for word in found))}
    return [
        RecognisedWord(
            word.text,
            word.left / _SCALE,
            word.top / _SCALE,
            word.right / _SCALE,
            word.bottom / _SCALE,
            lines[word.line],
        )
        for word in found
    ]

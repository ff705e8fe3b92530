"""The words of a picture, as tesseract reads them.

Owns how tesseract is asked and what its table means (see "TSV output" in its manual). It runs on one picture at a
time, held to limits like everything that meets a stranger's data. Refuses to know where pictures come from.
"""

from __future__ import annotations

import csv
import io
import shutil
from functools import cache
from typing import NamedTuple

from index.errors import ReadError
from index.sandbox.client import Overrun
from index.sandbox.limits import Limits
from index.sandbox.program import output_of

PROGRAM = "tesseract"
_WORD = "5"  # the level of a row that is a word
_SURE = 30.0  # of 100; below, what it takes for a word is mostly a stain


class SeenWord(NamedTuple):
    """A word and its box, in pixels from the picture's top left corner; `line` tells which stand on one line."""

    text: str
    left: int
    top: int
    right: int
    bottom: int
    line: tuple[int, int, int]


def require(languages: str, limits: Limits) -> None:
    """ReadError where tesseract, or one of the languages (`deu+fra`), is not installed."""
    if shutil.which(PROGRAM) is None:
        raise ReadError("tesseract is not installed: install it (Debian: tesseract-ocr), or leave out --ocr")
    there = _languages(limits)
    for language in languages.split("+"):
        if language not in there:
            raise ReadError(
                f"tesseract knows no {language!r}, only {' '.join(there)}: install it "
                f"(Debian: tesseract-ocr-{language}), or set reading.languages"
            )


@cache
def _languages(limits: Limits) -> tuple[str, ...]:
    said = output_of([PROGRAM, "--list-langs"], b"", limits).decode("utf-8", "replace")
    return tuple(line for line in said.splitlines()[1:] if line)


def words_of(picture: bytes, languages: str, limits: Limits) -> list[SeenWord]:
    """The words of a PNG in the order in which tesseract reads them. Overrun where it fails."""
    said = output_of([PROGRAM, "stdin", "stdout", "-l", languages, "--psm", "1", "tsv"], picture, limits)
    rows = csv.DictReader(
        io.StringIO(said.decode("utf-8", "replace")), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    try:
        return [_word(row) for row in rows if row["level"] == _WORD and _is_word(row)]
    except (KeyError, TypeError, ValueError) as error:
        raise Overrun(f"is read by {PROGRAM} into what is no table: {error}") from error


def _is_word(row: dict[str, str]) -> bool:
    return bool(row["text"].strip()) and float(row["conf"]) >= _SURE


def _word(row: dict[str, str]) -> SeenWord:
    left, top = int(row["left"]), int(row["top"])
    line = (int(row["block_num"]), int(row["par_num"]), int(row["line_num"]))
    return SeenWord(row["text"].strip(), left, top, left + int(row["width"]), top + int(row["height"]), line)

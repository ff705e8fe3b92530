"""How many pages a second of a core Ibid and its peers read text from: a process each, with a limit of time.

Seconds are those that the process computed, so that what else runs on the machine counts less.

Each is imported only where it is used, since a process measures one of them and three may not be installed.
Every one reads the same files in the same, mixed order, again and again until its rounds or its time are over. Peers
give the text alone; Ibid's figure is of the whole way to a document, with boxes, order, sections and front matter.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

SEED = 20
PEERS = {
    "pypdf": "pypdf",
    "pdfplumber": "pdfplumber",
    "pdfminer.six": "pdfminer",
}  # and what each is imported as


class Pace(NamedTuple):
    """What one extractor came to: pages a second on each file that it got to, of how many."""

    name: str
    speeds: dict[str, float]
    of: int
    missing: bool = False

    def median(self, files: Collection[str] | None = None) -> float | None:
        """Pages a second on the median file, of those named or of all that it got to."""
        chosen = [speed for file, speed in self.speeds.items() if files is None or file in files]
        return median(chosen) if chosen else None


def paces(files: Sequence[tuple[Path, int]], rounds: int, limit: float) -> list[Pace]:
    """The pace of Ibid and of each peer on files with their numbers of pages; `limit` is seconds for each."""
    mixed = list(files)
    Random(SEED).shuffle(mixed)
    return [pace(name, mixed, rounds, limit) for name in ("ibid", *PEERS)]


def pace(name: str, files: Sequence[tuple[Path, int]], rounds: int, limit: float) -> Pace:
    """The pace of one extractor, in a process of its own; what it had read when its time was over counts."""
    if name in PEERS and find_spec(PEERS[name]) is None:
        return Pace(name, {}, len(files), missing=True)
    command = [sys.executable, "-m", __name__, name, str(rounds), *(str(path) for path, _ in files)]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=limit, check=False
        )
        said = done.stdout
    except subprocess.TimeoutExpired as over:
        said = over.stdout or b""
    taken: dict[str, list[float]] = {}
    for line in said.splitlines():
        with suppress(ValueError):  # the last line may be cut off
            path, seconds = json.loads(line)
            taken.setdefault(path, []).append(seconds)
    speeds = {str(path): pages / median(taken[str(path)]) for path, pages in files if str(path) in taken}
    return Pace(name, speeds, len(files))


def _ibid(path: Path) -> None:
    from index.readers.pdf.reader import read_pdf

    list(read_pdf(path))


def _pypdf(path: Path) -> None:
    from pypdf import PdfReader

    for page in PdfReader(path).pages:
        page.extract_text()


def _pdfplumber(path: Path) -> None:
    import pdfplumber

    with pdfplumber.open(path) as document:
        for page in document.pages:
            page.extract_text()
            page.close()


def _pdfminer(path: Path) -> None:
    from pdfminer.high_level import extract_text

    extract_text(path)


_EXTRACT: dict[str, Callable[[Path], None]] = {
    "ibid": _ibid,
    "pypdf": _pypdf,
    "pdfplumber": _pdfplumber,
    "pdfminer.six": _pdfminer,
}


def main(name: str, rounds: int, files: Sequence[str]) -> None:
    """Read every file in each round, and print its name with the seconds it took; one that fails is left out."""
    extract = _EXTRACT[name]
    with suppress(Exception):
        extract(Path(files[0]))  # modules are loaded before anything is timed
    for _ in range(rounds):
        for file in files:
            started = time.process_time()
            with suppress(Exception):
                extract(Path(file))
                print(json.dumps([file, time.process_time() - started]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])

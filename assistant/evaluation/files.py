"""How well and how fast PDFs are read: `make bench-files`.

Of a folder of PDFs with a `manifest.jsonl` that tells some of their titles, authors and abstracts: how many are read
right, whether chunks and sentences are found again on their pages, and how many pages a second are read beside other
libraries. Of a folder of hostile files beside it: how each ends. Figures are computed and printed, and never asserted.
"""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assistant.evaluation.apart import Ending, ending
from assistant.evaluation.boxes import Sampled, sample
from assistant.evaluation.extractors import Pace, paces
from assistant.evaluation.machine import machine_words
from index.chunking import Chunker
from index.errors import ReadError
from index.layout import Layout
from index.reading import read_apart
from index.sandbox.limits import Limits
from index.schema import Document
from index.settings import IndexSettings

DEFAULT = Path("../shared/bench/pdfs")
SENTENCES = 500
_ENOUGH = 0.95  # of the characters of an abstract

Read = tuple[Path, Document]


class Truth(NamedTuple):
    """A paper's true title, authors and abstract; an empty one is not known."""

    title: str
    authors: tuple[str, ...]
    abstract: str


class Fronts(NamedTuple):
    """Of how many papers title, authors and abstract are right, of how many; and what is not."""

    right: dict[str, tuple[int, int]]
    wrong: tuple[str, ...]


def read_all(folder: Path) -> tuple[list[Read], dict[str, str]]:
    """The documents of a folder's PDFs, and the reason of each that could not be read."""
    documents: list[Read] = []
    refused: dict[str, str] = {}
    for path in sorted(folder.glob("*.pdf")):
        try:
            documents += [
                (path, found) for found in read_apart(path, Limits()) if isinstance(found, Document)
            ]
        except ReadError as error:
            refused[path.name] = str(error)
    return documents, refused


def truths(folder: Path) -> dict[str, Truth]:
    """What the manifest of a folder tells of its files."""
    manifest = folder / "manifest.jsonl"
    rows = manifest.read_text(encoding="utf-8").splitlines() if manifest.exists() else []
    told = {row["file"]: row for row in map(json.loads, rows) if row.get("title")}
    return {
        file: Truth(row["title"], tuple(row.get("authors") or ()), row.get("abstract") or "")
        for file, row in told.items()
    }


def fronts(documents: Sequence[Read], known: dict[str, Truth]) -> Fronts:
    """Titles and authors are compared by letters and digits, abstracts by their characters' F1."""
    counts: dict[str, list[bool]] = {"title": [], "authors": [], "abstract": []}
    wrong: list[str] = []
    papers = {path.name: document.paper for path, document in documents}
    for file, truth in known.items():
        paper = papers.get(file)
        title, authors, abstract = (paper.title, paper.authors, paper.abstract) if paper else ("", (), "")
        checks = {"title": letters(title) == letters(truth.title)}
        checks["authors"] = [letters(name) for name in authors] == [letters(name) for name in truth.authors]
        if truth.abstract:
            checks["abstract"] = character_f1(abstract, truth.abstract) >= _ENOUGH
        for name, right in checks.items():
            counts[name].append(right)
        wrong += [f"{file}: {name}" for name, right in checks.items() if not right]
    return Fronts({name: (sum(right), len(right)) for name, right in counts.items()}, tuple(wrong))


def letters(text: str) -> str:
    """Letters and digits alone, in small letters."""
    return re.sub(r"[\W_]+", "", text.casefold())


def character_f1(found: str, meant: str) -> float:
    """Twice the characters that both have in the same order, over the characters of both; white space as one space."""
    one, other = " ".join(found.split()), " ".join(meant.split())
    if not one and not other:
        return 1.0
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return 2 * sum(block.size for block in blocks) / (len(one) + len(other))


def mapped_chunks(documents: Sequence[Read]) -> tuple[int, int]:
    """How many chunks have boxes of which the first is on the chunk's own page, of how many."""
    settings = IndexSettings().chunking
    chunker = Chunker(settings.tokens, settings.overlap, lambda texts: [0] * len(texts), None)
    mapped = total = 0
    for _, document in documents:
        layout = Layout.unpacked(document.layout)
        for chunk in chunker.chunks(document):
            boxes = layout.boxes(chunk.start, chunk.end)
            pages = {box.page for box in boxes}
            found = bool(boxes) and boxes[0].page == chunk.page and pages <= set(range(1, layout.pages + 1))
            mapped, total = mapped + found, total + 1
    return mapped, total


def endings(folder: Path, read: Callable[[Path], Ending] = ending) -> dict[str, Ending]:
    """How the reading of each hostile file ends."""
    return {str(path.relative_to(folder)): read(path) for path in sorted(folder.rglob("*.pdf"))}


def stage(words: str) -> None:
    """Say on stderr what is being measured, since it takes minutes."""
    print(f"{words} …", file=sys.stderr)


def measure(folder: Path, hostile: Path, rounds: int, limit: float) -> dict[str, Any]:
    """All figures of a folder, and of a folder of hostile files where it exists."""
    stage("reading")
    documents, refused = read_all(folder)
    front = fronts(documents, truths(folder))
    stage("looking sentences up in their boxes")
    chunks, sentences = mapped_chunks(documents), sample(documents, SENTENCES)
    files = [(path, Layout.unpacked(document.layout).pages) for path, document in documents]
    stage(f"reading with other libraries, {limit:.0f} s each at most")
    found = paces(files, rounds, limit)
    stage("reading hostile files")
    return {
        "files": len(documents) + len(refused),
        "pages": sum(pages for _, pages in files),
        "refused": refused,
        "right": front.right,
        "wrong": front.wrong,
        "chunks": chunks,
        "sentences": sentences,
        "paces": found,
        "hostile": endings(hostile) if hostile.is_dir() else {},
    }


def show(figures: dict[str, Any], console: Console) -> None:
    """The figures in tables, and below each what fell short."""
    console.print(_quality(figures))
    for line in (*figures["wrong"], *_not_held(figures["sentences"])):
        console.print(f"  not right: {escape(line)}", highlight=False, soft_wrap=True)
    for file, reason in figures["refused"].items():
        console.print(f"  not read: {escape(file)}: {escape(reason)}", highlight=False, soft_wrap=True)
    console.print(_speed(figures["paces"]))
    if figures["hostile"]:
        console.print(_hostile(figures["hostile"]))


def _quality(figures: dict[str, Any]) -> Table:
    table = Table("read", "right", "of", "share", title=f"{figures['files']} files, {figures['pages']} pages")
    rows = [(f"{name} right", *counts) for name, counts in figures["right"].items() if counts[1]]
    rows.append(("chunks found on their page", *figures["chunks"]))
    held = figures["sentences"]
    rows.append(("sentences held by their boxes", sum(each.held for each in held), len(held)))
    for name, right, of in rows:
        table.add_row(name, f"{right:,}", f"{of:,}", f"{right / of:.1%}" if of else "–")
    return table


def _not_held(sampled: Sequence[Sampled]) -> list[str]:
    return [f"{each.file}, page {each.page}, box: {each.text[:70]}" for each in sampled if not each.held]


def _speed(found: Sequence[Pace]) -> Table:
    read = [set(each.speeds) for each in found if not each.missing]
    common = set.intersection(*read) if read else set()
    table = Table(
        "pages/s of a core, median file",
        "on its files",
        f"on the {len(common)} that all read",
        "read in time",
    )
    for each in found:
        if each.missing:
            table.add_row(each.name, "not installed: make test brings it", "–", "–")
        else:
            speeds = (each.median(), each.median(common))
            shown = (f"{speed:.1f}" if speed else "–" for speed in speeds)
            table.add_row(each.name, *shown, f"{len(each.speeds)} of {each.of}")
    return table


def _hostile(found: dict[str, Ending]) -> Table:
    counts = Counter(each.outcome for each in found.values())
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    most = {
        name: max(getattr(each, name) for each in found.values())
        for name in ("seconds", "computing", "megabytes")
    }
    table = Table("kind", "files", "added", "refused", "ended", title=f"{len(found)} hostile files: {told}")
    for kind in sorted({Path(file).parts[0] for file in found}):
        of = [each.outcome for file, each in found.items() if Path(file).parts[0] == kind]
        table.add_row(kind, str(len(of)), *(str(of.count(each)) for each in ("added", "refused", "ended")))
    middle = median(each.seconds for each in found.values())
    table.caption = (
        f"median {middle:.2f} s, longest {most['seconds']:.1f} s ({most['computing']:.1f} s of computing), "
        f"largest {most['megabytes']:.0f} MB"
    )
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure on the folder named, and print."""
    parser = ArgumentParser(prog="python -m assistant.evaluation.files", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT, help="PDFs and their manifest.jsonl")
    parser.add_argument("--hostile", type=Path, help="hostile PDFs (default: the folder of that name beside)")
    parser.add_argument("--rounds", type=int, default=3, help="times that each library reads each file")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for each library")
    parser.add_argument("--json", type=Path, help="write all figures to a file")
    chosen = parser.parse_args(arguments)
    if not chosen.folder.is_dir():
        parser.error(f"{str(chosen.folder)!r} is no folder; name one that holds PDFs")
    hostile = chosen.hostile or chosen.folder.parent / "hostile"
    figures = measure(chosen.folder, hostile, chosen.rounds, chosen.limit)
    console = Console(width=100)
    console.print(f"{machine_words()}; medians of {chosen.rounds} rounds", highlight=False)
    show(figures, console)
    if chosen.json:
        chosen.json.write_text(
            json.dumps(figures, default=str, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()

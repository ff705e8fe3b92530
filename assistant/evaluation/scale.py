"""What Ibid costs as a library grows to a hundred thousand papers: `make bench-scale`.

Owns which sizes are measured and what their figures are held to. Papers are cut into parts of a thousand, which the
library in the work folder takes one after another; at each size it is measured, and what was added or measured already
is not again, so that a run that was interrupted goes on. Every step is a process of its own
(`assistant.evaluation.scale_steps`). No figure is asserted anywhere: it says something about one machine at one time.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from assistant.evaluation import scale_steps, speed
from assistant.evaluation.growth import Held, Sizes, growth_lines, svg_growth, table
from assistant.evaluation.machine import machine_words
from assistant.evaluation.timing import Figures

PAPERS = Path("../shared/bench/papers_100k.jsonl.gz")
QUESTIONS = Path("../shared/bench/autoscholarquery/queries.jsonl")
WORK = Path("../scale-work")
SIZES = (1_000, 20_000, 100_000)
PART = 1_000  # papers
ASKED = 100
BEGIN, END = "<!-- bench-scale: begin -->", "<!-- bench-scale: end -->"

_PICTURE = "![Each cost by the number of papers, beside n log n](pictures/scale.svg)"
_FILTERED = ("no filter", "date", "organisation", "date and organisation", "source", "tag", "papers")
HELD = (
    Held("adding share", least=0.9),
    *(Held(f"{what} MB", most=2048) for what in ("adding", "opening", "searching")),
    Held("opening s", most=3),
    *(Held(f"search, {name}, p50 ms", most=60) for name in _FILTERED),
    *(Held(f"search, {name}, p95 ms", most=150) for name in _FILTERED),
    Held("recall@10", least=0.98),
)


def cut(papers: Path, work: Path, most: int) -> list[Path]:
    """The papers in parts of a thousand, as files of Ibid's own form; those that are there stay.

    A paper's venue is taken for its organisation, so that there is one to filter by.
    """
    folder = work / "papers"
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    with gzip.open(papers, "rt", encoding="utf-8") as lines:
        for number, start in enumerate(range(0, most, PART)):
            taken = list(islice(lines, min(PART, most - start)))
            if not taken:
                break
            parts.append(folder / f"papers-{number:03}.jsonl.gz")
            if not parts[-1].exists():
                text = "".join(
                    json.dumps(_record(json.loads(line)), ensure_ascii=False) + "\n" for line in taken
                )
                parts[-1].write_bytes(gzip.compress(text.encode(), 6, mtime=0))
    return parts


def _record(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: row.get(name) for name in ("id", "title", "abstract", "authors", "url")}
    kept |= {"authors": kept["authors"] or [], "organization": row.get("venue")}
    return kept | ({"year": row["year"]} if row.get("year") else {})


def questions_of(path: Path, count: int) -> list[str]:
    """The first questions of a file of JSON lines with a `text` each."""
    lines = path.read_text(encoding="utf-8").splitlines()[:count]
    return [json.loads(line)["text"] for line in lines]


def measure(
    parts: Sequence[Path], sizes: Sequence[int], questions: Sequence[str], work: Path
) -> dict[int, Figures]:
    """The figures at each size; those that were measured already are read from the work folder."""
    found = earlier(work)
    for size in sizes:
        figures = found.setdefault(size, {})
        own, folder = parts[: -(-size // PART)], folder_of(size, sizes, work)
        told = {"library": str(folder), "questions": list(questions)}
        if {"papers", "chunks"} - set(figures):
            figures |= _step("fill", told | {"parts": own, "other": _other(size, sizes, work)})
            keep(found, work)
        if "recall@10" not in figures:
            figures |= opened(told) | _step("searching", told)
            keep(found, work)
        if "adding share" not in figures:
            again = own[-scale_steps.AGAIN :]
            figures |= _step("adding", told | {"parts": again})
            keep(found, work)
    return {size: found[size] for size in sizes}


def folder_of(size: int, sizes: Sequence[int], work: Path) -> Path:
    """Where the library of a size is kept; the largest is the one to go on with."""
    return work / ("library" if size == max(sizes) else f"library-{size}")


def _other(size: int, sizes: Sequence[int], work: Path) -> Path | None:
    """A library whose vectors can be taken: the largest that is there besides."""
    others = (folder_of(each, sizes, work) for each in sorted(sizes, reverse=True) if each != size)
    return next((folder for folder in others if folder.is_dir()), None)


def opened(told: dict[str, Any]) -> Figures:
    """What a process takes from its start to its first answer; its end is not counted."""
    rounds = []
    for _ in range(scale_steps.ROUNDS):
        began = time.perf_counter()
        figures = _step("opening", told)
        rounds.append({"opening s": figures["answered"] - began, "opening MB": figures["opening MB"]})
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def _step(name: str, told: dict[str, Any]) -> Figures:
    """The figures of a step, taken in a process of its own."""
    print(f"{name} {Path(told['library']).name} …", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", scale_steps.__name__, name]
    done = subprocess.run(
        command, input=json.dumps(told, default=str), stdout=subprocess.PIPE, text=True, check=True
    )
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def earlier(work: Path) -> dict[int, Figures]:
    """What was measured before in the work folder."""
    kept = work / "figures.json"
    return (
        {int(size): figures for size, figures in json.loads(kept.read_text()).items()}
        if kept.exists()
        else {}
    )


def keep(found: Sizes, work: Path) -> None:
    (work / "figures.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def words(sizes: Sizes, peer: Figures | None, chat: dict[str, Any] | None) -> str:
    """All figures as Markdown."""
    lines = [
        f"Measured on {machine_words()}; openings and searches are medians of {scale_steps.ROUNDS} rounds.",
        "",
    ]
    lines += [*table(sizes, HELD), "", *growth_lines(sizes), ""]
    if peer is not None:
        lines += [
            f"Plain llama-index on {peer['papers']:,.0f} of these papers, in the same run: " + _told(peer),
            "",
        ]
    else:
        lines += ["Plain llama-index was not measured: no Python that has it was named in `PEER`.", ""]
    if chat:
        lines += ["Chat: " + _told(chat), ""]
    return "\n".join(lines).rstrip() + "\n"


def _told(figures: dict[str, Any]) -> str:
    return (
        "; ".join(
            f"{name} {value:,.4g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in figures.items()
        )
        + "."
    )


def into_docs(page: Path, text: str) -> None:
    """Put the figures into a page between its two marks."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write `scale.json`, `scale.md` and `scale.svg` into the work folder."""
    parser = ArgumentParser(prog="python -m assistant.evaluation.scale", description=__doc__)
    parser.add_argument("--papers", type=Path, default=PAPERS, help="papers as gzipped JSON lines")
    parser.add_argument(
        "--questions", type=Path, default=QUESTIONS, help="questions as JSON lines with a text"
    )
    parser.add_argument("--work", type=Path, default=WORK, help="where libraries and figures are kept")
    parser.add_argument(
        "--sizes", default=",".join(map(str, SIZES)), help="numbers of papers, the largest last"
    )
    parser.add_argument("--silent", action="store_true", help="measure, and leave the report to a later run")
    parser.add_argument("--docs", type=Path, help="a folder of docs to write the figures into")
    chosen = parser.parse_args(arguments)
    for needed in (chosen.papers, chosen.questions):
        if not needed.is_file():
            parser.error(f"{str(needed)!r} is not there")
    sizes = sorted(int(size) for size in chosen.sizes.split(","))
    parts = cut(chosen.papers, chosen.work, sizes[-1])
    found = measure(parts, sizes, questions_of(chosen.questions, ASKED), chosen.work)
    if not chosen.silent:
        report(found, chosen.work, chosen.docs)


def report(found: Sizes, work: Path, docs: Path | None) -> None:
    """Print the figures and write them down."""
    peer = speed.measure_peer(folder_of(min(found), tuple(found), work), work, 1)
    chat = work / "chat.json"
    text = words(found, peer, json.loads(chat.read_text(encoding="utf-8")) if chat.exists() else None)
    print(text)
    (work / "scale.json").write_text(
        json.dumps({"sizes": found, "peer": peer}, indent=1) + "\n", encoding="utf-8"
    )
    (work / "scale.md").write_text(text, encoding="utf-8")
    (work / "scale.svg").write_text(svg_growth(found), encoding="utf-8")
    if docs is not None:
        (docs / "pictures" / "scale.svg").write_text(svg_growth(found), encoding="utf-8")
        into_docs(docs / "scaling.md", f"{text}\n{_PICTURE}\n")


if __name__ == "__main__":
    main()

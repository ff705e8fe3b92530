"""The steps of `make bench-scale`, each in a process of its own, so that memory and opening are its own.

Owns what is timed, and how. Refuses to know which sizes are measured and what figures are held to
(`assistant.evaluation.scale`). Each step prints one JSON object.
"""

from __future__ import annotations

import gzip
import json
import resource
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from assistant.evaluation.timing import Figures, percentiles
from index.embedding import Embedded, Embedder, Fingerprint, Progress
from index.filters import Bounds
from index.library import Library
from index.schema import Filters
from index.settings import IndexSettings
from index.tables import vectors

ROUNDS = 3
AGAIN = 6  # parts that are added once more
_TAGGED, _NAMED, _TOP = 1000, 500, 10
_TAG = "bench-scale"
_BEAT = 0.01  # seconds between two looks at whether a thread may run

Made = Mapping[str, tuple[NDArray[np.float32], bytes]]
"""Vectors with their tokens' signs, by the text that they are of."""


class _Around(Embedder):
    """Another embedder, of which those below change how passages are embedded."""

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner
        self.window, self.tells_tokens = inner.window, inner.tells_tokens

    @property
    def fingerprint(self) -> Fingerprint:
        return self.inner.fingerprint

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        return self.signed_passages(texts, progress).vectors

    def query(self, text: str) -> NDArray[np.float32]:
        return self.inner.query(text)

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.inner.count(texts)


class Twice(_Around):
    """Embeds every batch once more, while nothing is stored: `seconds` is what all of that took.

    Beside the first time there is what adding does besides. So both are timed within seconds of each other, where a
    machine's speed drifts by 5 % and more within minutes.
    """

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner)
        self.seconds = 0.0
        self._turn = threading.Lock()

    def signed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        with self._turn:
            found = self.inner.signed_passages(texts, progress)
            self.seconds += _seconds(lambda: self.inner.signed_passages(texts))
        return found


class Remembering(_Around):
    """An embedder that knows what some texts come to; `made` is what it knows."""

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner)
        self.made: Made = {}

    def signed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        unknown = [text for text in texts if text not in self.made]
        found = (
            self.inner.signed_passages(unknown, progress)
            if unknown
            else Embedded(np.empty((0, 0), np.float32), [])
        )
        signs = found.signs or [b""] * len(unknown)
        made = dict(zip(unknown, zip(found.vectors, signs, strict=True), strict=True))
        rows = [self.made.get(text) or made[text] for text in texts]
        return Embedded(np.stack([vector for vector, _ in rows]), [signs for _, signs in rows])


def fill(folder: Path, parts: Sequence[Path], other: Path | None, settings: IndexSettings) -> Figures:
    """Have a library of parts; vectors that another library has are taken from there.

    The caches of one that was there are made anew, since parts taken out and added again leave holes in the graph.
    """
    with Library.open(folder, settings) as library:
        was_there = library.catalog.counts()["ready"] > 0
        embedder = Remembering(library.embedder)
        library.__dict__["embedder"] = embedder
        for part in parts:
            if other is not None and not _there(library, part):
                with Library.open(other, settings) as known:
                    embedder.made = _made(known, _ids(part))
            report = library.add([part])
            print(f"{part.name}: {len(report.added)} papers added", file=sys.stderr, flush=True)
        if was_there:
            library.rebuild()
        counts = library.catalog.counts()
    return {"papers": counts["ready"], "chunks": counts["chunks"]}


def disk(folder: Path) -> Figures:
    """Bytes of each part of a library."""
    caches = json.loads((folder / "caches.json").read_text())["folder"]
    parts = {"catalog": folder.glob("catalog.sqlite3*")} | {
        name: (folder / caches / place).rglob("*")
        for name, place in (("Chroma", "chroma"), ("tantivy", "keywords"))
    }
    return {
        f"{name} bytes": sum(path.stat().st_size for path in paths if path.is_file())
        for name, paths in parts.items()
    }


def adding(folder: Path, parts: Sequence[Path], settings: IndexSettings) -> Figures:
    """How fast parts are added again in one call once they are taken out, beside how fast the model alone embeds them.

    Added once more with the same vectors at hand, the processor's time is that of all else; and how long other threads
    stand still at most, as one that answers a question would, is what that addition does to them.
    """
    with Library.open(folder, settings) as library:
        model = library.embedder
        model.query("The model is loaded before anything is timed.")
        every = [paper_id for part in parts for paper_id in _ids(part)]
        chunks = len(_texts(library, every))
        library.remove(_kept(library, every))
        library.rebuild()  # else the addition pays for what the removal left behind in the caches
        twice = Twice(model)
        library.__dict__["embedder"] = twice
        adding = _seconds(partial(library.add, parts)) - twice.seconds
        remembering = Remembering(model)
        remembering.made = _made(library, every)
        library.remove(_kept(library, every))
        library.__dict__["embedder"] = remembering
        began = time.process_time()
        standstill = _standstill(partial(library.add, parts))
        storing = (time.process_time() - began) / len(every)
    return {
        "embedder chunks/s": chunks / twice.seconds,
        "adding chunks/s": chunks / adding,
        "adding share": twice.seconds / adding,
        "storing ms a paper": 1000 * storing,
        "standstill ms": 1000 * standstill,
        "adding MB": _peak(),
    }


def opening(folder: Path, question: str, settings: IndexSettings) -> Figures:
    """When the first answer of a process was there; the clock is that of all processes, so of who started it too."""
    with Library.open(folder, settings) as library:
        found = library.search(question)
        return {"answered": time.perf_counter(), "found": len(found), "opening MB": _peak()}


def searching(folder: Path, questions: Sequence[str], settings: IndexSettings) -> Figures:
    """Percentiles of searches without and with each kind of filter, and how near Chroma comes to all of the nearest."""
    with Library.open(folder, settings) as library:
        figures: Figures = {}
        for name, filters in _filters(library).items():
            library.search(questions[0], filters=filters)
            search = partial(library.search, filters=filters)
            figures |= percentiles(f"search, {name},", search, questions, ROUNDS)
        return figures | {"searching MB": _peak(), "recall@10": recall(library, questions)}


def recall(library: Library, questions: Sequence[str]) -> float:
    """The share of the ten nearest chunks of all, by numpy over the catalog's vectors, that Chroma's graph finds."""
    model = library.embedder.fingerprint.key
    query = select(vectors.c.chunk_id, vectors.c.vector).where(vectors.c.model == model)
    with library.catalog.engine.connect() as connection:
        rows = connection.execute(query).all()
    ids = np.array([row.chunk_id for row in rows])
    matrix = np.frombuffer(b"".join(row.vector for row in rows), np.float32).reshape(len(rows), -1)
    found = 0
    for question in questions:
        asked = library.embedder.query(question)
        best = set(ids[np.argsort(-(matrix @ asked))[:_TOP]])
        found += len(best & {hit.item for hit in library.caches.nearest(asked, _TOP, Bounds())})
    return found / (min(_TOP, len(rows)) * len(questions))


def _filters(library: Library) -> dict[str, Filters]:
    """One of each kind, none of which leaves everything or nothing, drawn from what the library holds."""
    papers = library.catalog.paper_ids()
    days = sorted(paper.published or "" for paper in library.papers(limit=1000))
    organizations, sources = library.catalog.organizations(), library.catalog.sources()
    library.tag(papers[:: max(len(papers) // _TAGGED, 1)][:_TAGGED], _TAG)
    organization = organizations[min(2, len(organizations) - 1)][0]
    since = days[len(days) // 2]
    return {
        "no filter": Filters(),
        "date": Filters(since=since),
        "organisation": Filters(organizations=(organization,)),
        "date and organisation": Filters(since=since, organizations=(organization,)),
        "source": Filters(sources=(sources[0][0],)),
        "tag": Filters(tags=(_TAG,)),
        "papers": Filters(papers=tuple(papers[:_NAMED])),
    }


def _ids(part: Path) -> list[str]:
    with gzip.open(part, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["id"] for line in lines]


def _kept(library: Library, ids: Sequence[str]) -> list[str]:
    return [paper_id for paper_id in ids if library.catalog.paper(paper_id) is not None]


def _there(library: Library, part: Path) -> bool:
    return part.name in dict(library.catalog.sources())


def _texts(library: Library, ids: Sequence[str]) -> dict[str, str]:
    """What is embedded of each of the papers' chunks, by the chunk's id."""
    return {
        chunk.id: library.chunker.embedded(paper.title, chunk)
        for paper_id in ids
        if (paper := library.catalog.paper(paper_id)) is not None
        for chunk in library.catalog.chunks_of(paper_id)
    }


def _made(library: Library, ids: Sequence[str]) -> Made:
    texts, model = _texts(library, ids), library.embedder.fingerprint.key
    known = library.catalog.vectors_of(list(texts), model)
    signs = library.catalog.signs_of(list(texts), model)
    return {texts[chunk_id]: (vector, signs.get(chunk_id, b"")) for chunk_id, vector in known.items()}


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _standstill(call: Callable[[], object]) -> float:
    """The longest, in seconds, that a call kept every other thread of the process waiting."""
    longest, over = 0.0, threading.Event()

    def beat() -> None:
        nonlocal longest
        while not over.is_set():
            longest = max(longest, _seconds(lambda: over.wait(_BEAT)) - _BEAT)

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        call()
    finally:
        over.set()
        beating.join()
    return longest


def _peak() -> float:
    """The most megabytes that this process held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def run(step: str, told: dict[str, Any], settings: IndexSettings = IndexSettings()) -> Figures:
    """The figures of a step, by its name."""
    folder = Path(told["library"])
    if step == "fill":
        other = Path(told["other"]) if told["other"] else None
        return fill(folder, [Path(part) for part in told["parts"]], other, settings)
    if step == "adding":
        return disk(folder) | adding(folder, [Path(part) for part in told["parts"]], settings)
    if step == "opening":
        return opening(folder, told["questions"][0], settings)
    return searching(folder, told["questions"], settings)


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], json.load(sys.stdin))))

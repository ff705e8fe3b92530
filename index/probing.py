"""Looking into caches that may be damaged from a process of its own, `python -m index.probing`, that may die of it.

Chroma's native code can end or stop the process that loads a damaged graph. So whatever was not written whole is
opened there first: it tells every chunk that each cache holds, a sketch of each vector, and how many of a sample
cannot be found by their own vectors. Refuses to know the catalog: what should be there is for `index.caches` to say.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from index.filters import Bounds
from index.keywords import Keywords
from index.rows import Vector
from index.sandbox.client import environment
from index.vectors import Vectors

_SAMPLE = 200  # vectors that are looked for, spread over all
_SAME = 1e-4  # a distance below which others may stand in a chunk's place: it is in 32 bits
_NEAR = 3  # places among which each must find its own chunk: others may be equal to it


class Held(NamedTuple):
    """What was found in each cache; None for one that did not answer, with the reason in `trouble`.

    `vectors` are sketches by chunk, `words` the chunks of the keyword index; `unfound` is the share of a sample of
    vectors that did not lead to their chunk.
    """

    vectors: dict[str, float] | None = None
    unfound: float = 0.0
    words: frozenset[str] | None = None
    trouble: str = ""


def look(folder: Path, model: str, fingerprint: str, patience: float) -> Held:
    """What a caches folder holds, as another process found within `patience` seconds."""
    lines, ended = asked([str(folder), model, fingerprint], patience)
    told: dict[str, Any] = {}
    for line in lines:
        try:
            told |= json.loads(line)
        except ValueError:
            break
    words = told.get("words")
    return Held(
        vectors=told.get("vectors"),
        unfound=told.get("unfound", 0.0),
        words=None if words is None else frozenset(words),
        trouble=told.get("trouble", ended),
    )


def sketch(vector: Vector) -> float:
    """One number for a vector, by which it is compared: Chroma scales what it is given, if only in the last digits."""
    return float(vector.astype(np.float64) @ np.sin(np.arange(1, len(vector) + 1)))


def _run(arguments: Sequence[str], patience: float) -> tuple[list[str], str]:
    """What the process said, line by line, and how it ended, where not well."""
    command = [sys.executable, "-P", "-m", "index.probing", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=patience, check=False, env=environment()
        )
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
        return str(said, "utf-8", "replace").splitlines() if isinstance(said, bytes) else [], "it never ended"
    ended = "" if done.returncode == 0 else f"it ended the process that opened it ({done.returncode})"
    return done.stdout.splitlines(), ended


asked: Callable[[Sequence[str], float], tuple[list[str], str]] = _run


def told(folder: Path, model: str, fingerprint: str) -> Iterator[str]:
    """The lines that the process says: the keyword index first, as it harms nobody."""
    for look_into in (_words, _vectors):
        try:
            yield json.dumps(look_into(folder, model, fingerprint))
        except Exception as error:  # noqa: BLE001  (a damaged folder may raise anything)
            yield json.dumps({"trouble": f"{error}"})


def _words(folder: Path, *_: str) -> dict[str, Any]:
    keywords = Keywords.in_folder(folder / "keywords")
    keywords.probe()
    return {"words": sorted(keywords.ids())}


def _vectors(folder: Path, model: str, fingerprint: str) -> dict[str, Any]:
    vectors = Vectors(folder / "chroma", model, fingerprint)
    vectors.probe()
    held = vectors.all()
    sample = list(held)[:: max(len(held) // _SAMPLE, 1)]
    lost = sum(not _leads_back(vectors, chunk_id, held[chunk_id]) for chunk_id in sample)
    sketches = {chunk_id: sketch(vector) for chunk_id, vector in held.items()}
    return {"vectors": sketches, "unfound": lost / max(len(sample), 1)}


def _leads_back(vectors: Vectors, chunk_id: str, vector: Vector) -> bool:
    near = vectors.nearest(vector, _NEAR, Bounds())
    return any(hit.item == chunk_id for hit in near) or all(hit.score > 1 - _SAME for hit in near)


def main() -> None:
    folder, model, fingerprint = sys.argv[1:]
    for line in told(Path(folder), model, fingerprint):
        print(line, flush=True)


if __name__ == "__main__":
    main()

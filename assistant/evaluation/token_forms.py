"""What late interaction is worth for the bytes that a token's vector takes: the table of docs/retrieval.md.

    python -m assistant.evaluation.token_forms FOLDER [SET …]

The package's own retriever ranks with each form; it is only handed other matches of tokens than those of
the stored signs. Tokens are embedded anew, once, since no library keeps their floats: 0.6 MB an abstract.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from assistant.evaluation.corpora import corpus_library
from assistant.evaluation.ranking import CUT, ranking_measures, require_measures
from assistant.evaluation.rows import Rows
from assistant.evaluation.schema import CaseSet
from assistant.evaluation.sets import find_sets
from index.embedding import MiniLM
from index.engines import unit
from index.late import Asked, Floats
from index.library import Library
from index.retrieve import Retriever
from index.rows import Vector
from index.settings import IndexSettings

FORMS = {
    "nothing (no late interaction)": (0, 0),
    "384 numbers in 32 bits": (384, 32),
    "384 numbers in 4 bits": (384, 4),
    "128 principal components in 4 bits": (128, 4),
    "384 signs": (384, 1),
    "64 principal components in 4 bits": (64, 4),
}
"""How many numbers of a token are kept, and in how many bits each."""
_REACH = 2.5  # standard deviations that levels reach to either side: near the best for 16 and normal numbers


class FormRetriever(Retriever):
    """The retriever with tokens in another form: `kept` by chunk, and the question's turned by `basis`."""

    kept: Mapping[str, Floats]
    basis: Floats

    def token_matches(self, asked: Asked, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        assert asked.tokens is not None, "every form is of MiniLM's tokens"
        tokens = unit(asked.tokens @ self.basis)
        return {chunk_id: (self.kept[chunk_id] @ tokens.T).max(axis=0) for chunk_id in chunk_ids}


def token_vectors(library: Library) -> dict[str, Floats]:
    """The vectors (tokens, 384) of each chunk's tokens, by chunk id."""
    assert isinstance(library.embedder, MiniLM), "the default settings name it"
    tell, embedded = library.embedder.token_vectors, library.chunker.embedded
    indexed = (row for page in library.catalog.changed(0) for row in page)
    return {row.chunk.id: tell(embedded(row.paper.title, row.chunk)) for row in indexed}


def rounded(rows: Floats, bits: int) -> Floats:
    """Each number as the nearest of 2^bits levels, evenly spaced for its column; as it is in 32 bits."""
    if bits == 32:
        return rows
    reach = _REACH * rows.std(axis=0)
    step = np.where(reach > 0, 2 * reach / (2**bits - 1), 1)
    return np.asarray(np.round((np.clip(rows, -reach, reach) + reach) / step) * step - reach, np.float32)


def retriever(library: Library, numbers: int, bits: int, tokens: Mapping[str, Floats]) -> Retriever:
    """The library's retriever with tokens in that form; signs are those that the library has stored."""
    settings = library.settings.retrieval
    if bits < 2:
        settings = settings.model_copy(update={"late": settings.late * bits})
        return Retriever(library.catalog, library.caches, library.embedder, settings)
    made = FormRetriever(library.catalog, library.caches, library.embedder, settings)
    every = np.concatenate(list(tokens.values()))
    made.basis = np.eye(every.shape[1], dtype=np.float32)
    if numbers < every.shape[1]:  # about zero and not the mean, so that cosines stay what they are
        made.basis = np.linalg.eigh(every.T @ every)[1][:, : -numbers - 1 : -1]
    ends = np.cumsum([len(rows) for rows in tokens.values()])[:-1]
    made.kept = dict(zip(tokens, np.split(unit(rounded(every @ made.basis, bits)), ends), strict=True))
    return made


def quality(found: Retriever, rows: Rows, case_set: CaseSet) -> float:
    """The mean nDCG@10 of a set's questions."""
    ranked = ([hit.paper.id for hit in found.papers(case.question, CUT)] for case in case_set.cases)
    asked = zip(map(rows.gold, case_set.cases), ranked, strict=True)
    return fmean(ranking_measures(gold, ids)["nDCG@10"] for gold, ids in asked)


def curve(library: Library, case_sets: Sequence[CaseSet]) -> Iterator[tuple[str, ...]]:
    """The table's rows: a form, its bytes a token, its kB a paper, and the quality on each set."""
    tokens, rows = token_vectors(library), Rows(library)
    for name, (numbers, bits) in FORMS.items():
        found, size = retriever(library, numbers, bits, tokens), numbers * bits // 8
        total = size * sum(map(len, tokens.values())) / library.count() / 1000
        yield name, f"{size:,}", f"{total:.1f}", *(f"{quality(found, rows, each):.3f}" for each in case_sets)


def main(folder: str, *wanted: str) -> None:
    """Print a table for each collection of papers that sets of questions bring."""
    require_measures()
    sets = [each for each in find_sets(Path(folder), wanted) if each.kind in ("questions", "retrieval")]
    with tempfile.TemporaryDirectory() as work:
        for papers in dict.fromkeys(each.papers for each in sets if each.papers):
            case_sets = [each for each in sets if each.papers == papers]
            columns = (f"{each.name}, nDCG@10" for each in case_sets)
            print("\n| kept of a token | bytes a token | kB a paper |", " | ".join(columns), "|")
            with corpus_library(papers, IndexSettings(), Path(work)) as library:
                for cells in curve(library, case_sets):
                    print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

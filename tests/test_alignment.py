"""Sentences matched by the token vectors kept with their passages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.alignment import aligned
from assistant.evidence import gather
from index.embedding import Embedder
from index.library import Library
from index.sentences import sentences

ASKED = "What happens when half of the buoys fall silent?"


def test_the_sentence_that_matches_word_by_word_scores_highest(
    open_library: Callable[..., Library],
    write_papers: Callable[..., Path],
    papers: tuple[dict[str, Any], ...],
) -> None:
    library = open_library()
    library.add([write_papers("papers.jsonl", *papers)])
    passage = library.passages("TideNet")[0]
    chunk = passage.chunk
    places = [(passage.paper, chunk, chunk.start + a, chunk.start + b) for a, b in sentences(chunk.text)]
    scores = aligned(ASKED, places, library)
    assert scores is not None
    best = places[scores.index(max(scores))]
    assert "fall silent" in library.text(passage.paper.id)[best[2] : best[3]]


def test_evidence_embeds_nothing_but_the_question(
    open_library: Callable[..., Library],
    write_papers: Callable[..., Path],
    papers: tuple[dict[str, Any], ...],
    embedder: Embedder,
    monkeypatch: Any,
) -> None:
    library = open_library()
    library.add([write_papers("papers.jsonl", *papers)])
    found = library.passages(ASKED)
    monkeypatch.setattr(embedder, "passages", lambda *_: (_ for _ in ()).throw(AssertionError("embedded")))
    assert "fall silent" in gather(ASKED, found, library)[0].text


def test_without_token_vectors_sentences_are_matched_by_meaning(
    open_library: Callable[..., Library],
    write_papers: Callable[..., Path],
    papers: tuple[dict[str, Any], ...],
    hashing: Embedder,
) -> None:
    library = open_library(model=hashing)
    library.add([write_papers("papers.jsonl", *papers)])
    found = library.passages(ASKED)
    assert aligned(ASKED, [], library) is None
    assert "fall silent" in gather(ASKED, found, library)[0].text

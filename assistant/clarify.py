"""Asking back, once and seldom: where a question names next to nothing and what it could mean truly differs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from assistant.citations import unmarked
from assistant.grounds import meaningful
from assistant.plain import as_markdown
from index.library import Library
from index.schema import Paper, Passage

_CHOICES = 3
_CONSIDERED = 10
_APART = 0.5  # cosine below which two papers are about different things
_DEFINES = re.compile(
    r"^\W*(?:what|who|define|explain|describe|which|how|why|when|where|is|are|does|do|can)\b", re.I
)


def vague(question: str) -> bool:
    """Whether a question has at most one word that means something, and does not ask what that is."""
    words = meaningful(question)
    return not words or (len(words) == 1 and not _DEFINES.match(question))


def choices(passages: Sequence[Passage], library: Library) -> list[Paper]:
    """Papers that a vague question may mean, each about something else; empty where they do not differ.

    The best one, then again and again the one least like those already chosen.
    """
    first: dict[str, Passage] = {}
    for passage in passages:
        first.setdefault(passage.paper.id, passage)
    found = list(first.values())[:_CONSIDERED]
    vectors = library.catalog.vectors_of(
        [passage.chunk.id for passage in found], library.embedder.fingerprint.key
    )
    left = [passage for passage in found if passage.chunk.id in vectors]
    chosen = left[:1]
    while left and chosen and len(chosen) < _CHOICES:
        likeness = [
            max(float(np.dot(vectors[one.chunk.id], vectors[other.chunk.id])) for other in chosen)
            for one in left
        ]
        least = int(np.argmin(likeness))
        if likeness[least] >= _APART:
            break
        chosen.append(left[least])
    return [passage.paper for passage in chosen] if len(chosen) > 1 else []


def asking_back(papers: Sequence[Paper]) -> str:
    """The question to ask, with its choices."""
    lines = [f"- {unmarked(paper.title)}" for paper in papers]
    return "\n".join(["Can you say a little more? The papers nearest to that differ:", "", *lines])


def options(readings: Sequence[str]) -> str:
    """The question to ask where a question can be meant in several ways, as questions to choose from."""
    lines = [f"- {as_markdown(reading)}" for reading in readings]
    return "\n".join(["Which of these do you mean? Their answers would differ:", "", *lines])

"""Which words of a text match words of a question: by the same stem, or by the model's alignment of words.

The alignment is that of late interaction (`index.late`), here between whole words. Sentences are taken one
by one, so that a sentence is marked alike alone and in its passage, and no text is too long for the model.
Refuses to know how a match is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from index.embedding import Embedder
from index.function_words import FUNCTION_WORDS
from index.late import Floats, best_matches
from index.sentences import Span, sentences

_ALIKE = 0.45
"""Likeness from which on two words of different stems match.

Chosen by reading the 174 pairs of words at 0.40 or above that 95 development questions have with the
sentences of the papers that answer them: the share of sound pairs was 0.67 from 0.40 on (grasp ~
manipulation, but tackle ~ demonstrate), 0.73 from 0.425 on, and 0.9 from 0.45 on (photos ~ images,
maths ~ mathematical, cheap ~ costs).
"""
_WORD = re.compile(r"(?<![^\W_])(?<![^\W_]['’])[^\W_]+")  # not the s of "model's"

Stems = Callable[[str], list[str]]


class Word(NamedTuple):
    """A word that is no function word: its place in its text, and its stem."""

    start: int
    end: int
    stem: str


def matched(question: str, text: str, stems: Stems, embedder: Embedder) -> tuple[Span, ...]:
    """The spans of the words of `text` that match words of `question`, in order.

    Words match by the same stem; and where the model tells its tokens, a word of the question that a
    sentence does not hold matches the word of the sentence that is most like it, if it is like enough.
    Words with digits match by their stem alone: the model takes any number for like any other.
    """
    asked = _words(question, (0, len(question)), stems)
    parts = {span: words for span in sentences(text) if (words := _words(text, span, stems))}
    held = {word.stem for word in asked}
    found = {word for words in parts.values() for word in words if word.stem in held}
    if embedder.tells_tokens and asked and parts:
        found |= _aligned(question, asked, text, parts, embedder)
    return tuple((word.start, word.end) for word in sorted(found))


def _words(text: str, within: Span, stems: Stems) -> list[Word]:
    words = []
    for match in _WORD.finditer(text, *within):
        stem = stems(match.group()) if match.group().lower() not in FUNCTION_WORDS else []
        if stem:
            words.append(Word(*match.span(), stem[0]))
    return words


def _aligned(
    question: str, words: Sequence[Word], text: str, parts: Mapping[Span, list[Word]], embedder: Embedder
) -> set[Word]:
    """In each sentence the best counterpart of each word of the question, and its repetitions there."""
    asked = embedder.asked(question)
    spelled = [word for word in words if question[word.start : word.end].isalpha()]
    read = [text[start:end] for start, end in parts]
    kept, offsets = embedder.signed_passages(read).signs, embedder.spans(read)
    if asked.tokens is None or kept is None or offsets is None:
        return set()
    found: set[Word] = set()
    for ((begin, _), present), signs, spans in zip(parts.items(), kept, offsets, strict=True):
        absent = [word for word in spelled if word.stem not in {other.stem for other in present}]
        places = [(start + begin, end + begin) for start, end in spans]
        likeness = _likeness(asked.tokens, asked.spans, absent, signs, places, present)
        best = {present[row.argmax()].stem for row in likeness if row.max() >= _ALIKE}
        found |= {word for word in present if word.stem in best}
    return found


def _likeness(
    tokens: Floats,
    spans: Sequence[Span],
    words: Sequence[Word],
    signs: bytes,
    places: Sequence[Span],
    present: Sequence[Word],
) -> Floats:
    """How alike words of a question and of a sentence are: (words, words present), each a mean of cosines.

    `tokens` lie at `spans` of the question; `signs`, as `index.late` keeps them, at `places` of the text.
    A word may be several tokens: each one's best match among those of the other word counts, both ways.
    """
    width = len(signs) // len(places)
    rows = [signs[position * width : (position + 1) * width] for position in range(len(places))]
    cosines = best_matches(tokens, rows)
    likeness = np.zeros((len(words), len(present)), np.float32)
    for place, word in enumerate(words):
        mine = _inside(word, spans)
        for position, other in enumerate(present):
            pair = cosines[np.ix_(_inside(other, places), mine)]
            if pair.size:  # words beyond the model's window have no tokens
                likeness[place, position] = (pair.max(axis=0).mean() + pair.max(axis=1).mean()) / 2
    return likeness


def _inside(word: Word, spans: Sequence[Span]) -> list[int]:
    """The positions of the tokens within a word."""
    return [position for position, (start, end) in enumerate(spans) if word.start <= start < end <= word.end]

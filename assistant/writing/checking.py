"""Whether the papers say what a model wrote, sentence by sentence.

Owns which spans of the passages a sentence rests on, and how well they support it. A sentence is held
against the sentences of the passages it refers to; one that refers to none must stand in a passage word for
word. What may be shown follows from that alone: a number no cited span has, a quote no passage has and a name
nobody mentions are troubles, whatever the sentence claims. The measures are those of `assistant.verify`; after ALCE
(arXiv 2305.14627), support is judged against the cited spans and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.citations import numbers
from assistant.evidence import Weights, weigh
from assistant.schema import Support
from assistant.verify import mismatch
from assistant.writing.drafts import Draft
from assistant.writing.locating import locate, quotes
from index.library import Library
from index.schema import Chunk, Paper, Passage, Value
from index.sentences import Span, statements

SUPPORTED = 0.5  # cosine and shared words, half each, from which on a span says what a sentence says
PARTIAL = 0.36  # from which on it says something of it
_COMMON = 0.05  # the share of papers from which on a name they mention is a common word
_MOST = 4  # spans that one sentence cites
_NAME = re.compile(r"\b(?=\w*[A-Z])(?=\w*(?:[a-z][A-Z]|[A-Z]{2}|\d))[A-Za-z][\w-]*\w\b")
_TOLD = re.compile(
    r"\bet al\b|\b(?:prior|previous|earlier|related|existing|recent) (?:work|works|studies|research|papers|methods)\b"
    r"|\baccording to\b|\b(?:as )?(?:reported|shown|proposed|introduced|found) (?:by|in) [A-Z(\[]|\([A-Z]\w+,? \d{4}\)",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"(?<![\w.])\d[\d.,]*")


class Place(Value):
    """A sentence of a passage: whose it is, and its exact span in its paper's text."""

    paper: Paper
    chunk: Chunk
    text: str
    start: int
    end: int


class Checked(Value):
    """A sentence as it may be shown, the spans that carry it, and what is wrong with it, in words.

    `showable` is False where it states a number or a quote that no cited span has; `settled` is False where
    rules cannot tell whether other words say the same.
    """

    text: str
    places: tuple[Place, ...] = ()
    support: Support = "unsupported"
    trouble: str = ""
    showable: bool = True
    settled: bool = True


class Checker:
    """Holds sentences against the passages that one question was given. Embeds each passage at most once.

    Of an answer in another language than the papers' (`translated`), shared words tell nothing: a sentence that
    passes the checks of numbers, names and quotes is partly supported, and the judge may say more.
    """

    def __init__(
        self, question: str, sources: Sequence[Passage], library: Library, translated: bool = False
    ) -> None:
        self.sources = sources
        self._translated = translated
        self._library = library
        self._keywords = library.caches.keywords  # asked for once: whoever asks has the model looked up
        self._known = f"{question} {' '.join(source.paper.title for source in sources)}".casefold()
        self._places: dict[int, list[Place]] = {}
        self._vectors: dict[int, list[NDArray[np.float32]]] = {}

    def check(self, draft: Draft) -> Checked:
        """What of a draft holds."""
        referred = [number - 1 for number in draft.markers if 0 < number <= len(self.sources)]
        everywhere = range(len(self.sources))
        text, quoted, lost = self._quoted(draft.text, dict.fromkeys([*referred, *everywhere]))
        positions = dict.fromkeys([*referred, *quoted] if referred else everywhere)
        cosines = self._cosines(text, positions)
        weights = weigh(_FIGURE.sub(" ", text), self._keywords)
        held = [place for places in quoted.values() for place in places]
        chosen = self._chosen(text, cosines, weights, held, bool(referred))
        return self._judged(text, chosen, cosines, weights, lost, bool(referred))

    def _quoted(self, text: str, positions: Iterable[int]) -> tuple[str, dict[int, list[Place]], str]:
        """The text with its quotes as the passages have them; where these stand, by passage; one that is nowhere."""
        found: dict[int, list[Place]] = {}
        lost = ""
        for start, end in reversed(quotes(text)):
            quote = text[start:end]
            for position in positions:
                source = self.sources[position]
                span = locate(quote.strip(" .,;:"), source.chunk.text)
                if span:
                    found.setdefault(position, []).extend(_around(source, *span))
                    text = text[:start] + source.chunk.text[slice(*span)] + text[end:]
                    break
            else:
                lost = quote
        return text, found, lost

    def _cosines(self, text: str, positions: Iterable[int]) -> dict[Place, float]:
        """The sentences of the passages at those positions, with the cosine of each to the text."""
        positions = list(positions)
        fresh = [position for position in positions if position not in self._places]
        for position in fresh:
            self._places[position] = _sentences(self.sources[position])
        texts = [place.text for position in fresh for place in self._places[position]]
        rows = iter(self._library.embedder.passages(texts)) if texts else iter(())
        for position in fresh:
            self._vectors[position] = [next(rows) for _ in self._places[position]]
        asked = self._library.embedder.query(text)
        return {
            place: float(np.dot(vector, asked))
            for position in positions
            for place, vector in zip(self._places[position], self._vectors[position], strict=True)
        }

    def _chosen(
        self,
        text: str,
        cosines: Mapping[Place, float],
        weights: Weights,
        quoted: Sequence[Place],
        referred: bool,
    ) -> list[Place]:
        """The spans to cite: those quoted, the best of each passage referred to, and what brings missing numbers.

        A sentence that refers to no passage is carried by none, unless its words stand in one.
        """
        score = {place: (cosine + self._covered(weights, [place])) / 2 for place, cosine in cosines.items()}
        ranked = sorted(score, key=lambda place: -score[place])
        chosen = list(dict.fromkeys(quoted))
        if not referred:
            said = _folded(text)
            return chosen or [place for place in ranked if said in _folded(place.text)][:1]
        cited = {place.chunk.id for place in chosen}
        for place in ranked:
            if score[place] < PARTIAL and not self._translated:
                break
            if place.chunk.id not in cited:
                chosen.append(place)
                cited.add(place.chunk.id)
        chosen = chosen[:_MOST]
        for wanted in (numbers, names):
            for item in dict.fromkeys(wanted(text)):
                if chosen and len(chosen) < _MOST and not any(item in wanted(place.text) for place in chosen):
                    chosen += [place for place in ranked if item in wanted(place.text)][:1]
        return chosen

    def _judged(
        self,
        text: str,
        chosen: Sequence[Place],
        cosines: Mapping[Place, float],
        weights: Weights,
        lost: str,
        referred: bool,
    ) -> Checked:
        said = " ".join(place.text for place in chosen)
        missing = sorted(set(numbers(text)) - set(numbers(said)))
        checked = Checked(text=text, places=tuple(chosen), showable=not missing and not lost)
        trouble = self._trouble(text, said, bool(chosen), referred, lost, missing)
        if trouble:
            return checked.model_copy(update={"trouble": trouble})
        borrowed = _borrowed(text, chosen)
        if _folded(text) in _folded(said) and not borrowed:
            return checked.model_copy(update={"support": "verbatim"})
        if self._translated:
            return checked.model_copy(update={"support": "partial", "settled": False})
        shared = self._covered(weights, chosen)
        nearest = max(chosen, key=lambda place: cosines[place])
        against = mismatch(text, nearest.text) if shared >= SUPPORTED else ""
        if against:
            return checked.model_copy(update={"trouble": against})
        bearing = (cosines[nearest] + shared) / 2
        if bearing >= SUPPORTED and not borrowed:
            return checked.model_copy(update={"support": "supported"})
        if bearing >= PARTIAL:
            return checked.model_copy(update={"support": "partial", "settled": False})
        return checked.model_copy(update={"trouble": "what it cites hardly bears on it", "settled": False})

    def _trouble(
        self, text: str, said: str, cites: bool, referred: bool, lost: str, missing: Sequence[str]
    ) -> str:
        """What no wording can excuse; empty where there is nothing."""
        if not cites:
            return "the passages it refers to say nothing of it" if referred else "it refers to no passage"
        if lost:
            return f"no passage has the quote “{lost}”"
        if missing:
            return f"no cited sentence has {', '.join(missing)}"
        mentioned = f"{said.casefold()} {self._known}"
        unknown = [name for name in names(text) if name.casefold() not in mentioned and self._distinct(name)]
        return f"no cited sentence mentions {', '.join(unknown)}" if unknown else ""

    def _distinct(self, name: str) -> bool:
        """Whether a name tells one paper from another: what many papers mention (LLM, RL) is a word like others."""
        return max(self._keywords.rarity(self._keywords.stems(name)), default=0.0) < _COMMON

    def _covered(self, weights: Weights, places: Sequence[Place]) -> float:
        """The share of a sentence's weight in words that places hold; of its words, where none weighs anything."""
        stems = self._keywords.stems(" ".join(f"{place.paper.title} {place.text}" for place in places))
        if any(weights.of.values()):
            return weights.covered(stems)
        return len(weights.of.keys() & set(stems)) / max(len(weights.of), 1)


def _borrowed(text: str, places: Sequence[Place]) -> bool:
    """Whether a sentence states as a finding what its papers only tell of other work."""
    return not _TOLD.search(text) and all(_TOLD.search(place.text) for place in places)


def names(text: str) -> list[str]:
    """The words that are names of methods, models and data by their spelling: CM2, GRPO, ReasonRank, GPT-4."""
    return _NAME.findall(text)


def _sentences(source: Passage) -> list[Place]:
    return [_place(source, start, end) for start, end in _statements(source)]


def _statements(source: Passage) -> list[Span]:
    return statements(source.chunk.text, table=source.chunk.kind == "table")


def _around(source: Passage, start: int, end: int) -> list[Place]:
    """The sentences of a passage that a span of it touches."""
    return [
        _place(source, first, last) for first, last in _statements(source) if first < end and start < last
    ]


def _place(source: Passage, start: int, end: int) -> Place:
    chunk = source.chunk
    return Place(
        paper=source.paper,
        chunk=chunk,
        text=chunk.text[start:end],
        start=chunk.start + start,
        end=chunk.start + end,
    )


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))

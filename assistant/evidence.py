"""Choosing the sentences that answer a question, and deciding that none does.

A sentence is scored by how well it matches the question, by how well its paper was found, and by where
it stands: the opening sentences of a section set the scene more often than they answer. A row of a table is a
sentence that is read with its caption and header. References are never evidence.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping, Sequence

from assistant.alignment import Place, aligned
from assistant.citations import numbers
from assistant.grids import Grid, Row, caption, cells, rows_met
from assistant.pointing import Pointer, pointer, without_pointers
from assistant.question import asks_number, names_paper, spelled
from assistant.unheard import unheard
from index.fusion import rarity_weight
from index.keywords import Keywords
from index.library import Library
from index.schema import Chunk, Paper, Passage, Section, Value
from index.sentences import sentences

_SHORTEST = 25  # characters; below, a "sentence" is a heading or a fragment
_PAPER, _PLACE, _NAMED, _NUMBER = 1.5, 0.3, 4.0, 1.0  # in standard deviations of the match
_POINTED = 4.0  # where the question says that its answer stands
_FOUND = 1.0  # where its passage was found first of its paper; half of it for the second, and so on
_WHOLE = 8  # passages; a paper of fewer is read whole, so that which was found first says little
_UNASKED = 2.0  # how far a row of figures falls behind where no figure is asked for
_LEADING = 3  # characters of white space that may come before a section's first sentence
_SCENE = 3  # sentences from which on a text has set its scene
_UNKNOWN = 0.5  # what a question wholly of words that no paper has costs in closeness
_COVERED = 0.3  # what a paper that has all of the question's words adds
_LEAST_CLOSE = 0.25
_LOOKED_AT = 10  # passages
_EMBEDDED = 32  # sentences embedded where the library keeps no token vectors


class Evidence(Value):
    """A sentence that may answer: its exact span in its paper's text, and how well it does.

    `match` and `standing` count standard deviations: of this question's sentences, and of its papers. `rank` is the
    place at which its passage was found among those of a long paper, from 1; 0 where that says nothing.
    """

    paper: Paper
    chunk: Chunk
    text: str
    start: int
    end: int
    match: float
    standing: float
    place: int = 0
    named: bool = False
    number: bool = False
    pointed: bool = False
    unasked: bool = False
    rank: int = 0
    grid: Grid | None = None

    @property
    def told(self) -> str:
        """The sentence with what it is read with: a row's caption and header come before it."""
        above = self.grid.above if self.grid else ()
        return "\n".join([*(line.text for line in above), self.text])

    @property
    def score(self) -> float:
        bonus = (
            _NAMED * self.named + _NUMBER * self.number + _POINTED * self.pointed - _UNASKED * self.unasked
        )
        found = _FOUND / self.rank if self.rank else 0.0
        return self.match + _PAPER * self.standing + _PLACE * min(self.place, _SCENE) + found + bonus


class Weights(Value):
    """A question's stems with the weight of each, see `rarity_weight`."""

    of: dict[str, float]

    def covered(self, stems: Collection[str]) -> float:
        """The share of the total weight that `stems` hold, in [0, 1]; 0 for a question without words."""
        total = sum(self.of.values())
        return sum(weight for stem, weight in self.of.items() if stem in stems) / total if total else 0.0


def weigh(question: str, keywords: Keywords) -> Weights:
    """Weigh a question's words by how rare they are in the library."""
    stems = keywords.meanings(question)
    shares = keywords.rarity_of(stems)
    return Weights(of={stem: rarity_weight(share) for stem, share in zip(stems, shares, strict=True)})


def gather(question: str, passages: Sequence[Passage], library: Library) -> list[Evidence]:
    """Every distinct sentence of the passages as evidence, best first.

    Matched by the stored token vectors; where there are none, by the meaning of the sentences that share
    most words with the question, which are then embedded.
    """
    keywords, asked = library.caches.keywords, pointer(question)
    rows = {row.place: row for row in rows_met(passages, library) if _bears(question, row, asked, keywords)}
    read_with = _captioned(passages) | {place: row.above for place, row in rows.items()}
    places = [*_places(passages), *read_with]
    standing = _standings(passages)
    above = {position: read_with[place] for position, place in enumerate(places) if read_with.get(place)}
    called = [name for passage in passages for name in spelled(question, passage.paper)]
    matches = aligned(question, places, library, above, called) if places else []
    if matches is None:
        told = {
            place: "\n".join(line.text for line in (*row.grid.above, row.line)) for place, row in rows.items()
        }
        places, matches = _by_meaning(question, places, standing, library, told)
    counted, stated = asks_number(question), figures(question)
    named = _named(question, passages)
    opened = _opened(passages, library)
    ranks = _ranks(passages)
    found = []
    met: dict[str, int] = {}
    for place, match in zip(places, _standardised(matches), strict=True):
        paper, chunk, start, end = place
        row = rows.get(place)
        met[chunk.id] = met.get(chunk.id, -1) + 1
        text = row.line.text if row else chunk.text[start - chunk.start : end - chunk.start]
        sought = counted or (row is not None and _names_column(question, row.grid, keywords))
        pointed = asked.at(chunk, [line.text for line in row.grid.above] if row else ())
        found.append(
            Evidence(
                paper=paper,
                chunk=chunk,
                text=text,
                start=start,
                end=end,
                match=match,
                standing=standing[paper.id],
                place=_place(met[chunk.id], chunk.id in opened, chunk, pointed),
                named=paper.id in named,
                number=sought and bool(numbers(text if row else without_pointers(text))),
                pointed=pointed,
                unasked=row is not None and row.figures and not (sought or pointed or stated & figures(text)),
                rank=ranks.get(chunk.id, 0),
                grid=row.grid if row else None,
            )
        )
    return sorted(found, key=lambda item: item.score, reverse=True)


def _place(number: int, opened: bool, chunk: Chunk, pointed: bool) -> int:
    """How far a sentence stands from where its section opens; a caption opens with what is shown."""
    if chunk.kind == "caption":
        return _SCENE if pointed else number
    return number if opened else _SCENE


def _names_column(question: str, grid: Grid, keywords: Keywords) -> bool:
    """Whether the question has all words of the name of a column, but the first."""
    wanted = set(keywords.stems(question))
    lines = grid.header.text.split("\n") if grid.header else []
    names = (set(keywords.stems(name)) for line in lines for name in cells(line)[1:])
    return any(name and name <= wanted and not all(stem.isdigit() for stem in name) for name in names)


def figures(text: str) -> set[str]:
    """The numbers of a text that hardly stand for anything else: not "2", which may count papers or tables."""
    return {number for number in numbers(text) if len(number) > 2}


def _ranks(passages: Sequence[Passage]) -> dict[str, int]:
    """At which place, from 1, each chunk of a long paper was found among those of its paper."""
    found: dict[str, dict[str, int]] = {}
    for passage in passages:
        ranks = found.setdefault(passage.paper.id, {})
        ranks.setdefault(passage.chunk.id, len(ranks) + 1)
    return {chunk: rank for ranks in found.values() if len(ranks) > _WHOLE for chunk, rank in ranks.items()}


def _opened(passages: Sequence[Passage], library: Library) -> set[str]:
    """The chunks that a paper, or a section of its running text, begins with."""
    chunks = [passage.chunk for passage in passages if passage.chunk.kind == "text"]
    sections = library.catalog.sections(list({chunk.paper_id for chunk in chunks if chunk.position}))
    return {
        chunk.id
        for chunk in chunks
        if chunk.position == 0 or _begins(chunk, sections.get(chunk.paper_id, ()))
    }


def _begins(chunk: Chunk, sections: Sequence[Section]) -> bool:
    return any(0 <= chunk.start - section.start <= _LEADING for section in sections if section.kind == "text")


def _bears(question: str, row: Row, asked: Pointer, keywords: Keywords) -> bool:
    """Whether a row may answer: the question has a word of its own, and another of what stands above or of its paper.

    A figure of its own is enough, and where the question says which table it means, a word of the row.
    """
    wanted = {stem for stem in keywords.meanings(question) if not stem.isdigit()}
    own = wanted & set(keywords.meanings(row.line.text))
    around = " ".join(line.text for line in row.grid.above)
    if figures(question) & figures(row.line.text):
        return True
    if not own or asked.at(row.place[1], [around]):
        return bool(own)
    return bool((wanted - own) & set(keywords.meanings(f"{around} {row.place[0].title}")))


def paper_standings(passages: Sequence[Passage]) -> dict[str, float]:
    """Each paper's score by its first passage, best first, without measure for one named in the question."""
    scores: dict[str, float] = {}
    for passage in passages:
        scores.setdefault(passage.paper.id, passage.score)
    return scores


def _standings(passages: Sequence[Passage]) -> dict[str, float]:
    """Paper scores in standard deviations from their mean; that of a named paper as the best of the others."""
    scores = paper_standings(passages)
    usual = [score for score in scores.values() if score < 50.0]
    highest = max(usual, default=0.0)
    capped = {paper: min(score, highest) for paper, score in scores.items()}
    return dict(zip(capped, _standardised(list(capped.values())), strict=True))


def _by_meaning(
    question: str,
    places: Sequence[Place],
    standing: dict[str, float],
    library: Library,
    told: Mapping[Place, str],
) -> tuple[list[Place], list[float]]:
    """The most promising sentences, with the sum of their cosine and their share of the question's words.

    `told` has the text of those that are read with more than their own.
    """
    embedder, keywords = library.embedder, library.caches.keywords
    weights = weigh(question, keywords)
    texts = [
        told.get(place) or place[1].text[place[2] - place[1].start : place[3] - place[1].start]
        for place in places
    ]
    shares = [weights.covered(set(keywords.meanings(text))) for text in texts]
    promise = [share + 0.1 * standing[paper.id] for share, (paper, *_) in zip(shares, places, strict=True)]
    kept = sorted(range(len(places)), key=lambda position: -promise[position])[:_EMBEDDED]
    cosines = embedder.passages([texts[position] for position in kept]) @ embedder.query(question)
    matches = [float(cosine) + shares[position] for cosine, position in zip(cosines, kept, strict=True)]
    return [places[position] for position in kept], matches


def _standardised(values: Sequence[float]) -> list[float]:
    if not values:
        return []
    mean, deviation = statistics.fmean(values), statistics.pstdev(values)
    return [(value - mean) / deviation if deviation > 1e-9 else 0.0 for value in values]


class Support(Value):
    """Whether what was found bears on what was asked.

    `closeness` is the best passage's cosine to the question, more for the share of the question's weight
    in words that one paper covers, less for the share in words that no paper has; `unknown` are those.
    """

    closeness: float
    unknown: tuple[str, ...]
    named: bool

    @property
    def holds(self) -> bool:
        """Close enough, or about a paper that is asked for by name."""
        return self.named or self.closeness >= _LEAST_CLOSE


def support(question: str, passages: Sequence[Passage], library: Library) -> Support:
    """How well the passages found support an answer."""
    return supports(question, [passages], library)[0]


def supports(question: str, found: Sequence[Sequence[Passage]], library: Library) -> list[Support]:
    """The same for each of several findings; the question's words are looked up once."""
    keywords = library.caches.keywords
    unknown = unheard(question, library)
    missed = {stem for word in unknown for stem in keywords.meanings(word)}
    weights = Weights(of=weigh(question, keywords).of | dict.fromkeys(missed, rarity_weight(0.0)))
    told = []
    for passages in found:
        similarity = max((passage.similarity for passage in passages), default=-1.0)
        held = (set(keywords.meanings(text)) - missed for text in _joined(passages))
        covered = max(map(weights.covered, held), default=0.0)
        closeness = similarity + _COVERED * covered - _UNKNOWN * weights.covered(missed)
        named = bool(_named(question, passages))
        told.append(Support(closeness=closeness, unknown=tuple(unknown), named=named))
    return told


def _named(question: str, passages: Sequence[Passage]) -> set[str]:
    """The ids of the passages' papers that the question names."""
    papers = {passage.paper.id: passage.paper for passage in passages}
    return {paper_id for paper_id, paper in papers.items() if names_paper(question, paper)}


def _joined(passages: Sequence[Passage]) -> list[str]:
    """The title and the best passages of each of the first papers, as one text a paper."""
    texts: dict[str, str] = {}
    for passage in passages[:_LOOKED_AT]:
        texts.setdefault(passage.paper.id, passage.paper.title)
        texts[passage.paper.id] += f"\n{passage.chunk.text}"
    return list(texts.values())


def _places(passages: Sequence[Passage]) -> list[Place]:
    """The sentences of the passages' running text."""
    found: dict[tuple[str, int, int], Place] = {}
    for passage in passages:
        chunk = passage.chunk
        if chunk.kind != "text":
            continue
        for start, end in sentences(chunk.text):
            if end - start >= _SHORTEST:
                span = (chunk.start + start, chunk.start + end)
                found.setdefault((passage.paper.id, *span), (passage.paper, chunk, *span))
    return list(found.values())


def _captioned(passages: Sequence[Passage]) -> dict[Place, tuple[Place, ...]]:
    """The sentences of the passages' captions, each with the first one of its caption, that it is read with.

    The first one of a table's caption is left to the table's rows.
    """
    found: dict[tuple[str, int, int], tuple[Place, tuple[Place, ...]]] = {}
    for passage in passages:
        paper, chunk = passage.paper, passage.chunk
        told = caption(chunk.text, 0, len(chunk.text)) if chunk.kind in ("caption", "table") else ()
        placed = [(paper, chunk, chunk.start + line.start, chunk.start + line.end) for line in told]
        first = 1 if chunk.kind == "table" else 0
        for place in placed[first:]:
            if place[3] - place[2] >= _SHORTEST:
                above = () if place is placed[0] else (placed[0],)
                found.setdefault((paper.id, *place[2:]), (place, above))
    return dict(found.values())

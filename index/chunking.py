"""Cutting a paper's text into chunks that an embedder reads whole.

A chunk is a run of whole sentences of one section. Sizes are counted twice: in cl100k tokens, which
is what users set, and in the embedder's own word pieces, which is what it would silently cut.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from index.layout import Layout
from index.schema import Chunk, Document, Section
from index.sentences import Span, statements
from index.tokens import count_tokens

Count = Callable[[Sequence[str]], list[int]]

_LONGEST_HEADING = 64  # word pieces of a title that are embedded with each chunk
_SPECIAL_PIECES = 2  # [CLS] and [SEP]
_PARTING = re.compile(r"[ \n]")  # no word piece reaches over these
_HEADINGS = 1024  # that are remembered: each is asked for with every chunk of its paper


class Sized(NamedTuple):
    """A span of text with its size in tokens and in the embedder's word pieces."""

    start: int
    end: int
    tokens: int
    pieces: int


class Chunker:
    """Cuts documents into chunks of at most `tokens` cl100k tokens that fit the embedder's window.

    `count_pieces` gives each text's word pieces without special ones; `window` is the embedder's
    limit with them, None where it has none. Consecutive chunks of a section share `overlap` sentences.
    """

    def __init__(self, tokens: int, overlap: int, count_pieces: Count, window: int | None) -> None:
        self.tokens = tokens
        self.overlap = overlap
        self.count_pieces = count_pieces
        self.window = window
        self._headings = lru_cache(_HEADINGS)(self._heading)

    def heading(self, title: str) -> str:
        """The title as it is embedded: whole, or its first words where it is very long."""
        return title if self.window is None else self._headings(title)[0]

    def _heading(self, title: str) -> tuple[str, int]:
        """The title as it is embedded, and its word pieces."""
        whole = self.count_pieces([title])[0]
        if whole <= _LONGEST_HEADING:
            return title, whole
        words = title.split()
        sizes = self.count_pieces(words)
        kept, total = 0, 0
        while kept < len(words) and total + sizes[kept] <= _LONGEST_HEADING:
            total += sizes[kept]
            kept += 1
        cut = " ".join(words[:kept])
        return cut, self.count_pieces([cut])[0]

    def embedded(self, title: str, chunk: Chunk) -> str:
        """What the embedder is given for a chunk: the paper's title, then the chunk's text."""
        return f"{self.heading(title)}\n{chunk.text}"

    def chunks(self, document: Document) -> list[Chunk]:
        """The chunks of a document in order; each `text == document.text[start:end]`."""
        room = self._room(document.paper.title)
        whole = Section(name=None, start=0, end=len(document.text))
        found: list[Chunk] = []
        seen: dict[str, int] = {}
        layout = Layout.unpacked(document.layout) if document.layout else None
        for section in document.sections or (whole,):
            for run in self._runs(document.text, section, room):
                page = layout.page_at(run.start) if layout else section.page
                found.append(self._chunk(document, section, run, page, len(found), seen))
        return found

    def _room(self, title: str) -> int | None:
        if self.window is None:
            return None
        return self.window - _SPECIAL_PIECES - self._headings(title)[1]

    def _runs(self, text: str, section: Section, room: int | None) -> list[Sized]:
        """Spans of consecutive sentences, each as long as fits."""
        units = self._units(text, section, room)
        runs: list[Sized] = []
        first = 0
        while first < len(units):
            last = first
            while last + 1 < len(units) and self._fits(units[first : last + 2], room):
                last += 1
            while (joined := self._joined(text, units[first : last + 1], room)) is None and last > first:
                last -= 1
            runs.append(joined or units[first])
            if last + 1 == len(units):
                break
            first = max(first + 1, self._next_first(text, units, last, room))
        return runs

    def _next_first(self, text: str, units: list[Sized], last: int, room: int | None) -> int:
        """Where the next run starts: `overlap` sentences back, but only if it then gains a sentence."""
        first = last + 1 - self.overlap
        while first <= last and self._joined(text, units[first : last + 2], room) is None:
            first += 1
        return first

    def _fits(self, units: list[Sized], room: int | None) -> bool:
        if sum(unit.tokens for unit in units) > self.tokens:
            return False
        return room is None or sum(unit.pieces for unit in units) <= room

    def _joined(self, text: str, units: list[Sized], room: int | None) -> Sized | None:
        """The span of `units` where it fits as it stands.

        Tokens do not add up, since white space has some of its own. Word pieces do where white space parts the units;
        parts of one word may come to more together than apart.
        """
        if not self._fits(units, room):
            return None
        if len(units) == 1:
            return units[0]
        whole = self._spanning(text, units)
        return whole if self._fits([whole], room) else None

    def _spanning(self, text: str, units: list[Sized]) -> Sized:
        start, end = units[0].start, units[-1].end
        if not all(_PARTING.search(text, one.end, other.start) for one, other in pairwise(units)):
            return self._measure(text, [(start, end)])[0]
        (tokens,) = count_tokens([text[start:end]])
        return Sized(start, end, tokens, pieces=sum(unit.pieces for unit in units))

    def _units(self, text: str, section: Section, room: int | None) -> list[Sized]:
        """The section's sentences or rows with their sizes; one too long for a chunk comes in parts."""
        units: list[Sized] = []
        spans = statements(text, section.start, section.end, section.kind == "table")
        for unit in self._measure(text, spans):
            units.extend(self._parts(text, unit, room))
        return units

    def _parts(self, text: str, unit: Sized, room: int | None) -> Iterator[Sized]:
        """The unit where it fits, else both of its halves' parts."""
        if self._fits([unit], room) or unit.end - unit.start == 1:
            yield unit
            return
        for half in self._measure(text, _halves(text, unit.start, unit.end)):
            yield from self._parts(text, half, room)

    def _measure(self, text: str, spans: list[Span]) -> list[Sized]:
        texts = [text[start:end] for start, end in spans]
        pieces = self.count_pieces(texts) if self.window is not None else [0] * len(texts)
        return [
            Sized(start=start, end=end, tokens=tokens, pieces=piece)
            for (start, end), tokens, piece in zip(spans, count_tokens(texts), pieces, strict=True)
        ]

    def _chunk(
        self,
        document: Document,
        section: Section,
        run: Sized,
        page: int | None,
        position: int,
        seen: dict[str, int],
    ) -> Chunk:
        text = document.text[run.start : run.end]
        content = "\x00".join((document.paper.id, document.paper.title, section.name or "", text))
        seen[content] = seen.get(content, 0) + 1
        digest = hashlib.sha256(f"{content}\x00{seen[content]}".encode()).hexdigest()
        return Chunk(
            id=digest[:32],
            paper_id=document.paper.id,
            position=position,
            section=section.name,
            page=page,
            start=run.start,
            end=run.end,
            text=text,
            tokens=run.tokens,
            kind=section.kind,
        )


def _halves(text: str, start: int, end: int) -> list[Span]:
    """A span in two, parted at the white space nearest its middle; inside a word where none is near."""
    middle, quarter = (start + end) // 2, (end - start) // 4
    gaps = re.finditer(r"\s+", text[middle - quarter : middle + quarter])
    spaces = [(middle - quarter + gap.start(), middle - quarter + gap.end()) for gap in gaps]
    left, right = min(spaces, key=lambda gap: abs(gap[0] - middle), default=(middle, middle))
    return [(start, start + len(text[start:left].rstrip())), (end - len(text[right:end].lstrip()), end)]

"""A part of a paper's text as HTML: paragraphs with their pages, a table as a table, references folded away.

Pure: values in, escaped HTML out. Knows no more of the page than the span of the text that is to be marked.
"""

from __future__ import annotations

from itertools import pairwise

from assistant.grids import Grid, cells, columns, grids
from index.layout import Layout
from index.schema import Document, Section
from index.sentences import parted
from ui.parts.leaf import leaf_link
from ui.parts.markup import escape, mathematics


def part(document: Document, section: Section, start: int | None, end: int | None) -> str:
    """A section of a document, with what of `[start, end)` lies in it marked."""
    view = _Part(document, section, start or 0, end or 0)
    if section.kind == "table":
        return view.table()
    if section.kind == "references":
        return view.references()
    return view.paragraphs(' class="caption"' if section.kind == "caption" else "")


class _Part:
    def __init__(self, document: Document, section: Section, start: int, end: int) -> None:
        self.document, self.section = document, section
        self.start, self.end = start, end
        self.layout = Layout.unpacked(document.layout) if document.layout else None

    def paragraphs(self, look: str = "") -> str:
        """Each paragraph led by its page where that is another than the one before it had."""
        first, last = self.section.start, self.section.end
        if self.layout is None:
            return f"<p{look}>{self.marked(first, last)}</p>"
        spans = parted(self.document.text, first, last)
        pages = [None, *(self.layout.page_at(begin) for begin, _ in spans)]
        return "".join(
            f"<p{look}>{self.page(*span) if page != before else ''}{self.marked(*span)}</p>"
            for (before, page), span in zip(pairwise(pages), spans, strict=True)
        )

    def references(self) -> str:
        spans = parted(self.document.text, self.section.start, self.section.end)
        items = "".join(f"<p>{self.marked(*span)}</p>" for span in spans)
        name = escape(self.section.name or "References")
        opened = " open" if self.touched(self.section.start, self.section.end) else ""
        return (
            f'<details class="references"{opened}><summary><span dir="auto">{name}</span> '
            f"({len(spans):,})</summary>{items}</details>"
        )

    def table(self) -> str:
        read = grids(self.document.text, self.section.start, self.section.end)
        if not read:
            return self.paragraphs(' class="caption"')
        tops = [(each.header or each.rows[0]).start for each in read]
        top, ends = tops[0], [*tops[1:], self.section.end]
        page = self.page(self.section.start, self.section.end)
        caption = f"<figcaption>{page}{self.marked(self.section.start, top)}</figcaption>"
        label = escape(read[0].caption.text if read[0].caption else "Table")
        body = "".join(
            f"{self.head(each)}<tbody>{self.rows(each, end)}</tbody>"
            for each, end in zip(read, ends, strict=True)
        )
        return (
            f'<figure>{caption}<div class="grid-frame" tabindex="0" role="region" aria-label="{label}">'
            f"<table>{body}</table></div></figure>"
        )

    def head(self, read: Grid) -> str:
        """The names of the columns; the header's rows as they stand where these are not told."""
        if read.header is None:
            return ""
        names = columns(read.header.text, len(cells(read.rows[0].text))) if read.rows else None
        rows = [names] if names else [cells(row) for row in read.header.text.split("\n") if row.strip()]
        touched = self.touched(read.header.start, read.header.end)
        return f'<tbody class="head">{"".join(_row(row, "th", touched) for row in rows)}</tbody>'

    def rows(self, read: Grid, end: int) -> str:
        """All that stands below the header, up to `end`: what has no cells is as wide as the table."""
        text, start = self.document.text, read.header.end if read.header else read.rows[0].start
        wide = max((len(cells(line.text)) for line in read.rows), default=1)
        return "".join(
            _row(cells(text[first:last]), "td", self.touched(first, last), wide)
            for first, last in parted(text, start, end)
        )

    def page(self, first: int, last: int) -> str:
        """The way to the page on which a span of the text begins; empty where it has none."""
        page = self.layout.page_at(first) if self.layout else None
        paper = self.document.paper
        return f"{leaf_link(paper.id, paper.title, page, first, last)} " if page else ""

    def touched(self, first: int, last: int) -> bool:
        return max(first, self.start) < min(last, self.end)

    def marked(self, first: int, last: int) -> str:
        """The text from `first` to `last`, with what of the marked span lies in it marked."""
        text = self.document.text
        if not self.touched(first, last):
            return mathematics(text[first:last].strip("\n"))
        start, end = max(first, self.start), min(last, self.end)
        before, after = text[first:start].lstrip("\n"), text[end:last].rstrip("\n")
        return f"{mathematics(before)}<mark>{mathematics(text[start:end])}</mark>{mathematics(after)}"


def _row(row: tuple[str, ...], tag: str, touched: bool, wide: int = 1) -> str:
    look = ' class="marked"' if touched else ""
    told = (f"<mark>{mathematics(cell)}</mark>" if touched and cell else mathematics(cell) for cell in row)
    span = f' colspan="{wide}"' if len(row) == 1 < wide else ""
    shown = "".join(f'<{tag} dir="auto"{span}>{cell}</{tag}>' for cell in told)
    return f"<tr{look}>{shown}</tr>"

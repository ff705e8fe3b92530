"""Papers as a list to look through: searched, narrowed, ordered, a page at a time.

Owns what an order is and which page a search gives. What is typed is looked for as an author, whose papers
come first, and in titles and texts by the keyword index; only where neither finds anything, as an identifier,
as the beginning of an author's name, and as parts of titles and authors' names, so that half a word is enough.
Refuses to know what a page looks like. Each list costs a few queries, whatever the library's size: indexes of
the catalog hold every order with all that filters look at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select

from index.authors import written_by, written_by_one_like
from index.catalog import Catalog
from index.filters import Bounds
from index.keywords import Keywords
from index.merge import title_key
from index.rows import paper_of
from index.schema import Filters, Paper, Value
from index.shelf import in_scope
from index.tables import papers

SORTED = 2000  # matches of a search that are put into another order than the best first
Field = Literal["date", "title", "organization", "authors", "comments", "source", "added"]

_COLUMNS = {
    "date": papers.c.day,
    "title": papers.c.title_key,
    "organization": papers.c.organization_key,
    "authors": papers.c.author_key,
    "comments": papers.c.comments,
    "source": papers.c.source_key,
    "added": papers.c.change,
}


class Order(Value):
    """By what papers are ordered; papers of which that is not known come last either way.

    `added` is the order of the changes that wrote them: those still being indexed are the latest.
    """

    field: Field = "date"
    descending: bool = True


class Listed(Value):
    """A paper as a list shows it; `ready` is False while it is still being indexed."""

    paper: Paper
    ready: bool = True
    tags: tuple[str, ...] = ()


class Listing(Value):
    """A page of a list, and of how many papers; `ordered` of them are in order where not all are."""

    entries: tuple[Listed, ...] = ()
    total: int = 0
    ordered: int | None = None


class _Found(NamedTuple):
    """The ids of one page, and what `Listing` says of the whole list."""

    ids: list[str]
    total: int
    ordered: int | None = None


class Lister:
    """Lists the papers of one library; the keyword index is opened only when something is searched."""

    def __init__(self, catalog: Catalog, keywords: Callable[[], Keywords]) -> None:
        self.catalog = catalog
        self._keywords = keywords

    def page(self, filters: Filters, words: str, order: Order | None, offset: int, limit: int) -> Listing:
        """Papers in scope that hold each of `words`, the last of them perhaps only begun, or are by that author.

        Where `order` is None the author's papers and then those that match best come first, or the newest
        where nothing is searched.
        """
        found = self._find(filters, words, order, offset, limit, pending=True)
        return Listing(entries=self._entries(found.ids), total=found.total, ordered=found.ordered)

    def ids(self, filters: Filters, words: str, limit: int) -> list[str]:
        """The ids of the first `limit` papers that `page` gives without an order, ready ones alone."""
        return self._find(filters, words, None, 0, limit, pending=False).ids

    def _find(
        self, filters: Filters, words: str, order: Order | None, offset: int, limit: int, pending: bool
    ) -> _Found:
        scope = self.catalog.bounds(filters)
        conditions = in_scope(scope, pending)
        if not words.strip():
            return self._drawn(conditions, order or Order(), offset, limit)
        found = self._searched(scope, conditions, words, order, offset, limit)
        if found.total:
            return found
        for condition in (_identified(words.strip()), written_by_one_like(words), _told_of(words)):
            if condition is not None:
                found = self._drawn([*conditions, condition], order or Order(), offset, limit)
            if found.total:
                break
        return found

    def _searched(
        self,
        scope: Bounds,
        conditions: list[ColumnElement[bool]],
        words: str,
        order: Order | None,
        offset: int,
        limit: int,
    ) -> _Found:
        """An author's papers and then those that hold the words, or both of them in another order."""
        keywords, named = self._keywords(), written_by(words)
        own = [] if named is None else self._drawn([*conditions, named], Order(), 0, None).ids
        others = scope.model_copy(update={"excluded": (*scope.excluded, *own)})
        if order is None:
            page = own[offset : offset + limit]
            room = limit - len(page)
            rest, total = keywords.holding(words, others, max(offset - len(own), 0), max(room, 1))
            return _Found([*page, *rest[:room]], len(own) + total)
        best, total = keywords.holding(words, others, 0, SORTED)
        held = papers.c.id.in_(best)
        either = held if named is None else or_(held, and_(*conditions, named))
        page = self._drawn([either], order, offset, limit).ids
        return _Found(page, len(own) + total, len(own) + len(best) if total > len(best) else None)

    def _drawn(
        self, conditions: list[ColumnElement[bool]], order: Order, offset: int, limit: int | None
    ) -> _Found:
        number = select(func.count()).select_from(papers).where(*conditions)
        page = select(papers.c.id).where(*conditions).order_by(*_ordered(order)).offset(offset).limit(limit)
        with self.catalog.engine.connect() as connection:
            total = connection.scalar(number) or 0
            return _Found(list(connection.scalars(page)) if total > offset else [], total)

    def _entries(self, ids: list[str]) -> tuple[Listed, ...]:
        """The papers of these ids, in their order; those gone since are left out."""
        query = select(papers.c.id, papers.c.paper, papers.c.state).where(papers.c.id.in_(ids))
        tags = self.catalog.tags.of(ids)
        with self.catalog.engine.connect() as connection:
            rows = {row.id: row for row in connection.execute(query)}
        return tuple(
            Listed(
                paper=paper_of(rows[paper_id].paper),
                ready=rows[paper_id].state == "ready",
                tags=tags.get(paper_id, ()),
            )
            for paper_id in ids
            if paper_id in rows
        )


def _ordered(order: Order) -> tuple[Any, ...]:
    column = _COLUMNS[order.field]
    first = column.desc() if order.descending else column.asc()
    return (first,) if order.field == "title" else (first.nulls_last(), papers.c.title_key)


def _told_of(words: str) -> ColumnElement[bool]:
    """For each word, that the title holds it as letters alone (accents, case and hyphens do not matter), or that
    an author's name begins with it.
    """
    return and_(*(_word_told(word) for word in words.split()))


def _word_told(word: str) -> ColumnElement[bool]:
    titled, written = papers.c.title_key.contains(title_key(word), autoescape=True), written_by_one_like(word)
    return titled if written is None else or_(titled, written)


def _identified(name: str) -> ColumnElement[bool]:
    return or_(papers.c.id == name, papers.c.arxiv_id == name, papers.c.doi == name)

"""Tags: words of the reader's own that papers are filed under.

Owns their rows in the catalog's database. A tag is known by its letters, whatever their case and spacing,
and is written as it was first written. Tags hang on a paper's id, so that they outlast what a source says
anew of the paper; the caches know nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Engine, delete, func, insert, select

from index.filters import tag_key
from index.tables import papers, tags

LONGEST = 60  # characters
_PAGE = 500


class Tags:
    """The tags of one catalog. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, paper_ids: Sequence[str], tag: str) -> None:
        """File papers under a tag; ValueError where it has no letters or too many."""
        name, key = _named(tag), tag_key(tag)
        with self._engine.begin() as connection:
            known = connection.scalar(select(func.min(tags.c.name)).where(tags.c.key == key))
            for page in _pages(paper_ids):
                there = set(
                    connection.scalars(
                        select(tags.c.paper_id).where(tags.c.key == key, tags.c.paper_id.in_(page))
                    )
                )
                real = connection.scalars(select(papers.c.id).where(papers.c.id.in_(page)))
                rows = [
                    {"paper_id": paper_id, "key": key, "name": known or name}
                    for paper_id in real
                    if paper_id not in there
                ]
                if rows:
                    connection.execute(insert(tags), rows)

    def remove(self, paper_ids: Sequence[str], tag: str) -> None:
        """Take a tag off papers; nothing happens to those without it."""
        with self._engine.begin() as connection:
            for page in _pages(paper_ids):
                which = tags.c.paper_id.in_(page)
                connection.execute(delete(tags).where(tags.c.key == tag_key(tag), which))

    def counted(self) -> list[tuple[str, int]]:
        """Every tag with its number of ready papers, in alphabetical order."""
        query = (
            select(func.min(tags.c.name), func.count())
            .join(papers, papers.c.id == tags.c.paper_id)
            .where(papers.c.state == "ready")
            .group_by(tags.c.key)
            .order_by(tags.c.key)
        )
        with self._engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]

    def of(self, paper_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The tags of each paper that has one, in alphabetical order."""
        found: dict[str, list[str]] = {}
        with self._engine.connect() as connection:
            for page in _pages(paper_ids):
                which = select(tags).where(tags.c.paper_id.in_(page)).order_by(tags.c.key)
                for row in connection.execute(which):
                    found.setdefault(row.paper_id, []).append(row.name)
        return {paper_id: tuple(names) for paper_id, names in found.items()}

    def papers(self, wanted: Sequence[str]) -> list[str]:
        """The ids of the papers that carry any of the tags, in order."""
        keys = [tag_key(tag) for tag in wanted]
        query = select(tags.c.paper_id).where(tags.c.key.in_(keys)).distinct().order_by(tags.c.paper_id)
        with self._engine.connect() as connection:
            return list(connection.scalars(query))


def drop_tags(connection: Connection, paper_ids: Sequence[str]) -> None:
    """Forget the tags of papers that are being removed, within the removal's transaction."""
    for page in _pages(paper_ids):
        connection.execute(delete(tags).where(tags.c.paper_id.in_(page)))


def _named(tag: str) -> str:
    name = " ".join(tag.split())
    if not name:
        raise ValueError("A tag needs a name: type a word or a few.")
    if len(name) > LONGEST:
        raise ValueError(f"A tag has at most {LONGEST} characters; {name[:20]!r}… has {len(name)}.")
    return name


def _pages(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _PAGE):
        yield items[start : start + _PAGE]

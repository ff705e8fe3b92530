"""What each source was made of when it was last read whole, so that reading it again can be saved.

Owns the table of that. A source is forgotten here when a paper of it is removed, when it is read in another way
(`reading` names the way), or when something in it could not be read: then it is read again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, delete, insert, select

from index.among import among
from index.failpoints import reached
from index.reading import Content
from index.tables import contents, records

_PAGE = 500


class Contents:
    """The contents of one library's sources, as far as `reading` is how they were read."""

    def __init__(self, engine: Engine, reading: str) -> None:
        self.engine = engine
        self.reading = reading

    def known(self, sources: Sequence[str]) -> dict[str, Content]:
        """What is known of those of the sources that need not be read again unless they changed."""
        found: dict[str, Content] = {}
        with self.engine.connect() as connection:
            for start in range(0, len(sources), _PAGE):
                page = contents.c.source.in_(sources[start : start + _PAGE])
                for row in connection.execute(
                    select(contents).where(page, contents.c.reading == self.reading)
                ):
                    companions = tuple((path, digest) for path, digest in json.loads(row.companions))
                    found[row.source] = Content(digest=row.digest, companions=companions)
        return found

    def note(self, read: Mapping[str, Content | None]) -> None:
        """Remember what sources are made of; None where one is to be read again."""
        rows = [
            {
                "source": source,
                "digest": content.digest,
                "companions": json.dumps(content.companions),
                "reading": self.reading,
            }
            for source, content in read.items()
            if content is not None
        ]
        with self.engine.begin() as connection:
            for source in read:
                connection.execute(delete(contents).where(contents.c.source == source))
            if rows:
                connection.execute(insert(contents), rows)
        reached("contents.noted")


def forget_contents(connection: Connection, paper_ids: Sequence[str]) -> None:
    """Have the sources of papers that go read again when they are next added."""
    of_them = select(records.c.source).where(among(records.c.paper_id, paper_ids))
    connection.execute(delete(contents).where(contents.c.source.in_(of_them)))

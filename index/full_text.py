"""Words in PostgreSQL: one full-text index, of the same stems as tantivy's, ranked by BM25.

PostgreSQL's own ranks know nothing of how rare a word is. So the words' numbers are kept beside the index and follow
it in the same transactions, and a query ranks by them: how often a word stands in an item is what `ts_rank_cd` says
of that word alone. Ranking reads a row, so frequent words bring in no candidates where rarer ones do
(`index.candidates`). Refuses to know what its items are made of, but for the facts that filters look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, CursorResult, Engine, text
from sqlalchemy.exc import DBAPIError

from index.bm25 import coarse, inverse_frequency
from index.candidates import clauses
from index.database import shown
from index.errors import LibraryError
from index.filters import Bounds, organization_key
from index.lexemes import all_of, any_of, beginning, phrase, quoted, vector
from index.ranking import LONG, Ranking, either, together
from index.rows import Indexed
from index.vectors import Hit
from index.words import Wanted, analyzer

_BUDGETS = (2500, 20_000)  # candidates that are ranked, and that are where the first were too few
_OF_LONG = 0.4  # of either where items are long
_RANKED_BY = 24  # the rarest words of a query
_NARROW = 2000  # papers in scope up to which all that holds a word is ranked

_TABLES = """
CREATE TABLE {name} (
    id text COLLATE "C" PRIMARY KEY, paper_id text COLLATE "C" NOT NULL, day integer, organization text COLLATE "C",
    comments integer, sources text[] NOT NULL, tokens integer NOT NULL, length integer NOT NULL,
    words tsvector NOT NULL
) WITH (toast_tuple_target = 8160);
ALTER TABLE {name} ALTER words SET STORAGE EXTERNAL;
CREATE INDEX {name}_words ON {name} USING gin (words) WITH (gin_pending_list_limit = 1024);
CREATE INDEX {name}_paper ON {name} (paper_id);
CREATE TABLE {name}_terms (term text COLLATE "C" PRIMARY KEY, held integer NOT NULL) WITH (fillfactor = 60);
CREATE TABLE {name}_totals (items bigint NOT NULL, tokens bigint NOT NULL);
INSERT INTO {name}_totals VALUES (0, 0);
"""
_TAKE = """
WITH gone AS (DELETE FROM {name} WHERE id = ANY(:ids) RETURNING words, tokens),
     less AS (SELECT lexeme, count(*) AS number FROM gone, unnest(gone.words) GROUP BY lexeme),
     fewer AS (UPDATE {name}_terms SET held = held - less.number FROM less WHERE term = less.lexeme)
UPDATE {name}_totals SET items = items - (SELECT count(*) FROM gone),
    tokens = {name}_totals.tokens - (SELECT coalesce(sum(tokens), 0) FROM gone)
"""
_PUT = """
INSERT INTO {name} VALUES (:id, :paper_id, :day, :organization, :comments, :sources, :tokens, :length,
    CAST(:words AS tsvector))
"""
_COUNT = """
INSERT INTO {name}_terms SELECT * FROM unnest(CAST(:terms AS text[]), CAST(:numbers AS integer[]))
ON CONFLICT (term) DO UPDATE SET held = {name}_terms.held + excluded.held
"""
_ADD = "UPDATE {name}_totals SET items = items + :items, tokens = tokens + :tokens"


class _Totals(NamedTuple):
    items: int
    tokens: int


class FullText:
    """One index of items, in tables whose names begin with `name`; they are made where there are none.

    The numbers it has read are kept until it writes: it is opened anew where another process has.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.name = name
        self._engine = engine
        self._analyze = analyzer(plain=True).analyze
        self._held: dict[str, int] = {}
        self._known: _Totals | None = None
        with self._transaction() as connection:
            if not self._there(connection):
                self._run(connection, "SELECT pg_advisory_xact_lock(hashtext('ibid words'))")
                if not self._there(connection):
                    connection.exec_driver_sql(_TABLES.replace("{name}", name))

    def write(self, items: dict[str, tuple[Indexed, str]], removed: Sequence[str]) -> None:
        read = {item: self._analyze(_text_of(row, content)) for item, (row, content) in items.items()}
        rows = [_row(item, items[item][0], stems) for item, stems in read.items()]
        held = Counter(stem for stems in read.values() for stem in set(stems))
        terms = sorted(held)
        tokens = sum(map(len, read.values()))
        with self._transaction() as connection:
            self._run(connection, _TAKE, {"ids": [*removed, *items]})
            if rows:
                self._run(connection, _PUT, rows)
                self._run(connection, _COUNT, {"terms": terms, "numbers": [held[term] for term in terms]})
                self._run(connection, _ADD, {"items": len(rows), "tokens": tokens})
        self._held, self._known = {}, None

    def probe(self) -> None:
        with self._transaction() as connection:
            number = self._run(connection, "SELECT count(*) FROM {name}").scalar()
        if number != self._totals().items:
            raise LibraryError(f"{self} counts {self._totals().items} items and holds {number}")

    def best(self, wanted: Sequence[Wanted], count: int, scope: Bounds) -> list[Hit]:
        if not wanted or scope.papers == ():
            return []
        sized = self._sized(wanted)
        rarest = [each for _, each in sized]
        hits: list[Hit] = []
        for chosen in self._narrowing([size for size, _ in sized], count, scope):
            query = any_of(all_of(_match(rarest[position]) for position in clause) for clause in chosen)
            hits = self._best(rarest, Ranking(self.name, query, scope), count)
            if len(hits) == count:
                break
        return hits

    def holding(
        self, stems: Sequence[str], begun: tuple[str, str] | None, scope: Bounds, offset: int, limit: int
    ) -> tuple[list[str], int]:
        if scope.papers == () or not (stems or begun):
            return [], 0
        typed = [any_of([quoted(begun[1]), beginning(begun[0])])] if begun else []
        ranking = Ranking(self.name, all_of([*map(quoted, stems), *typed]), scope)
        with self._transaction() as connection:
            number = self._run(connection, ranking.counted(), ranking.given).scalar() or 0
            if number == 0:
                return [], 0
            scores = [self._score(ranking, [stem]) for stem in (*stems, *([begun[1]] if begun else []))]
            scores += [ranking.holds(beginning(begun[0]))] if begun else []
            page = ranking.ranked(together(scores), self._average, limit, offset)
            return [row.id for row in self._run(connection, page, ranking.given)], number

    def rarity(self, stems: Sequence[str]) -> list[float]:
        self._learn(stems)
        return [min(self._held[stem] / max(self.count(), 1), 1.0) for stem in stems]

    def count(self) -> int:
        return self._totals().items

    def ids(self) -> set[str]:
        with self._transaction() as connection:
            return set(self._run(connection, "SELECT id FROM {name}").scalars())

    def drop(self) -> None:
        """Let go of the tables; this is not used afterwards."""
        with self._transaction() as connection:
            for part in ("", "_terms", "_totals"):
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {self.name}{part}")

    def __str__(self) -> str:
        return f"The keyword index {self.name} in {shown(self._engine)}"

    def _best(self, wanted: Sequence[Wanted], ranking: Ranking, count: int) -> list[Hit]:
        scores = []
        for stems, instead in wanted:
            typed = together([self._score(ranking, [stem]) for stem in stems])
            worth = self._worth(stems)
            others = [
                self._score(ranking, form, weight * worth / (self._worth(form) or 1.0))
                for form, weight in instead
            ]
            scores.append(either([typed, *others]))
        with self._transaction() as connection:
            found = self._run(
                connection, ranking.ranked(together(scores), self._average, count), ranking.given
            )
            return [Hit(item=row.id, score=row.score) for row in found]

    def _narrowing(
        self, sizes: Sequence[int], count: int, scope: Bounds
    ) -> Iterator[Sequence[tuple[int, ...]]]:
        """What to rank: first what is most likely to be best, then more where that was too little."""
        every = [(position,) for position in range(len(sizes))]
        narrow = scope.papers is not None and len(scope.papers) <= _NARROW
        share = _OF_LONG if self._average > LONG else 1.0
        for budget in () if narrow else (int(most * share) for most in _BUDGETS):
            chosen = clauses(sizes, self.count(), budget)
            if count < budget and len(chosen) and set(chosen) != set(every):
                yield chosen
        yield every

    def _sized(self, wanted: Sequence[Wanted]) -> list[tuple[int, Wanted]]:
        """What is wanted and held at all, the rarest first, each with about how many items hold it."""
        self._learn([stem for each in wanted for form in _forms(each) for stem in form])
        sized = [
            (sum(min(self._held[stem] for stem in form) for form in _forms(each)), each) for each in wanted
        ]
        return sorted(((size, each) for size, each in sized if size), key=lambda pair: pair[0])[:_RANKED_BY]

    def _score(self, ranking: Ranking, form: Sequence[str], share: float = 1.0) -> str:
        return ranking.weigh(form, share * self._worth(form))

    def _worth(self, stems: Sequence[str]) -> float:
        """The sum of the stems' idf."""
        self._learn(stems)
        return sum(inverse_frequency(self._held[stem], self.count()) for stem in stems)

    def _learn(self, stems: Sequence[str]) -> None:
        """Have at hand how many items hold each of the stems."""
        new = sorted({stem for stem in stems if stem not in self._held})
        if not new:
            return
        query = "SELECT term, held FROM {name}_terms WHERE term = ANY(:terms)"
        with self._transaction() as connection:
            found = {row.term: row.held for row in self._run(connection, query, {"terms": new})}
        self._held |= {stem: found.get(stem, 0) for stem in new}

    @property
    def _average(self) -> float:
        totals = self._totals()
        return totals.tokens / max(totals.items, 1)

    def _totals(self) -> _Totals:
        if self._known is None:
            with self._transaction() as connection:
                row = self._run(connection, "SELECT items, tokens FROM {name}_totals").one()
            self._known = _Totals(row.items, row.tokens)
        return self._known

    def _there(self, connection: Connection) -> bool:
        known = "SELECT to_regclass(:name) IS NOT NULL"
        return bool(self._run(connection, known, {"name": f"{self.name}_totals"}).scalar())

    def _run(self, connection: Connection, statement: str, given: Any = None) -> CursorResult[Any]:
        return connection.execute(text(statement.replace("{name}", self.name)), given)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise LibraryError(f"{self} cannot be used: {error.orig}") from error


def _forms(wanted: Wanted) -> list[list[str]]:
    return [*([stem] for stem in wanted.stems), *(form for form, _ in wanted.instead if form)]


def _match(wanted: Wanted) -> str:
    return any_of(map(phrase, _forms(wanted)))


def _text_of(row: Indexed, content: str) -> str:
    return f"{row.paper.title}\n{content}"


def _row(item: str, indexed: Indexed, stems: Sequence[str]) -> dict[str, Any]:
    paper = indexed.paper
    return {
        "id": item,
        "paper_id": paper.id,
        "day": indexed.day,
        "organization": organization_key(paper.organization) if paper.organization else None,
        "comments": paper.comments,
        "sources": list(indexed.sources),
        "tokens": len(stems),
        "length": coarse(len(stems)),
        "words": vector(stems),
    }

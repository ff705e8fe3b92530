"""Words as PostgreSQL's full-text search takes them: `tsvector` and `tsquery`, written out.

Words come in as they are to be compared, stemmed or not; PostgreSQL is left nothing to decide of them, so that what
is found does not hang on how a server is set up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_PLACES = 256  # of one word that PostgreSQL keeps
_LAST = 16383  # the last place that it tells apart
_MOST = 900_000  # bytes of a tsvector, which may have a megabyte
_LONGEST = 2000  # bytes of a word


def vector(words: Iterable[str], weight: str = "") -> str:
    """A tsvector of words in their order; what of a very long text it cannot hold is left out.

    >>> vector(["the", "kiln", "the"], "A")
    "'the':1A,3A 'kiln':2A"
    """
    places: dict[str, list[int]] = {}
    size = 0
    for place, word in enumerate(words, start=1):
        known = places.get(word)
        if known is None:
            size += len(word.encode()) + 8
            if size > _MOST or len(word.encode()) > _LONGEST:
                continue
            places[word] = [place]
        elif len(known) < _PLACES and place <= _LAST:
            size += 2
            known.append(place)
    return " ".join(
        f"{quoted(word)}:{','.join(f'{min(place, _LAST)}{weight}' for place in known)}"
        for word, known in places.items()
    )


def phrase(words: Sequence[str]) -> str:
    """A tsquery of words that follow each other."""
    return " <-> ".join(map(quoted, words))


def any_of(queries: Iterable[str]) -> str:
    return " | ".join(f"({query})" for query in queries)


def all_of(queries: Iterable[str]) -> str:
    return " & ".join(f"({query})" for query in queries)


def quoted(word: str) -> str:
    """A word within a tsvector or a tsquery, whatever signs it has."""
    escaped = word.replace("\\", "\\\\").replace("'", "''").replace("\x00", "\ufffd")
    return f"'{escaped}'"


def beginning(word: str) -> str:
    """A tsquery of words that begin so."""
    return f"{quoted(word)}:*"

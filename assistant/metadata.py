"""Questions about the collection itself, computed from the catalog: counts, dates, comments, organisations.

Nothing is quoted and nothing cited here: a count is not a claim of any paper. Each answer says what it
counted, and how many papers could not be looked at because the fact is unknown of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistant.citations import unmarked
from assistant.extractive import Composed
from assistant.grounds import meaningful
from assistant.schema import Table
from assistant.tables import markdown_table
from index.dates import date_words, earliest_day
from index.filters import Bounds
from index.keywords import Keywords
from index.library import Library
from index.schema import Filters, Paper
from index.words import Wanted

_COLUMNS = ("Paper", "Organisation", "Date", "Comments")
_LISTED = """
paper papers article articles work works study studies publication publications library collection
list number count recent newest latest oldest earliest first last most discussed commented comments
comment published publish release released organisation organization organisations organizations lab
labs institution institutions company companies year years month months per represented here there
exist contains contain hold holds deal deals discuss mention mentions mentioned concern concerning
related top dated date dates write wrote
"""
_GENERIC = frozenset(_LISTED.split())


def topic_of(question: str) -> list[str]:
    """The words of a metadata question that name a topic ("papers on *reward hacking*")."""
    return [word for word in meaningful(question) if word.lower() not in _GENERIC and not word.isdigit()]


def papers_with(words: Sequence[str], library: Library, scope: Filters) -> list[Paper]:
    """The papers in scope, newest first; those whose title or text has every one of `words`, stemmed."""
    papers = library.papers(scope, limit=max(library.count(scope), 1))
    held = _holding(words, library.caches.keywords, library.catalog.bounds(scope)) if words else None
    return [paper for paper in papers if held is None or paper.id in held]


def compose_metadata(request: str, papers: Sequence[Paper], about: str, total: int, most: int) -> Composed:
    """The answer to a request (see `kinds.metadata_request`) over `papers`, newest first.

    `about` says in words what the papers have in common, `total` how many the library holds; at most `most`
    rows are shown, and the text says how many there are.
    """
    if request == "group":
        return _grouped(papers, about, most)
    ordered, unknown = _ordered(request, papers)
    said = {
        "count": f"**{_papers(len(papers))}** of the {total:,} in this library{about}.",
        "facts": "",
        "newest": f"The newest first, of {_papers(len(papers))}{about}.",
        "oldest": f"The oldest first, of {_papers(len(papers))}{about}.",
        "discussed": f"Those with the most comments first, of {_papers(len(papers))}{about}.",
    }[request]
    notes = [said] if said else []
    if unknown:
        fact = "number of comments" if request == "discussed" else "date"
        notes.append(f"The {fact} is not known of {_papers(unknown)}, left out here.")
    if len(ordered) > most:
        notes.append(f"{most} of {len(ordered):,} are shown.")
    table = Table(columns=_COLUMNS, rows=tuple(_row(paper) for paper in ordered[:most]))
    return _composed(" ".join(notes), table if ordered else None, len(papers))


def _grouped(papers: Sequence[Paper], about: str, most: int) -> Composed:
    counted = Counter(paper.organization for paper in papers if paper.organization)
    unknown = len(papers) - sum(counted.values())
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    notes = [f"{_papers(len(papers))}{about}, by organisation."]
    if unknown:
        notes.append(f"The organisation is not known of {_papers(unknown)}.")
    if len(ranked) > most:
        notes.append(f"{most} of {len(ranked):,} organisations are shown.")
    rows = tuple((unmarked(name), f"{number:,}") for name, number in ranked[:most])
    table = Table(columns=("Organisation", "Papers"), rows=rows)
    return _composed(" ".join(notes), table if rows else None, len(papers))


def compose_dates(papers: Sequence[Paper], about: str, unit: str) -> Composed:
    """How many papers there are of each year, or of each month where `unit` is "month"; newest first."""
    length = 7 if unit == "month" else 4
    known = [paper.published for paper in papers if earliest_day(paper.published) is not None]
    counted = Counter(day[:length] for day in known if day and len(day) >= length)
    unknown = len(papers) - sum(counted.values())
    notes = [f"{_papers(len(papers))}{about}, by {unit}."]
    if unknown:
        notes.append(f"The {unit} is not known of {_papers(unknown)}.")
    rows = tuple((date_words(day), f"{number:,}") for day, number in sorted(counted.items(), reverse=True))
    table = Table(columns=(unit.capitalize(), "Papers"), rows=rows)
    return _composed(" ".join(notes), table if rows else None, len(papers))


def _ordered(request: str, papers: Sequence[Paper]) -> tuple[list[Paper], int]:
    """The papers in the order asked for, and how many were left out since the fact is unknown of them."""
    if request in ("count", "facts"):
        return list(papers), 0
    if request == "discussed":
        known = [paper for paper in papers if paper.comments is not None]
        known.sort(key=lambda paper: -(paper.comments or 0))
    else:
        known = [paper for paper in papers if earliest_day(paper.published) is not None]
        known.sort(key=lambda paper: earliest_day(paper.published) or 0, reverse=request == "newest")
    return known, len(papers) - len(known)


def _holding(words: Sequence[str], keywords: Keywords, scope: Bounds) -> set[str]:
    stems = keywords.stems(" ".join(words))
    every = max(keywords.papers.count(), 1)
    found = [{hit.item for hit in keywords.papers.best([Wanted([stem])], every, scope)} for stem in stems]
    return set.intersection(*found) if found else set()


def _row(paper: Paper) -> tuple[str, ...]:
    title = " ".join(paper.title.split()).replace("[", r"\[").replace("]", r"\]")
    linked = f"[{title}]({paper.url})" if paper.url and paper.url.startswith("http") else title
    comments = "" if paper.comments is None else f"{paper.comments:,}"
    return linked, unmarked(paper.organization or ""), date_words(paper.published), comments


def _composed(said: str, table: Table | None, papers: int) -> Composed:
    parts = [said] if said else []
    if table is not None:
        parts.append(markdown_table(table))
    return Composed(text="\n\n".join(parts), papers=papers, table=table, computed=True)


def _papers(number: int) -> str:
    return f"{number:,} paper{'' if number == 1 else 's'}"

"""Checking a library against every invariant it promises, saying what to do about a breach, and doing it.

Owns the list of checks, in the order in which they are mended: what later ones are made from comes first.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from index import checks, repairs
from index.caches import Caches
from index.errors import IbidError
from index.library import Library
from index.schema import Value

REPAIR = "run `ibid doctor --repair`"


class Finding(Value):
    """One check: what was looked at, whether it holds, what was seen, and the remedy where it does not.

    `repairable` says that `repair` mends it.
    """

    check: str
    holds: bool
    seen: str
    remedy: str = ""
    repairable: bool = False


class Mended(Value):
    """What was done about a finding."""

    check: str
    done: str


class Check(NamedTuple):
    name: str
    look: Callable[[Library], tuple[bool, str]]
    remedy: str
    mend: Callable[[Library], str] | None = None


def examine(library: Library) -> Iterator[Finding]:
    """Every check in turn; one that cannot be made counts as failed, and the others go on."""
    return (_finding(check, library) for check in CHECKS)


def repair(library: Library) -> Iterator[Mended]:
    """Mend what can be mended, in order, telling what was done. Raises LibraryLocked where another process writes."""
    for check in CHECKS:
        if check.mend is not None and not _finding(check, library).holds:
            yield Mended(check=check.name, done=check.mend(library))


def _finding(check: Check, library: Library) -> Finding:
    try:
        holds, seen = check.look(library)
    except (IbidError, SQLAlchemyError, ValueError, zlib.error) as error:
        holds, seen = False, str(error).partition("\n")[0]
    if holds:
        return Finding(check=check.name, holds=True, seen=seen)
    return Finding(
        check=check.name, holds=False, seen=seen, remedy=check.remedy, repairable=check.mend is not None
    )


def _catalog_is_whole(library: Library) -> tuple[bool, str]:
    counts = library.catalog.counts()
    faults = checks.database_faults(library)
    seen = f"{counts['ready']} papers, {counts['chunks']} chunks, change {library.catalog.change()}"
    return not faults, "; ".join(faults[:3]) or seen


def _model_matches(library: Library) -> tuple[bool, str]:
    library.require_same_model()
    return True, library.embedder.fingerprint.key


def _caches_in_place(library: Library) -> tuple[bool, str]:
    astray = library.caches_astray()
    return not astray, astray or "where the library says they are"


def _rows_readable(library: Library) -> tuple[bool, str]:
    found = checks.unreadable_rows(library)
    return not found, _told([f"{row.table} {row.key[0]}" for row in found], "unreadable")


def _nothing_pending(library: Library) -> tuple[bool, str]:
    number = checks.pending(library)
    return number == 0, f"{number} pending"


def _records_have_papers(library: Library) -> tuple[bool, str]:
    found = checks.records_without_paper(library)
    return not found, _told(found, "lost")


def _rows_have_papers(library: Library) -> tuple[bool, str]:
    found = checks.rows_of_no_paper(library)
    return not found, f"{len(found)} rows of papers that are gone"


def _no_doubles(library: Library) -> tuple[bool, str]:
    found = checks.doubles(library)
    return not found, _told([f"{one} and {other}" for one, other in found], "twice")


def _chunks_inside(library: Library) -> tuple[bool, str]:
    outside, of_none = checks.chunks_outside(library), checks.chunks_of_no_paper(library)
    return not outside and not of_none, f"{len(outside)} outside, {len(of_none)} of no paper"


def _papers_cut(library: Library) -> tuple[bool, str]:
    found = checks.papers_not_cut(library)
    return not found, _told(found, "not cut, or not wholly")


def _vectors_whole(library: Library) -> tuple[bool, str]:
    missing, wrong = checks.chunks_without_vector(library)
    return not missing and not wrong, f"{len(missing)} missing, {len(wrong)} wrong"


def _vectors_needed(library: Library) -> tuple[bool, str]:
    found = checks.vectors_of_no_chunk(library)
    return not found, f"{len(found)} vectors of chunks that are gone"


def _chroma_agrees(library: Library) -> tuple[bool, str]:
    return _same(library.catalog.chunk_ids(), _settled(library).vectors.ids())


def _keywords_agree(library: Library) -> tuple[bool, str]:
    return _same(library.catalog.chunk_ids(), _settled(library).keywords.ids())


def _files_whole(library: Library) -> tuple[bool, str]:
    found = checks.files_lost(library)
    return not found, _told(found, "lost or damaged")


def _files_needed(library: Library) -> tuple[bool, str]:
    found = checks.files_unneeded(library)
    if found and library.being_added:
        return True, "papers are being added"
    return not found, f"{len(found)} unneeded"


def _no_leftovers(library: Library) -> tuple[bool, str]:
    found = checks.leftovers(library)
    return not found, _told([path.name for path in found], "left")


def _settled(library: Library) -> Caches:
    """The caches, once nothing in them is being made anew."""
    _ = library.caches
    library.mended()
    return library.caches


def _same(wanted: set[str], held: set[str]) -> tuple[bool, str]:
    missing, extra = checks.differing(wanted, held)
    return wanted == held, f"{missing} missing, {extra} too many"


def _told(found: list[str], what: str) -> str:
    """A number, and the first few by name."""
    names = f": {', '.join(found[:3])}" if found else ""
    return f"{len(found)} {what}{names}{', …' if len(found) > 3 else ''}"


CHECKS = (
    Check("catalog is whole", _catalog_is_whole, "restore a backup: `ibid restore --force FILE`"),
    Check(
        "model is the one the vectors were made by",
        _model_matches,
        "set embedding.model, or run `ibid rebuild`",
    ),
    Check("every row can be read", _rows_readable, REPAIR, repairs.mend_unreadable),
    Check("caches are in place", _caches_in_place, REPAIR, repairs.make_caches_anew),
    Check("no paper is half written", _nothing_pending, REPAIR, repairs.make_caches_anew),
    Check("what sources said has its paper", _records_have_papers, REPAIR, repairs.bring_papers_back),
    Check(
        "tags, arrivals, authors and acronyms are of papers",
        _rows_have_papers,
        REPAIR,
        repairs.drop_rows_of_no_paper,
    ),
    Check("no paper is there twice", _no_doubles, REPAIR, repairs.make_one),
    Check("chunks lie inside their papers", _chunks_inside, REPAIR, repairs.cut_anew),
    Check("every paper with words is cut", _papers_cut, REPAIR, repairs.cut_anew),
    Check("every chunk has a unit vector", _vectors_whole, REPAIR, repairs.cut_anew),
    Check("every vector is of a chunk", _vectors_needed, REPAIR, repairs.cut_anew),
    Check("Chroma holds exactly the catalog's chunks", _chroma_agrees, REPAIR, repairs.make_caches_anew),
    Check(
        "the keyword index holds exactly the catalog's chunks",
        _keywords_agree,
        REPAIR,
        repairs.make_caches_anew,
    ),
    Check("kept files are there and are what they were", _files_whole, REPAIR, repairs.find_files),
    Check("every kept file is needed", _files_needed, REPAIR, repairs.drop_files),
    Check("nothing is left of interrupted work", _no_leftovers, REPAIR, repairs.drop_leftovers),
)

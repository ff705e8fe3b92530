"""Whether two descriptions are of one paper, of two versions of one, or of two papers.

Owns that judgement. Refuses to know where descriptions come from or are kept, and what of them wins
(`index.merge` does).
"""

from __future__ import annotations

from index.merge import name_parts, title_key
from index.schema import Paper


def same_paper(one: Paper, other: Paper) -> bool:
    """Whether two descriptions that share a title, an id or an identifier can be of one paper.

    Identifiers decide where both have one of a kind. Else `one`'s own choice of an id does, and else the first
    authors, where both are known: papers of one title by others are other papers.
    """
    for mine, theirs in ((one.arxiv_id, other.arxiv_id), (one.doi, other.doi)):
        if mine and theirs:
            return mine.casefold() == theirs.casefold()
    if one.id:
        return one.id == other.id or one.id in (other.arxiv_id, other.doi)
    return same_first_author(one, other) is not False


def share_identifier(one: Paper, other: Paper) -> bool:
    """Whether an id, an arXiv id or a DOI names both."""
    pairs = ((one.id, other.id), (one.arxiv_id, other.arxiv_id), (one.doi, other.doi))
    return any(mine and theirs and mine.casefold() == theirs.casefold() for mine, theirs in pairs)


def same_first_author(one: Paper, other: Paper) -> bool | None:
    """Whether the first authors of both have one family name; None where one of them is not known.

    A name may stand family name first without saying so ("Wang Xiaoming"), so it is enough that the family name
    of one is a word of the other.
    """
    mine, theirs = (name_parts(paper.authors[0]) if paper.authors else () for paper in (one, other))
    if not mine or not theirs:
        return None
    return mine[0] in theirs or theirs[0] in mine


def versions_of_one(one: Paper, other: Paper) -> bool:
    """Whether two papers that the library keeps apart are versions of one work, as a preprint and the article are."""
    return (
        one.id != other.id
        and title_key(one.title) == title_key(other.title)
        and same_first_author(one, other) is True
    )

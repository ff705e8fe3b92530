"""Whether two descriptions are of one paper."""

from __future__ import annotations

import pytest

from index.identity import same_first_author, same_paper, versions_of_one
from index.schema import Paper


def by(*authors: str, **facts: str) -> Paper:
    return Paper.model_validate({"title": "Deep Learning", "authors": authors, **facts})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Yann LeCun", "LeCun, Y.", True),
        ("Xiaoming Wang", "Wang Xiaoming", True),
        ("María Peña-Ruiz", "M. Pena Ruiz", True),
        ("Jürgen Schmidhuber", "JUERGEN SCHMIDHUBER", True),
        ("Ines Duarte", "Ines Holm", False),
        ("OpenAI", "Meta", False),
    ],
)
def test_first_authors_are_told_apart_by_their_family_names(one: str, other: str, same: bool) -> None:
    assert same_first_author(by(one), by(other)) is same
    assert same_first_author(by(other), by(one)) is same


def test_an_author_that_is_not_known_tells_nothing() -> None:
    assert same_first_author(by(), by("Yann LeCun")) is None
    assert same_first_author(by("…"), by("Yann LeCun")) is None


def test_papers_of_one_title_by_others_are_others() -> None:
    assert not same_paper(by("Ines Duarte"), by("Lars Holm"))
    assert same_paper(by("Ines Duarte"), by("I. Duarte", "Lars Holm"))
    assert same_paper(by(), by("Lars Holm"))


def test_identifiers_decide_before_authors() -> None:
    assert same_paper(by("Ines Duarte", doi="10.1/A"), by("Lars Holm", doi="10.1/a"))
    assert not same_paper(by("Ines Duarte", doi="10.1/a"), by("Ines Duarte", doi="10.1/b"))


def test_versions_have_one_title_and_one_first_author() -> None:
    preprint, article = by("Ines Duarte", id="a", doi="10.1101/a"), by("Duarte, I.", id="b", doi="10.1038/b")
    assert versions_of_one(preprint, article)
    assert not versions_of_one(preprint, preprint)
    assert not versions_of_one(preprint, by("Lars Holm", id="b"))
    assert not versions_of_one(preprint, by(id="b"))

"""Names of authors in the form they are looked up by."""

from __future__ import annotations

import pytest

from index.authors import author_key, author_rows, name_words
from index.schema import Paper


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("José A. de la Peña-Ruiz", ["jose", "a", "de", "la", "pena-ruiz"]),
        ("O’Brien, Pat", ["o’brien", "pat"]),
        ("王小明", ["王小明"]),
        ("  J.-P.   Serre ", ["j", "p", "serre"]),
        ("…", []),
    ],
)
def test_a_name_is_compared_by_its_letters(name: str, words: list[str]) -> None:
    assert name_words(name) == words


def test_a_name_without_letters_is_passed_over() -> None:
    paper = Paper(id="a", title="A", authors=("?", "Ann Lee"))
    assert [(row["position"], row["family"]) for row in author_rows(paper)] == [(1, "lee ann")]
    assert author_key(paper) is None
    assert author_key(Paper(title="A")) is None

"""Groups of papers named by the words of their titles."""

from __future__ import annotations

from index.group_names import name_of, names_apart

WEIGHTS = {"glacier": 5.0, "snow": 4.0, "learn": 0.2, "llm": 3.0, "the": 0.0}


def weigh(word: str) -> tuple[str, float]:
    stem = word.lower().rstrip("s").removesuffix("ing")
    return stem, WEIGHTS.get(stem, 6.0)


def test_a_group_is_named_by_the_rarest_words_its_titles_share() -> None:
    titles = ["Learning from Snow and Glaciers", "Glaciers and Snow", "Learning Glaciers Anew"]
    assert name_of(titles, weigh) == "glaciers, snow"


def test_words_that_papers_have_anyway_only_fill_a_name_up() -> None:
    assert name_of(["Learning Snow", "Learning of Snow"], weigh) == "snow, learning"


def test_an_acronym_keeps_its_capitals() -> None:
    assert name_of(["Snow for LLMs", "LLMs: an End"], weigh) == "LLMs"


def test_titles_that_share_nothing_have_no_name() -> None:
    assert name_of(["Glaciers", "Snow"], weigh) == ""


def test_a_group_beside_others_is_named_by_words_that_they_have_not() -> None:
    titles = ["Deep Tides at Sea", "Tides of the Sea", "Deep Songs of Birds", "Songs of Birds at Dawn"]
    names = names_apart(titles, [0, 0, 1, 1], 2, str.lower)
    assert set(names[0].split(", ")[:2]) == {"tides", "sea"}
    assert set(names[1].split(", ")[:2]) == {"songs", "birds"}


def test_a_group_that_shares_no_word_is_called_other() -> None:
    assert (
        names_apart(["Glaciers", "Snow", "Tides of Sea", "Sea Tides"], [0, 0, 1, 1], 2, str.lower)[0]
        == "other"
    )


def test_a_word_is_written_as_most_titles_have_it() -> None:
    titles = ["LLMs Judge", "How LLMs Judge", "Llms judge", "Snow"]
    assert "LLMs" in names_apart(titles, [0, 0, 0, 1], 2, str.lower)[0]

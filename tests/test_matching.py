"""Words of a text that match words of a question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index.embedding import Embedder
from index.library import Library
from index.matching import matched

Found = Callable[[str, str], list[str]]


@pytest.fixture
def found(open_library: Callable[..., Library]) -> Found:
    """The matching words themselves, found by the default model."""
    library = open_library()

    def look(question: str, text: str) -> list[str]:
        return [text[start:end] for start, end in library.matched(question, text)]

    return look


def test_words_of_one_stem_match_in_every_sentence(found: Found) -> None:
    text = "Robots paint. A painted wall dries, and the robot's paint too."
    assert found("Which robot painted walls?", text) == [
        "Robots",
        "paint",
        "painted",
        "wall",
        "robot",
        "paint",
    ]


def test_a_word_in_other_words_matches_by_its_meaning(found: Found) -> None:
    assert "images" in found("How are photos ranked?", "People score images by how pretty they are.")
    assert "websites" in found("Which sites were visited?", "The agent opens forty websites on its own.")


def test_what_is_only_near_in_topic_does_not_match(found: Found) -> None:
    text = "Steep glaciers forget snowfall sooner than flat ones."
    assert found("Which singers learn a melody from their fathers?", text) == []


def test_function_words_never_match(found: Found) -> None:
    text = "What we show is how it was, and that they will use the same of these."
    assert found("What was it that we show, and how do they use these?", text) == []


def test_the_possessive_s_is_no_word(found: Found) -> None:
    assert found("What is the model's size?", "The author's garden is green.") == []


def test_a_number_matches_only_itself(found: Found) -> None:
    question = "Does accuracy reach 71 percent?"
    assert found(question, "At first the accuracy was 72 percent.") == ["accuracy", "percent"]
    assert "71" in found(question, "Its accuracy is 71 percent.")


def test_a_sentence_is_marked_alike_alone_and_in_its_passage(found: Found) -> None:
    question = "Which photos were ranked by speed?"
    sentences = ["Faster cameras lose detail.", "Judges sorted the images by taste.", "No film was used."]
    alone = [word for sentence in sentences for word in found(question, sentence)]
    assert found(question, " ".join(sentences)) == alone
    assert "images" in alone


def test_a_text_longer_than_the_model_reads_is_marked_to_its_end(found: Found) -> None:
    text = "The kiln cools slowly overnight. " * 60 + "Judges sorted the images by taste."
    assert found("Which photos won?", text)[-1:] == ["images"]


def test_words_in_a_sentence_beyond_the_window_match_by_stem(found: Found) -> None:
    text = "the kiln cools " * 120 + "and images of pots fade"
    assert found("Do pots fade?", text) == ["pots", "fade"]


def test_a_model_that_tells_no_tokens_matches_by_stem(
    open_library: Callable[..., Library], hashing: Embedder, tmp_path: Path
) -> None:
    library = open_library(tmp_path / "hashed", hashing)
    text = "Judges score images; photographs too."
    assert library.matched("Who scores photos or images?", text) == ((7, 12), (13, 19))


@pytest.mark.parametrize(("question", "text"), [("", "Robots paint."), ("robots?", ""), ("?!", "... !")])
def test_nothing_matches_nothing(found: Found, question: str, text: str) -> None:
    assert found(question, text) == []


def test_spans_are_in_order_and_apart(embedder: Embedder) -> None:
    text = "Robot painters paint robots: fast, faster, fastest painting at speed."
    spans = matched("How fast do robots paint?", text, lambda word: [word.lower().rstrip("s")], embedder)
    assert all(end <= start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))
    assert len(spans) == len(set(spans)) > 3

"""Chunks: exact spans, whole sentences, never beyond a section or the embedder's window."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from index.chunking import Chunker
from index.embedding import Embedder
from index.readers import read
from index.schema import Chunk, Document, Paper, Section, Unreadable
from index.sentences import sentences
from index.tokens import count_tokens
from index.weights import find_minilm

MANY = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

LETTERS = "abcdefgh ABC .,;:!?()-\n\t\"'0123456789$\\_{}^"
STRANGE = "漢字かな한국ёжقلبไทยéñ\u0301\u200b\u00ad\u2028\x1c\x85𝒜😀👩‍🔬ﬁ½"
WORD = st.one_of(
    st.text(LETTERS, min_size=1, max_size=12),
    st.text(STRANGE, min_size=1, max_size=40),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789/.-_", min_size=70, max_size=260),
    st.text(min_size=1, max_size=10).map(lambda text: text.encode("utf-8", "replace").decode()),
    st.sampled_from(["method", "Reward", "policy.", "e.g.", "$x. y$", "et al.", "Gains!", "\n\n", "\n- "]),
)
TEXT = st.lists(WORD, max_size=60).map(" ".join)
LONG_TEXT = st.tuples(TEXT, st.integers(1, 12)).map(lambda pair: " ".join([pair[0]] * pair[1]))
TITLE = st.one_of(st.lists(WORD, min_size=1, max_size=8).map(" ".join), TEXT, st.just("漢" * 400))


@pytest.fixture(scope="module")
def chunker(embedder: Embedder) -> Chunker:
    return Chunker(200, 1, embedder.count, embedder.window)


@pytest.fixture(scope="module")
def pieces(models: Path) -> Callable[[str], int]:
    """What the model's own tokenizer makes of a text, special pieces counted and nothing cut."""
    tokenizer = Tokenizer.from_file(str(find_minilm(models).tokenizer))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return lambda text: len(tokenizer.encode(text).ids)


def document(text: str, title: str = "A Title", sections: Sequence[Section] = ()) -> Document:
    return Document(paper=Paper(id="paper", title=title), text=text, sections=tuple(sections))


def spread(words: int, sentence: int = 12) -> str:
    """A text of so many words, in sentences of `sentence` words that all differ."""
    names = [f"word{position}" for position in range(words)]
    return " ".join(
        " ".join(names[start : start + sentence]).capitalize() + "." for start in range(0, words, sentence)
    )


def test_a_short_text_is_one_chunk(chunker: Chunker) -> None:
    (chunk,) = chunker.chunks(document("One sentence. And another."))
    assert (chunk.text, chunk.start, chunk.end, chunk.position) == ("One sentence. And another.", 0, 26, 0)
    assert chunk.tokens == count_tokens([chunk.text])[0]


def test_an_empty_text_has_no_chunks(chunker: Chunker) -> None:
    assert chunker.chunks(document("  \n ")) == []


def test_a_long_text_is_cut_at_sentence_ends_with_one_sentence_of_overlap(chunker: Chunker) -> None:
    text = spread(600)
    chunks = chunker.chunks(document(text))
    spans = sentences(text)
    starts, ends = {a for a, _ in spans}, {b for _, b in spans}
    assert len(chunks) > 3
    assert all(chunk.start in starts and chunk.end in ends for chunk in chunks)
    for before, after in zip(chunks, chunks[1:], strict=False):
        shared = [span for span in spans if after.start <= span[0] and span[1] <= before.end]
        assert len(shared) == 1


def test_the_overlap_that_is_asked_for_is_kept(embedder: Embedder) -> None:
    text = spread(400)
    for overlap in (0, 2):
        chunks = Chunker(120, overlap, embedder.count, embedder.window).chunks(document(text))
        for before, after in zip(chunks, chunks[1:], strict=False):
            assert text[after.start : before.end].count(".") == overlap


def test_no_chunk_lies_in_two_sections(chunker: Chunker) -> None:
    text = "Intro. It is short.\nMethod. It is short too."
    middle = text.index("Method")
    parts = [Section(name="Intro", start=0, end=middle), Section(name="Method", start=middle, end=len(text))]
    chunks = chunker.chunks(document(text, sections=parts))
    assert [(c.section, c.text) for c in chunks] == [
        ("Intro", "Intro. It is short."),
        ("Method", "Method. It is short too."),
    ]


def test_a_sentence_longer_than_a_chunk_is_cut_between_words(chunker: Chunker) -> None:
    text = " ".join(f"word{position}" for position in range(500))
    chunks = chunker.chunks(document(text))
    words = [word for chunk in chunks for word in chunk.text.split()]
    assert set(words) == set(text.split())
    assert all(chunk.tokens <= 210 for chunk in chunks)


def test_the_title_is_embedded_and_is_not_in_the_chunk(chunker: Chunker) -> None:
    (chunk,) = chunker.chunks(document("Only this.", title="TideNet"))
    assert "TideNet" not in chunk.text
    assert chunker.embedded("TideNet", chunk) == "TideNet\nOnly this."


def test_the_same_paper_has_the_same_chunk_ids_again(chunker: Chunker) -> None:
    text = spread(300)
    first, again = chunker.chunks(document(text)), chunker.chunks(document(text))
    assert [chunk.id for chunk in first] == [chunk.id for chunk in again]


def test_a_changed_sentence_changes_only_the_chunks_that_hold_it(chunker: Chunker) -> None:
    text = spread(900)
    before = {chunk.id for chunk in chunker.chunks(document(text))}
    after = {chunk.id for chunk in chunker.chunks(document(text.replace("word890", "changed")))}
    assert 1 <= len(before - after) <= 2


def test_a_text_that_repeats_itself_has_a_chunk_id_for_each_place(chunker: Chunker) -> None:
    chunks = chunker.chunks(document("The same again and again. " * 300))
    assert len({chunk.id for chunk in chunks}) == len(chunks) > 5


def test_another_paper_with_the_same_words_has_other_chunk_ids(chunker: Chunker) -> None:
    one = document("The same words.")
    other = one.model_copy(update={"paper": one.paper.model_copy(update={"id": "other"})})
    assert chunker.chunks(one)[0].id != chunker.chunks(other)[0].id


@MANY
@given(text=LONG_TEXT, title=TITLE, cut=st.floats(0, 1))
def test_every_chunk_is_its_span_and_the_model_reads_it_whole(
    chunker: Chunker, pieces: Callable[[str], int], text: str, title: str, cut: float
) -> None:
    middle = int(len(text) * cut)
    parts = [Section(name="One", start=0, end=middle), Section(name="Two", start=middle, end=len(text))]
    paper = document(text, title=title, sections=parts)
    chunks = chunker.chunks(paper)
    assert_exact(chunks, paper)
    assert_nothing_lost(chunks, text)
    assert all(chunk.tokens <= 200 for chunk in chunks)
    assert max([pieces(chunker.embedded(title, chunk)) for chunk in chunks], default=0) <= 256


@MANY
@given(parts=st.lists(LONG_TEXT, min_size=1, max_size=4), space=st.sampled_from([" ", "\n", " \t", "\n\n"]))
def test_word_pieces_add_up_over_white_space(chunker: Chunker, parts: list[str], space: str) -> None:
    assert chunker.count_pieces([space.join(parts)])[0] == sum(chunker.count_pieces(parts))


@pytest.mark.parametrize(
    "text",
    [
        " ".join("qzxvkjw" * 13 for _ in range(30)),
        " ".join("./-_09ab" * 20 for _ in range(30)),
        "\x1c".join(["policy", "xq", "reward", "漢"] * 200),
        "한국어논문" * 300,
        "a" + " " * 4000 + "b",
        "𝒜😀" * 500,
    ],
    ids=["long words", "addresses", "control characters", "hangul", "white space", "astral"],
)
def test_text_without_sentences_is_cut_so_that_the_model_reads_all_of_it(
    chunker: Chunker, pieces: Callable[[str], int], text: str
) -> None:
    chunks = chunker.chunks(document(text))
    assert_nothing_lost(chunks, text)
    assert all(chunk.text.strip() and chunk.tokens <= 200 for chunk in chunks)
    assert max(pieces(chunker.embedded("A Title", chunk)) for chunk in chunks) <= 256


def assert_exact(chunks: Sequence[Chunk], paper: Document) -> None:
    parts = {section.name: section for section in paper.sections}
    for position, chunk in enumerate(chunks):
        assert paper.text[chunk.start : chunk.end] == chunk.text
        assert chunk.text.strip()
        assert chunk.position == position
        assert chunk.paper_id == paper.paper.id
        part = parts[chunk.section]
        assert part.start <= chunk.start < chunk.end <= part.end
    assert len({chunk.id for chunk in chunks}) == len(chunks)


def assert_nothing_lost(chunks: Sequence[Chunk], text: str) -> None:
    held = {place for chunk in chunks for place in range(chunk.start, chunk.end)}
    lost = "".join(char for place, char in enumerate(text) if place not in held)
    assert not re.sub(r"\s", "", lost)


@MANY
@given(text=LONG_TEXT)
def test_an_embedder_without_a_window_is_held_to_tokens_alone(text: str) -> None:
    chunks = Chunker(60, 1, lambda texts: [0] * len(texts), None).chunks(document(text))
    assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    assert_nothing_lost(chunks, text)


def test_no_chunk_of_the_real_papers_is_cut_by_the_model(
    seeds: list[Path], chunker: Chunker, pieces: Callable[[str], int]
) -> None:
    documents = [found for path in seeds for found in read(path) if not isinstance(found, Unreadable)]
    cut, number = [], 0
    for found in documents:
        for chunk in chunker.chunks(found):
            number += 1
            assert found.text[chunk.start : chunk.end] == chunk.text
            assert chunk.tokens <= 200
            if pieces(chunker.embedded(found.paper.title, chunk)) > 256:
                cut.append(chunk.text)
    assert number > 302
    assert cut == []

"""A model's reply taken apart into sentences, however it spells its markers and wherever it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from assistant.writing.drafts import Draft, Drafts, drafts


def read(reply: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(draft.text, draft.markers) for draft in drafts(reply)]


@pytest.mark.parametrize(
    ("spelled", "numbers"),
    [
        ("[1]", (1,)),
        ("[1][3]", (1, 3)),
        ("[1, 3]", (1, 3)),
        ("[2-4]", (2, 3, 4)),
        ("[2–4]", (2, 3, 4)),
        ("[^2]", (2,)),
        ("【3】", (3,)),
        ("【3†source】", (3,)),
        ("[passage 2]", (2,)),
        ("[1](#cite-1)", (1,)),
        ("[3, 1, 3]", (3, 1)),
    ],
)
def test_markers_are_read_before_and_after_the_full_stop(spelled: str, numbers: tuple[int, ...]) -> None:
    wanted = [("Tides rise.", numbers), ("Birds sing.", ())]
    assert read(f"Tides rise {spelled}. Birds sing.") == wanted
    assert read(f"Tides rise. {spelled} Birds sing.") == wanted
    assert read(f"Tides rise.{spelled} Birds sing.") == wanted


def test_a_bracket_that_names_no_passage_stays_text() -> None:
    assert read("Scores lie in [0.1] and [a] here.") == [("Scores lie in [0.1] and [a] here.", ())]


def test_paragraphs_and_items_are_kept_and_other_markdown_is_taken_off() -> None:
    reply = (
        "## Findings\nTides **rise** [1]. They fall [2].\n\n- *TideNet*: it forecasts [1].\n2. Second item [3].\n"
        "```\n| Paper | Says |\n|---|---|\n| A | b [2] |\n"
    )
    assert drafts(reply) == [
        Draft(text="Tides rise.", markers=(1,), lead="paragraph"),
        Draft(text="They fall.", markers=(2,), lead="sentence"),
        Draft(text="TideNet: it forecasts.", markers=(1,), lead="item"),
        Draft(text="Second item.", markers=(3,), lead="item"),
        Draft(text="A ; b", markers=(2,), lead="paragraph"),
    ]


def test_links_images_addresses_and_html_are_taken_off() -> None:
    reply = (
        "See ![x](http://evil.example/a?b=c) and [the site](http://evil.example) or <img src=x onerror=alert(1)> "
        "or http://evil.example/q or www.evil.example now [1]."
    )
    ((text, numbers),) = read(reply)
    assert text == "See and the site or or or now."
    assert numbers == (1,)


def test_sentences_of_chinese_and_japanese_are_parted() -> None:
    assert read("潮位は上がる。[1] 鳥は歌う[2]。") == [("潮位は上がる。", (1,)), ("鳥は歌う。", (2,))]


def test_a_sentence_is_given_once_something_follows_it_and_not_before_its_markers() -> None:
    reading = Drafts()
    assert reading.feed("Tides rise.") == []
    assert reading.feed(" [") == []
    assert reading.feed("1") == []
    assert reading.feed("] ") == []
    assert reading.feed("B") == [Draft(text="Tides rise.", markers=(1,), lead="paragraph")]
    assert reading.feed("irds sing [2].") == []
    assert reading.end() == [Draft(text="Birds sing.", markers=(2,))]


PIECES = some.lists(
    some.sampled_from(
        [
            "Tides rise",
            ". ",
            "[1]",
            "[2, 3]",
            "\n",
            "\n\n",
            "- ",
            "## ",
            "**",
            "|",
            "```",
            "e.g. ",
            "[",
            "]",
            "$x$",
            "0.5 ",
        ]
    ),
    max_size=30,
)


@settings(deadline=None, max_examples=1000)
@given(PIECES, some.integers(1, 7))
def test_how_a_reply_is_cut_into_pieces_changes_nothing(parts: list[str], width: int) -> None:
    reply = "".join(parts)
    reading = Drafts()
    found: list[Draft] = []
    for start in range(0, len(reply), width):
        found += reading.feed(reply[start : start + width])
    assert found + reading.end() == drafts(reply)


@settings(deadline=None)
@given(some.text(max_size=300))
def test_any_text_is_read_as_something(reply: str) -> None:
    assert all(draft.text.strip() for draft in drafts(reply))

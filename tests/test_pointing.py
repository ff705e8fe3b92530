"""Where a question says that its answer stands."""

from __future__ import annotations

import pytest

from assistant.citations import numbers
from assistant.pointing import Pointer, pointer, without_pointers
from index.schema import Chunk, PartKind


def chunk(text: str, section: str | None = None, page: int | None = None, kind: PartKind = "text") -> Chunk:
    place = {"id": "c", "paper_id": "p", "position": 3, "start": 0, "end": len(text), "tokens": 1}
    return Chunk.model_validate(place | {"text": text, "section": section, "page": page, "kind": kind})


@pytest.mark.parametrize(
    ("question", "there"),
    [
        ("What is in Table 3?", chunk("Table 3: Speed.\n\na | b", kind="table")),
        ("what does fig. 2 show", chunk("Figure 2: How it reads.", kind="caption")),
        ("What stands on page 7?", chunk("Anything.", page=7)),
        ("Who annotated, in Appendix B?", chunk("Pilots did.", section="Appendix B Annotation")),
        ("Who annotated, in appendix B?", chunk("Pilots did.", section="B.1 People")),
        ("What is said in section 4.2?", chunk("It is.", section="4.2 Setup")),
        ("What does Table A.1 list?", chunk("Table A.1. Data.", kind="table")),
    ],
)
def test_a_place_that_a_question_names_is_known(question: str, there: Chunk) -> None:
    assert pointer(question).at(there)


@pytest.mark.parametrize(
    ("question", "elsewhere"),
    [
        ("What is in Table 3?", chunk("Table 30: Speed.", kind="table")),
        ("What is in Table 3?", chunk("As Table 3 shows, it is fast.")),
        ("What does Figure 3 show?", chunk("Table 3: Speed.", kind="table")),
        ("What is said in section 4?", chunk("It is.", section="14 Setup")),
        ("What does it propose?", chunk("Table 3: Speed.", "B", 7, "table")),
    ],
)
def test_another_place_is_not_taken_for_it(question: str, elsewhere: Chunk) -> None:
    assert not pointer(question).at(elsewhere)


def test_a_row_is_where_its_caption_is() -> None:
    row = chunk("QANet | 3", kind="table")
    assert pointer("in Table 2").at(row, ["Table 2: Results."])
    assert not pointer("in Table 2").at(row)


def test_a_question_that_names_no_place_points_nowhere() -> None:
    assert pointer("How much faster is it with two tables?") == Pointer()


@pytest.mark.parametrize(
    "text",
    [
        "As Smith et al. (2019) and Jones (2020b) show, it drifts [3, 12].",
        "Buoys drift (Smith et al., 2019; Ng, 2021), see Table 3 and Section 4.2.",
    ],
)
def test_what_points_elsewhere_states_no_number(text: str) -> None:
    assert numbers(without_pointers(text)) == []


def test_a_number_that_a_sentence_states_itself_stays() -> None:
    assert numbers(without_pointers("In June 2019 it drifted 12 km [4] (95% of 3.5).")) == [
        "2019",
        "12",
        "95",
        "3.5",
    ]

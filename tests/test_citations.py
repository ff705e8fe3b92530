"""Citations: placed, numbered, proved; and the proof itself, held against answers that are wrong."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.citations import Citations, faults, markers, numbers, with_markers
from assistant.engine import Assistant
from assistant.schema import Answer, Answered, Citation, Delta, Sentence
from index.embedding import Embedder
from index.library import Library
from index.schema import Chunk, Filters, Paper

TEXT = "Buoys drift. They halve the error on 3 coasts, by 12.5%. Nothing else is known."
PAPER = Paper(id="tide", title="TideNet")
QUOTE = "They halve the error on 3 coasts, by 12.5%."


# ---- Markers


@pytest.mark.parametrize(
    ("sentence", "marked"),
    [
        ("It drifts.", "It drifts [1][2]."),
        ("Does it drift?", "Does it drift [1][2]?"),
        ("It drifts!?", "It drifts [1][2]!?"),
        ("It drifts …", "It drifts [1][2]…"),
        ("“It drifts.”", "“It drifts [1][2].”"),
        ("(It drifts.)", "(It drifts [1][2].)"),
        ("It **drifts.**", "It **drifts [1][2].**"),
        ("It drifts", "It drifts [1][2]"),
        ("By 12.5% on average.", "By 12.5% on average [1][2]."),
    ],
)
def test_markers_stand_right_before_the_final_punctuation(sentence: str, marked: str) -> None:
    assert with_markers(sentence, [1, 2]) == marked


def test_bracketed_numbers_of_a_papers_own_are_no_markers() -> None:
    marked = with_markers("As in [7], buoys drift [12].", [1])
    assert markers(marked) == [1]
    assert marked.replace("\\", "") == "As in [7], buoys drift [12] [1]."


def test_a_sentence_without_citations_carries_no_markers() -> None:
    assert markers(with_markers("As in [7], buoys drift.", [])) == []


def test_a_link_is_no_marker() -> None:
    assert markers("See [1](page) and [2].") == [2]


def test_numbers_are_compared_without_thousands_separators_and_names_hold_none() -> None:
    assert numbers("GPT4 and R1 see 1,200 buoys, 12.5% of 9600") == ["1200", "12.5", "9600"]
    assert numbers("an error of .5, not 0.25, in v.7") == ["0.5", "0.25"]


def test_a_span_cited_twice_keeps_its_number() -> None:
    citations = Citations()
    chunk = Chunk(
        id="c", paper_id="tide", position=0, section=None, page=None, start=0, end=9, text="x", tokens=1
    )
    told = [citations.cite(PAPER, chunk, quote, start) for quote, start in (("b", 3), ("a", 0), ("b", 3))]
    assert told == [1, 2, 1]
    assert [citation.quote for citation in citations.all] == ["b", "a"]


# ---- The proof: a wrong answer of each kind is caught


def right() -> Answer:
    start = TEXT.index(QUOTE)
    citation = Citation(number=1, paper=PAPER, quote=QUOTE, start=start, end=start + len(QUOTE))
    return Answer(
        question="q",
        standalone="q",
        kind="find",
        answered=True,
        text="They halve the error on 3 coasts, by 12.5% [1].",
        sentences=(Sentence(text=QUOTE, citations=(1,), support="verbatim"),),
        citations=(citation,),
    )


def changed(**fields: Any) -> Answer:
    return right().model_copy(update=fields)


def cited(**fields: Any) -> Answer:
    return changed(citations=(right().citations[0].model_copy(update=fields),))


def test_a_right_answer_has_no_faults() -> None:
    assert faults(right(), lambda paper_id: TEXT) == []


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (changed(text="They halve it [1]. And more [2]."), r"marker \[2\] has no citation"),
        (changed(text="They halve it."), "citation 1 is not used"),
        (cited(quote="They double the error on 3 coasts, by 12.5%."), "not verbatim"),
        (cited(start=12, end=55), "not verbatim"),
        (cited(start=TEXT.index(QUOTE), end=10_000), "not verbatim"),
        (cited(quote=QUOTE.lower()), "not verbatim"),
        (
            changed(sentences=(Sentence(text="They halve it on 4 coasts.", citations=(1,)),)),
            "4 is in no cited span",
        ),
        (changed(sentences=(Sentence(text="By 12%.", citations=(1,)),)), "12 is in no cited span"),
        (changed(sentences=(Sentence(text="It has 3 buoys."),)), "3 is in no cited span"),
        (changed(sentences=(Sentence(text=QUOTE, citations=(1, 9)),)), r"cites \[9\], which does not exist"),
        (changed(answered=False), "found nothing cites something"),
    ],
    ids=[
        "marker without citation",
        "citation without marker",
        "changed word",
        "moved span",
        "span beyond the text",
        "changed case",
        "another number",
        "rounded number",
        "number without citation",
        "sentence citing nothing real",
        "refusal that cites",
    ],
)
def test_a_fault_is_found(wrong: Answer, fault: str) -> None:
    found = faults(wrong, lambda paper_id: TEXT)
    assert any(re.search(fault, told) for told in found), found


# ---- Generated questions: the promises hold, whatever is asked


FRAMES = (
    "What does {} propose?",
    "How does {} work, and on how many benchmarks?",
    "Which papers use {}?",
    "List papers about {}",
    "Is {} better than 3 baselines?",
    "How much does {} improve?",
    "Compare {} with earlier work",
    "Summarise {} in two sentences.",
    "Why {}",
    "Show me datasets for {}, please",
    "{}",
    "Since 2025, what is new about {}?",
    "Is it true that {}?",
    "and {}?",
)
NONSENSE = (
    "?",
    "[1][2]",
    "[1](javascript:alert(1))",
    "0",
    "12.5% 3 100,000",
    "$\\frac{1}{2}",
    "<b>bold</b> <script>",
    "' OR 1=1; --",
    "title:reward AND NOT (x",
    '"unclosed',
    "*",
    "\\",
    "ünïcödé ΑΒΓ 模型 🙂",
    "the of and to in",
    "a" * 3000,
    "why " * 400,
    " ".join(f"word{number}" for number in range(1500)),
    "it",
    "\u202eright to left\u202c",
    "null\ttab\r\nline",
)


def questions(library: Library, count: int, seed: int) -> list[str]:
    """Titles, short names and runs of the papers' own words in frames, and things nobody would ask."""
    chance = random.Random(seed)
    papers = library.papers(limit=1000)

    def subject() -> str:
        paper = chance.choice(papers)
        words = library.text(paper.id).split()
        start = chance.randrange(len(words))
        run = " ".join(words[start : start + chance.randint(1, 12)])
        mixed = " ".join(chance.sample(words, min(len(words), chance.randint(2, 6))))
        return chance.choice((paper.title, paper.short_name or paper.title, run, run, mixed))

    asked = list(NONSENSE)
    while len(asked) < count:
        letters = "".join(chance.choices("abcdefghij 0123456789.,[]()*_$\\", k=chance.randint(1, 40)))
        asked.append(
            chance.choice(FRAMES).format(subject()) if chance.random() < 0.95 else letters.strip() or "."
        )
    return asked[:count]


def broken(answer: Answer, library: Library) -> Iterator[str]:
    """What is wrong with an answer, found without the code that made it."""
    spans = {citation.number: citation for citation in answer.citations}
    plain = _unescaped(answer.text)
    met = [int(number) for number in re.findall(r"(?<!\\)\[(\d+)\](?!\()", answer.text)]
    if sorted(set(met)) != sorted(spans) or list(spans) != list(range(1, len(spans) + 1)):
        yield f"markers {met} and citations {list(spans)} differ"
    if list(dict.fromkeys(met)) != sorted(spans):
        yield f"markers are not numbered in the order they are met: {met}"
    for citation in answer.citations:
        if not citation.quote.strip():
            yield "an empty quote"
        if library.text(citation.paper.id)[citation.start : citation.end] != citation.quote:
            yield f"quote {citation.number} is not in its place"
        if library.paper(citation.paper.id) != citation.paper:
            yield f"citation {citation.number} misnames its paper"
    for passage in answer.passages:
        if library.text(passage.paper.id)[passage.start : passage.end] != passage.text:
            yield f"passage {passage.rank} is not in its place"
    for sentence in answer.sentences:
        quoted = " ".join(spans[number].quote for number in sentence.citations)
        for number in re.findall(r"(?<![\w.])\d+(?:[.,]\d+)*", sentence.text):
            if number not in quoted:
                yield f"{number} is in nothing that its sentence cites"
        if sentence.citations and not _marked(sentence, plain):
            yield f"the markers of {sentence.text!r} are not before its final punctuation"
    if answer.answered != bool(answer.citations):
        yield f"answered is {answer.answered} with {len(answer.citations)} citations"
    if not answer.text.strip():
        yield "nothing is said"
    if answer.coverage.cited != len({citation.paper.id for citation in answer.citations}):
        yield "the number of papers cited is wrong"


def _marked(sentence: Sentence, plain: str) -> bool:
    end = re.search(r"[.!?…]+[\"'”’)\]*_]*$", sentence.text)
    cut = end.start() if end else len(sentence.text)
    marks = "".join(f"[{number}]" for number in sentence.citations)
    return _unescaped(f"{sentence.text[:cut].rstrip()} {marks}{sentence.text[cut:]}") in plain


def _unescaped(markdown: str) -> str:
    """What Markdown says, with all quotes alike: TeX's (``so'') are shown as the ones they stand for."""
    return re.sub(r"``|''|[“”]", '"', re.sub(r"\\([^\w\s])", r"\1", markdown))


def examined(library: Library, asked: list[str], filters: Filters = Filters()) -> tuple[int, list[str]]:
    """How many questions were answered, and everything that was wrong with any of the answers."""
    assistant = Assistant(library)
    answered, wrong = 0, []
    for question in asked:
        *pieces, last = [
            event
            for event in assistant.stream(question, filters=filters)
            if isinstance(event, Delta | Answered)
        ]
        assert isinstance(last, Answered)
        answer = last.answer
        answered += answer.answered
        found = [*faults(answer, library.text), *broken(answer, library)]
        if "".join(piece.text for piece in pieces if isinstance(piece, Delta)) != answer.text:
            found.append("what was streamed is not what was answered")
        if Answer.model_validate_json(answer.model_dump_json()) != answer:
            found.append("the JSON does not read back as the same answer")
        wrong += [f"{question!r}: {fault}" for fault in found]
    return answered, wrong


def test_citations_hold_over_500_questions_to_the_listing_pages(
    seeds_library: Library, remembering: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeds_library, "embedder", remembering)
    answered, wrong = examined(seeds_library, questions(seeds_library, 500, seed=619))
    assert wrong == []
    assert answered > 250


def test_citations_hold_over_generated_questions_to_the_sample_papers(sample_library: Library) -> None:
    answered, wrong = examined(sample_library, questions(sample_library, 120, seed=61))
    assert wrong == []
    assert answered > 60


HOSTILE: tuple[dict[str, Any], ...] = (
    {"title": "Reply to [1]: Drift [2] of 3 Buoys", "abstract": "As shown in [3], the drift of 3 buoys is 12.5% [4]."},
    {"title": "*Starred* and _underlined_ drift", "abstract": "**We** measure the _drift_ of buoys** in $x^2$ seas!"},
    {"title": "Drift: no punctuation", "abstract": "the drift of buoys never ends and this text has no full stop"},
    {"title": "Drift in Quotes", "abstract": "She said: “The drift of buoys is real.” (It was measured in 1998.)"},
    {"title": "<b>Drift</b> & more", "abstract": "<script>x</script> Buoys drift at 1,200 m. Fig. 3 says so."},
    {"title": "Links on drift", "abstract": "See [the drift](http://127.0.0.1/x) and ![buoys](http://127.0.0.1/y)."},
    {"title": "漂流浮标的研究", "abstract": "浮标会漂流。Buoys drift in 漂流 seas。We saw 7 of them."},
    {"title": "Ellipsis of drift", "abstract": "Buoys drift… They drift on … and on?! Then 5.0 of 8 stop"},
    {"title": "Lists of drift", "abstract": "We study:\n\n1. buoys that drift;\n2. buoys [5] that sink;\n- 9 others."},
    {"title": "R2D2: drift", "abstract": "It drifts. We propose R2D2, which lets 4 buoys drift. This is [1] no mark."},
    {"title": "Drift in code", "abstract": "Buoys say ``we drift'' to `x` alone. A ``drift that never ends is 3 m."},
    {"title": "3 Buoys: drift", "abstract": "It drifts with the tide wherever it goes. We propose to let buoys drift."},
)  # fmt: skip


def test_citations_hold_over_papers_that_look_like_markup(
    open_library: Callable[..., Library], write_papers: Callable[..., Path], tmp_path: Path
) -> None:
    library = open_library(tmp_path / "hostile")
    assert not library.add([write_papers("hostile.jsonl", *HOSTILE)]).failed
    answered, wrong = examined(library, questions(library, 150, seed=7))
    assert wrong == []
    assert answered > 50


def test_citations_hold_within_a_narrow_scope(sample_library: Library) -> None:
    scope = Filters(since="2022", organizations=("google", "openai"))
    asked = questions(sample_library, 40, seed=3)
    assert examined(sample_library, asked, scope)[1] == []
    allowed = {paper.id for paper in sample_library.papers(scope)}
    answers = [Assistant(sample_library).ask(question, filters=scope) for question in asked[-12:]]
    assert {passage.paper.id for answer in answers for passage in answer.passages} <= allowed

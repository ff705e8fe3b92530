"""Questions to ask next: answerable every one, new every one."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date

import pytest

from assistant.aspects import Aspect
from assistant.compare import outline
from assistant.engine import Assistant
from assistant.schema import Answer, Citation, Turn
from assistant.topics import speaks_of, topics
from index.library import Library
from index.schema import Filters, Paper, Passage


@pytest.fixture
def assistant(sample_library: Library) -> Assistant:
    return Assistant(sample_library, today=date(2025, 7, 1))


def next_turn(assistant: Assistant, question: str, turns: tuple[Turn, ...] = ()) -> Turn:
    return Turn(question=question, answer=assistant.ask(question, turns))


def sample(library: Library, count: int) -> list[str]:
    """Questions of several kinds about papers drawn at random."""
    drawn = random.Random(4)
    papers = drawn.sample(library.papers(limit=1000), count)
    words = ("What does {} propose?", "Summarize {}", "Which papers are similar to {}?", "What about {}?")
    return [drawn.choice(words).format(paper.short_name or paper.title) for paper in papers]


def test_every_question_offered_over_the_seeds_is_answered_and_cites(seeds_library: Library) -> None:
    assistant = Assistant(seeds_library)
    offered, failed = 0, []
    for question in sample(seeds_library, 25):
        turn = next_turn(assistant, question)
        for follow_up in assistant.follow_ups(turn.answer):
            offered += 1
            answers = [assistant.ask(follow_up), assistant.ask(follow_up, (turn,))]
            failed += [follow_up for answer in answers if not (answer.answered and answer.citations)]
    assert failed == []
    assert offered >= 25


ASPECTS: dict[str, Aspect] = {"results": "result", "propose": "method", "data": "data", "problem": "problem"}


def asked_of(question: str, turn: Turn, assistant: Assistant) -> tuple[str, int] | None:
    """The paper and the start of the sentence that a question about an aspect was drawn from."""
    papers = assistant.understood(question, (turn,)).papers
    word = next((word for word in ASPECTS if f" {word}" in question and question.startswith("What ")), None)
    if len(papers) != 1 or word is None:
        return None
    chunks = assistant.library.catalog.opening(papers[0].id, 6000)
    told = outline(papers[0], [Passage(paper=papers[0], chunk=chunk, score=1.0) for chunk in chunks])
    return papers[0].id, told.said[ASPECTS[word]][1]


def test_a_question_about_a_paper_asks_for_a_new_sentence_and_mostly_gets_it(assistant: Assistant) -> None:
    got = []
    for question in [*sample(assistant.library, 20), "Which papers use human feedback?"]:
        turn = next_turn(assistant, question)
        for follow_up in assistant.follow_ups(turn.answer):
            if drawn := asked_of(follow_up, turn, assistant):
                answer = assistant.ask(follow_up, (turn,))
                assert drawn[0] in {citation.paper.id for citation in answer.citations}, follow_up
                assert drawn not in _places(turn.answer), follow_up
                got.append(drawn in _places(answer))
    assert len(got) >= 5
    assert sum(got) >= 0.75 * len(got)


def _places(answer: Answer) -> set[tuple[str, int]]:
    return {(citation.paper.id, citation.start) for citation in answer.citations}


def test_a_comparison_cites_both_papers(assistant: Assistant) -> None:
    compared = 0
    for question in sample(assistant.library, 8):
        turn = next_turn(assistant, question)
        for follow_up in assistant.follow_ups(turn.answer):
            papers = assistant.understood(follow_up, (turn,)).papers
            if len(papers) == 2:
                compared += 1
                answer = assistant.ask(follow_up, (turn,))
                assert answer.kind == "compare"
                assert {paper.id for paper in papers} == {citation.paper.id for citation in answer.citations}
    assert compared


def test_at_most_three_are_offered_and_they_differ(assistant: Assistant) -> None:
    for question in ("Which papers use human feedback?", "What does LoRA propose?"):
        offered = assistant.follow_ups(next_turn(assistant, question).answer)
        assert 1 <= len(offered) <= 3
        assert len(set(offered)) == len(offered)


def test_what_was_asked_is_not_offered_again(assistant: Assistant) -> None:
    turns: tuple[Turn, ...] = (next_turn(assistant, "Which papers use human feedback?"),)
    asked = {turns[0].question}
    for _ in range(6):
        offered = assistant.follow_ups(turns[-1].answer, turns[:-1])
        assert not asked & set(offered)
        if not offered:
            break
        asked.add(offered[0])
        turns = (*turns, next_turn(assistant, offered[0], turns))
    assert len(turns) > 2


def test_the_scope_of_the_answer_holds_for_what_is_offered(assistant: Assistant) -> None:
    scope = Filters(until="2021")
    inside = {paper.id for paper in assistant.library.papers(scope, limit=1000)}
    answer = assistant.ask("Which papers use human feedback?", filters=scope)
    offered = assistant.follow_ups(answer)
    assert offered
    assert all(paper.id in inside for text in offered for paper in assistant.understood(text).papers)


@pytest.mark.parametrize(
    "question", ["hello", "How many papers are there?", "What is the price of quinces in Porto?"]
)
def test_nothing_is_offered_where_nothing_is_cited(question: str, assistant: Assistant) -> None:
    assert assistant.follow_ups(assistant.ask(question)) == ()


def test_papers_that_were_removed_since_are_not_asked_about(assistant: Assistant) -> None:
    gone = Citation(number=1, paper=Paper(id="gone", title="Gone: Away"), quote="It went.", start=0, end=8)
    answer = Answer(
        question="q", standalone="q", kind="find", answered=True, text="It went [1].", citations=(gone,)
    )
    assert assistant.follow_ups(answer) == ()


@pytest.fixture
def told(
    open_library: Callable[..., Library], write_papers: Callable[..., object]
) -> Callable[[Sequence[dict[str, str]]], Assistant]:
    """An assistant over invented papers."""

    def made(records: Sequence[dict[str, str]]) -> Assistant:
        library = open_library()
        library.add([write_papers("told.jsonl", *records)])
        return Assistant(library, today=date(2025, 7, 1))

    return made


def test_a_name_that_two_papers_share_gives_way_to_the_title(
    told: Callable[[Sequence[dict[str, str]]], Assistant],
) -> None:
    said = "We propose a dam of {0}. It holds 12 floods back in experiments, and outperforms walls of {0} by 40%. "
    assistant = told(
        [
            {"title": "DamNet: On Reeds", "abstract": said.format("reeds") + "Existing reeds often fail."},
            {"title": "DamNet: On Clay", "abstract": said.format("clay") + "Existing clay often fails."},
        ]
    )
    turn = next_turn(assistant, "Which papers propose a dam?")
    offered = assistant.follow_ups(turn.answer)
    assert offered
    assert all("DamNet: On" in question for question in offered)


def test_names_that_would_be_read_otherwise_are_not_offered(
    told: Callable[[Sequence[dict[str, str]]], Assistant],
) -> None:
    said = "We propose a dam. It holds back 12 floods in experiments, and outperforms walls of clay by 40%. "
    records = [
        {"title": "Beavers in June 2020", "abstract": said + "Existing dams often fail. They are costly."},
        {
            "title": "Why It Rains: They and This Paper",
            "abstract": said + "Walls are hard to build and costly.",
        },
        {"title": "Dams", "abstract": said + "Earlier dams were limited by the wood at hand."},
    ]
    assistant = told(records)
    for question in ("Which papers propose a dam?", "What holds back floods?"):
        turn = next_turn(assistant, question)
        for follow_up in assistant.follow_ups(turn.answer):
            answer = assistant.ask(follow_up, (turn,))
            assert answer.standalone == follow_up
            assert answer.scope == turn.answer.scope
            assert answer.citations


# ---- Topics

_TITLES = ("On Reward Models", "Reward Models Drift", "Large Language Models as Judges", "A Kiln")
_TEXTS = (
    "We train reward models. A reward model drifts. Large language models judge. Human feedback helps.",
    "The reward model drifts. Large language models judge. Each kiln is hot.",
    "Reward models of large language models. Human feedback is dear, and human feedback is slow.",
    "Large language models fire a kiln. Human feedback is given to large language models.",
)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("How does a reward model drift?", ["reward models"]),
        ("What do large language readers know of large language?", ["large language models"]),
        ("Is human feedback slow?", []),
        ("reward, models", []),
        ("Who fires a kiln?", []),
        ("", []),
    ],
    ids=["the plural", "the whole phrase", "in no title", "not across a comma", "one word", "nothing"],
)
def test_a_topic_is_a_whole_phrase_that_papers_share_and_one_is_titled_with(
    source: str, found: list[str]
) -> None:
    assert [topic.lower() for topic in topics(source, _TITLES, _TEXTS)] == found


def test_a_topic_that_stands_with_an_article_and_has_no_plural_is_none() -> None:
    titles = ("The Pottery Kiln", "b", "c")
    with_article = ["We fire the pottery kiln."] * 3
    assert topics("a pottery kiln", titles, with_article) == []
    assert topics("a pottery kiln", titles, [*with_article[:2], "Pottery kilns, a pottery kiln."]) == []
    assert topics("a pottery kiln", titles, ["A pottery kiln or pottery kilns."] * 3) == ["pottery kilns"]


def test_a_phrase_is_spoken_of_as_whole_words() -> None:
    assert speaks_of("On Reward-free Reward Models, again", "reward models")
    assert not speaks_of("forward models", "ward models")
    assert not speaks_of("Reward. Models", "reward models")

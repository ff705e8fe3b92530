"""Answers as text, Markdown, HTML and BibTeX: right where they are plain, harmless where they are hostile."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from assistant.citations import with_markers
from assistant.conversation import ConversationSummary
from assistant.schema import (
    Answer,
    Citation,
    Coverage,
    Feedback,
    FoundPassage,
    Scope,
    Sentence,
    Table,
    Turn,
)
from index.dates import date_words
from index.lookup import LibraryFacts
from index.schema import Filters, Paper
from tests.elements import Elements
from ui.chat import evidence_view, history_view, thread_view
from ui.chat.run import Progress
from ui.parts import bibliography, frame_view, markup, render
from ui.parts.latex import latex

PASSAGE = "Rewards are easily hacked. Anchoring stops the drift by $\\pi_0$ alone. Costs stay low."
QUOTE = "Anchoring stops the drift by $\\pi_0$ alone."

HOSTILE = {
    "template": "${alert(1)} and {{constructor}} and `x`",
    "image": '<img src=x onerror="alert(1)">',
    "script": "</script><script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x="',
    "markdown image": "![x](https://evil.example/a.png)",
    "markdown link": "[click](javascript:alert(1)) <https://evil.example>",
    "form": '<form action="https://evil.example"><input name=q></form>',
    "right to left": "\u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd",
    "long": "word " * 100,
    "latex": r"\textbf{x} $\frac{a}{b}$ 50% of A&B_c #1 ~ ^",
    "control": "bell\x07 and null\x00",
}


def paper(title: str = "Anchored Rewards: Against Hacking", **facts: object) -> Paper:
    known = {
        "id": "a1",
        "organization": "NVIDIA",
        "author_count": 6,
        "published": "2025-06-19",
        "comments": 2,
    }
    return Paper.model_validate({"title": title, **known, **facts})


def found(of: Paper, text: str = PASSAGE, rank: int = 1, start: int = 100) -> FoundPassage:
    found_by = {"dense": 1, "keyword": 3}
    return FoundPassage(
        rank=rank,
        score=0.03,
        similarity=0.6,
        paper=of,
        text=text,
        start=start,
        end=start + len(text),
        found_by=found_by,
    )


def answer(of: Paper, text: str = f"{QUOTE[:-1]} [1].", **more: Any) -> Answer:
    start = 100 + PASSAGE.index(QUOTE)
    citation = Citation(number=1, paper=of, quote=QUOTE, start=start, end=start + len(QUOTE))
    fields = {
        "question": "What stops drift?",
        "standalone": "What stops drift?",
        "kind": "find",
        "answered": True,
        "text": text,
        "sentences": (Sentence(text=QUOTE, citations=(1,), support="verbatim"),),
        "citations": (citation,),
        "passages": (found(of),),
        "scope": Scope(papers=42),
        "coverage": Coverage(searched=42, relevant=8, cited=1),
        "seconds": {"total": 0.12},
    }
    return Answer.model_validate(fields | more)


def turn(of: Paper | None = None, **more: Any) -> Turn:
    told = answer(of or paper(), **more)
    return Turn(question=told.question, answer=told)


def assert_harmless(html: str) -> None:
    for tag, attributes in Elements(html).found:
        assert tag not in ("img", "script", "form", "iframe", "object", "input", "style"), html
        assert not [name for name in attributes if name.startswith("on")], html
        assert (attributes.get("href") or "#").startswith(
            ("#", "https://papers.example", "?c=", "library?paper=")
        ), html


def test_a_date_is_worded_at_the_precision_known() -> None:
    worded = [date_words(day) for day in ("2025-06-19", "2025-06", "2025", "--06-19", None)]
    assert worded == ["19 Jun 2025", "Jun 2025", "2025", "19 Jun (year unknown)", ""]


def test_a_byline_names_what_is_known_and_nothing_else() -> None:
    assert render.byline(paper()) == "NVIDIA · 6 authors · 19 Jun 2025 · 2 comments"
    assert render.byline(Paper(title="x", authors=("A", "B", "C", "D"))) == "A, B and 2 more"
    assert render.byline(Paper(title="x")) == ""


def test_a_match_is_a_word_from_ranks_and_likeness_and_the_ranks_are_told() -> None:
    strong = found(paper())
    weak = strong.model_copy(update={"found_by": {"keyword": 40}, "rank": 9})
    assert render.strength(strong) == "strong match"
    far = strong.model_copy(update={"similarity": 0.1})
    assert render.strength(weak) == render.strength(far) == "possible match"
    assert render.ranks_words(strong) == "by meaning: rank 1 · by words: rank 3 · together: rank 1"


def test_an_answer_with_references_holds_the_reference_and_the_quote() -> None:
    of = paper(url="https://papers.example/1")
    text = render.with_references(turn(of))
    assert text.startswith(f"{QUOTE[:-1]} [1].")
    assert (
        "[1] Anchored Rewards: Against Hacking. 6 authors, NVIDIA, 19 Jun 2025. https://papers.example/1"
        in text
    )
    assert f"“{QUOTE}”" in text


def test_a_marker_becomes_a_link_named_after_its_paper_and_an_unknown_one_stays_text() -> None:
    html = thread_view.thread([turn(text="It drifts [1][7].")])
    link = next(attributes for tag, attributes in Elements(html).found if tag == "a")
    assert link["href"] == "#cite-1-1"
    assert link["aria-label"] == "Citation 1: Anchored Rewards: Against Hacking"
    assert "[7]" in html
    assert "#cite-1-7" not in html


def test_a_number_cited_twice_has_one_place_to_return_to() -> None:
    html = thread_view.thread([turn(text="It drifts [1]. It costs [1].")])
    assert html.count('id="from-1-1"') == 1
    assert html.count('href="#cite-1-1"') == 2


def test_the_quote_is_marked_within_its_passage() -> None:
    html = evidence_view.evidence(1, turn().answer, 1)
    marked = re.search(r"<mark>(.*?)</mark>", html)
    assert marked is not None
    assert Elements(marked[1]).text == QUOTE
    assert Elements(html).text.count("Rewards are easily hacked.") >= 1


def test_a_quote_that_is_not_in_the_passage_is_not_marked() -> None:
    told = answer(paper(), passages=(found(paper(), text=PASSAGE.replace("stops", "ends")),))
    html = evidence_view.evidence(1, told, 1)
    assert "<mark>" not in html
    assert markup.marked(PASSAGE, "not there", 0) is None
    assert markup.marked(PASSAGE, "", 0) is None


def test_a_quote_met_twice_is_marked_where_it_was_cited() -> None:
    assert markup.marked("ab. ab.", "ab.", 4) == "ab. <mark>ab.</mark>"


def test_a_sentence_without_support_is_flagged_where_it_stands() -> None:
    sentences = (Sentence(text="It is free.", support="unsupported"),)
    html = thread_view.thread([turn(text="It is free. It drifts [1].", sentences=sentences)])
    assert re.search(r'It is free\.<span class="flag"', html)
    assert "1 sentence has no source" in html


def test_a_refusal_says_so_shows_three_unused_passages_and_links_nothing() -> None:
    near = tuple(found(paper(f"Paper {n}"), rank=n) for n in range(1, 6))
    refused = answer(
        paper(), text="", answered=False, citations=(), sentences=(), passages=near,
        scope=Scope(papers=42, filters=Filters(since="2025")),
    )  # fmt: skip
    html = thread_view.thread([Turn(question="q", answer=refused)])
    assert "Nothing in these 42 papers says." in html
    assert html.count('<span class="unused">not used</span>') == 3
    assert 'data-do="widen"' in html
    assert "#cite-" not in html
    unfiltered = refused.model_copy(update={"scope": Scope(papers=42)})
    assert 'data-do="widen"' not in thread_view.thread([Turn(question="q", answer=unfiltered)])


def test_a_refusal_keeps_its_remarks_and_draws_the_nearest_papers_once() -> None:
    text = "Nothing in these 42 papers says.\n\nNo paper has: sourdough.\n\nNearest, not used:\n- A\n- B"
    refused = answer(paper(), text=text, answered=False, citations=(), sentences=())
    html = thread_view.thread([Turn(question="q", answer=refused)])
    assert "No paper has: sourdough." in html
    assert html.count("Nothing in these 42 papers says.") == 1
    assert "Nearest, not used" not in html


def test_a_stopped_answer_is_marked() -> None:
    stopped = Turn(question="q", answer=answer(paper(), text="It drifts", citations=()), stopped=True)
    assert '<p class="stopped">stopped</p>' in thread_view.thread([stopped])
    assert render.answer_text(stopped).endswith("[stopped]")


def test_a_table_of_the_text_is_shown_once_with_its_citations() -> None:
    rows = (("**A**", "3% [1]"), ("<b>", "1"))
    text = "| Paper | Gain |\n| --- | --- |\n| **A** | 3% [1] |\n| <b> | 1 |"
    html = thread_view.thread([turn(text=text, table=Table(columns=("Paper", "Gain"), rows=rows))])
    assert html.count("<table>") == 1
    assert "<strong>A</strong>" in html
    assert 'href="#cite-1-1"' in html
    assert "&lt;b&gt;" in html


def test_only_the_last_turn_may_be_retried() -> None:
    html = thread_view.thread([turn(), turn()])
    assert html.count('data-do="retry"') == 1
    assert 'data-do="retry" data-turn="2"' in html


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_harmless_wherever_it_is_shown(value: str) -> None:
    of = paper(value, organization=value, url=f"javascript:{value}", authors=(value,))
    told = turn(of, text=f"{value} [1].", passages=(found(of, text=f"{value} {PASSAGE}"),))
    told = told.model_copy(update={"question": value, "feedback": Feedback(verdict="down", comment=value)})
    refused = answer(of, answered=False, citations=(), sentences=(), text=value)
    facts = LibraryFacts(
        papers=1, chunks=1, oldest=None, newest=None, updated=None, organizations=((value, 1),), sources=()
    )
    one = ConversationSummary(
        id="c1", title=value, updated="2025-06-19T10:00:00", turns=1, snippet=value, matches=((0, 3),)
    )
    filters = Filters(organizations=(value,), excluded=("a1",), sources=(value,))
    for html in (
        thread_view.thread([told, Turn(question=value, answer=refused)]),
        thread_view.live(Progress(question=value, number=1, stage="writing", text=value)),
        thread_view.live(Progress(question=value, number=1, stage="failed", error=value, details=value)),
        thread_view.empty(facts, [of]),
        thread_view.starters([value]),
        thread_view.follow_ups([value]),
        evidence_view.evidence(1, told.answer, 2),
        evidence_view.searching(1, (found(of, text=value),)),
        evidence_view.why(found(of, text=value), ((0, 2), (3, 4))),
        evidence_view.similar([of]),
        history_view.history([one], "c1", date(2025, 6, 19)),
        history_view.found([one], value, ""),
        history_view.found([], value, ""),
        history_view.removed("c1", value),
        frame_view.scope_bar(filters, 0, (f"organizations:{value}", value, 3), {"a1": value}),
        frame_view.scope_bar_trouble(value),
    ):
        assert_harmless(html)


def test_a_web_address_is_linked_and_any_other_is_not() -> None:
    linked = evidence_view.section(1, turn(paper(url="https://papers.example/1")).answer)
    assert 'href="https://papers.example/1"' in linked
    assert 'rel="noopener noreferrer"' in linked
    for address in ("javascript:alert(1)", "file:///etc/passwd", "//evil.example", "http://[", None):
        assert markup.link(address) is None


def test_mathematics_keeps_its_source_and_money_is_no_mathematics() -> None:
    html = markup.markdown(r"From $5 to $10, by $\pi_0 * x_1$.", lambda n: None)
    assert r'<span class="math" data-tex="\pi_0 * x_1">$\pi_0 * x_1$</span>' in html
    assert "From $5 to $10, by" in html


def test_characters_that_reorder_a_line_are_dropped() -> None:
    assert markup.clean("a\u202eb\u2066c\x00") == "abc"


def test_bibtex_holds_what_is_known_and_invents_nothing() -> None:
    of = paper(authors=("Ada Lovelace", "Alan Turing"), arxiv_id="2506.01234", url="https://papers.example/1")
    assert bibliography.bibtex([of]) == (
        "@misc{lovelace2025anchored,\n"
        "  title = {{Anchored Rewards: Against Hacking}},\n"
        "  author = {Ada Lovelace and Alan Turing},\n"
        "  year = {2025},\n"
        "  month = jun,\n"
        "  eprint = {2506.01234},\n"
        "  archiveprefix = {arXiv},\n"
        "  url = {https://papers.example/1},\n"
        "}\n"
    )
    bare = bibliography.bibtex([Paper(title="On Rest")])
    assert bare == "@misc{rest,\n  title = {{On Rest}},\n}\n"


def test_bibtex_escapes_special_characters_and_keeps_mathematics() -> None:
    assert latex(r"A&B_c 50% #1 {x} ~ ^ \ $\frac{a}{b}$ for $5") == (
        r"A\&B\_c 50\% \#1 \textbraceleft{}x\textbraceright{} \textasciitilde{} \textasciicircum{} "
        r"\textbackslash{} $\frac{a}{b}$ for \$5"
    )
    hostile = bibliography.bibtex([Paper(title=value) for value in HOSTILE.values()])
    assert hostile.count("{") == hostile.count("}")


def test_bibtex_keys_differ() -> None:
    keys = re.findall(r"@misc\{(.*),", bibliography.bibtex([paper(), paper(), paper(), Paper(title="量子")]))
    assert keys == ["nvidia2025anchored", "nvidia2025anchored-2", "nvidia2025anchored-3", "paper"]


def test_each_cited_paper_is_listed_once() -> None:
    told = answer(paper())
    assert render.cited_papers([told, told]) == (paper(),)


def test_conversations_are_listed_by_day_with_the_open_one_marked() -> None:
    ones = [
        ConversationSummary(id=day, title=day, updated=f"{day}T12:00:00+00:00", turns=1)
        for day in ("2025-06-19", "2025-06-18", "2025-06-13", "2025-06-01", "2024-11-03")
    ]
    html = history_view.history(ones, "2025-06-18", date(2025, 6, 19))
    days = re.findall(r"<h2[^>]*>([^<]+)</h2>", html)
    assert days == ["Today", "Yesterday", "Last 7 days", "Jun 2025", "Nov 2024"]
    assert re.findall(r'href="\?c=([^"]+)"[^>]* aria-current="page"', html) == ["2025-06-18"]


def test_what_a_search_found_shows_the_words_in_their_place() -> None:
    one = ConversationSummary(
        id="c1", title="Drift", updated="2025-06-19", turns=1, snippet="buoys <drift> far", matches=((7, 12),)
    )
    html = history_view.found([one], "drift", "")
    assert 'buoys &lt;<b class="match">drift</b>&gt; far' in html
    assert "No conversation has “<bdi>tide</bdi>”" in history_view.found([], "tide", "")


def test_a_card_leads_to_its_sentence_in_the_full_text_and_to_the_picture_of_its_page() -> None:
    told = answer(paper(id="10.1/a b&c", url="https://papers.example/1.pdf"))
    html = evidence_view.section(1, told)
    links = [attributes["href"] or "" for tag, attributes in Elements(html).found if tag == "a"]
    start = told.citations[0].start
    assert f"library?paper=10.1%2Fa+b%26c&start={start}&end={start + len(QUOTE)}" in links
    assert not any("pages/" in link for link in links)
    paged = told.citations[0].model_copy(update={"page": 4})
    html = evidence_view.section(1, told.model_copy(update={"citations": (paged,)}))
    (leaf,) = [attributes for tag, attributes in Elements(html).found if attributes.get("data-do") == "leaf"]
    assert leaf["href"] == "papers/10.1%2Fa%20b%26c/pages/4.png"
    assert (leaf["data-page"], leaf["data-start"], leaf["data-end"]) == (
        "4",
        str(start),
        str(start + len(QUOTE)),
    )


def test_why_tells_ranks_likeness_and_the_words_that_match() -> None:
    html = evidence_view.why(found(paper()), ((0, 7), (PASSAGE.index("pi_0"), PASSAGE.index("pi_0") + 4)))
    assert "by meaning: rank 1 · by words: rank 3" in html
    assert "very close in meaning (cosine 0.60)" in html
    assert re.findall(r'<b class="match">(.*?)</b>', html) == ["Rewards"]
    assert Elements(html).text.endswith(PASSAGE)


def test_what_a_reader_thought_of_an_answer_is_shown_under_it() -> None:
    rated = turn().model_copy(update={"feedback": Feedback(verdict="down", comment="Off the point.")})
    html = thread_view.thread([rated])
    assert re.search(r'data-verdict="up" aria-pressed="false"', html)
    assert re.search(r'data-verdict="down" aria-pressed="true"', html)
    assert "<bdi>Off the point.</bdi>" in html


def test_a_library_without_papers_says_how_to_add_some() -> None:
    facts = LibraryFacts(
        papers=0, chunks=0, oldest=None, newest=None, updated=None, organizations=(), sources=()
    )
    assert "ibid add PATH" in thread_view.empty(facts, [])


def test_backticks_of_a_paper_are_shown_and_swallow_no_marker() -> None:
    said = ["Such as ``first, I need to''-phrases.", "A ``quote that never ends and `one` word."]
    text = " ".join(with_markers(sentence, [number]) for number, sentence in enumerate(said, 1))
    shown = markup.markdown(text, lambda number: f"<a>{number}</a>")
    assert " ".join(shown.split()) == (
        "<p>Such as “first, I need to”-phrases <a>1</a>. A ``quote that never ends and `one` word <a>2</a>.</p>"
    )


def test_a_bracketed_number_of_a_papers_own_is_no_marker_on_the_page() -> None:
    shown = markup.markdown(with_markers("As [1] and [7] say.", [1]), lambda number: f"<b>{number}</b>")
    assert shown == "<p>As [1] and [7] say\u202f<b>1</b>.</p>\n"

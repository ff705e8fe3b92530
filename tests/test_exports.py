"""Conversations and their papers taken away: whole, in form, and harmless."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt

from assistant.conversation import Conversation
from assistant.schema import Answer, Citation, Feedback, Turn
from index.errors import IbidError
from index.schema import Filters, Paper
from ui.parts.bibliography import bibtex, csl_json, ris
from ui.parts.exports import FORMATS, as_data, as_html, as_markdown, export
from ui.parts.latex import latex

HOSTILE = {
    "template": "${alert(1)} and {{constructor}}",
    "image": '<img src=x onerror="alert(1)">',
    "script": "</script></style></title><script>alert(1)</script>",
    "comment": "<!-- <b> --> <?php ?>",
    "attribute": '" onmouseover="alert(1)" x="',
    "markdown image": "![x](https://evil.example/a.png)",
    "markdown link": "[click](javascript:alert(1)) <https://evil.example>",
    "footnote": "[^1] and\n[^9]: forged",
    "record": "x\r\nER  - \r\nTY  - BOOK\u2028AU  - Eve\x85UR  - y",
    "entry": "x}}, url = {evil}}\n@misc{y, title={",
    "latex": r"\\input{/etc/passwd} $\\input{/etc/passwd}$ $^^5cinput$ 50% of A&B_c #1 ~ ^",
    "right to left": "\u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd",
    "heading": "# big\n\n- item\n> quote\n| a | b |",
}
hostile = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)


def paper(title: str = "Anchored Rewards", **facts: Any) -> Paper:
    known = {"id": title, "published": "2025-06-19", "url": "https://papers.example/1"}
    return Paper.model_validate({"title": title, **known, **facts})


def citation(number: int, of: Paper, quote: str = "It drifts.", start: int = 0) -> Citation:
    return Citation(number=number, paper=of, quote=quote, start=start, end=start + len(quote))


def turn(question: str, text: str, *citations: Citation, **facts: Any) -> Turn:
    answer = Answer(
        question=question, standalone=question, kind="find", answered=True, text=text, citations=citations
    )
    return Turn(question=question, answer=answer, **facts)


def conversation(*turns: Turn, title: str = "On drift", scope: Filters = Filters()) -> Conversation:
    moment = "2025-07-01T09:00:00.000000+00:00"
    return Conversation(id="c1", title=title, created=moment, updated=moment, scope=scope, turns=turns)


DRIFT, KILN = paper("On Drift", organization="Harbor"), paper("KilnBench", url=None)
TALK = conversation(
    turn("Does it drift?", "It drifts [1]. So does a kiln [2].", citation(1, DRIFT), citation(2, KILN)),
    turn("And why?", "Storms [1]. It drifts [2].", citation(1, DRIFT, "Storms.", 11), citation(2, DRIFT)),
    scope=Filters(since="2025", organizations=("Harbor",)),
)


# ---- Markdown


def test_markdown_has_a_footnote_a_span_numbered_throughout() -> None:
    assert as_markdown(TALK) == (
        "# On drift\n\n"
        "*1 Jul 2025, since 2025, Harbor*\n\n"
        "## Does it drift?\n\n"
        "It drifts[^1]. So does a kiln[^2].\n\n"
        "## And why?\n\n"
        "Storms[^3]. It drifts[^1].\n\n"
        "[^1]: On Drift. Harbor, 19 Jun 2025. <https://papers.example/1> “It drifts.”\n"
        "[^2]: KilnBench. 19 Jun 2025. “It drifts.”\n"
        "[^3]: On Drift. Harbor, 19 Jun 2025. <https://papers.example/1> “Storms.”\n"
    )


def test_a_footnote_says_where_in_the_paper_its_words_stand() -> None:
    placed = citation(1, DRIFT).model_copy(update={"page": 4, "section": "Results"})
    told = conversation(turn("q", "It drifts [1].", placed))
    assert "<https://papers.example/1> (p. 4, Results) “It drifts.”" in as_markdown(told)
    assert "(p. 4, Results) <q>It drifts.</q>" in as_html(told)


def test_a_stopped_answer_is_marked_and_one_without_citations_has_no_footnotes() -> None:
    told = as_markdown(conversation(turn("q", "It drif", stopped=True)))
    assert told.endswith("It drif [stopped]\n")
    assert "[^" not in told


@hostile
def test_markdown_holds_no_html_no_image_and_only_its_own_footnotes(value: str) -> None:
    of = paper(value, organization=value, url=f"https://papers.example/{value}")
    told = as_markdown(
        conversation(turn(value, f"Said {value} so [1].", citation(1, of, quote=value)), title=value)
    )
    tokens = [
        t
        for block in MarkdownIt("commonmark").enable("table").parse(told)
        for t in (block, *(block.children or ()))
    ]
    assert not [t.content for t in tokens if t.type in ("html_block", "html_inline", "image")]
    links = [str(t.attrs["href"]) for t in tokens if t.type == "link_open"]
    assert all(link.startswith(("https://papers.example/", "https://evil.example")) for link in links)
    assert "javascript" not in "".join(links)
    assert [t.tag for t in tokens if t.type == "heading_open"][:1] == ["h1"]
    assert re.findall(r"(?<!\\)\[\^(\d+)\](?!:)", told) == ["1"]
    assert re.findall(r"^\[\^(\d+)\]:", told, re.MULTILINE) == ["1"]


# ---- HTML


_HARMLESS = """html head meta title style body h1 h2 h3 p section div ol ul li a q span code strong em
blockquote table thead tbody tr th td pre hr br"""
TAGS = frozenset(_HARMLESS.split())


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_every_marker_of_the_page_leads_to_the_words_it_cites() -> None:
    html = as_html(TALK)
    tags = Tags(html).seen
    places = {attrs["id"] for _, attrs in tags if "id" in attrs}
    led = [attrs["href"] for tag, attrs in tags if tag == "a" and (attrs["href"] or "").startswith("#")]
    assert led == ["#cite-1-1", "#cite-1-2", "#cite-2-1", "#cite-2-2"]
    assert {f"#{place}" for place in places} >= set(led)
    assert "<q>Storms.</q>" in html


@hostile
def test_the_page_runs_and_fetches_nothing_whatever_the_papers_hold(value: str) -> None:
    of = paper(value, organization=value, url=value)
    html = as_html(conversation(turn(value, f"Said {value} [1].", citation(1, of, quote=value)), title=value))
    tags = Tags(html).seen
    assert {tag for tag, _ in tags} <= TAGS
    for tag, attrs in tags:
        allowed = {"id", "class", "dir", "value", "href", "rel", "data-tex", "style"}
        if tag not in ("meta", "html"):
            assert attrs.keys() <= allowed, (tag, attrs)
    assert not [
        a["href"] for t, a in tags if t == "a" and not (a["href"] or "").startswith(("#", "https://"))
    ]
    assert "default-src 'none'" in html
    assert html.count("<section") == html.count("</section>") == 1


# ---- JSON


@hostile
def test_a_conversation_reads_back_from_its_json_as_it_was(value: str) -> None:
    told = conversation(
        *TALK.turns,
        turn(value, value, stopped=True, feedback=Feedback(verdict="down", comment=value)),
        title=value,
    )
    written = as_data(told)
    assert Conversation.model_validate_json(written) == told
    assert "<" not in written


# ---- References


def ris_records(text: str) -> list[dict[str, list[str]]]:
    """Read RIS as its specification has it: `TG  - value` lines, a record from TY to ER."""
    records: list[dict[str, list[str]]] = []
    assert text.endswith("\r\n")
    for line in text.removesuffix("\r\n").split("\r\n"):
        match = re.fullmatch(r"([A-Z][A-Z0-9])  - ([^\r\n]*)", line)
        assert match, line
        if match[1] == "TY":
            assert not records or "ER" in records[-1]
            records.append({})
        assert "ER" not in records[-1]
        records[-1].setdefault(match[1], []).append(match[2])
    assert all(list(record)[-1] == "ER" and record["ER"] == [""] for record in records)
    return records


FULL = paper(
    "On Drift",
    authors=("Ines Duarte", "Jan van der Berg", "Okoro, Paul", "Plato", "Barnes and Noble"),
    arxiv_id="2506.01234",
    doi="10.1/x",
)


def test_ris_holds_what_is_known_and_invents_nothing() -> None:
    assert ris_records(ris([FULL, Paper(title="Bare", organization="Harbor")])) == [
        {
            "TY": ["GEN"],
            "ID": ["duarte2025drift"],
            "TI": ["On Drift"],
            "AU": ["Duarte, Ines", "van der Berg, Jan", "Okoro, Paul", "Plato", "Noble, Barnes and"],
            "PY": ["2025"],
            "DA": ["2025/06/19/"],
            "AN": ["arXiv:2506.01234"],
            "DO": ["10.1/x"],
            "UR": ["https://papers.example/1"],
            "ER": [""],
        },
        {"TY": ["GEN"], "ID": ["harborbare"], "TI": ["Bare"], "AU": ["Harbor"], "ER": [""]},
    ]
    assert ris([]) == ""


def test_csl_holds_what_is_known_and_invents_nothing() -> None:
    full, bare = json.loads(csl_json([FULL, Paper(title="Bare", organization="Harbor")]))
    assert full["author"][:2] == [
        {"family": "Duarte", "given": "Ines"},
        {"family": "van der Berg", "given": "Jan"},
    ]
    assert full["author"][3] == {"literal": "Plato"}
    assert {key: value for key, value in full.items() if key != "author"} == {
        "id": "duarte2025drift",
        "type": "article",
        "title": "On Drift",
        "issued": {"date-parts": [[2025, 6, 19]]},
        "archive": "arXiv",
        "archive_location": "2506.01234",
        "DOI": "10.1/x",
        "URL": "https://papers.example/1",
    }
    assert bare == {
        "id": "harborbare", "type": "article", "title": "Bare", "author": [{"literal": "Harbor"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("published", "parts", "day"),
    [
        ("2025-06", [2025, 6], "2025/06//"),
        ("2025", [2025], None),
        ("--06-19", None, None),
        (None, None, None),
    ],
)
def test_a_date_is_as_precise_as_it_is_known(
    published: str | None, parts: list[int] | None, day: str | None
) -> None:
    of = paper(published=published)
    (item,) = json.loads(csl_json([of]))
    (record,) = ris_records(ris([of]))
    assert item.get("issued") == (None if parts is None else {"date-parts": [parts]})
    assert record.get("DA") == (None if day is None else [day])
    assert record.get("PY") == (None if parts is None else ["2025"])


@hostile
def test_a_title_ends_no_field_and_begins_no_record(value: str) -> None:
    of = paper(value, authors=(value,), doi=value, url=value, arxiv_id=value)
    (record,) = ris_records(ris([of]))
    assert record["TI"] == [
        " ".join("".join(c if c.isprintable() or c in "\u202e\u202c" else " " for c in value).split())
    ]
    (item,) = json.loads(csl_json([of]))
    assert item["title"] == record["TI"][0]
    assert "<" not in csl_json([of])
    entry = bibtex([of])
    depths = [entry[:at].count("{") - entry[:at].count("}") for at in range(len(entry))]
    assert min(depths[1 + entry.index("{") : entry.rindex("}")]) >= 1, "closed before its end"
    assert entry.count("{") == entry.count("}")


@pytest.mark.parametrize(
    ("title", "written"),
    [
        (r"$\input{/etc/passwd}$", r"\$\textbackslash{}input\textbraceleft{}/etc/passwd\textbraceright{}\$"),
        (
            r"$^^5cinput{x}$",
            r"\$\textasciicircum{}\textasciicircum{}5cinput\textbraceleft{}x\textbraceright{}\$",
        ),
        (r"$50% of$", r"\$50\% of\$"),
        (r"$a \\ b$", r"\$a \textbackslash{}\textbackslash{} b\$"),
        (r"$\mathcal{O}(n^2) \leq 50\%$", r"$\mathcal{O}(n^2) \leq 50\%$"),
        (r"$\pi_0$ for $5", r"$\pi_0$ for \$5"),
        (r"\write18{rm}", r"\textbackslash{}write18\textbraceleft{}rm\textbraceright{}"),
        (r"$\{x\}$ and $\left\{x\right\}$", r"$\lbrace x\rbrace $ and $\left\lbrace x\right\rbrace $"),
        (r"$\mathbb{\}$", r"\$\textbackslash{}mathbb\textbraceleft{}\textbackslash{}\textbraceright{}\$"),
    ],
)
def test_only_formulas_of_usual_mathematics_stay_formulas(title: str, written: str) -> None:
    assert latex(title) == written


def test_an_author_whose_name_holds_and_is_one_author() -> None:
    assert "and {Barnes and Noble}}" in bibtex([FULL])


# ---- All of them


@pytest.mark.parametrize("form", FORMATS)
def test_each_form_has_a_file_of_its_own_name(form: str) -> None:
    made = export(TALK, form)
    assert made.text
    assert made.name == ("on-drift.csl.json" if form == "csl" else f"on-drift.{form}")


def test_a_title_without_latin_letters_still_names_a_file() -> None:
    assert export(conversation(title="漂流/..\\x?"), "md").name == "x.md"
    assert export(conversation(title="漂流"), "md").name == "conversation.md"


def test_a_form_that_there_is_not_is_told_with_those_that_are() -> None:
    with pytest.raises(IbidError, match=r"'pdf'. Known: md, html, json, csv, bib, ris, csl"):
        export(TALK, "pdf")

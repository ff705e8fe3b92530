"""The library page's parts as HTML: right where papers are plain, harmless where they are hostile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from assistant.cited import CitedIn
from index.atlas import Atlas, Group, Point
from index.listing import Listed, Listing, Order
from index.lookup import LibraryFacts
from index.schema import Conflict, Document, Filters, Paper, PaperSource, Section
from index.similar import Similar
from tests.elements import Elements
from ui.library import adding_view, map_view, paper_view, papers_view
from ui.library.adding import Job
from ui.library.address import Address, Colour, read
from ui.library.outcome import Warned

HOSTILE = {
    "template": "${alert(1)} and {{constructor}} and `x`",
    "image": '<img src=x onerror="alert(1)">',
    "script": "</script><script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x=" \' onclick=\'alert(1)\'',
    "form": '<form action="https://evil.example"><input name=q></form>',
    "address": "javascript:alert(1)?&paper=x#y",
    "right to left": "\u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd",
    "long": "word " * 100,
    "latex": r"\textbf{x} $\frac{a}{b}$ 50% of A&B_c #1 ~ ^",
    "control": "bell\x07 and null\x00",
}


def pieces(value: str) -> Iterator[str]:
    """Every part of the page with `value` wherever text comes from a paper or a reader."""
    of = Paper(id="p1", title=value, organization=value, authors=(value,), source=value, url=value, doi=value)
    facts = LibraryFacts(
        papers=1, chunks=1, oldest=None, newest=None, updated=None,
        organizations=((value, 1),), sources=((value, 1),), tags=((value, 1),),
    )  # fmt: skip
    filters = Filters(organizations=(value,), sources=(value,), tags=(value,))
    address = Address(words=value, filters=filters, order=Order())
    document = Document(
        paper=of, text=f"One. {value} Two.", sections=(Section(name=value, start=0, end=10**4),)
    )
    opened = paper_view.Opened(
        document=document, tags=(value,), bibtex=value, start=2, end=9,
        conflicts=(Conflict(field="title", kept=value, other=value, source=value, kept_source=value),),
        sources=tuple(PaperSource(name=value, place=value, characters=length) for length in (1, 2)),
        versions=(of.model_copy(update={"id": value, "arxiv_id": value}),),
        similar=(Similar(paper=of.model_copy(update={"id": "p2"}), similarity=0.5),),
        cited=(CitedIn(conversation="c1", title=value, turn=1, question=value, quote=value),),
    )  # fmt: skip
    yield papers_view.controls(facts)
    yield papers_view.papers(address, Listing(entries=(Listed(paper=of, tags=(value,)),), total=1))
    yield papers_view.papers(address, Listing(), ("tags:x", value, 3))
    yield papers_view.trouble(value)
    yield papers_view.removed(1, value, "mark")
    yield papers_view.told(value)
    yield paper_view.paper(opened)
    yield paper_view.absent(value)
    yield adding_view.rows([Job(number=1, name=value, path=value, stage="failed", reasons=(value,))])
    warned = (Warned(text=value, paper=value), Warned(text=value))
    yield adding_view.rows([Job(number=1, name=value, result=value, warnings=warned)])
    colours: tuple[Colour, ...] = ("group", "organization", "year")
    for colour in colours:
        yield map_view.atlas(Address(colour=colour, words=value), atlas(value), frozenset({"p1"}))


def atlas(title: str = "One", papers: int = 3) -> Atlas:
    points = tuple(
        Point(
            paper_id=f"p{n}", title=title, organization=title if n else None, day=20250101 + 100 * (n % 12),
            x=n / papers, y=0.5, group=n % 2,
        )
        for n in range(papers)
    )  # fmt: skip
    groups = tuple(Group(name=title, papers=papers // 2, x=0.5, y=0.5) for _ in range(2))
    return Atlas(change=1, points=points, groups=groups)


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_harmless_wherever_it_is_shown(value: str) -> None:
    for html, plain in zip(pieces(value), pieces("plain words"), strict=True):
        tags = [tag for tag, given in Elements(html).found if "data-tex" not in given]
        assert tags == [tag for tag, given in Elements(plain).found if "data-tex" not in given]
        for _, given in Elements(html).found:
            assert not [name for name in given if name.startswith("on")]
            assert (given.get("href") or "?").startswith(("?", "./"))
        assert "\u202e" not in html
        assert "\x00" not in html


def table(**given: Any) -> str:
    entries = (Listed(paper=Paper(id="p1", title="One", organization="A & B"), tags=("x y",)),)
    return papers_view.papers(Address(**given), Listing(entries=entries, total=120))


def links(html: str) -> dict[str, str]:
    """Addresses by the words of their links."""
    found: dict[str, str] = {}
    inside: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "a":
                inside.append(dict(attrs)["href"] or "")

        def handle_data(self, data: str) -> None:
            if inside:
                found.setdefault(data, inside[-1])

        def handle_endtag(self, tag: str) -> None:
            if tag == "a":
                inside.clear()

    Links().feed(html)
    return found


def test_links_keep_what_is_searched_and_change_one_thing() -> None:
    html = table(words="reward", filters=Filters(tags=("x y",)), page=2)
    assert read(links(html)["Next"]) == Address(words="reward", filters=Filters(tags=("x y",)), page=3)
    assert read(links(html)["Date"]).order == Order(field="date")
    assert read(links(html)["Date"]).words == "reward"
    assert read(links(html)["tagged x y"]) == Address(words="reward")
    assert read(links(html)["A & B"]).filters.organizations == ("A & B",)


def test_the_head_of_the_order_says_so_and_turns_it_round() -> None:
    html = table(order=Order(field="title", descending=False))
    assert '<th scope="col" aria-sort="ascending"><a href="?sort=-title"' in html
    assert html.count('aria-sort="none"') == 6
    assert 'aria-sort="descending"' not in table(words="reward")


def test_a_paper_being_indexed_cannot_be_chosen_or_opened() -> None:
    waiting = Listing(entries=(Listed(paper=Paper(id="p1", title="One"), ready=False),), total=1)
    html = papers_view.papers(Address(), waiting)
    assert "being indexed" in html
    assert 'class="choose"' not in html
    assert "?paper=" not in html


def opened(text: str, start: int, end: int, *sections: Section, abstract: str = "") -> str:
    document = Document(paper=Paper(id="p", title="T", abstract=abstract), text=text, sections=sections)
    return paper_view.paper(paper_view.Opened(document=document, start=start, end=end))


@pytest.mark.parametrize(("start", "end"), [(5, 5), (9, 4), (-3, -1), (900, 950)])
def test_a_span_that_marks_nothing_leaves_the_text_whole(start: int, end: int) -> None:
    html = opened("One sentence. Another.", start, end)
    assert "<mark>" not in html
    assert "One sentence. Another." in html


def test_a_sentence_is_marked_where_it_stands_in_its_section() -> None:
    text = "First part.\n\nSecond part is here."
    sections = (Section(name="One", start=0, end=13), Section(name="Two", start=13, end=len(text)))
    html = opened(text, 20, 24, *sections)
    assert "<p>First part.</p>" in html
    assert "Second <mark>part</mark> is here." in html


def test_a_section_that_a_table_interrupts_is_named_once_and_the_table_by_its_caption() -> None:
    parts = (
        ("1 Tides", "Tides rise.", "text"),
        ("Table 1", "Table 1: Heights.\n\nHarbour | Metres\nBremen | 4", "table"),
        ("Figure 2", "Figure 2: A harbour.", "caption"),
        ("1 Tides", "Tides fall.", "text"),
        ("2 Boats", "Boats float.", "text"),
    )
    text, sections = "", []
    for name, said, kind in parts:
        place = {"name": name, "kind": kind, "start": len(text), "end": len(text) + len(said)}
        sections.append(Section.model_validate(place))
        text += f"{said}\n\n"
    html = opened(text, 0, 0, *sections)
    assert re.findall(r'<h3 dir="auto">(.*?)</h3>', html) == ["1 Tides", "2 Boats"]
    assert html.count("Table 1: Heights.") >= 1


def test_a_line_of_a_table_that_has_no_cells_is_shown_in_its_place() -> None:
    text = "Table 1: Ships.\n\nShip | Tons | Crew\n\nElbe | 40 | 3\n\nlaid up in winter\n\nWeser | 30 | 2\n\nAs told."
    table = Section(name="Table 1", kind="table", start=0, end=len(text))
    html = opened(text, text.index("laid"), text.index("laid") + 17, table)
    found = re.findall(r"<td[^>]*>(.*?)</td>", html)
    assert found == ["Elbe", "40", "3", "<mark>laid up in winter</mark>", "Weser", "30", "2", "As told."]
    assert '<td dir="auto" colspan="3">' in html


def test_an_abstract_that_the_text_does_not_hold_stands_before_it() -> None:
    html = opened("The whole paper.", 0, 0, abstract="In short.")
    assert html.index("In short.") < html.index("The whole paper.")
    assert opened("In short.", 0, 0, abstract="In short.").count("In short.") == 1


def test_of_very_many_papers_a_sample_is_drawn_and_those_in_scope_are_in_it() -> None:
    many = atlas(papers=5000)
    html = map_view.atlas(Address(), many, None)
    assert html.count("<circle") == map_view.DRAWN
    assert "2,000 of 5,000 are drawn; a colour chooses all that have it." in html
    scope = frozenset({"p17", "p4999"})
    held = map_view.atlas(Address(words="x"), many, scope)
    assert held.count("<circle") == map_view.DRAWN
    for paper_id in scope:
        assert f'data-paper="{paper_id}" class="h{int(paper_id[1:]) % 2}"' in held
    assert held.count(" faint") == map_view.DRAWN - 2


def test_a_colour_stands_for_the_papers_it_counts() -> None:
    of_two = atlas(papers=11)
    assert map_view.members(Address(), of_two, 1) == ["p1", "p3", "p5", "p7", "p9"]
    assert map_view.members(Address(colour="organization"), of_two, 0) == [f"p{n}" for n in range(1, 11)]
    assert map_view.members(Address(colour="organization"), of_two, 12) == ["p0"]
    assert map_view.members(Address(colour="year"), of_two, 0) == [f"p{n}" for n in range(11)]


def test_papers_over_time_lead_to_those_of_the_month_or_of_the_year() -> None:
    by_month = links(map_view.atlas(Address(), atlas(papers=14), None))
    assert read(by_month["2025-02: 2 papers"]).filters == Filters(since="2025-02", until="2025-02")
    old = atlas(papers=3).points[0].model_copy(update={"day": 19990101})
    by_year = links(map_view.atlas(Address(), Atlas(change=1, points=(*atlas().points, old)), None))
    assert read(by_year["1999: 1 paper"]).filters == Filters(since="1999", until="1999")
    assert read(by_year["2025: 3 papers"]).filters == Filters(since="2025", until="2025")


def test_labels_do_not_lie_on_each_other() -> None:
    html = map_view.atlas(Address(), atlas(papers=20), None)
    places = [line.split('y="')[1].split('"')[0] for line in html.split("<text ")[1:3]]
    assert abs(float(places[0]) - float(places[1])) >= 22


def test_labels_at_one_place_are_moved_apart_or_left_out() -> None:
    crowded = Atlas(change=1, groups=(Group(name="same", papers=1, x=0.5, y=0.5),) * 40)
    assert 2 < map_view.atlas(Address(), crowded, None).count("<text ") < 40


def test_a_papers_page_leads_to_its_other_versions_and_names_its_sources() -> None:
    about = Paper(id="p1", title="Tides", doi="10.1101/1")
    article = about.model_copy(update={"id": "p2", "doi": "10.1038/s1", "published": "2024-11"})
    opened = paper_view.Opened(
        document=Document(paper=about, text="Rewards drift."),
        versions=(article,),
        sources=(
            PaperSource(name="a.pdf", place="/a.pdf", characters=900),
            PaperSource(name="b.bib", place="/b.bib", characters=5),
        ),
        conflicts=(Conflict(field="doi", kept="x", other="y", source="b.bib", kept_source="a.pdf"),),
    )
    page = paper_view.paper(opened)
    assert "Other versions" in page
    assert "Nov 2024 · DOI 10.1038/s1" in page
    assert "900 characters of text" in page
    assert "(a.pdf)" in page
    assert "/a.pdf" not in page

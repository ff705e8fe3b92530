"""A digest as Markdown, HTML, data and Atom: right where papers are plain, harmless where they are hostile."""

from __future__ import annotations

import json
import re
from datetime import date
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from assistant.digest import Digest, Noted, Topic, Wish, digest
from assistant.saved_questions import Outcome, SavedQuestion
from assistant.schema import Answer, Citation
from index.library import Library
from index.schema import Filters, Paper
from tests.elements import Elements
from ui.digest import digest_view
from ui.digest.address import elsewhere, read, write
from ui.digest.atom import as_atom
from ui.digest.forms import FORMS, Edition, as_html, as_markdown, heading, outcome_words, summary, title

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = {
    "template": "${alert(1)} and {{constructor}} and `x`",
    "image": '<img src=x onerror="alert(1)"> ![x](https://evil.example/x.png)',
    "script": "</script><script>alert(1)</script>]]>",
    "attribute": '" onmouseover="alert(1)" x=" \' onclick=\'alert(1)\'',
    "form": '<form action="https://evil.example"><input name=q></form>',
    "address": "javascript:alert(1)?&paper=x#y",
    "right to left": "\u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd",
    "long": "word " * 100,
    "latex": r"\textbf{x} $\frac{a}{b}$ 50% of A&B_c #1 ~ ^",
    "control": "bell\x07 and null\x00 and \x1b \ufffe",
    "lines": "one\r\ntwo\n# three\n[^1]: four",
}
AGAIN = SavedQuestion(
    id="q1", question="How are sea levels forecast?", saved="2025-06-01T08:00:00.000000+00:00"
)


def edition(
    value: str = "TideNet", wish: Wish = Wish(), home: str = "", url: str | None = "https://a.example/1"
) -> Edition:
    """A digest of two papers, and two saved questions, with `value` wherever text comes from outside."""
    papers = [
        Paper(id=name, title=value, organization=value, authors=(value,), published=day, url=url)
        for name, day in (("p1", "2025-06-19"), ("p2", "2025-06"))
    ]
    cited = Citation(number=1, paper=papers[0], quote=value, section=value, start=3, end=3 + len(value))
    noted = (
        Noted(paper=papers[0], arrived="2025-06-20T08:00:00+00:00", citation=1),
        Noted(paper=papers[1], arrived="2025-06-21T08:00:00+00:00"),
    )
    now = Answer(question=value, standalone=value, kind="find", answered=True, text=value, citations=(cited,))
    saved = SavedQuestion(id="q1", question=value, scope=Filters(organizations=(value,)))
    outcomes = (
        Outcome(
            question=saved, now=now, asked="2025-06-22T08:00:00.000001+00:00",
            before="2025-06-01T08:00:00.000000+00:00", came=(papers[0],), went=(papers[1],), new=("p1",),
        ),
        Outcome(question=saved, error=value),
    )  # fmt: skip
    found = Digest(
        wish=wish, since="2025-06-14", total=2, topics=(Topic(name=value, papers=noted),), citations=(cited,)
    )
    return Edition(digest=found, questions=outcomes, home=home)


def alive(html: str) -> list[str]:
    """What in the HTML could run, or fetch something from elsewhere."""
    wrong = []
    for tag, attributes in Elements(html).found:
        if tag in ("script", "img", "iframe", "object", "embed", "svg"):
            wrong.append(tag)
        wrong += [name for name in attributes if name.startswith("on")]
        target = attributes.get("href") or attributes.get("action") or ""
        if re.match(r"\s*(?!https?:)[a-z]+:", target, re.IGNORECASE) or "evil" in target.split("?")[0]:
            wrong.append(target)
    return wrong


# ---- Words


def test_a_digest_says_what_it_is_about_and_how_much_there_is() -> None:
    wish = Wish(topic="reward models", organizations=("NVIDIA", "Adobe"))
    found = Digest(wish=wish, since="2025-06-14", total=1200)
    assert title(found) == "What is new: “reward models”, NVIDIA, Adobe"
    assert title(Digest(wish=Wish(), since="2025-06-14")) == "What is new"
    assert summary(found) == "1,200 papers added since 14 Jun 2025; the latest 0 are shown"


def test_papers_that_share_no_topic_have_a_heading_too() -> None:
    alone = Topic(name="", papers=())
    assert heading(alone, Digest(wish=Wish(), since="2025-01-01", topics=(alone,))) == "New papers"
    assert heading(alone, Digest(wish=Wish(), since="2025-01-01", topics=(alone, alone))) == "On their own"
    assert heading(Topic(name="LoRA", papers=()), Digest(wish=Wish(), since="2025-01-01")) == "LoRA"


@pytest.mark.parametrize(
    ("came", "went", "new", "words"),
    [
        (0, 0, 0, "No change since 1 Jun 2025."),
        (1, 0, 1, "The answer has changed: it cites 1 new paper."),
        (3, 0, 1, "The answer has changed: it cites 3 further papers, 1 of them new."),
        (2, 1, 0, "The answer has changed: it cites 2 further papers and no longer cites 1 paper."),
        (0, 2, 0, "The answer has changed: it no longer cites 2 papers."),
    ],
)
def test_what_became_of_an_answer_is_one_sentence(came: int, went: int, new: int, words: str) -> None:
    papers = tuple(Paper(id=f"p{number}", title="T") for number in range(came + went))
    outcome = Outcome(
        question=AGAIN, before="2025-06-01T08:00:00.000000+00:00", came=papers[:came], went=papers[came:],
        new=tuple(paper.id for paper in papers[:new]),
    )  # fmt: skip
    assert outcome_words(outcome) == words


# ---- Forms


def test_markdown_has_a_footnote_a_citation() -> None:
    text = as_markdown(edition())
    assert text.startswith(
        "# What is new\n\n*2 papers added since 14 Jun 2025*\n\n## TideNet\n\n- **TideNet**"
    )
    assert text.count("[^1]") == 2
    assert "“TideNet”" in text
    assert "## Saved questions" in text


def test_html_leads_to_each_sentence_in_the_library_where_a_server_is_known() -> None:
    away, at_home = as_html(edition()), as_html(edition(home="http://127.0.0.1:7860/"))
    assert "library" not in Elements(away).text
    links = [attributes.get("href") for _, attributes in Elements(at_home).found]
    assert "http://127.0.0.1:7860/library?paper=p1&start=3&end=10" in links


def test_data_is_the_digest_itself(sample_library: Library) -> None:
    found = digest(sample_library, Wish(since="2000", by="published"), date(2025, 7, 1))
    data = json.loads(FORMS["json"][1](Edition(digest=found)))
    assert data.pop("questions") is None
    assert Digest.model_validate(data) == found


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("form", ["md", "html", "atom", "page"])
def test_no_form_is_alive_whatever_papers_hold(form: str, value: str) -> None:
    made = edition(value, Wish(topic=value, organizations=(value,)), "http://127.0.0.1:7860/", url=value)
    if form == "md":
        rendered = MarkdownIt("commonmark").render(as_markdown(made))
    elif form == "atom":
        root = ElementTree.fromstring(as_atom(made, "http://127.0.0.1:7860/digest.atom"))
        rendered = "".join(content.text or "" for content in root.iter(f"{ATOM}content"))
    elif form == "html":
        rendered = as_html(made)
    else:
        rendered = digest_view.papers(made, 2) + digest_view.questions(made.questions or (), made.digest.wish)
    assert alive(rendered) == []


# ---- Atom (RFC 4287)


def entries(feed: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(feed).findall(f"{ATOM}entry")


def test_a_feed_has_what_the_format_asks_for() -> None:
    address = "http://127.0.0.1:7860/digest.atom?topic=a&by=published"
    root = ElementTree.fromstring(as_atom(edition(home="http://127.0.0.1:7860/"), address))
    assert root.tag == f"{ATOM}feed"
    assert root.find(f"{ATOM}link[@rel='self']").attrib["href"] == address  # type: ignore[union-attr]
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        moment = element.findtext(f"{ATOM}updated") or ""
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", moment)
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", element.findtext(f"{ATOM}id") or "")
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "Ibid"
    assert (
        len(
            {
                element.findtext(f"{ATOM}id")
                for element in root.iter()
                if element.find(f"{ATOM}id") is not None
            }
        )
        == 4
    )
    assert root.findtext(f"{ATOM}updated") == "2025-06-22T08:00:00+00:00"
    first, second = entries(as_atom(edition()))[1:]
    assert first.find(f"{ATOM}published") is None  # only a whole date is one
    assert second.findtext(f"{ATOM}published") == "2025-06-19T00:00:00Z"
    assert second.findtext(f"{ATOM}summary") == "TideNet"


def test_a_feed_keeps_its_ids_and_is_the_same_file_while_nothing_is_new() -> None:
    earlier = as_atom(edition())
    later = as_atom(edition().model_copy(update={"digest": edition().digest}))
    assert earlier == later
    moved = edition().digest.model_copy(update={"since": "2025-06-15"})
    feed = as_atom(Edition(digest=moved, questions=edition().questions))
    assert [one.findtext(f"{ATOM}id") for one in entries(feed)] == [
        one.findtext(f"{ATOM}id") for one in entries(earlier)
    ]


def test_feeds_of_different_wishes_differ_and_an_empty_one_is_whole() -> None:
    nothing = [Digest(wish=Wish(topic=topic), since="2025-06-14") for topic in ("", "tides")]
    one, other = (ElementTree.fromstring(as_atom(Edition(digest=each))) for each in nothing)
    assert one.findtext(f"{ATOM}id") != other.findtext(f"{ATOM}id")
    assert one.findtext(f"{ATOM}updated") == "2025-06-14T00:00:00+00:00"
    assert one.findall(f"{ATOM}entry") == []


# ---- Addresses


@pytest.mark.parametrize(
    "wish",
    [
        Wish(),
        Wish(since="2w", by="published"),
        Wish(topic="a & b = c?", organizations=("Größe", "x&y")),
    ],
)
def test_an_address_reads_as_what_was_written(wish: Wish) -> None:
    assert read(write(wish)) == wish
    assert read(elsewhere(wish, "atom").partition("?")[2]) == wish


def test_what_an_address_says_without_meaning_is_left_out() -> None:
    assert read("?by=moon&since=&topic=%20&organization=&x=1") == Wish()
    assert write(Wish()) == "?"
    assert elsewhere(Wish(), "md") == "digest.md"

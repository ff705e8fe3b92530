"""JATS and PubMed records become papers with sections, tables, captions and references."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain

import pytest
from lxml import etree

from index.readers import jats, pubmed
from index.schema import Document, PartKind, Unreadable


def parsed(xml: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(xml.encode(), parser)


def only(found: Iterator[Document | Unreadable]) -> Document:
    (document,) = found
    assert isinstance(document, Document)
    return document


def parts(document: Document) -> list[tuple[str | None, PartKind, str]]:
    return [(each.name, each.kind, document.text[each.start : each.end]) for each in document.sections]


META = """<article-meta><article-id pub-id-type="pmc">123</article-id>
<article-id pub-id-type="doi">10.1234/ABC.5</article-id><title-group><article-title>Tides from
<italic>buoys</italic><xref ref-type="fn">*</xref></article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Lovelace</surname><given-names>Ada</given-names></name>
<xref ref-type="aff" rid="a1">1</xref></contrib><contrib contrib-type="editor"><name><surname>Ed</surname></name>
</contrib><contrib contrib-type="author"><collab>The Sea Group</collab></contrib></contrib-group>
<aff id="a1"><label>1</label>Department of Water, University of the Sea, Brest</aff>
<pub-date pub-type="ppub"><year>2024</year></pub-date>
<pub-date pub-type="epub"><day>5</day><month>3</month><year>2024</year></pub-date>
<abstract abstract-type="graphical"><p>A picture.</p></abstract>
<abstract><sec><title>Background</title><p>Tides rise.</p></sec><sec><title>Results:</title><p>By 10<sup>5</sup> m.</p>
</sec></abstract><kwd-group><kwd>tide</kwd></kwd-group></article-meta>"""
ARTICLE = f"""<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML">
<front><journal-meta><journal-title>Water</journal-title></journal-meta>{META}</front>
<body><sec><title>Methods</title><p>We use <inline-formula><alternatives><tex-math>\\documentclass{{minimal}}
\\begin{{document}}$$n=12$$\\end{{document}}</tex-math><mml:math><mml:mi>n</mml:mi></mml:math></alternatives></inline-formula>
buoys<xref ref-type="bibr" rid="r1"><sup>1</sup></xref><fn><p>Yellow ones.</p></fn>. <bold>See</bold> [<xref
ref-type="bibr">2</xref>].</p><list><list-item><p>One</p></list-item><list-item><p>Two</p></list-item></list>
<disp-formula><label>(1)</label><tex-math>h = a</tex-math></disp-formula>
<sec><title>Storms</title><p>They push.</p>
<table-wrap id="t1"><label>Table 1</label><caption><title>Errors.</title><p>In cm.</p></caption><table><thead>
<tr><th>Model</th><th>Error</th></tr></thead><tbody><tr><td>TideNet</td><td>4.2</td></tr></tbody></table></table-wrap>
<fig id="f1"><label>Figure 1</label><caption><p>A buoy.</p></caption>
<graphic xlink:href="x.png"/></fig></sec></sec></body>
<back><ack><p>We thank Neptune.</p></ack><ref-list><title>References</title><ref id="r1"><label>1.</label>
<mixed-citation><person-group><name><surname>Pascal</surname> <given-names>B</given-names></name></person-group>.
On water.</mixed-citation></ref></ref-list></back></article>"""


def test_an_article_gives_facts_sections_tables_captions_and_references() -> None:
    document = only(jats.read_article(parsed(ARTICLE), "a.xml"))
    paper = document.paper
    assert (paper.title, paper.authors) == ("Tides from buoys", ("Ada Lovelace", "The Sea Group"))
    assert (paper.doi, paper.published, paper.source) == ("10.1234/abc.5", "2024-03-05", "a.xml")
    assert (paper.organization, paper.url) == (
        "University of the Sea",
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC123/",
    )
    assert paper.abstract == "Background: Tides rise.\n\nResults: By 10^5 m."
    assert parts(document) == [
        ("Abstract", "text", paper.abstract),
        ("Methods", "text", "We use $n=12$ buoys [1]. See [2].\n\nYellow ones.\n\nOne\n\nTwo\n\n$$h = a$$"),
        ("Storms", "text", "They push."),
        ("Storms", "table", "Table 1: Errors. In cm.\n\nModel | Error\n\nTideNet | 4.2"),
        ("Storms", "caption", "Figure 1: A buoy."),
        ("Acknowledgements", "text", "We thank Neptune."),
        ("References", "references", "1. Pascal B. On water."),
    ]


def test_a_set_of_articles_gives_each_and_tells_of_those_without_a_title() -> None:
    root = parsed(f"<pmc-articleset>{ARTICLE}<article><front/></article></pmc-articleset>")
    first, second = jats.read_articles(root, "a.xml")
    assert isinstance(first, Document)
    assert second == Unreadable(place="a.xml article 2", reason="is an article without a title")


PUBMED = """<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>99</PMID><Article><Journal><JournalIssue><PubDate>
<Year>2023</Year><Month>Mar</Month></PubDate></JournalIssue><Title>Water</Title></Journal>
<ArticleTitle>Tides of CO<sub>2</sub>.</ArticleTitle><Abstract><AbstractText Label="BACKGROUND">They rise by
10<sup>-3</sup>.</AbstractText><AbstractText>They fall.</AbstractText></Abstract><AuthorList><Author>
<LastName>Lovelace</LastName><ForeName>Ada</ForeName><Initials>A</Initials><AffiliationInfo><Affiliation>Department of
Water, University of the Sea, Brest.</Affiliation></AffiliationInfo></Author><Author><CollectiveName>The Sea
Group</CollectiveName></Author></AuthorList></Article></MedlineCitation><PubmedData><ArticleIdList>
<ArticleId IdType="doi">10.1234/x</ArticleId></ArticleIdList><ReferenceList><Reference><ArticleIdList><ArticleId
IdType="doi">10.9999/other</ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle>
<PubmedArticle><MedlineCitation><Article><ArticleTitle>[Gezeiten].</ArticleTitle></Article></MedlineCitation></PubmedArticle>
<PubmedArticle/></PubmedArticleSet>"""


def test_pubmeds_records_give_their_facts_and_abstracts() -> None:
    first, second, third = pubmed.read_records(parsed(PUBMED), "p.xml")
    assert isinstance(first, Document)
    paper = first.paper
    assert (paper.title, paper.authors) == ("Tides of CO2", ("Ada Lovelace", "The Sea Group"))
    assert (paper.doi, paper.published, paper.organization) == (
        "10.1234/x",
        "2023-03",
        "University of the Sea",
    )
    assert paper.url == "https://pubmed.ncbi.nlm.nih.gov/99/"
    assert parts(first) == [("Abstract", "text", "Background: They rise by 10^-3.\n\nThey fall.")]
    assert isinstance(second, Document)
    assert (second.paper.title, second.text, second.paper.abstract) == ("Gezeiten", "Gezeiten", "")
    assert third == Unreadable(place="p.xml record 3", reason="is a record without a title")


HOSTILE = {
    "entities": '<!DOCTYPE article [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + ARTICLE.replace("They push.", "&b;"),
    "many paragraphs": ARTICLE.replace("They push.", "</p><p>x" * 50_000),
    "deep": ARTICLE.replace("They push.", "<bold>" * 200 + "x" + "</bold>" * 200),
    "deep sections": ARTICLE.replace("<p>They push.</p>", "<sec><title>a</title>" * 200 + "</sec>" * 200),
    "one line": ARTICLE.replace("They push.", "word " * 1_900_000),
    "wide table": ARTICLE.replace("<td>4.2</td>", '<td colspan="99">4</td>' * 20_000),
    "empty": "<article/>",
    "no body": "<article><front><article-meta><title-group><article-title>T</article-title></title-group>"
    "</article-meta></front></article>",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_articles_end_in_papers_or_reasons_in_time(name: str) -> None:
    root = parsed(HOSTILE[name])
    began = time.monotonic()
    for each in chain(jats.read_article(root, "a.xml"), jats.read_articles(root, "a.xml")):
        assert each.model_dump_json()
        assert isinstance(each, Document) or each.reason
    assert time.monotonic() - began < 8

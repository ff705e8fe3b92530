"""What a paper's first pages say of it, in the styles in which papers are set."""

from collections.abc import Callable
from io import BytesIO

import pytest
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from index.readers.pdf.front import Front, front_matter
from index.readers.pdf.pages import pages_of
from index.readers.pdf.people import people, person
from index.readers.pdf.structure import Embedded

ABSTRACT = (
    "Planning with learned models is brittle because small errors of the model grow along a plan. We study how such "
    "errors spread and propose a method that bounds them with a simple test at every step. On three benchmarks the "
    "method halves the number of failed plans while it needs no additional data. Our analysis shows when the bound "
    "is tight and when it is not, and we release all code and logs of our runs for others to build upon."
)
BODY = (
    "Learned models of the world have made planning possible in domains where no simulator exists. Yet their errors "
    "grow along a plan, so that long plans fail more often than short ones. In this section we describe the problem "
    "and give an overview of what has been tried before, from ensembles of models to plans that are made anew. "
) * 3

ROMAN, BOLD, ITALIC, MONO = "Times-Roman", "Times-Bold", "Times-Italic", "Courier"
SANS, SANS_BOLD = "Helvetica", "Helvetica-Bold"


class Sheet:
    """A page that is set from the top down; heights are points from its top."""

    width, height = 612.0, 792.0

    def __init__(self) -> None:
        self.file = BytesIO()
        self.canvas = Canvas(self.file, pagesize=(self.width, self.height))

    def line(
        self, top: float, size: float, font: str, text: str, left: float | None = None, middle: float = 306
    ):
        """One line, centred where it has no left edge. `^x^` raises x, `_x_` sets it in italics."""
        parts = text.split("^")
        widths = [
            stringWidth(part, font, size * (0.7 if number % 2 else 1)) for number, part in enumerate(parts)
        ]
        at = middle - sum(widths) / 2 if left is None else left
        for number, (part, width) in enumerate(zip(parts, widths, strict=True)):
            raised = number % 2
            self.canvas.setFont(font, size * (0.7 if raised else 1))
            self.canvas.drawString(at, self.height - top + (0.4 * size if raised else 0), part)
            at += width

    def text(self, top: float, size: float, font: str, text: str, left: float, right: float) -> float:
        """A paragraph; gives the height below it."""
        for written in simpleSplit(text, font, size, right - left):
            self.canvas.setFont(font, size)
            self.canvas.drawString(left, self.height - top, written)
            top += 1.2 * size
        return top

    def columns(self, top: float, size: float = 10, font: str = ROMAN) -> None:
        for left, right in ((54, 296), (316, 558)):
            self.text(self.text(top, size, font, BODY, left, right), size, font, BODY, left, right)

    def front(self, embedded: Embedded = Embedded()) -> Front:
        self.canvas.save()
        pages = pages_of(self.file.getvalue(), name="a.pdf")
        return front_matter(pages, embedded, pages[0].aside)


def words(front: Front) -> str:
    return " ".join(line.text for line in front.abstract)


def neurips(page: Sheet) -> None:
    page.line(110, 17, BOLD, "Bounding the Errors of Learned")
    page.line(130, 17, BOLD, "Models in Planning")
    for middle, name, place, mail in (
        (200, "Ada B. Lovelace^∗^".replace("∗", "*"), "University of Oxford", "ada@ox.ac.uk"),
        (412, "Jean-Pierre van der Meer", "Acme Robotics", "jp@acme.example"),
    ):
        page.line(190, 10, BOLD, name, middle=middle)
        page.line(201, 10, ROMAN, place, middle=middle)
        page.line(212, 10, MONO, mail, middle=middle)
    page.line(250, 12, BOLD, "Abstract")
    page.text(275, 10, ROMAN, ABSTRACT, 144, 468)
    page.line(420, 12, BOLD, "1    Introduction", left=108)
    page.text(440, 10, ROMAN, BODY, 108, 504)
    page.line(
        760, 9, ROMAN, "37th Conference on Neural Information Processing Systems (NeurIPS 2023).", left=108
    )


def icml(page: Sheet) -> None:
    page.line(90, 14.3, BOLD, "Bounding the Errors of Learned Models in Planning")
    page.line(130, 10, BOLD, "Ada B. Lovelace^* 1^  Jean-Pierre van der Meer^* 1 2^")
    page.line(190, 12, BOLD, "Abstract", middle=175)
    top = page.text(210, 10, ROMAN, ABSTRACT, 74, 276)
    page.line(top + 20, 12, BOLD, "1. Introduction", left=54)
    page.text(top + 40, 10, ROMAN, BODY, 54, 296)
    page.text(190, 10, ROMAN, BODY + BODY, 316, 558)
    page.text(
        700,
        9,
        ROMAN,
        "*Equal contribution 1University of Oxford 2Acme Robotics. Correspondence to: Ada B.",
        54,
        296,
    )
    page.text(
        735,
        9,
        ROMAN,
        "Proceedings of the 39th International Conference on Machine Learning, PMLR 162, 2022.",
        54,
        296,
    )


def acl(page: Sheet) -> None:
    page.line(80, 14.3, BOLD, "Bounding the Errors of Learned Models in Planning")
    page.line(115, 12, BOLD, "Ada B. Lovelace^1,2^    Jean-Pierre van der Meer^2^")
    page.line(130, 12, ROMAN, "^1^University of Oxford    ^2^Acme Robotics")
    page.line(145, 11, MONO, "{ada,jp}@acme.example")
    page.line(210, 12, BOLD, "Abstract", middle=175)
    top = page.text(230, 10, ROMAN, ABSTRACT, 80, 270)
    page.line(top + 15, 12, BOLD, "1    Introduction", left=54)
    page.text(top + 35, 11, ROMAN, BODY, 54, 296)
    page.text(210, 11, ROMAN, BODY + BODY, 316, 558)
    page.line(
        770,
        8,
        ITALIC,
        "Proceedings of the 61st Annual Meeting of the Association, pages 1-12, July 9-14, 2023",
    )


def ieee(page: Sheet) -> None:
    page.line(30, 7, ROMAN, "IEEE TRANSACTIONS ON ROBOTICS, VOL. 30, NO. 2, APRIL 2014", left=54)
    page.line(75, 24, ROMAN, "Bounding the Errors of Learned Models")
    page.line(102, 24, ROMAN, "in Planning")
    page.line(
        135, 11, ROMAN, "Ada B. Lovelace, Senior Member, IEEE, and Jean-Pierre van der Meer, Member, IEEE"
    )
    top = page.text(190, 9, BOLD, "Abstract—" + ABSTRACT, 54, 296)
    page.text(top + 10, 9, BOLD, "Index Terms—planning, learned models.", 54, 296)
    page.line(top + 40, 10, ROMAN, "I. INTRODUCTION", middle=175)
    page.text(top + 60, 10, ROMAN, BODY, 54, 296)
    page.text(190, 10, ROMAN, BODY + BODY, 316, 558)


def lncs(page: Sheet) -> None:
    page.line(130, 14, BOLD, "Bounding the Errors of Learned Models")
    page.line(147, 14, BOLD, "in Planning")
    page.line(180, 10, ROMAN, "Ada B. Lovelace^1[0000-0001-2345-6789]^ and Jean-Pierre van der Meer^1,2^")
    page.line(205, 9, ROMAN, "^1^ University of Oxford, Oxford OX1 3QD, UK")
    page.line(216, 9, MONO, "ada@ox.ac.uk")
    page.line(227, 9, ROMAN, "^2^ Acme Robotics, 10115 Berlin, Germany")
    top = page.text(260, 9, ROMAN, "Abstract. " + ABSTRACT, 163, 450)
    page.line(top + 12, 9, ROMAN, "Keywords: Planning · Learned models", left=163)
    page.line(top + 45, 12, BOLD, "1   Introduction", left=134)
    page.text(top + 65, 10, ROMAN, BODY, 134, 479)


def elsevier(page: Sheet) -> None:
    page.line(70, 8, ROMAN, "Contents lists available at ScienceDirect")
    page.line(98, 15, ROMAN, "Robotics and Autonomous Systems")
    page.line(125, 8, ROMAN, "journal homepage: www.elsevier.com/locate/robot")
    page.line(175, 13.5, ROMAN, "Bounding the Errors of Learned Models in Planning", left=40)
    page.line(200, 10.5, ROMAN, "Ada B. Lovelace^a,*^, Jean-Pierre van der Meer^a,b^", left=40)
    page.line(218, 6.5, ITALIC, "^a^ University of Oxford, Oxford, United Kingdom", left=40)
    page.line(227, 6.5, ITALIC, "^b^ Acme Robotics, Berlin, Germany", left=40)
    page.line(260, 8, ROMAN, "A R T I C L E   I N F O", left=40)
    page.line(260, 8, ROMAN, "A B S T R A C T", left=210)
    for top, text in ((280, "Article history:"), (290, "Received 3 May 2019"), (300, "Accepted 2 June 2019")):
        page.line(top, 6.5, ROMAN, text, left=40)
    page.line(320, 6.5, ITALIC, "Keywords:", left=40)
    page.line(330, 6.5, ROMAN, "Planning", left=40)
    top = page.text(280, 7.5, ROMAN, ABSTRACT, 210, 560)
    page.line(top + 2, 7.5, ROMAN, "© 2019 Elsevier B.V. All rights reserved.", left=440)
    page.line(400, 8.5, BOLD, "1. Introduction", left=40)
    for left, right in ((40, 290), (310, 560)):
        page.text(420, 8.5, ROMAN, BODY + BODY, left, right)
    page.line(760, 6.5, ROMAN, "https://doi.org/10.1016/j.robot.2019.103242", left=40)


def acm(page: Sheet) -> None:
    page.line(80, 17.2, SANS_BOLD, "Bounding the Errors of Learned Models in Planning")
    for middle, name, place in (
        (200, "Ada B. Lovelace", "University of Oxford"),
        (412, "Jean-Pierre van der Meer", "Acme Robotics"),
    ):
        page.line(110, 12, ROMAN, name, middle=middle)
        page.line(123, 10, ROMAN, place, middle=middle)
        page.line(135, 10, ROMAN, "Berlin, Germany", middle=middle)
        page.line(147, 10, ROMAN, "a@acme.example", middle=middle)
    page.line(190, 11, BOLD, "ABSTRACT", left=54)
    top = page.text(205, 9, ROMAN, ABSTRACT, 54, 296)
    page.line(top + 12, 11, BOLD, "CCS CONCEPTS", left=54)
    page.text(top + 27, 9, ROMAN, "• Computing methodologies → Planning.", 54, 296)
    page.line(190, 11, BOLD, "1 INTRODUCTION", left=316)
    page.text(205, 9, ROMAN, BODY + BODY, 316, 558)
    page.line(740, 7, ROMAN, "https://doi.org/10.1145/3544548.3580847", left=54)


def article(page: Sheet) -> None:
    page.line(150, 17.2, ROMAN, "Bounding the Errors of Learned Models in")
    page.line(171, 17.2, ROMAN, "Planning")
    for middle, lines in (
        (200, ("Ada B. Lovelace", "University of Oxford", "Oxford, United Kingdom")),
        (412, ("Jean-Pierre van der Meer", "Acme Robotics", "Berlin, Germany")),
    ):
        for number, text in enumerate(lines):
            page.line(200 + 14 * number, 12, ROMAN, text, middle=middle)
    page.line(255, 12, ROMAN, "March 3, 2021")
    page.line(290, 9, BOLD, "Abstract")
    page.text(305, 9, ROMAN, ABSTRACT, 160, 452)
    page.line(420, 14.3, BOLD, "1   Introduction", left=134)
    page.text(445, 10, ROMAN, BODY, 134, 478)


def revtex(page: Sheet) -> None:
    page.line(40, 9, ROMAN, "PHYSICAL REVIEW LETTERS 105, 177402 (2010)")
    page.line(80, 12, BOLD, "Bounding the Errors of Learned Models in Planning")
    page.line(105, 10, ROMAN, "Ada B. Lovelace,^1,*^ and Jean-Pierre van der Meer^1,2^")
    page.line(
        118, 9, ITALIC, "^1^Department of Physics, University of Oxford, Oxford OX1 3PU, United Kingdom"
    )
    page.line(129, 9, ITALIC, "^2^Acme Robotics, D-10115 Berlin, Germany")
    page.line(142, 9, ROMAN, "(Received 3 May 2010; published 22 October 2010)")
    top = page.text(160, 9, ROMAN, ABSTRACT, 110, 502)
    page.line(top + 8, 9, ROMAN, "DOI: 10.1103/PhysRevLett.105.177402", left=110)
    page.columns(top + 40)


def nature(page: Sheet) -> None:
    page.line(40, 20, SANS_BOLD, "ARTICLE", left=40)
    page.line(60, 7, SANS, "https://doi.org/10.1038/s41467-019-0001-2     OPEN", left=40)
    page.line(100, 21, SANS_BOLD, "Bounding the errors of learned models", left=40)
    page.line(124, 21, SANS_BOLD, "in planning", left=40)
    page.line(150, 10, SANS, "Ada B. Lovelace^1,2^ & Jean-Pierre van der Meer^2^", left=40)
    page.text(185, 9, SANS_BOLD, ABSTRACT, 40, 400)
    page.columns(320, 8.5)
    page.text(
        720, 6.5, SANS, "^".join(("", "1", "University of Oxford, Oxford, UK.")).replace("^", ""), 40, 400
    )


def acmsmall(page: Sheet) -> None:
    page.line(70, 14, SANS_BOLD, "Bounding the Errors of Learned Models in Planning", left=46)
    page.line(95, 11, SANS, "ADA B. LOVELACE", left=46)
    page.line(95, 9, ROMAN, ", University of Oxford, United Kingdom", left=148)
    page.line(110, 11, SANS, "JEAN-PIERRE VAN DER MEER", left=46)
    page.line(110, 9, ROMAN, ", Acme Robotics, Germany", left=208)
    top = page.text(135, 9, ROMAN, ABSTRACT, 46, 440)
    page.line(top + 8, 9, ROMAN, "CCS Concepts: • Computing methodologies → Planning.", left=46)
    page.line(top + 40, 10, SANS_BOLD, "1 INTRODUCTION", left=46)
    page.text(top + 60, 10, ROMAN, BODY, 46, 440)


def mdpi(page: Sheet) -> None:
    page.line(90, 10, ITALIC, "Article", left=36)
    page.line(115, 18, BOLD, "Bounding the Errors of Learned Models", left=36)
    page.line(136, 18, BOLD, "in Planning", left=36)
    page.line(165, 10, BOLD, "Ada B. Lovelace ^1,*^ and Jean-Pierre van der Meer ^1,2^", left=36)
    page.line(190, 8, ROMAN, "^1^  University of Oxford, Oxford OX1 3QD, UK", left=160)
    page.line(200, 8, ROMAN, "^2^  Acme Robotics, 10115 Berlin, Germany; jp@acme.example", left=160)
    page.line(210, 8, ROMAN, "*  Correspondence: ada@ox.ac.uk", left=160)
    for top, text in (
        (230, "Citation: Lovelace, A.B."),
        (240, "Received: 3 May 2021"),
        (250, "Published: 7 June 2021"),
    ):
        page.line(top, 7, ROMAN, text, left=36)
    top = page.text(230, 10, ROMAN, "Abstract: " + ABSTRACT, 160, 560)
    page.line(top + 8, 10, ROMAN, "Keywords: planning; learned models", left=160)
    page.line(top + 50, 11, BOLD, "1. Introduction", left=160)
    page.text(top + 70, 10, ROMAN, BODY, 160, 560)


def jmlr(page: Sheet) -> None:
    page.line(40, 8, ROMAN, "Journal of Machine Learning Research 22 (2021) 1-33", left=90)
    page.line(40, 8, ROMAN, "Submitted 1/20; Revised 5/21; Published 6/21", left=350)
    page.line(110, 14.3, BOLD, "Bounding the Errors of Learned Models in Planning")
    for top, name, mail, place in (
        (140, "Ada B. Lovelace", "ADA@OX.AC.UK", "University of Oxford, Oxford, United Kingdom"),
        (170, "Jean-Pierre van der Meer", "JP@ACME.EXAMPLE", "Acme Robotics, Berlin, Germany"),
    ):
        page.line(top, 11, BOLD, name, left=90)
        page.line(top, 9, ROMAN, mail, left=430)
        page.line(top + 12, 10, ITALIC, place, left=90)
    page.line(215, 10, BOLD, "Editor:", left=90)
    page.line(215, 10, ROMAN, "Max Born", left=130)
    page.line(245, 12, BOLD, "Abstract")
    top = page.text(260, 10, ROMAN, ABSTRACT, 110, 502)
    page.line(top + 4, 10, ROMAN, "Keywords: planning, learned models", left=110)
    page.line(top + 40, 12, BOLD, "1. Introduction", left=90)
    page.text(top + 60, 11, ROMAN, BODY, 90, 522)


def springer(page: Sheet) -> None:
    page.line(40, 8, ROMAN, "Autonomous Robots (2016) 40:1-20", left=54)
    page.line(50, 8, ROMAN, "DOI 10.1007/s10514-015-9999-1", left=54)
    page.line(95, 14, BOLD, "Bounding the Errors of Learned Models in Planning", left=54)
    page.line(125, 11, BOLD, "Ada B. Lovelace^1^ · Jean-Pierre van der Meer^1,2^", left=54)
    page.line(
        160, 8, ROMAN, "Received: 3 May 2014 / Accepted: 2 June 2015 / Published online: 9 July 2015", left=54
    )
    page.line(170, 8, ROMAN, "© Springer Science+Business Media New York 2015", left=54)
    top = page.text(210, 10, ROMAN, "Abstract " + ABSTRACT, 54, 296)
    page.line(top + 12, 10, ROMAN, "Keywords  Planning · Learned models", left=54)
    page.line(top + 50, 12, BOLD, "1 Introduction", left=54)
    page.text(top + 70, 10, ROMAN, BODY, 54, 296)
    page.text(210, 10, ROMAN, BODY + BODY, 316, 558)
    page.line(740, 8, ROMAN, "^1^ University of Oxford, Oxford, UK", left=54)


def pnas(page: Sheet) -> None:
    page.line(40, 24, SANS_BOLD, "PNAS", left=40)
    page.line(90, 19, SANS_BOLD, "Bounding the errors of learned models in planning", left=40)
    page.line(115, 9, SANS_BOLD, "Ada B. Lovelace^a,1^ and Jean-Pierre van der Meer^a,b^", left=40)
    page.text(
        132,
        7,
        SANS,
        "aUniversity of Oxford, Oxford OX1 3QD, United Kingdom; and bAcme Robotics, Berlin",
        40,
        560,
    )
    page.line(143, 7, SANS, "Edited by Max Born, University of Göttingen, and approved June 2, 2015", left=40)
    top = page.text(165, 9, SANS_BOLD, ABSTRACT, 40, 290)
    page.line(top + 8, 8, SANS, "planning | learned models | errors", left=40)
    page.text(top + 40, 9, ROMAN, BODY, 40, 290)
    page.text(165, 9, ROMAN, BODY + BODY, 310, 560)
    page.line(760, 6, SANS, "www.pnas.org/cgi/doi/10.1073/pnas.1500000112", left=40)


def ieee_meeting(page: Sheet) -> None:
    page.line(80, 24, ROMAN, "Bounding the Errors of Learned")
    page.line(108, 24, ROMAN, "Models in Planning")
    for middle, number, name, mail in (
        (180, "1^st^", "Ada B. Lovelace", "ada@ox.ac.uk"),
        (432, "2^nd^", "Jean-Pierre van der Meer", "jp@acme.example"),
    ):
        page.line(140, 11, ROMAN, f"{number} {name}", middle=middle)
        page.line(152, 10, ITALIC, "Department of Robotics", middle=middle)
        page.line(164, 10, ITALIC, "University of Oxford", middle=middle)
        page.line(176, 10, ROMAN, "Oxford, United Kingdom", middle=middle)
        page.line(188, 10, ROMAN, mail, middle=middle)
    top = page.text(230, 9, BOLD, "Abstract—" + ABSTRACT, 54, 296)
    page.line(top + 6, 9, BOLD, "Index Terms—planning, models", left=54)
    page.line(top + 30, 10, ROMAN, "I. INTRODUCTION", middle=175)
    page.text(top + 50, 10, ROMAN, BODY, 54, 296)
    page.text(230, 10, ROMAN, BODY + BODY, 316, 558)


STYLES: dict[str, Callable[[Sheet], None]] = {
    style.__name__: style
    for style in (
        neurips,
        icml,
        acl,
        ieee,
        ieee_meeting,
        lncs,
        springer,
        elsevier,
        acm,
        acmsmall,
        article,
        revtex,
        nature,
        pnas,
        mdpi,
        jmlr,
    )
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_title_authors_and_abstract_are_read_whatever_the_style(style):
    page = Sheet()
    style(page)
    front = page.front()
    assert front.title.casefold() == "bounding the errors of learned models in planning"
    assert front.authors == ("Ada B. Lovelace", "Jean-Pierre van der Meer")
    assert words(front) == ABSTRACT


@pytest.mark.parametrize(
    ("style", "published", "doi"),
    [
        (neurips, "2023", None),
        (icml, "2022", None),
        (acl, "2023", None),
        (ieee, "2014-04", None),
        (elsevier, "2019", "10.1016/j.robot.2019.103242"),
        (acm, None, "10.1145/3544548.3580847"),
        (revtex, "2010-10-22", "10.1103/physrevlett.105.177402"),
        (nature, None, "10.1038/s41467-019-0001-2"),
    ],
    ids=["neurips", "icml", "acl", "ieee", "elsevier", "acm", "revtex", "nature"],
)
def test_when_and_under_which_name_it_came_out_is_read_off_heads_and_feet(style, published, doi):
    page = Sheet()
    style(page)
    front = page.front()
    assert (front.published or "")[: len(published or "")] == (published or "")
    assert front.doi == doi


@pytest.mark.parametrize(
    "style", [neurips, acl, lncs, elsevier, acm, article, revtex], ids=lambda style: style.__name__
)
def test_the_first_authors_organisation_is_read_where_it_stands_below(style):
    page = Sheet()
    style(page)
    assert page.front().organization == "University of Oxford"


def test_what_is_title_and_byline_is_told_apart_from_the_text():
    page = Sheet()
    neurips(page)
    page.canvas.save()
    pages = pages_of(page.file.getvalue(), name="a.pdf")
    front = front_matter(pages, Embedded())
    lines = pages[0].lines
    used = {lines[position].text for _, position in front.used}
    assert any("Bounding" in text for text in used)
    assert any("University of Oxford" in text for text in used)
    assert not any("Introduction" in text or "Learned models of the world" in text for text in used)
    assert front.heading is not None
    assert lines[front.heading[1]].text == "Abstract"
    assert len(front.abstract) == len(front.abstract_places)


def test_an_abstract_goes_on_in_the_next_column():
    page = Sheet()
    page.line(80, 14.3, BOLD, "Bounding the Errors of Learned Models in Planning")
    page.line(115, 12, ROMAN, "Ada B. Lovelace, University of Oxford")
    page.line(560, 12, BOLD, "Abstract", left=54)
    left = simpleSplit(ABSTRACT, ROMAN, 10, 242)
    page.text(575, 10, ROMAN, " ".join(left[:4]), 54, 296)
    page.text(140, 10, ROMAN, BODY + "and so it ends.", 54, 296)
    page.text(140, 10, ROMAN, " ".join(left[4:]), 316, 558)
    page.line(260, 12, BOLD, "1 Introduction", left=316)
    page.text(280, 10, ROMAN, BODY, 316, 558)
    assert words(page.front()) == ABSTRACT


def test_a_structured_abstract_is_one_abstract():
    page = Sheet()
    page.line(80, 16, SANS_BOLD, "Bounding the Errors of Learned Models in Planning", left=54)
    page.line(110, 11, SANS, "Ada B. Lovelace^1*^", left=54)
    page.line(130, 11, BOLD, "Abstract", left=54)
    parts = ("Background", "Methods", "Results", "Conclusions")
    top = 150.0
    sentences = ABSTRACT.split(". ")
    for name, sentence in zip(parts, sentences, strict=True):
        page.line(top, 10, BOLD, name, left=54)
        top = page.text(top + 14, 10, ROMAN, sentence.rstrip(".") + ".", 54, 558) + 4
    page.line(top + 20, 10, BOLD, "Keywords: planning", left=54)
    page.line(top + 50, 12, BOLD, "Background", left=54)
    page.columns(top + 70)
    found = words(page.front())
    assert found.startswith("Background Planning with learned models")
    assert found.endswith("for others to build upon.")


def test_a_stamp_up_the_margin_gives_the_arxiv_id_and_the_day_of_a_first_version():
    page = Sheet()
    neurips(page)
    page.canvas.saveState()
    page.canvas.rotate(90)
    page.canvas.setFont(ROMAN, 20)
    page.canvas.drawString(250, -35, "arXiv:2203.00130v1  [cs.CL]  2 Mar 2022")
    page.canvas.restoreState()
    front = page.front()
    assert (front.arxiv_id, front.published) == ("2203.00130", "2022-03-02")


@pytest.mark.parametrize(
    ("told", "title"),
    [("Bounding the Errors of Learned Models in Planning", True), ("Microsoft Word - draft7.doc", False)],
    ids=["agreeing", "a file's name"],
)
def test_what_the_file_says_is_believed_where_its_page_says_so_or_nothing(told, title):
    page = Sheet()
    page.text(90, 10, ROMAN, BODY, 54, 558)
    assert page.front(Embedded(title=told)).title == (told if title else "")


def test_authors_of_the_file_are_taken_where_the_page_shows_them_all():
    page = Sheet()
    page.line(90, 16, BOLD, "Bounding the Errors of Learned Models in Planning")
    page.line(120, 12, ROMAN, "ADA MCDONALD AND JEAN LEROI, University of Oxford")
    page.line(160, 12, BOLD, "Abstract")
    page.text(180, 10, ROMAN, ABSTRACT, 54, 558)
    assert page.front(Embedded(authors=("Ada McDonald; Jean LeRoi",))).authors == (
        "Ada McDonald",
        "Jean LeRoi",
    )


def test_a_page_that_is_no_paper_has_no_authors():
    page = Sheet()
    page.line(90, 18, BOLD, "The Most Important Equations")
    page.line(130, 12, BOLD, "Pythagorean Theorem", left=54)
    page.text(150, 10, ROMAN, BODY, 54, 558)
    front = page.front()
    assert front.title == "The Most Important Equations"
    assert front.authors == ()
    assert front.abstract == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("HAU-SAN WONG", "Hau-San Wong"),
        ("J.-P. van der Meer", "J.-P. van der Meer"),
        ("João F. N. Cortese", "João F. N. Cortese"),
        ("Conan O’Brien", "Conan O’Brien"),
        ("Vineeth S", "Vineeth S"),
        ("김 창 호", "김창호"),
        ("DI HU", "Di Hu"),
        ("Stanford University", None),
        ("Linz, Austria", None),
        ("New York", None),
        ("Quintic AI", None),
        ("Department of Physics", None),
        ("Euler's Identity", None),
    ],
)
def test_names_are_told_from_what_looks_like_them(text, name):
    assert person(text) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ann B. Lee*, Carl Díaz, Jr. and D. Eve", ["Ann B. Lee", "Carl Díaz Jr.", "D. Eve"]),
        ("Tal August, University of Washington, USA", ["Tal August"]),
        ("John Smith, Member, IEEE, and Xu Li, Senior Member, IEEE", ["John Smith", "Xu Li"]),
        ("Jane Doe, PhD, Max Roe, MD", ["Jane Doe", "Max Roe"]),
        ("Seattle, WA, USA", None),
        ("1600 Amphitheatre Parkway", None),
    ],
)
def test_lists_of_names_are_cut_into_names(text, names):
    assert people(text) == names

"""BibTeX files: what entries say, what of them is refused, and that hostile ones end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.errors import ReadError
from index.library import Library
from index.readers import bibtex, read
from index.schema import Document, Unreadable


@pytest.fixture
def found(tmp_path: Path) -> Callable[[str], list[Document | Unreadable]]:
    """What is read of a file of that text."""

    def read_text(text: str) -> list[Document | Unreadable]:
        path = tmp_path / "some.bib"
        path.write_text(text, encoding="utf-8")
        return list(read(path))

    return read_text


Found = Callable[[str], list[Document | Unreadable]]

WHOLE = r"""% Encoding: UTF-8
@comment{nothing, to see}
@string{neurips = "Advances in " # {Wells}}

@inproceedings{wells20,
  title        = {The {LoRA} of {\"U}ber-deep Wells \& Ponds},
  author       = "Kov{\'a}{\v{c}}, Ji{\v r}{\'\i} and van der Berg, Jan and {Wells and Sons} and others",
  booktitle    = neurips,
  year         = 2020,
  month        = "12~" # mar,
  abstract     = {Wells save 10% of water,
                  and $x_1$ \% of time.

                  Ponds do not.},
  archivePrefix = {arXiv}, eprint = {2003.00001v2},
  doi          = {10.1000/WELLS\_1},
  url          = {\url{https://example.org/wells_1}},
  institution  = {Institut f{\"u}r Brunnen},
}
"""


def test_an_entry_gives_all_that_is_known_of_its_paper(found: Found) -> None:
    (document,) = found(WHOLE)
    assert isinstance(document, Document)
    paper = document.paper
    assert paper.title == "The LoRA of Über-deep Wells & Ponds"
    assert paper.authors == ("Jiří Kováč", "Jan van der Berg", "Wells and Sons")
    assert paper.published == "2020-03-12"
    assert (paper.arxiv_id, paper.doi) == ("2003.00001", "10.1000/wells_1")
    assert paper.url == "https://example.org/wells_1"
    assert paper.organization == "Institut für Brunnen"
    assert document.text == "Wells save 10% of water, and $x_1$ % of time.\n\nPonds do not."
    assert paper.abstract == document.text
    assert [section.name for section in document.sections] == ["Abstract"]


@pytest.mark.parametrize(
    ("fields", "published"),
    [
        ("year = 2021", "2021"),
        ("year = {2021}, month = jun", "2021-06"),
        ("year = 2021, month = {6}", "2021-06"),
        ("year = 2021, month = {June}", "2021-06"),
        ("year = 2021, month = {Jul.}, day = 4", "2021-07-04"),
        ("year = 2021, month = {Jul-Aug}", "2021"),
        ("year = 2021, month = {13}", "2021"),
        ("date = {2019-03-04}", "2019-03-04"),
        ("date = {2019-03-04/2019-03-06}", "2019"),
        ("year = {in press}", None),
        ("month = jun", None),
    ],
)
def test_a_date_is_as_exact_as_its_fields(fields: str, published: str | None, found: Found) -> None:
    (document,) = found(f"@misc{{a, title = {{T}}, {fields}}}")
    assert isinstance(document, Document)
    assert document.paper.published == published


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (r"G{\"o}del and \'Eric and \O re", ["Gödel", "Éric", "Øre"]),
        (r"{\L}ukasz and {\c{C}}a {\ss}", ["Łukasz", "Ça ß"]),
        ("Smith, Jr., John and Ludwig van Beethoven", ["John Smith Jr.", "Ludwig van Beethoven"]),
        ("Müller, Jörg\n   and   王 小明", ["Jörg Müller", "王 小明"]),
        ("{The {LIGO} Collaboration}", ["The LIGO Collaboration"]),
        ("Lee, Ann and others", ["Ann Lee"]),
    ],
)  # fmt: skip
def test_names_are_read_in_the_order_they_are_said(written: str, read_as: list[str], found: Found) -> None:
    (document,) = found(f"@misc{{a, title = {{T}}, author = {{{written}}}}}")
    assert isinstance(document, Document)
    assert list(document.paper.authors) == read_as


def test_an_entry_without_an_abstract_is_found_by_its_title_and_filled_in_later(
    tmp_path: Path, library: Library, write_papers: Callable[..., Path]
) -> None:
    file = tmp_path / "some.bib"
    file.write_text("@misc{k, title = {A Long Title on the Drying of Wells}, year = 2020}", encoding="utf-8")
    report = library.add([file])
    assert (len(report.added), report.failed) == (1, ())
    paper = library.paper("A Long Title on the Drying of Wells")
    assert library.text(paper.id) == paper.title
    assert library.search("drying wells", k=1)[0].paper.id == paper.id
    assert library.add([file]).unchanged == (paper.title,)
    told = {"title": paper.title, "abstract": "They dry."}
    report = library.add([write_papers("told.jsonl", told)])
    assert (report.updated, report.conflicting) == ((paper.title,), ())
    assert library.text(paper.id) == "They dry."
    assert library.paper(paper.id).published == "2020"


def test_a_link_in_an_abstract_is_its_words(found: Found) -> None:
    (told,) = found(
        "@misc{x, title = {Tides}, abstract = {See \\href{https://example.org}{our code} for it.}}"
    )
    assert isinstance(told, Document)
    assert told.text == "See our code for it."


def test_a_macro_without_what_it_takes_costs_its_own_entry_alone(found: Found) -> None:
    bad, good = found("@misc{x, title = {Tides \\href{a}}}\n@misc{y, title = {Winds}}")
    assert isinstance(bad, Unreadable)
    assert "macro" in bad.reason
    assert isinstance(good, Document)


def test_bad_entries_are_told_with_their_lines_and_the_others_are_read(found: Found) -> None:
    entries = found(
        "@misc{a, title = {One}}\n\n@misc{b, author = {X}}\n@article{c, title = {never closed\n"
        "@misc{d, title = {Four}}\nwords between\n"
        "@misc{a, title = {Its key again}}\n@misc{e, title = {Five}, title = {V}}"
    )
    titles = [entry.paper.title for entry in entries if isinstance(entry, Document)]
    assert titles == ["One", "Four", "Its key again", "Five"]
    failed = [(entry.place, entry.reason) for entry in entries if isinstance(entry, Unreadable)]
    assert failed[0] == ("some.bib line 3", "the entry 'b' has no title")
    assert failed[1][0] == "some.bib line 4"
    assert "is no whole entry" in failed[1][1]


def test_a_file_without_entries_is_refused(found: Found) -> None:
    with pytest.raises(ReadError, match=r"'some.bib' holds no papers"):
        found("These are only words.")


LOOP = "@string{a = b}@string{b = a}\n@misc{x, title = a}"
LAUGHS = (
    "".join(f"@string{{s{n} = s{n + 1} # s{n + 1}}}\n" for n in range(40)) + '@string{s40 = "ha ha ha"}\n'
)


@pytest.mark.parametrize(
    ("text", "reason"),
    {
        "names that mean each other": (LOOP, "stands for itself"),
        "names that double": (f"{LAUGHS}@misc{{x, title = s0}}", "more than 10,000 characters"),
        "a huge value": (f"@misc{{x, title = {{{'x' * 3_000_000}}}}}", "more than 10,000 characters"),
        "deep braces": (f"@misc{{x, title = {{{'{' * 500}{'}' * 500}}}}}", "braces in braces"),
        "deep LaTeX": ("@misc{x, title = {" + r"\begin{a}" * 1000 + "}}", "nests LaTeX too deeply"),
        "braces never closed": ("@misc{x, title = {" + "{" * 100_000, "is no whole entry"),
        "entries in entries": ("@a{" * 20_000, "is no whole entry"),
        "parentheses": ("@a(" * 20_000, "is no whole entry"),
        "quotes": ('@a{x, title = "' + '"{' * 50_000, "is no whole entry"),
        "names without end": (f"@misc{{x, title = {{}}, author = {{{'a and ' * 30_000}}}}}", "has no title"),
    }.values(),
)
def test_a_hostile_file_ends_with_a_reason(text: str, reason: str, found: Found) -> None:
    began = time.process_time()
    first = found(text)[0]
    assert isinstance(first, Unreadable)
    assert reason in first.reason
    assert time.process_time() - began < 10


def test_a_file_of_far_too_many_entries_is_refused(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bibtex, "MOST_BLOCKS", 2)
    with pytest.raises(ReadError, match="holds 3 entries, more than 2; split it"):
        found("@a{x}" * 3)


def test_what_is_exported_is_read_again(library: Library, tmp_path: Path) -> None:
    from ui.parts.bibliography import bibtex as exported

    file = tmp_path / "out.bib"
    papers: Any = library.papers()
    file.write_text(exported(papers), encoding="utf-8")
    read_again = [entry.paper for entry in read(file) if isinstance(entry, Document)]
    assert [p.title for p in read_again] == [p.title for p in papers]
    assert [p.published for p in read_again] == [p.published and p.published[:7] for p in papers]
    assert [p.authors for p, known in zip(read_again, papers, strict=True) if known.authors] == [
        known.authors for known in papers if known.authors
    ]
    assert not library.add([file]).added

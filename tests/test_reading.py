"""Reading files: in processes of their own, once, in order, with what they hold and name."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index.enclosed import Spool
from index.errors import ReadError
from index.layout import Box, Layout, PageSize, PlacedWord
from index.library import Library
from index.readers import job
from index.reading import Content, Over, Read, Reading, Source
from index.sandbox import pool
from index.sandbox.client import Overrun
from index.sandbox.frames import Frame
from index.schema import Document, Enclosed, Paper, Section, Unreadable
from index.settings import IndexSettings, ReadingSettings

PAPER = '{"title": "On Wells", "abstract": "Wells run dry in summer."}\n'
SETTINGS = ReadingSettings(processes=2, seconds=5)

READERS = '''
from index.layout import Box, Layout, PageSize, PlacedWord
from index.schema import Document, Enclosed, Paper, Section, Unreadable


def spin(path):
    while True:
        pass


def paged(path):
    """A page with one word, as a reader of PDFs would have it."""
    text = path.read_text()
    layout = Layout.of([PageSize(100, 100)], [PlacedWord(0, len(text), Box(1, 10, 10, 50, 20))])
    yield Document(paper=Paper(title=text, source=path.name), text=text, layout=layout.packed(), file="a" * 64)


def naming(path):
    """Each line is a title and the file that has its text."""
    for line in path.read_text().splitlines():
        title, _, file = line.partition(" = ")
        paper = Paper(title=title, doi="10.1000/" + title.lower().replace(" ", ""))
        yield Document(paper=paper, text=title)
        place = path.name + "/" + file
        yield Enclosed(name=file, place=place, path=str(path.parent / file), paper=paper)


def lying(path):
    yield Document(paper=Paper(title="x"), text="short", sections=(Section(name=None, start=0, end=99),))
'''


@pytest.fixture
def strange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Has files of an ending read by one of the readers above, which another package brings."""
    package = tmp_path / "package"
    (package / "stranger-1.dist-info").mkdir(parents=True)
    (package / "strange_readers.py").write_text(READERS)
    (package / "stranger-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: stranger\nVersion: 1\n"
    )
    monkeypatch.syspath_prepend(str(package))
    pool.close_idle()  # those look for packages where they were when they began
    rows = ["[ibid.readers]"]

    def register(ending: str, function: str) -> None:
        rows.append(f"{ending} = strange_readers:{function}")
        (package / "stranger-1.dist-info" / "entry_points.txt").write_text("\n".join(rows))

    yield register
    pool.close_idle()


def read(*paths: Path, **options: Any) -> tuple[list[Document], list[tuple[str, str]], list[Over]]:
    """The papers, the failures as (place, reason), and the ends."""
    told = list(Reading(SETTINGS, **options).read([Source.of(path) for path in paths]))
    found = [each.found for each in told if isinstance(each, Read)]
    failed = [(each.place, each.reason) for each in found if isinstance(each, Unreadable)]
    documents = [each for each in found if isinstance(each, Document)]
    return documents, failed, [each for each in told if isinstance(each, Over)]


def test_files_are_told_in_the_order_given_and_one_that_dies_costs_no_other(
    tmp_path: Path, strange: Callable[[str, str], None]
) -> None:
    strange("spin", "spin")
    paths = [tmp_path / name for name in ("a.jsonl", "b.spin", "c.md", "d.rtf")]
    for path, text in zip(paths, (PAPER, "x", "# On Rain\n\nIt falls.", "x"), strict=True):
        path.write_text(text)
    documents, failed, ends = read(*paths, tmp_path / "gone.md")
    assert [document.paper.title for document in documents] == ["On Wells", "On Rain"]
    assert failed[0] == (
        "b.spin",
        "'b.spin' takes more than 5 s of processor time to read; split it or save it anew",
    )
    assert failed[1][1].startswith("No reader for 'd.rtf'. Known: ")
    assert failed[2] == ("gone.md", "'gone.md' cannot be read: No such file or directory")
    assert [end.content is None for end in ends] == [False, True, False, True, True]


def test_a_file_of_known_content_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(PAPER)
    _, _, (end,) = read(path)
    documents, _, (again,) = read(path, known={str(path): end.content})
    assert (documents, again.unchanged, again.content) == ([], True, end.content)
    path.write_text(PAPER + PAPER)
    documents, _, (changed,) = read(path, known={str(path): end.content})
    assert (len(documents), changed.unchanged) == (2, False)


def test_a_file_that_another_names_is_read_with_what_is_known_of_it(
    tmp_path: Path, strange: Callable[[str, str], None]
) -> None:
    strange("names", "naming")
    (tmp_path / "wells.md").write_text("# A misprinted title\n\nWells run dry in summer.")
    (tmp_path / "all.names").write_text("On Wells = wells.md\nOn Ponds = ponds.md")
    documents, failed, (end,) = read(tmp_path / "all.names")
    title, ponds, wells = documents
    assert (title.text, ponds.text) == ("On Wells", "On Ponds")
    assert wells.text == "# A misprinted title\n\nWells run dry in summer."
    assert (wells.paper.title, wells.paper.doi) == ("On Wells", "10.1000/onwells")
    assert wells.paper.source == "all.names/wells.md"
    assert failed == [("all.names/ponds.md", "is not there; export it again with its files")]
    assert end.content is None

    (tmp_path / "ponds.md").write_text("Ponds do not.")
    _, failed, (end,) = read(tmp_path / "all.names")
    assert (failed, len(end.content.companions)) == ([], 2)  # type: ignore[union-attr]
    known = {str(tmp_path / "all.names"): end.content}
    assert read(tmp_path / "all.names", known=known)[2][0].unchanged
    (tmp_path / "ponds.md").write_text("Ponds do.")
    assert not read(tmp_path / "all.names", known=known)[2][0].unchanged


def test_a_file_that_another_names_is_not_added_once_more_where_it_lies_in_the_same_folder(
    tmp_path: Path, strange: Callable[[str, str], None], open_library: Callable[..., Library], hashing: Any
) -> None:
    strange("names", "naming")
    folder = tmp_path / "export"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "1.md").write_text("# A misprinted title\n\nWells run dry in summer.")
    (folder / "all.names").write_text("On Wells = files/1.md")
    library = open_library(model=hashing)
    assert library.add([folder]).added == ("On Wells",)
    assert library.add([folder]).unchanged == ("On Wells",)
    assert library.text(library.paper("On Wells").id).endswith("Wells run dry in summer.")


def test_a_file_with_pages_is_kept_under_its_own_hash_and_not_the_one_that_was_said(
    tmp_path: Path, strange: Callable[[str, str], None], open_library: Callable[..., Library], hashing: Any
) -> None:
    strange("paged", "paged")
    path = tmp_path / "a.paged"
    path.write_text("Wells")
    library = open_library(model=hashing)
    assert library.add([path]).added == ("Wells",)
    document = library.document(library.paper("Wells").id)
    assert library.originals.names() == {document.file} != {"a" * 64}
    (chunk,) = library.catalog.chunks_of(document.paper.id)
    assert chunk.page == 1
    mark = library.set_aside([document.paper.id])
    assert library.originals.names() == {document.file}
    library.bring_back(mark)
    assert library.document(document.paper.id) == document
    library.remove(["Wells"])
    assert library.originals.names() == set()


def test_a_removed_paper_comes_back_when_its_file_is_added_again(
    library: Library, write_papers: Callable[..., Path], papers: tuple[dict[str, Any], ...]
) -> None:
    path = write_papers("papers.jsonl", *papers)
    library.remove(["A Grammar of Bird Song"])
    report = library.add([path])
    assert report.added == ("A Grammar of Bird Song",)
    assert len(report.unchanged) == 5


def test_what_no_reader_may_say_is_the_files_failure(
    tmp_path: Path, strange: Callable[[str, str], None]
) -> None:
    strange("lying", "lying")
    path = tmp_path / "a.lying"
    path.write_text("x")
    documents, failed, _ = read(path)
    assert documents == []
    ((place, reason),) = failed
    assert place == "a.lying"
    assert "'a.lying' was read into what is no paper (its section None is not where it should be)" in reason


@pytest.mark.parametrize(
    "frame",
    [
        Frame("d", b"{"),
        Frame("d", b'{"paper": {"title": "x"}, "text": "x", "more": 1}'),
        Frame("x", b"{}"),
        Frame(
            "d", Document(paper=Paper(title="x"), text="x", layout=b"no layout").model_dump_json().encode()
        ),
    ],
    ids=["no json", "another field", "another kind", "no layout"],
)
def test_frames_that_no_reader_sends_are_refused(frame: Frame) -> None:
    with pytest.raises(Overrun, match="was read into what is no paper"):
        list(job.heard([frame]))


def test_what_a_reader_finds_is_heard_as_it_was_said(tmp_path: Path) -> None:
    text = "Wells \u202b\u05d0\u05d1 \U000e0041 e\u0301"
    layout = Layout.of([PageSize(10, 10)], [PlacedWord(0, 5, Box(1, 1, 1, 2, 2))]).packed()
    said = [
        Document(
            paper=Paper(title="W"), text=text, sections=(Section(name=None, start=0, end=5),), layout=layout
        ),
        Unreadable(place="x", reason="y"),
        Enclosed(name="a.md", place="x/a.md", content=bytes(range(256)) * 5000),
        Enclosed(name="b.md", place="x/b.md", path="/b.md"),
        Enclosed(name="c.md", place="x/c.md", content=b""),
    ]

    def found(path: Path) -> Iterator[Any]:
        yield from said

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "read", found)
        frames = [Frame(*each) for each in job.read_file("x")]
    assert list(job.heard(frames)) == said


def test_a_file_is_named_only_beside_the_one_that_names_it(tmp_path: Path) -> None:
    outer = tmp_path / "export" / "all.bib"
    outer.parent.mkdir()
    (tmp_path / "secret.md").write_text("x")
    (outer.parent / "link.md").symlink_to(tmp_path / "secret.md")
    with Spool(outer) as spool:
        for path in (tmp_path / "secret.md", outer.parent / ".." / "secret.md", outer.parent / "link.md"):
            with pytest.raises(ReadError, match=r"lies outside of the folder of 'all\.bib'; copy it there"):
                spool.path(Enclosed(name="x", place="x", path=str(path)))


def test_what_an_archive_holds_lies_under_names_of_our_own_and_is_gone_after(tmp_path: Path) -> None:
    with Spool(tmp_path / "a.zip") as spool:
        path = spool.path(Enclosed(name="../../et\0c/pas:swd.tar.md", place="x", content=b"x"))
        assert (path.name, path.read_bytes()) == ("pas-swd.tar.md", b"x")
        assert path.parent.parent.name.startswith("ibid-")
    assert not path.exists()


def test_an_archive_in_a_named_file_is_not_opened(
    tmp_path: Path, strange: Callable[[str, str], None]
) -> None:
    strange("names", "naming")
    with zipfile.ZipFile(tmp_path / "wells.zip", "w") as packed:
        packed.writestr("wells.jsonl", PAPER)
    (tmp_path / "all.names").write_text("On Wells = wells.zip")
    documents, failed, _ = read(tmp_path / "all.names")
    assert [document.text for document in documents] == ["On Wells"]
    assert failed == [("wells.zip/wells.jsonl", "lies in a file that lies in another one; take it out first")]


def test_the_limits_of_reading_are_settings(tmp_path: Path, open_library: Any, hashing: Any) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"title": "On Wells", "abstract": "' + "Wells run dry. " * 100_000 + '"}\n')
    settings = IndexSettings(reading=ReadingSettings(output=1))
    library = open_library(model=hashing)
    library.settings = library.settings.model_copy(update={"reading": settings.reading})
    (failed,) = library.add([path]).failed
    assert failed.reason == "'a.jsonl' comes to more than 1 MB once it is read; split it"


def test_content_is_the_same_only_while_what_it_names_is(tmp_path: Path) -> None:
    assert Content(digest="x").still
    assert not Content(digest="x", companions=((str(tmp_path / "gone"), "y"),)).still

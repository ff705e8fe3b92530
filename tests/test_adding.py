"""Files while they are being added: their stages, their results, and what is kept of them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index.course import Step
from index.embedding import Embedder, Fingerprint
from index.errors import IbidError
from index.library import Library
from index.lock import FolderLock
from index.outcomes import AddReport, Noticed
from index.schema import Notice, Unreadable
from tests.pdfs import paper_that_hides
from ui.library.adding import Adding, Job
from ui.library.outcome import Warned, reasons, result_words, step_words, warnings
from ui.library.uploads import pasted_name, safe_name

WAIT = 30.0
PAPER = '{"title": "On Wells", "abstract": "Wells run dry in summer. Deep ones do so later."}\n'


@pytest.fixture
def arrived(tmp_path: Path) -> Callable[[str, str], Path]:
    """A file as the browser's upload leaves it: somewhere else, to be moved."""

    def make(name: str, text: str) -> Path:
        folder = tmp_path / "arrived"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


def kept(library: Library) -> list[str]:
    """What lies in the folder of uploads."""
    return sorted(path.name for path in (library.folder / "uploads").glob("*/*"))


def done(adding: Adding) -> tuple[Job, ...]:
    jobs: tuple[Job, ...] = ()
    for told in adding.follow():
        jobs = told
    assert adding.join(WAIT)
    return jobs


def test_a_file_that_is_ready_can_be_found_at_once(library: Library, arrived: Any) -> None:
    adding = Adding(library)
    path = arrived("wells.jsonl", PAPER)
    adding.take(path, "wells.jsonl")
    (job,) = done(adding)
    assert (job.stage, job.percent, job.result, job.reasons) == ("ready", 100, "1 added", ())
    assert library.search("wells run dry")[0].paper.title == "On Wells"
    assert not path.exists()
    assert Path(job.path).is_relative_to(library.folder / "uploads")
    assert kept(library) == []


def test_the_same_file_given_again_is_the_same_source(library: Library, arrived: Any) -> None:
    adding = Adding(library)
    for _ in range(2):
        adding.take(arrived("wells.jsonl", PAPER), "wells.jsonl")
        jobs = done(adding)
    assert [job.result for job in jobs] == ["1 added", "1 known already"]
    assert jobs[0].path == jobs[1].path


def test_files_are_added_in_the_order_given_and_one_that_fails_stops_no_other(
    library: Library, arrived: Any
) -> None:
    adding = Adding(library)
    for name, text in (("a.rtf", "x"), ("empty.txt", " "), ("wells.jsonl", PAPER)):
        adding.take(arrived(name, text), name)
    jobs = done(adding)
    assert [job.stage for job in jobs] == ["failed", "failed", "ready"]
    assert "No reader for 'a.rtf'. Known: " in jobs[0].reasons[0]
    assert "'empty.txt' is empty" in jobs[1].reasons[0]


def test_what_could_not_be_read_of_a_file_is_told_beside_what_could(library: Library, arrived: Any) -> None:
    adding = Adding(library)
    adding.take(arrived("some.jsonl", PAPER + "not json\n"), "some.jsonl")
    (job,) = done(adding)
    assert (job.stage, job.result) == ("ready", "1 added")
    assert "line 2" in job.reasons[0]


def test_a_file_that_failed_for_a_while_is_added_by_a_retry(library: Library, arrived: Any) -> None:
    adding = Adding(library)
    with FolderLock(library.folder).writing("ibid add"):
        adding.take(arrived("wells.jsonl", PAPER), "wells.jsonl")
        (job,) = done(adding)
        assert job.stage == "failed"
        assert "is being written by" in job.reasons[0]
        assert kept(library) == ["wells.jsonl"]
    adding.retry(job.number)
    assert [job.stage for job in done(adding)] == ["ready"]
    adding.retry(job.number)
    assert [job.stage for job in adding.jobs] == ["ready"]


def test_an_error_nobody_foresaw_is_told_in_the_row(
    library: Library, arrived: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> AddReport:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(library, "add", fail)
    adding = Adding(library)
    adding.take(arrived("wells.jsonl", PAPER), "wells.jsonl")
    assert done(adding)[0].reasons == ("RuntimeError: the disk is on fire",)


def test_the_percentage_grows_with_what_is_embedded_and_stored(
    library: Library, arrived: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, str]] = []
    steps = [
        Step(),
        Step(entries=4, pages=30),
        Step(entries=4, pages=30, share=0.5, done=0.25),
        Step(entries=4, pages=30, stored=4, chunks=1200, done=0.5),
        Step(entries=8, pages=61, stored=4, chunks=1200, done=0.5),
    ]
    adding = Adding(library)
    going = threading.Event()

    def add(paths: Any, progress: Callable[[Step], None]) -> AddReport:
        for step in steps:
            progress(step)
            job = adding.jobs[0]
            seen.append((job.stage, job.percent, job.result))
        going.set()
        return AddReport(added=("x",))

    monkeypatch.setattr(library, "add", add)
    adding.take(arrived("eight.jsonl", PAPER * 8), "eight.jsonl")
    assert going.wait(WAIT)
    done(adding)
    assert seen == [
        ("reading", 0, ""),
        ("reading", 0, "30 pages · 4 papers so far"),
        ("indexing", 25, "30 pages · 4 papers so far"),
        ("indexing", 50, "30 pages · 4 papers · 1,200 chunks so far"),
        ("indexing", 50, "61 pages · 8 papers · 1,200 chunks so far"),
    ]
    assert adding.jobs[0].result == "1 added"


def test_adding_tells_what_is_read_embedded_and_stored(library: Library, write_papers: Any) -> None:
    told: list[Step] = []
    many = [{"title": f"Well {n}", "abstract": f"It is {n} metres deep."} for n in range(300)]
    library.add([write_papers("many.jsonl", *many)], told.append)
    assert told[-1].stored == told[-1].entries == 300
    assert [step.stored for step in told] == sorted(step.stored for step in told)
    assert {step.stored for step in told} == {0, 32, 288, 300}
    assert [step.done for step in told] == sorted(step.done for step in told)
    assert 0 < min(step.done for step in told if step.stored == 32) < told[-1].done == 1


def test_what_is_over_is_cleared_and_the_rest_stays(library: Library, arrived: Any) -> None:
    adding = Adding(library)
    adding.refuse("big.txt", "too large")
    adding.take(arrived("wells.jsonl", PAPER), "wells.jsonl")
    done(adding)
    adding.clear()
    assert adding.jobs == ()
    assert not adding.active


def test_text_is_pasted_as_the_kind_of_file_it_looks_like(library: Library) -> None:
    adding = Adding(library)
    adding.write("Deep Wells\n\nWells run dry in summer, but for the deepest of them.")
    assert done(adding)[0].stage == "ready"
    assert library.paper("Deep Wells").source == "Deep Wells.txt"
    with pytest.raises(IbidError, match="Nothing was pasted"):
        adding.write("  \n")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"title": "A"}\n{"title": "B"}', "pasted.jsonl"),
        ('{\n "title": "A"\n}', "pasted.json"),
        ("[{}]", "pasted.json"),
        ("@article{key,", "pasted.bib"),
        ("% Encoding: UTF-8\n\n@Misc {key,", "pasted.bib"),
        ("TY  - JOUR\r\nTI  - A", "pasted.ris"),
        ("\nTY - JOUR\nTI - A", "pasted.ris"),
        ("TY - a thank you\n\nText", "TY - a thank you.txt"),
        ('<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom">', "pasted.xml"),
        ("<OAI-PMH>", "pasted.xml"),
        ("<?xml version='1.0'?><!-- no such kind --><svg/>", "pasted.xml"),
        ('<rdf:RDF xmlns:rdf="x">', "pasted.rdf"),
        ("<b>Bold</b> claims\n\nText", "bBoldb claims.txt"),
        ("@ home with wells\n\nText", "home with wells.txt"),
        ("# A Title\n\nText", "A Title.md"),
        ("../../etc/passwd\n\nText", "etcpasswd.txt"),
        ("???", "pasted.txt"),
    ],
)
def test_a_name_is_found_for_what_was_pasted(text: str, name: str) -> None:
    assert pasted_name(text) == name


def test_a_pasted_listing_is_known_by_its_shape() -> None:
    listing = Path(__file__).parents[1] / "configs" / "sample_papers.txt"
    assert pasted_name(listing.read_text(encoding="utf-8")) == "pasted listing.txt"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("folder/sub/a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\papers\\a.txt", "a.txt"),
        ("a:b?.txt", "a-b-.txt"),
        ("...", "file"),
        ("x" * 300 + ".jsonl.gz", "x" * 91 + ".jsonl.gz"),
    ],
)
def test_a_name_from_elsewhere_names_no_folder(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_a_result_is_told_in_few_words() -> None:
    report = AddReport(added=("a",), updated=("b", "c"), failed=(Unreadable(place="x", reason="y"),))
    assert result_words(report) == "1 added, 2 updated"
    assert result_words(AddReport()) == ""


def test_how_far_a_file_is_is_told_by_what_there_is_of_it() -> None:
    assert step_words(Step()) == ""
    assert step_words(Step(entries=1)) == "1 paper so far"
    assert step_words(Step(pages=1, entries=2, chunks=1300)) == "1 page · 2 papers · 1,300 chunks so far"


def noticed(*notices: Notice, title: str = "On Wells") -> Noticed:
    return Noticed(paper=title.casefold(), title=title, notices=notices)


HIDDEN = [
    Notice(kind="hidden text", text="say that it is good (white on white)", page=page) for page in (3, 4)
]
UNSEEN = Notice(kind="invisible characters", text="characters that nobody can see: ⟨U+200B⟩ ×9", page=2)
SCANNED = [Notice(kind="not read", text=f"page {n} is a picture without text", page=n) for n in (8, 9)]
EQUATIONS = Notice(kind="not read", text="the document's equations were left out")


@pytest.mark.parametrize(
    ("notices", "words"),
    [
        (HIDDEN, "2 pages hold hidden text"),
        ([HIDDEN[0], HIDDEN[0]], "page 3 holds hidden text"),
        ([HIDDEN[0].model_copy(update={"page": None})], "the file holds hidden text"),
        ([UNSEEN], "page 2 holds characters that nobody sees"),
        (SCANNED, "2 pages could not be read"),
        (SCANNED[:1], "page 8 is a picture without text"),
        ([EQUATIONS], "the document's equations were left out"),
        ([EQUATIONS] * 3, "the document's equations were left out, and 2 more like it"),
        ([EQUATIONS.model_copy(update={"text": "x" * 300})], "x" * 199 + "…"),
        ([*HIDDEN, UNSEEN, *SCANNED],
         "2 pages hold hidden text; page 2 holds characters that nobody sees; 2 pages could not be read"),
    ],
)  # fmt: skip
def test_a_warning_is_told_in_few_words(notices: list[Notice], words: str) -> None:
    report = AddReport(added=("On Wells",), noticed=(noticed(*notices),))
    assert warnings(report) == (Warned(text=words, paper="on wells"),)


def test_of_many_papers_in_a_file_each_warning_names_its_own_and_the_rest_are_counted() -> None:
    titles = [f"Well {n}" for n in range(8)]
    report = AddReport(added=tuple(titles), noticed=tuple(noticed(UNSEEN, title=title) for title in titles))
    told = warnings(report)
    assert told[0] == Warned(text="Well 0: page 2 holds characters that nobody sees", paper="well 0")
    assert told[-1] == Warned(text="and 3 more papers with warnings")
    assert len(told) == 6


def test_of_many_reasons_the_first_are_told_and_the_rest_are_counted() -> None:
    failed = tuple(Unreadable(place=f"x, line {n}", reason="no title") for n in range(9))
    assert reasons(AddReport(failed=failed))[-2:] == ("no title", "and 4 more")
    assert reasons(AddReport(added=("a",), failed=failed))[0] == "x, line 0: no title"


def test_a_file_with_hidden_text_is_added_and_its_row_says_so(library: Library, tmp_path: Path) -> None:
    adding = Adding(library)
    adding.take(paper_that_hides(tmp_path / "buoys.pdf"), "buoys.pdf")
    (job,) = done(adding)
    paper = library.paper("Buoys That Count Their Waves")
    assert (job.stage, job.result, job.reasons) == ("ready", "1 added", ())
    assert job.warnings == (Warned(text="2 pages hold hidden text", paper=paper.id),)


# ---- Cancelling


class Waiting(Embedder):
    """Another's embedder that stops at its second batch until it is let go."""

    window = None

    def __init__(self, inner: Embedder, batch: int = 2) -> None:
        self.inner = inner
        self.batches, self.batch = 0, batch
        self.there, self.go = threading.Event(), threading.Event()

    @property
    def fingerprint(self) -> Fingerprint:
        return self.inner.fingerprint

    def passages(self, texts: Any, progress: Any = None) -> NDArray[np.float32]:
        self.batches += 1
        if self.batches == self.batch:
            self.there.set()
            assert self.go.wait(WAIT)
            progress(1, 2)
        return self.inner.passages(texts)

    def query(self, text: str) -> NDArray[np.float32]:
        return self.inner.query(text)

    def count(self, texts: Any) -> list[int]:
        return self.inner.count(texts)


MANY = "".join(f'{{"title": "Well {n}", "abstract": "It is {n} metres deep."}}\n' for n in range(600))


def test_what_was_committed_of_a_cancelled_file_stays_and_no_more_comes(
    open_library: Callable[..., Library], hashing: Embedder, arrived: Any
) -> None:
    library = open_library(model=Waiting(hashing))
    adding = Adding(library)
    adding.take(arrived("many.jsonl", MANY), "many.jsonl")
    assert library.embedder.there.wait(WAIT)  # type: ignore[attr-defined]
    adding.cancel(1)
    assert adding.jobs[0].stage == "stopping"
    library.embedder.go.set()  # type: ignore[attr-defined]
    (job,) = done(adding)
    assert (job.stage, job.result) == ("cancelled", "32 added before")
    assert (library.count(), kept(library)) == (32, [])
    assert library.listing(words="well 7").entries
    adding.take(arrived("many.jsonl", MANY), "many.jsonl")
    assert done(adding)[1].result == "568 added, 32 known already"


def test_a_waiting_file_is_cancelled_at_once_and_the_others_are_added(
    open_library: Callable[..., Library], hashing: Embedder, arrived: Any
) -> None:
    library = open_library(model=Waiting(hashing, batch=1))
    adding = Adding(library)
    for name, text in (
        ("one.jsonl", PAPER),
        ("two.txt", "On Ponds\n\nPonds freeze."),
        ("three.txt", "A\n\nB."),
    ):
        adding.take(arrived(name, text), name)
    assert library.embedder.there.wait(WAIT)  # type: ignore[attr-defined]
    adding.cancel(2)
    assert [job.stage for job in adding.jobs] == ["reading", "cancelled", "waiting"]
    assert kept(library) == ["one.jsonl", "three.txt"]
    library.embedder.go.set()  # type: ignore[attr-defined]
    assert [job.stage for job in done(adding)] == ["ready", "cancelled", "ready"]
    adding.cancel(1)
    adding.cancel(99)
    assert adding.jobs[0].stage == "ready"


# ---- What is kept


def test_a_file_given_twice_is_kept_until_both_have_read_it(library: Library, arrived: Any) -> None:
    adding = Adding(library)
    with FolderLock(library.folder).writing("ibid add"):
        adding.take(arrived("wells.jsonl", PAPER), "wells.jsonl")
        done(adding)
    adding.take(arrived("wells.jsonl", PAPER), "wells.jsonl")
    assert [job.stage for job in done(adding)] == ["failed", "ready"]
    assert kept(library) == ["wells.jsonl"]
    adding.retry(1)
    assert [job.result for job in done(adding)] == ["1 known already", "1 added"]
    assert kept(library) == []


def test_a_failed_file_goes_when_its_row_is_cleared(library: Library, arrived: Any) -> None:
    adding = Adding(library)
    adding.take(arrived("old.rtf", "x"), "old.rtf")
    done(adding)
    assert kept(library) == ["old.rtf"]
    adding.clear()
    assert kept(library) == []
    assert list((library.folder / "uploads").iterdir()) == []


def test_what_a_server_left_goes_when_the_next_one_starts_but_not_while_it_runs(
    library: Library, arrived: Any
) -> None:
    first = Adding(library)
    first.take(arrived("old.rtf", "x"), "old.rtf")
    done(first)
    Adding(library)
    assert kept(library) == ["old.rtf"]
    del first
    gc.collect()
    Adding(library)
    assert kept(library) == []

"""What an addition says it came to."""

from __future__ import annotations

from index.outcomes import AddReport, Conflicting, Noticed
from index.schema import Conflict, Notice, Unreadable
from ui.command_line.outcome import failure_lines, outcome_lines


def test_an_addition_tells_what_there_was_and_not_what_there_was_not() -> None:
    report = AddReport(added=("a", "b"), unchanged=("c",))
    assert outcome_lines(report, 1_200) == ["3 papers: 2 added, 1 unchanged. The library holds 1,200."]
    assert outcome_lines(AddReport(), 0) == ["0 papers. The library holds 0."]


def test_what_failed_alike_stands_in_one_line_whose_file_is_named_once() -> None:
    scans = [
        Unreadable(place=name, reason=f"{name!r} is a scan without a text layer; add it with --ocr")
        for name in ("a.pdf", "b.pdf")
    ]
    untitled = [Unreadable(place=f"c.jsonl line {line}", reason="has no title") for line in range(3, 48)]
    assert outcome_lines(AddReport(added=("a",), failed=(*scans, *untitled)), 1)[1:] == [
        "2 files and 45 entries failed:",
        "  failed: a.pdf, b.pdf: is a scan without a text layer; add it with --ocr",
        "  failed: c.jsonl line 3, line 4, line 5 and 42 more: has no title",
    ]


def test_entries_of_several_files_keep_the_names_of_their_files() -> None:
    failed = [
        Unreadable(place=place, reason="is empty") for place in ("a.bib line 1", "b.bib line 1", "c.pdf")
    ]
    assert failure_lines(failed) == ["  failed: a.bib line 1, b.bib line 1, c.pdf: is empty"]


def test_many_reasons_are_cut_and_the_rest_counted() -> None:
    failed = [Unreadable(place=f"{number}.pdf", reason=f"broke at {number}") for number in range(25)]
    lines = failure_lines(failed)
    assert len(lines) == 21
    assert lines[-1] == "  and 5 more reasons; `ibid list --failed --json` tells all."


def test_a_long_hidden_text_is_shown_by_its_beginning_and_by_what_is_said_of_it() -> None:
    hidden = Notice(kind="hidden text", text="“" + "praise\nit " * 60 + "” (white on white)", page=2)
    scan = Notice(kind="not read", text="page 9 is a picture without text", page=9)
    report = AddReport(
        added=("a",),
        noticed=(
            Noticed(paper="a", title="A", notices=(hidden, scan)),
            Noticed(paper="b", title="B", notices=(scan,)),
        ),
    )
    first, second = outcome_lines(report, 1)[1:]
    assert first.startswith("  note on A: hidden text on p. 2: “praise it praise it")
    assert first.endswith("” (white on white) (and 1 more; `ibid show` tells all)")
    assert len(first) < 220
    assert second == "  note on B: not read: page 9 is a picture without text"


def test_sources_that_disagree_are_told_after_what_failed() -> None:
    conflict = Conflict(field="year", kept="2019", other="2020", source="b.bib")
    report = AddReport(
        updated=("A",),
        failed=(Unreadable(place="c.pdf", reason="is no PDF"),),
        conflicting=(Conflicting(title="A", conflicts=(conflict,)),),
    )
    assert outcome_lines(report, 1)[1:] == [
        "1 file failed:",
        "  failed: c.pdf: is no PDF",
        "  sources disagree on A: year: kept 2019, b.bib says 2020",
    ]

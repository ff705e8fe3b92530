"""Zip archives: what is read of them, and what is kept out."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.errors import ReadError
from index.library import Library
from index.readers import archive
from index.reading import Read, Reading, Source
from index.schema import Document, Enclosed, Unreadable
from index.settings import ReadingSettings

PAPER = '{"title": "On Wells", "abstract": "Wells run dry in summer."}\n'
BIB = "@misc{a, title = {On Ponds}, abstract = {Ponds do not run dry.}}\n"


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    """Packs members, given by name or as they are described, into papers.zip."""

    def make(*members: tuple[str | zipfile.ZipInfo, str | bytes], name: str = "papers.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for member, content in members:
                packed.writestr(member, content)
        return path

    return make


Pack = Callable[..., Path]


def told(path: Path) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What is read of a file: (title, source) of papers, (place, reason) of failures."""
    told = Reading(ReadingSettings(processes=1)).read([Source.of(path)])
    found = [each.found for each in told if isinstance(each, Read)]
    papers = [(each.paper.title, each.paper.source) for each in found if isinstance(each, Document)]
    return papers, [(each.place, each.reason) for each in found if isinstance(each, Unreadable)]


def test_each_member_is_read_by_the_reader_of_its_ending(pack: Pack) -> None:
    path = pack(("wells.jsonl", PAPER), ("deep/down/ponds.bib", BIB), ("notes.md", "# On Rain\n\nIt falls."))
    assert told(path) == (
        [
            ("On Wells", "papers.zip/wells.jsonl"),
            ("On Ponds", "papers.zip/deep/down/ponds.bib"),
            ("On Rain", "papers.zip/notes.md"),
        ],
        [],
    )


def test_an_archive_given_again_embeds_nothing(pack: Pack, library: Library, counting: Any) -> None:
    path = pack(("wells.jsonl", PAPER), ("ponds.bib", BIB), ("again/wells.jsonl", PAPER))
    assert len(library.add([path]).added) == 2
    assert library.paper("On Wells").source == "papers.zip/wells.jsonl"
    counting.embedded.clear()
    report = library.add([path])
    assert (len(report.unchanged), report.failed, counting.embedded) == (2, (), [])


def test_a_folder_is_walked_with_its_archives(pack: Pack, library: Library) -> None:
    assert library.add([pack(("wells.jsonl", PAPER)).parent]).added == ("On Wells",)


def test_a_bad_member_is_told_with_its_place_and_stops_no_other(pack: Pack) -> None:
    path = pack(("a.jsonl", "not json\n" + PAPER), ("b/empty.txt", " "), ("ponds.bib", BIB))
    papers, failed = told(path)
    assert [title for title, _ in papers] == ["On Wells", "On Ponds"]
    assert failed[0][0] == "papers.zip/a.jsonl line 1"
    assert "is not JSON" in failed[0][1]
    assert failed[1] == ("papers.zip/b/empty.txt", "'papers.zip/b/empty.txt' is empty")


def test_hidden_members_and_other_kinds_are_passed_over(pack: Pack) -> None:
    others = [("__MACOSX/._wells.jsonl", "x"), (".git/a.txt", "x"), ("a.png", "x"), ("folder/", "")]
    assert told(pack(("wells.jsonl", PAPER), *others)) == ([("On Wells", "papers.zip/wells.jsonl")], [])
    ((place, why),) = told(pack(*others))[1]
    assert place == "papers.zip"
    assert re.match(r"'papers.zip' holds no file of a known kind: .*\.bib", why)


def link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (("../evil.txt", "x"), "leads out of the archive"),
        (("/etc/evil.txt", "x"), "leads out of the archive"),
        (("a\\..\\..\\evil.txt", "x"), "leads out of the archive"),
        (("C:\\evil.txt", "x"), "leads out of the archive"),
        ((link("evil.txt"), "/etc/passwd"), "is a link"),
        (("inner.zip", b"PK"), "is packed once more"),
        (("inner.jsonl.gz", b"x"), "is packed once more"),
        (("zeros.txt", b"0" * 5_000_000), "more than 100 times its packed size"),
    ],
)
def test_what_may_not_come_in_is_refused_with_its_reason(member: Any, reason: str, pack: Pack) -> None:
    papers, failed = told(pack(member, ("wells.jsonl", PAPER)))
    assert [title for title, _ in papers] == ["On Wells"]
    ((_, why),) = failed
    assert reason in why


def test_nothing_is_written_outside_and_nothing_is_left_behind(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "a" / "scratch"
    scratch.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    path = pack(("../../evil.txt", "x"), ("ok/../../evil.txt", "x"), ("wells.jsonl", PAPER))
    told(path)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "a", scratch, path]


def test_an_encrypted_member_says_so(pack: Pack) -> None:
    path = pack(("wells.jsonl", PAPER), ("ponds.bib", BIB))
    raw = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + place] |= 1  # of the first member
    path.write_bytes(raw)
    papers, failed = told(path)
    assert [title for title, _ in papers] == ["On Ponds"]
    assert failed == [("papers.zip/wells.jsonl", "is encrypted; unpack it with its password first")]


def test_a_damaged_member_costs_no_other(pack: Pack) -> None:
    path = pack(("wells.jsonl", PAPER * 50), ("ponds.bib", BIB))
    raw = bytearray(path.read_bytes())
    raw[60] ^= 0xFF
    path.write_bytes(raw)
    papers, failed = told(path)
    assert [title for title, _ in papers] == ["On Ponds"]
    assert failed[0][0] == "papers.zip/wells.jsonl"
    assert "cannot be unpacked" in failed[0][1]


def test_an_archive_is_read_up_to_what_it_may_unpack_to(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST", 150)
    path = pack(("a.jsonl", PAPER), ("b.jsonl", PAPER * 3), ("c.jsonl", PAPER))
    first, refused = archive.read_zip(path)
    assert isinstance(first, Enclosed)
    assert (first.name, first.place, first.content) == ("a.jsonl", "papers.zip/a.jsonl", PAPER.encode())
    assert isinstance(refused, Unreadable)
    assert refused.place == "papers.zip/b.jsonl"
    assert "all after it were left out" in refused.reason


def test_what_a_member_claims_of_its_size_is_not_believed(pack: Pack) -> None:
    path = pack(("zeros.txt", b"0" * 5_000_000), ("wells.jsonl", PAPER))
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<I", 100)
    path.write_bytes(raw)
    papers, failed = told(path)
    assert [title for title, _ in papers] == ["On Wells"]
    assert [place for place, _ in failed] == ["papers.zip/zeros.txt"]


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"no archive", b"PK\x03\x04" + b"x" * 200])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "papers.zip"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"'papers.zip' is not a whole zip archive"):
        list(archive.read_zip(path))


def test_an_archive_of_far_too_many_members_is_not_listed(pack: Pack) -> None:
    path = pack(*((f"{number}.txt", b"") for number in range(archive.MOST_MEMBERS + 1)))
    with pytest.raises(ReadError, match="holds more than 10,000 members"):
        list(archive.read_zip(path))


def test_long_and_odd_names_are_told_and_never_used(pack: Pack) -> None:
    papers, failed = told(pack(("x" * 3000 + "/" + "y" * 400 + ".jsonl", PAPER), ("a\nb?.jsonl", PAPER)))
    assert not failed
    assert [len(source) < 150 for _, source in papers] == [True, True]
    assert papers[1][1] == "papers.zip/a-b?.jsonl"


def test_an_archive_in_an_archive_is_not_opened(pack: Pack) -> None:
    inner = pack(("wells.jsonl", PAPER)).read_bytes()
    assert told(pack(("papers.zip", inner), name="outer.zip")) == (
        [],
        [("outer.zip/papers.zip", "is packed once more; unpack it first")],
    )

"""The files that pages are shown from: kept once, under their hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from index.checksums import digest_of
from index.errors import LibraryError
from index.originals import Originals


def test_a_file_is_kept_under_its_hash_whatever_it_was_called(tmp_path: Path) -> None:
    originals = Originals(tmp_path / "library")
    (tmp_path / "library").mkdir()
    path = tmp_path / "..%2f..%2fetc%2fpasswd.pdf"
    path.write_bytes(b"pages")
    name = originals.keep(path)
    assert name == hashlib.sha256(b"pages").hexdigest() == digest_of(path)
    kept = originals.path(name)
    assert kept == tmp_path / "library" / "files" / name[:2] / name
    assert kept.read_bytes() == b"pages"


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    originals = Originals(tmp_path)
    for name in ("one.pdf", "two.pdf"):
        (tmp_path / name).write_bytes(b"pages")
        originals.keep(tmp_path / name)
    assert len(originals.names()) == 1
    assert not list(originals.folder.glob("*.part"))


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "a" * 63, "G" * 64, "a" * 64 + "/.."])
def test_what_is_no_hash_names_no_file(name: str, tmp_path: Path) -> None:
    assert Originals(tmp_path).path(name) is None


def test_files_that_nobody_needs_are_swept(tmp_path: Path) -> None:
    originals = Originals(tmp_path)
    names = []
    for content in (b"one", b"two"):
        (tmp_path / "x").write_bytes(content)
        names.append(originals.keep(tmp_path / "x"))
    assert originals.sweep({names[0]}) == 1
    assert originals.names() == {names[0]}
    assert originals.path(names[1]) is None


def test_a_file_that_cannot_be_kept_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"'gone\.pdf' cannot be kept in .*: No such file"):
        Originals(tmp_path).keep(tmp_path / "gone.pdf")
    assert not list((tmp_path / "files").iterdir())

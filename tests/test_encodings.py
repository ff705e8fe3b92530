"""Bytes to text: what the encoding is, where that is a guess, and what is no text at all."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ReadError
from index.readers import read
from index.readers.encodings import decode
from index.schema import Document

FRENCH = (
    "Une méthode déjà éprouvée, « très » générale, mène à l’évaluation du coût d’entraînement. L'œuvre naïve "
    "a été créée à Orléans – à 20 °C, soit ±2 % près…"
)


def only(path: Path) -> Document:
    (found,) = read(path)
    assert isinstance(found, Document)
    return found


def written(folder: Path, name: str, raw: bytes) -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["Plain words.\nAnd more.", "Größe für 20 °C", "潮汐预测\n方法 A 很好。\n" * 20]
)
def test_utf_16_without_a_mark_is_read_where_there_is_no_doubt(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == (text, encoding, True)


def test_old_western_text_is_read_and_the_reader_told(tmp_path: Path) -> None:
    document = only(written(tmp_path, "a.txt", f"Un titre\n\n{FRENCH}".encode("cp1252")))
    assert document.text == FRENCH
    (notice,) = document.notices
    assert notice.kind == "not read"
    assert "read as windows-1252" in notice.text
    assert "(é à è û î …)" in notice.text


def test_of_an_old_bibliography_only_entries_beyond_ascii_carry_the_notice(tmp_path: Path) -> None:
    raw = "@article{a, title={Plain}, abstract={Words.}}\n@article{b, title={Der Größe nach}}".encode(
        "latin-1"
    )
    plain, great = read(written(tmp_path, "a.bib", raw))
    assert isinstance(plain, Document)
    assert isinstance(great, Document)
    assert great.paper.title == "Der Größe nach"
    assert (len(plain.notices), len(great.notices)) == (0, 1)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Приливы предсказываются по двенадцати буям.", "cp1251"),
        ("潮汐を予測する新しい方法を提案する。", "shift-jis"),
        ("潮汐预测的新方法。", "gbk"),
        ("Metoda ta została użyta do badań właściwości, którą opisują", "cp1250"),
        ("Η μέθοδος προβλέπει τις παλίρροιες.", "iso8859-7"),
        ("La méthode était très éprouvée", "mac-roman"),
    ],
    ids=["russian", "japanese", "chinese", "polish", "greek", "mac"],
)
def test_text_that_no_guess_fits_is_refused_rather_than_garbled(
    tmp_path: Path, text: str, encoding: str
) -> None:
    with pytest.raises(ReadError, match=r"is not UTF-8 text .* cannot be told; save it as UTF-8"):
        list(read(written(tmp_path, "a.txt", text.encode(encoding))))


def test_a_declared_encoding_is_believed_where_the_bytes_are_not_utf_8() -> None:
    assert decode("潮汐を予測する".encode("shift-jis"), "Shift_JIS").text == "潮汐を予測する"
    assert decode("“Größe”".encode("cp1252"), "ISO-8859-1") == ("“Größe”", "cp1252", True)
    assert decode("Größe".encode(), "latin-1") == ("Größe", "utf-8", True)
    for odd in ("no-such-encoding", "rot13", "base64", "zlib", "idna", "\0", "x" * 10_000):
        assert not decode("Größe\nund Maß".encode("latin-1"), odd).sure


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "it begins as a PDF does; give it the ending of its kind"),
        (b"PK\x03\x04\x14\0", "it begins as a zip archive or an office document does"),
        (b"\x89PNG\r\n", "it begins as a picture does"),
        (bytes(range(256)) * 4, "it holds binary data"),
        (b"a\0b", r"it holds a NUL character \(at 1, in line 1\); take them out"),
        (b"one\ntwo" + b" words" * 40 + b"\0\nx\0y", r"it holds 2 NUL characters \(at 247, in line 2\)"),
        ("\ufeffa\0".encode("utf-16-le"), "it holds a NUL character"),
        (b"\xff\xfea", "is not UTF-16 text"),
    ],
)
def test_what_is_no_text_says_what_it_is(tmp_path: Path, raw: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        list(read(written(tmp_path, "a.txt", raw)))


@pytest.mark.parametrize("ending", [".txt", ".md", ".txt.gz"])
@pytest.mark.parametrize(
    "text",
    [
        "السلام عليكم، هذا اختبار.",
        "Tags \U000e0041\U000e0042 stay stored.",
        "e\u0323\u0301 is not é; ﬁ and ½ stay, and so do \u200b, \ufe0f and \u202e.",
        "👩\u200d🔬 and 🏳\ufe0f\u200d🌈 and \U0001f3f4\U000e0067\U000e0062\U000e007f",
        "a\u2028b\x0bc\x85d\xa0e",
        "plane 16: \U0010fffd, unassigned: \U000e0fff, private: \ue000",
    ],
    ids=["right to left", "tags", "marks", "emoji", "separators", "planes"],
)
def test_text_comes_out_of_the_stored_text_as_it_went_in(tmp_path: Path, ending: str, text: str) -> None:
    raw = f"A first line\n\n{text}\n\nEnd.".encode()
    path = written(tmp_path, f"a{ending}", gzip.compress(raw) if ending.endswith("gz") else raw)
    document = only(path)
    assert text in document.text
    assert Document.model_validate_json(document.model_dump_json()) == document


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(raw: bytes) -> None:
    try:
        decoded = decode(raw)
    except ValueError:
        return
    assert "\0" not in decoded.text
    assert decoded.text.encode("utf-8").decode("utf-8") == decoded.text


@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=60))
def test_any_utf_8_comes_back_as_it_was(text: str) -> None:
    try:
        assert decode(b"  " + text.encode()).text == "  " + text
    except ValueError as error:
        pytest.fail(str(error))


def test_ten_megabytes_on_one_line_are_decoded_in_time() -> None:
    for raw in (b"word " * 2_000_000, "été ".encode("latin-1") + b"word " * 2_000_000, b"\0a" * 5_000_000):
        began = time.monotonic()
        decode(raw)
        assert time.monotonic() - began < 3

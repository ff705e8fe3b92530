"""Plain text and Markdown become one paper each, with offsets into the text as written."""

from __future__ import annotations

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ReadError
from index.readers import find_files, read
from index.schema import Document


def only(path: Path) -> Document:
    (found,) = read(path)
    assert isinstance(found, Document)
    return found


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def spans(document: Document) -> list[tuple[str | None, str]]:
    return [(s.name, document.text[s.start : s.end]) for s in document.sections]


MARKDOWN = """---
title: "Rewards, twice"
authors: [Ada Lovelace, Alan Turing]
date: 2024-05-06
url: https://arxiv.org/abs/2405.01234v2
organization: NVIDIA
comments: 3
---
Before any heading.

# Abstract

We look *twice*.

## Method

```python
# not a heading
```

Some more.

> # quoted, not a heading

Results
-------

It works.
"""


def test_front_matter_and_headings_become_facts_and_sections(tmp_path: Path) -> None:
    document = only(written(tmp_path, "note.md", MARKDOWN))
    paper = document.paper
    assert (paper.title, paper.authors, paper.author_count) == (
        "Rewards, twice",
        ("Ada Lovelace", "Alan Turing"),
        2,
    )
    assert (paper.published, paper.arxiv_id, paper.organization) == ("2024-05-06", "2405.01234", "NVIDIA")
    assert (paper.comments, paper.abstract, paper.source) == (3, "We look *twice*.", "note.md")
    assert document.text == MARKDOWN.partition("---\n")[2].partition("---\n")[2].strip()
    names = [name for name, _ in spans(document)]
    assert names == [None, "Abstract", "Method", "Results"]
    assert spans(document)[0][1] == "Before any heading."
    assert spans(document)[2][1].startswith("```python\n# not a heading")
    assert spans(document)[3][1] == "It works."


def test_the_first_top_heading_is_the_title_where_no_front_matter_names_one(tmp_path: Path) -> None:
    document = only(
        written(tmp_path, "a.markdown", "# On `Rewards`\n\nFirst words.\n\n## Empty\n\n## Next\n\nMore.")
    )
    assert document.paper.title == "On Rewards"
    assert spans(document) == [(None, "First words."), ("Next", "More.")]
    assert document.paper.abstract == "First words."


def test_without_any_title_the_file_is_named(tmp_path: Path) -> None:
    assert only(written(tmp_path, "my-note.md.gz", gzip.compress(b"Just words."))).paper.title == "my-note"


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    document = only(written(tmp_path, "a.md", "---\n\n# Title\n\nWords.\n"))
    assert (document.paper.title, spans(document)[-1]) == ("Title", (None, "Words."))


def test_windows_line_ends_and_other_line_separators_keep_offsets_exact(tmp_path: Path) -> None:
    text = "# A\r\n\r\nOne\u2028two\x0bthree\x85four.\r\n\r\n## B\r\n\r\nLast \U0001f600 words.\r\n"
    document = only(written(tmp_path, "a.md", text))
    assert "\r" not in document.text
    assert spans(document) == [(None, "One\u2028two\x0bthree\x85four."), ("B", "Last \U0001f600 words.")]


PIECES = [
    "# A\n",
    "## B\n",
    "Abstract\n===\n",
    "words ",
    "\n",
    "```\n",
    "> # q\n",
    "- # item\n",
    "\t# t\n",
    "é\u2028",
]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=15).map("".join).filter(str.strip))
def test_sections_are_in_order_apart_and_without_white_space_around_them(text: str) -> None:
    with TemporaryDirectory() as folder:
        document = only(written(Path(folder), "a.md", text))
    ends = 0
    for section in document.sections:
        assert ends <= section.start < section.end <= len(document.text)
        part = document.text[section.start : section.end]
        assert part == part.strip()
        ends = section.end
    assert document.paper.abstract in document.text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\ntitle: [broken\n---\nWords.", "its front matter is not YAML"),
        ("---\ntitle: never closed\n\nWords.", "its front matter is never closed"),
        ("---\n- a\n- b\n---\nWords.", "its front matter is a list"),
        ("---\ntitle: A\n---\n\n", "has no text after its front matter"),
        ("", "is empty"),
        ("  \n \n", "is empty"),
        (b"\x81\xe9\xe8", r"is not UTF-8 text \(invalid start byte at byte 0\), and .* save it as UTF-8"),
        ("a\0b", r"holds a NUL character \(at 1, in line 1\)"),
    ],
)
def test_a_markdown_file_of_no_use_says_why(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=rf"'bad\.md':? {reason}|'bad\.md' .*{reason}"):
        list(read(written(tmp_path, "bad.md", text)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str) -> None:
    document = only(written(tmp_path, "a.txt", "Über Titel\n\nDer Text.".encode(encoding)))
    assert (document.paper.title, document.text) == ("Über Titel", "Der Text.")


def test_a_plain_text_is_titled_by_its_short_first_line(tmp_path: Path) -> None:
    document = only(written(tmp_path, "a.txt", "\n  A short title \n\nFirst paragraph.\n\nSecond.\n"))
    assert (document.paper.title, document.text) == ("A short title", "First paragraph.\n\nSecond.")
    assert (document.paper.abstract, spans(document)) == ("First paragraph.", [(None, document.text)])


@pytest.mark.parametrize("text", ["It opens with a sentence.\n\nMore.", "word " * 60 + "\nmore", "one line"])
def test_a_plain_text_that_opens_with_prose_is_titled_by_its_file(tmp_path: Path, text: str) -> None:
    document = only(written(tmp_path, "my note.txt", text))
    assert (document.paper.title, document.text) == ("my note", text.strip())


def test_an_unknown_ending_names_the_known_ones(tmp_path: Path) -> None:
    path = written(tmp_path, "notes.rtf", "x")
    assert find_files([path]) == [path]
    with pytest.raises(ReadError, match=r"No reader for 'notes\.rtf'\. Known: .*\.jsonl .*\.md "):
        read(path)


def test_folders_are_walked_in_order_without_hidden_or_unknown_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("z.txt", "b/a.MD", "b/c.jsonl.gz", ".hidden.txt", ".git/x.txt", "picture.png"):
        written(tmp_path, name, "x")
    found = [path.relative_to(tmp_path).as_posix() for path in find_files([tmp_path, tmp_path / "z.txt"])]
    assert found == ["z.txt", "b/a.MD", "b/c.jsonl.gz"]


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"nowhere\.txt' does not exist"):
        find_files([tmp_path / "nowhere.txt"])


@pytest.mark.parametrize(
    "raw", [b"not gzip", gzip.compress(b"words " * 999)[:-9], b""], ids=["other", "cut", "empty"]
)
def test_a_broken_gzip_file_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(ReadError, match=r"'a\.txt\.gz' (is not a whole gzip file|is empty)"):
        list(read(written(tmp_path, "a.txt.gz", raw)))


def test_what_cannot_be_opened_is_a_read_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(ReadError, match=r"'a\.txt' cannot be read: Is a directory"):
        list(read(tmp_path / "a.txt"))

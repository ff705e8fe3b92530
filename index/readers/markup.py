"""Plain text and Markdown: one file, one paper.

Owns where a title, front matter and headed sections stand in such a file. Refuses to render Markdown:
the stored text is the source after the front matter, character for character, so that offsets into it
mean what the author wrote. A `.txt` file that is a saved Daily Papers page is handed to its own reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.errors import ReadError
from index.readers import daily_papers
from index.readers.facts import Fields, described, one_line, storable
from index.readers.files import name_of, read_noted, stem_of
from index.schema import Document, Section, Unreadable

_FRONT_MATTER = re.compile(
    r"---[ \t]*\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
LONGEST_TITLE = 200  # characters; a first line beyond this is prose


def read_text(path: Path) -> Iterator[Document | Unreadable]:
    """The papers of a saved listing page, or the one paper that a plain text is."""
    noted = read_noted(path)
    if daily_papers.is_listing(noted.text):
        yield from map(noted.on, daily_papers.parse(noted.text, name_of(path)))
    else:
        yield noted.on(plain_text(noted.text, path))


def read_markdown(path: Path) -> Iterator[Document | Unreadable]:
    """The one paper of a Markdown file; ReadError where its front matter is broken or its body is empty."""
    noted = read_noted(path)
    fields, body = _front_matter(noted.text, name_of(path))
    if not body:
        raise ReadError(f"{name_of(path)!r} has no text after its front matter")
    outline = _outline(body)
    title = one_line(storable(str(fields.get("title") or ""))) or outline.title or stem_of(path)
    filled = (part for part in outline.parts if body[part.start : part.end].strip())
    sections = tuple(_section(body, part, title) for part in filled)
    abstract = next((s for s in sections if s.name and s.name.casefold() == "abstract"), None)
    start, end = (abstract.start, abstract.end) if abstract else outline.first_paragraph
    paper = described(fields, title=title, abstract=body[start:end], source=name_of(path))
    yield noted.on(Document(paper=paper, text=body, sections=sections))


def plain_text(text: str, path: Path) -> Document:
    """A text as one paper: its first line is the title where it looks like one, else the file's name is."""
    text = text.strip()
    first, _, rest = text.partition("\n")
    title, body = one_line(first), rest.strip()
    if not body or len(title) > LONGEST_TITLE or title.endswith((".", ",", ";", ":")):
        title, body = stem_of(path), text
    abstract = re.split(r"\n\s*\n", body, maxsplit=1)[0]
    paper = described({}, title=title, abstract=abstract, source=name_of(path))
    return Document(paper=paper, text=body, sections=(Section(name=None, start=0, end=len(body)),))


def _front_matter(text: str, name: str) -> tuple[Fields, str]:
    """The fields of the YAML block that a Markdown text may open with, and the text after it.

    A rule (`---`) that is never closed, or that encloses prose, is a rule and no front matter.
    """
    if not re.match(r"---[ \t]*\n", text):
        return {}, text.strip()
    match = _FRONT_MATTER.match(text)
    if match is None:
        if re.match(r"---[ \t]*\n\w+:", text):
            raise ReadError(f"{name!r}: its front matter is never closed; end it with a line of '---'")
        return {}, text.strip()
    try:
        fields = yaml.safe_load(match["yaml"])
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise ReadError(f"{name!r}: its front matter is not YAML ({one_line(str(exc))})") from exc
    if isinstance(fields, list):
        raise ReadError(f"{name!r}: its front matter is a list, not `name: value` lines")
    if not isinstance(fields, dict):
        return {}, (text if fields else text[match.end() :]).strip()
    return {str(key).casefold(): value for key, value in fields.items()}, text[match.end() :].strip()


class _Part(NamedTuple):
    """The text under one heading, up to the next heading of any level."""

    name: str | None
    start: int
    end: int


class _Outline(NamedTuple):
    title: str | None
    parts: tuple[_Part, ...]
    first_paragraph: tuple[int, int]


def _outline(body: str) -> _Outline:
    """Where a Markdown body's headings stand, by a real parse: a `#` in a code block is not a heading."""
    tokens = MarkdownIt("commonmark").parse(body)
    starts = _line_starts(body)
    headings = [
        (_words(tokens[position + 1]), token.tag, starts[token.map[0]], starts[token.map[1]])
        for position, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    title = next((words for words, tag, _, _ in headings if tag == "h1" and words), None)
    parts, name, start = [], None, 0
    for words, _, heading_start, heading_end in headings:
        parts.append(_Part(name, start, heading_start))
        name, start = words or None, heading_end
    parts.append(_Part(name, start, len(body)))
    maps = (token.map for token in tokens if token.type == "paragraph_open" and token.level == 0)
    first = next(((starts[lines[0]], starts[lines[1]]) for lines in maps if lines), (0, 0))
    return _Outline(title, tuple(parts), _trimmed(body, *first))


def _section(body: str, part: _Part, title: str) -> Section:
    """The part without the white space around it; what stands under the title itself has no name."""
    start, end = _trimmed(body, part.start, part.end)
    return Section(name=None if part.name == title else part.name, start=start, end=end)


def _words(inline: Token) -> str:
    """A heading's text without its markup."""
    breaks = ("softbreak", "hardbreak")
    return one_line(
        "".join(" " if child.type in breaks else child.content for child in inline.children or ())
    )


def _line_starts(text: str) -> list[int]:
    """The offset of each line, and the end of the text for the line after the last."""
    return [0, *(match.end() for match in re.finditer("\n", text)), len(text)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())

"""Word documents: one file, one paper.

Owns what of the package is let in (sizes and ratios first, no document type declarations, no pictures) and what its
properties say. mammoth makes HTML of it, and the blocks are those of any HTML. Equations that Word keeps in a form of
its own are left out, and told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile

import mammoth
from lxml import etree

from index.errors import ReadError
from index.readers.blocks import Block, Heading, document
from index.readers.facts import Fields, one_line
from index.readers.files import name_of, stem_of
from index.readers.flow import blocks, tag_of
from index.readers.html.elements import Html
from index.readers.html.page import parsed
from index.schema import Document, Notice, Unreadable

LARGEST = 200 * 2**20  # bytes that all members together unpack to
HIGHEST_RATIO = 100  # bytes unpacked for a byte packed
LARGEST_PART = 32 * 2**20  # bytes of XML of one part; read, it takes many times as much memory
MOST_MEMBERS = 10_000
_SMALL = 2**20  # bytes of a member whose ratio is nobody's concern: XML of one kind packs well
_CORE = "docProps/core.xml"
_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='caption'] => figcaption:fresh
p[style-name='Caption'] => figcaption:fresh
p[style-name='Bibliography'] => div.references > ul > li:fresh
"""
_TABLE = re.compile(r"tab(?:le|elle|leau|la)?\b", re.IGNORECASE)
_NOBODY = re.compile(
    r"(?:microsoft|windows|office|python-docx|user|admin\w*|author|owner|un-named|pandoc)\b", re.I
)


def read_docx(path: Path) -> Iterator[Document | Unreadable]:
    """The one paper of a Word document."""
    name = name_of(path)
    try:
        with ZipFile(path) as package:
            _check(package, name)
            fields, stated = _properties(package)
        with path.open("rb") as stream:
            made = mammoth.convert_to_html(stream, style_map=_STYLES, convert_image=_no_picture)
    except ReadError:
        raise
    except OSError as error:
        raise ReadError(f"{name!r} cannot be read: {error.strerror or error}") from error
    except RecursionError as error:
        raise ReadError(f"{name!r} nests its paragraphs or tables too deeply to be read") from error
    except (
        BadZipFile,
        KeyError,
        ValueError,
        ExpatError,
        AttributeError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        what = "; save it as .docx again" if not isinstance(error, BadZipFile) else "; fetch it again"
        raise ReadError(
            f"{name!r} is not a whole Word document ({one_line(str(error))[:120]}){what}"
        ) from error
    parts = list(_joined(_blocks(made.value)))
    heading = next((part.text for part in parts[:3] if isinstance(part, Heading) and part.level == 1), "")
    title = heading or stated or stem_of(path)
    try:
        yield document(fields, parts, title=title, source=name, notices=_notices(made.messages))
    except ValueError as error:
        raise ReadError(f"{name!r} {error}") from error


def _check(package: ZipFile, name: str) -> None:
    """Refuse what unpacks to too much, before any of it is unpacked, and what declares entities."""
    members = package.infolist()
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > LARGEST:
        raise ReadError(
            f"{name!r} unpacks to more than {LARGEST // 2**20} MB; take pictures out and save it again"
        )
    if "word/document.xml" not in package.namelist() and "_rels/.rels" not in package.namelist():
        raise ReadError(f"{name!r} is not a Word document: it has no text in it")
    for member in members:
        if member.flag_bits & 1:
            raise ReadError(f"{name!r} is encrypted; save it without a password")
        if member.file_size > max(member.compress_size * HIGHEST_RATIO, _SMALL):
            raise ReadError(
                f"{name!r} has a part that unpacks to more than {HIGHEST_RATIO} times its packed size"
            )
        if member.filename.endswith((".xml", ".rels")):
            if member.file_size > LARGEST_PART:
                raise ReadError(
                    f"{name!r} has more than {LARGEST_PART // 2**20} MB of text in one part; split it"
                )
            if _declares(package.read(member)):
                raise ReadError(f"{name!r} declares a document type of its own, which no Word document does")


def _declares(raw: bytes) -> bool:
    """Whether XML declares a document type, in UTF-8 or in UTF-16."""
    plain = raw.replace(b"\0", b"") if b"\0" in raw[:200] else raw
    return b"<!DOCTYPE" in plain or b"<!ENTITY" in plain


def _properties(package: ZipFile) -> tuple[Fields, str]:
    """The facts of the core properties, and the title among them."""
    if _CORE not in package.namelist():
        return {}, ""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(package.read(_CORE), parser)
    except etree.XMLSyntaxError:
        return {}, ""
    said = {tag_of(each): one_line(each.text or "") for each in root}
    creators = [each.strip() for each in re.split(r"[;\n]", said.get("creator", ""))]
    title = re.sub(r"^Microsoft Word - |\.docx?$", "", said.get("title", ""))
    authors = [each for each in creators if each and not _NOBODY.match(each)]
    return {"authors": authors, "published": said.get("created", "")[:10]}, title


@mammoth.images.img_element  # type: ignore[untyped-decorator]
def _no_picture(_: object) -> dict[str, str]:
    return {"src": ""}


def _blocks(markup: str) -> Iterator[Heading | Block]:
    root, _ = parsed(f"<html><body>{markup}</body></html>")
    if root is None:
        return
    for item in list(root.iter("li")):
        if re.match(r"(?:foot|end)note-\d+$", item.get("id") or ""):
            for link in list(item.iter("a")):
                if link.text == "↑":
                    link.text = None
            _head_notes(item)
    yield from blocks(root, Html())


def _head_notes(item: etree._Element) -> None:
    """Give the list of notes at a document's end a heading, so that it is not taken for the section above it."""
    listed = item.getparent()
    if listed is not None and listed[0] is item and listed.getparent() is not None:
        heading = etree.Element("h1")
        heading.text = "Notes"
        listed.addprevious(heading)


def _joined(parts: Iterable[Heading | Block]) -> Iterator[Heading | Block]:
    """The parts with each table's caption, which stands above or below it, as the first of its lines."""
    before: Heading | Block | None = None
    for part in parts:
        if before is not None and (joined := _join(before, part)):
            before = joined
            continue
        if before is not None:
            yield before
        before = part
    if before is not None:
        yield before


def _join(first: Heading | Block, second: Heading | Block) -> Block | None:
    if not isinstance(first, Block) or not isinstance(second, Block):
        return None
    for caption, other in ((first, second), (second, first)):
        of_table = (caption.kind, other.kind) == ("caption", "table")
        if of_table and _TABLE.match(caption.text) and not _TABLE.match(other.text):
            return Block(f"{caption.text}\n\n{other.text}", "table")
    return None


def _notices(messages: Iterable[object]) -> list[Notice]:
    if any("oMath" in str(getattr(each, "message", "")) for each in messages):
        return [
            Notice(kind="not read", text="the document's equations were left out: only its words are read")
        ]
    return []

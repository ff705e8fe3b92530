"""Files in, papers out: one reader per kind of file, chosen by the file's ending.

Owns which files are looked at and who reads them. Refuses to know what a format looks like (each
reader does) and whether two papers are the same one (`index.merge` does).

A reader is a function of a path that yields a `Document` for each paper, an `Unreadable` for each entry it could
not use, and an `Enclosed` for each file that this one holds or names, to be read by its own reader; it raises
`ReadError` where the whole file is of no use. It is called in a process that may read and nothing else
(`index.sandbox`). Built-in readers and
those of other packages (entry points of the group `ibid.readers`, named by their ending without the
leading dot) stand in one table of `ending -> "module:function"`, and are imported when first needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from index.errors import IbidError, NoPapers, ReadError
from index.schema import Document, Enclosed, Unreadable

Found = Document | Unreadable | Enclosed
Reader = Callable[[Path], Iterator[Found]]

GROUP = "ibid.readers"
VERSION = "1"
"""To be raised where a built-in reader finds other things in the same file: files are then read again."""
BUILT_IN = {
    ending + packed: place
    for packed in ("", ".gz")
    for ending, place in {
        ".atom": "index.readers.xml:read_xml",
        ".bib": "index.readers.bibtex:read_bibtex",
        ".htm": "index.readers.html.page:read_html",
        ".html": "index.readers.html.page:read_html",
        ".json": "index.readers.records:read_json",
        ".jsonl": "index.readers.records:read_lines",
        ".latex": "index.readers.latex.paper:read_tex",
        ".markdown": "index.readers.markup:read_markdown",
        ".md": "index.readers.markup:read_markdown",
        ".ndjson": "index.readers.records:read_lines",
        ".rdf": "index.readers.zotero:read_rdf",
        ".ris": "index.readers.ris:read_ris",
        ".tex": "index.readers.latex.paper:read_tex",
        ".text": "index.readers.markup:read_text",
        ".txt": "index.readers.markup:read_text",
        ".xhtml": "index.readers.html.page:read_html",
        ".xml": "index.readers.xml:read_xml",
    }.items()
} | {
    ".docx": "index.readers.docx:read_docx",
    ".pdf": "index.readers.pdf.reader:read_pdf",
    ".zip": "index.readers.archive:read_zip",
}


def readers() -> dict[str, str]:
    """The known endings and the `module:function` that reads each; another package's choice wins."""
    return BUILT_IN | {"." + entry.name.lstrip("."): entry.value for entry in entry_points(group=GROUP)}


def find_files(paths: Sequence[Path], unlisted: Callable[[OSError], None] | None = None) -> list[Path]:
    """The files to read: each named file, and every file of a known ending below each named folder.

    Folders are walked in alphabetical order without hidden entries and without links to folders; a
    file met twice is listed once. A named file of unknown ending stays, so that `read` can say so.
    ReadError where a path does not exist or a folder cannot be listed, unless `unlisted` is there to be told of that.
    """
    known = readers()
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _files_of(Path(path), known, unlisted or _refuse):
            found.setdefault(file.resolve(), file)
    return list(found.values())


def read(path: Path) -> Iterator[Found]:
    """The papers of one file, streamed in its order.

    ReadError at once where no reader knows the ending; while iterating, where the file as a whole
    cannot be used. What was yielded before that stays good.
    """
    return _guarded(path, _reader_of(path))


def _files_of(path: Path, known: dict[str, str], unlisted: Callable[[OSError], None]) -> Iterator[Path]:
    if path.is_dir():
        yield from _walk(path, known, unlisted)
    elif path.is_file():
        yield path
    elif path.exists():
        raise ReadError(f"'{path}' is neither a file nor a folder")
    else:
        raise ReadError(f"'{path}' does not exist; check the spelling")


def _refuse(error: OSError) -> None:
    raise ReadError(f"'{error.filename}' cannot be listed: {error.strerror}") from error


def _walk(folder: Path, known: dict[str, str], unlisted: Callable[[OSError], None]) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder, onerror=unlisted):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = Path(parent, name)
            if not name.startswith(".") and ending_of(file, known) and file.is_file():
                yield file


def ending_of(path: Path, known: dict[str, str]) -> str | None:
    """The longest known ending of the name: `.jsonl.gz` before `.gz`."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((end for end in ("".join(suffixes[-2:]), "".join(suffixes[-1:])) if end in known), None)


def _reader_of(path: Path) -> Reader:
    known = readers()
    ending = ending_of(path, known)
    if ending is None:
        raise ReadError(f"No reader for {path.name!r}. Known: {' '.join(sorted(known))}")
    module, _, function = known[ending].partition(":")
    try:
        return cast(Reader, getattr(import_module(module), function))
    except (ImportError, AttributeError) as exc:
        raise ReadError(f"The reader of {ending} files, {known[ending]}, cannot be loaded: {exc}") from exc


def _guarded(path: Path, reader: Reader) -> Iterator[Found]:
    """`reader`'s yield, with foreign exceptions translated, and a file that holds nothing refused."""
    empty = True
    try:
        for found in reader(path):
            empty = False
            yield found
    except IbidError:
        raise
    except Exception as exc:  # a reader may come from another package, and one file must not stop the rest
        raise ReadError(f"{path.name!r} could not be read: {type(exc).__name__}: {exc}") from exc
    if empty:
        raise NoPapers(f"{path.name!r} holds no papers")

"""Files that an entry of a bibliography names as its own: which of them may be opened.

Owns the line between an export's own folder and everything else on the machine: a file is opened only where it
lies below the folder of the export, whatever its path, its links or its `..` say. What is not opened is a notice on
the entry's paper and costs it nothing. Refuses to read any of them: the readers of their endings do.

Where an entry has its text in several forms, those of the best kind are taken: a snapshot of the page on which a
paper was found is no better than its PDF.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from index.readers.files import name_of
from index.schema import Document, Enclosed, Notice

KINDS = ((".pdf",), (".docx",), (".tex",), (".html", ".htm", ".xhtml"))  # the best first
MOST = 20  # of one entry
LONGEST = 4_000  # characters of a path
_NAMED = 120  # characters of a path that are told
_ADDRESS = re.compile(r"(?!file:)[a-z][a-z+.-]+://", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(?=[^A-Za-z0-9.])")
_DIVIDED = re.compile(r"(?<!\\);")
_PART = re.compile(r"(?<!\\):")


def with_attachments(document: Document, written: Sequence[str], path: Path) -> Iterator[Document | Enclosed]:
    """The entry's own document, then each file that it names and that may be read, with what is known of it.

    `path` is the export that names them. Addresses on the web are passed over.
    """
    files, notices = [], []
    for name in [name for name in dict.fromkeys(written) if name and not _ADDRESS.match(name)][:MOST]:
        try:
            files.append(inside(path.parent, name))
        except ValueError as error:
            text = f"the attached file {shown(name)!r} was not read: it {error}"
            notices.append(Notice(kind="not read", text=text))
    yield document.model_copy(update={"notices": (*document.notices, *notices)}) if notices else document
    for file in _best(files):
        yield enclosed(file, path).model_copy(update={"paper": document.paper})


def enclosed(file: Path, path: Path) -> Enclosed:
    """A file that `inside` found, as the one that an export names."""
    place = file.relative_to(path.parent.resolve()).as_posix()
    return Enclosed(name=file.name, place=f"{name_of(path)}/{place}", path=str(file))


def inside(folder: Path, written: str) -> Path:
    """The file that `written` names, without links, where it lies below `folder`. ValueError says why not.

    Whether a file outside of the folder exists is not told.
    """
    home = folder.resolve()
    for name in _spellings(written):
        if (file := _found(home, name)) is not None:
            return file
    raise ValueError("is not there")


def bibtex_files(written: str) -> list[str]:
    """The paths in BibTeX's `file` field: `Full Text:files/1/a.pdf:application/pdf;…`, `:a.pdf:PDF`, or plain ones.

    >>> bibtex_files("Full Text:files/1/a\\\\:b.pdf:application/pdf;Page:files/2/p.html:text/html")
    ['files/1/a:b.pdf', 'files/2/p.html']
    """
    return [path for each in _DIVIDED.split(written) if (path := _path_of(each.strip()))]


def shown(written: str) -> str:
    """A path as it is told: its end, where it is long."""
    return written if len(written) <= _NAMED else f"…{written[-_NAMED:]}"


def _path_of(written: str) -> str:
    written = written.replace("$\\backslash$", "\\")
    parts = [_ESCAPED.sub("", part) for part in _PART.split(written)]
    if len(parts) < 3 or re.match(r"file:|[A-Za-z]:[\\/]", written):
        return _ESCAPED.sub("", written)
    return ":".join(parts[1:-1])


def _spellings(written: str) -> Iterator[str]:
    """The ways in which a path may be meant: as it stands, from Windows, or as an address."""
    address = written.casefold().startswith("file:")
    name = unquote(urlsplit(written).path) if address else written
    yield name
    if "\\" in name:
        yield name.replace("\\", "/")
    if "%" in name and not address:
        yield unquote(name)


def _found(home: Path, name: str) -> Path | None:
    """The file of that name, None where there is none; ValueError where it is not looked for."""
    if len(name) > LONGEST or "\0" in name:
        raise ValueError("has no name that a file can have")
    if ".." in re.split(r"[/\\]", name):
        raise ValueError("leads out of the folder by its name")
    try:
        file = (home / name).resolve()
        str(file).encode()
        if not file.is_relative_to(home):
            raise ValueError("lies outside of the folder of the file that names it")
        return file if file.is_file() else None
    except (OSError, RuntimeError, UnicodeError) as error:
        raise ValueError("has no name that a file can have") from error


def _best(files: Iterable[Path]) -> list[Path]:
    found = list(dict.fromkeys(files))
    kinds = ([file for file in found if file.suffix.lower() in kind] for kind in KINDS)
    return next((kind for kind in kinds if kind), [])

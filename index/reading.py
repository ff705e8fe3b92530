"""Files read into papers: each in a process of its own, several at once, told in the order in which they were given.

Owns what becomes of a file before anything of it is stored: that it is known already by its content, that a
sandboxed process reads it, that files which it holds or names are read in turn, each in its own process, and that
its death is that file's failure and no more. Refuses to know formats (`index.readers`) and libraries (`index.ingest`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from index.checksums import digest_of
from index.enclosed import Spool
from index.errors import NoTextLayer, ReadError
from index.invisible import notices_of
from index.lanes import in_order
from index.merge import merge
from index.premade import Made
from index.readers import Found, ending_of, find_files, readers
from index.readers.files import name_of
from index.readers.job import heard, read_file
from index.sandbox.client import Overrun
from index.sandbox.limits import MEGABYTE, Limits
from index.sandbox.pool import lent
from index.scans import recognised, unrecognised
from index.schema import Document, Enclosed, Paper, Unreadable, Value
from index.settings import ReadingSettings

_HELD = 16 * MEGABYTE  # of one file's papers that wait to be taken
_JOB = f"{read_file.__module__}:{read_file.__name__}"


class Source(Value):
    """A file to be read. `key` names it in the library, `shown` to people; `paper` is what is known of it already."""

    path: Path
    key: str
    shown: str
    paper: Paper | None = None

    @classmethod
    def of(cls, path: Path) -> Source:
        return cls(path=path, key=key_of(path), shown=name_of(path))


def key_of(path: Path) -> str:
    """What names a file in the library: its whole path, links followed, as text that can be stored."""
    return os.fsencode(path.resolve()).decode("utf-8", "backslashreplace")


def keys_below(folder: Path) -> str:
    """What the names of all files below a folder begin with."""
    return key_of(folder).rstrip(os.sep) + os.sep


def sources_of(paths: Sequence[Path]) -> tuple[list[Source], list[Unreadable]]:
    """The files of paths and folders, each once, and the paths that are none."""
    files: dict[str, Source] = {}
    refused = []
    for path in paths:
        try:
            for source in map(Source.of, find_files([path])):
                files.setdefault(source.key, source)
        except ReadError as error:
            refused.append(Unreadable(place=str(path), reason=str(error)))
    return list(files.values()), refused


class Content(Value):
    """What a source was made of when it was read: the SHA-256 of its file, and of each file that it names."""

    digest: str
    companions: tuple[tuple[str, str], ...] = ()

    @property
    def still(self) -> bool:
        """Whether the files that it names are what they were."""
        return all(_digest(Path(path)) == digest for path, digest in self.companions)


class Read(NamedTuple):
    """Something found in a source, in its order, with the vectors of its text where those were made at once."""

    source: Source
    found: Document | Unreadable
    made: Made | None = None


class Over(NamedTuple):
    """A source's end: its content where all of it was read, and whether it was known already and not read again.

    `named` are the files that were read as its own, by the keys that they would have as sources.
    """

    source: Source
    content: Content | None
    unchanged: bool = False
    named: tuple[str, ...] = ()


Told = Read | Over


class Reading:
    """Reads files. What is `known` to have been read before with the same content is not read again.

    `keep` is given each file that has pages to be shown, while it is there, and returns its SHA-256. `found` counts
    the papers that were read of each source so far, ahead of those that were taken.
    """

    def __init__(
        self,
        settings: ReadingSettings,
        known: Mapping[str, Content] | None = None,
        keep: Callable[[Path], str] = digest_of,
    ) -> None:
        self.limits = limits_of(settings)
        self.processes = settings.processes or os.cpu_count() or 1
        self.known = known or {}
        self.keep = keep
        self.languages = settings.languages if settings.ocr else ""
        self.found: dict[str, int] = {}

    def read(self, sources: Sequence[Source], waiting: Callable[[], None] | None = None) -> Iterator[Told]:
        """What each source holds, and its end, one source after another. Left early, all reading ends.

        `waiting` is called now and then while nothing has been read.
        """
        return in_order(
            self.told_of, sources, workers=self.processes, size=_size, held=_HELD, waiting=waiting
        )

    def told_of(self, source: Source) -> Generator[Told]:
        """What one source holds, and its end."""
        try:
            content = Content(digest=digest_of(source.path))
        except OSError as error:
            reason = f"{source.shown!r} cannot be read: {error.strerror or error}"
            yield Read(source, Unreadable(place=source.shown, reason=reason))
            yield Over(source, None)
            return
        known = self.known.get(source.key)
        if known is not None and known.digest == content.digest and known.still:
            yield Over(source, known, unchanged=True, named=tuple(path for path, _ in known.companions))
            return
        whole, named = True, []
        with Spool(source.path) as spool:
            inner: list[Source] = []
            for item in self._found(source, spool, inner):
                whole = whole and isinstance(item, Document)
                yield self._counted(source, item)
            for each in inner:
                if each.path.is_relative_to(source.path.resolve().parent):
                    named.append((key_of(each.path), _digest(each.path)))
                for item in self._found(each, None, []):
                    whole = whole and isinstance(item, Document)
                    yield self._counted(source, item)
        made_of = content.model_copy(update={"companions": tuple(named)})
        yield Over(source, made_of if whole else None, named=tuple(path for path, _ in named))

    def _counted(self, source: Source, item: Document | Unreadable) -> Read:
        if isinstance(item, Document):
            self.found[source.key] = self.found.get(source.key, 0) + 1
        return Read(source, item)

    def _found(
        self, source: Source, spool: Spool | None, inner: list[Source]
    ) -> Iterator[Document | Unreadable]:
        """What a file's process finds in it; the files that it holds or names are laid into `inner`, by `spool`."""
        try:
            for item in self._read(source.path):
                if isinstance(item, Document):
                    yield self._document(source, item)
                elif isinstance(item, Unreadable):
                    yield _placed(source, item)
                else:
                    try:
                        inner.append(_within(item, spool))
                    except ReadError as error:
                        yield Unreadable(place=item.place, reason=str(error))
        except Overrun as error:
            yield Unreadable(place=source.shown, reason=f"{source.shown!r} {error}")
        except ReadError as error:
            yield _placed(source, Unreadable(place=name_of(source.path), reason=str(error)))

    def _read(self, path: Path) -> Iterator[Found]:
        """What a file's reader finds; of a scan, where that is wished, what is recognised on its pages."""
        try:
            for item in read_apart(path, self.limits):
                if self.languages and unrecognised(item):
                    raise NoTextLayer("some of its pages are pictures")
                yield item
        except NoTextLayer:
            if not self.languages:
                raise
            yield from recognised(path, self.languages, self.limits)

    def _document(self, source: Source, said: Document) -> Document:
        """A document with the file its pages are shown from, what was known of it before, and where it came from."""
        notices = (*said.notices, *notices_of(said))
        file = self.keep(source.path) if said.layout else ""
        document = said.model_copy(update={"notices": notices, "file": file})
        if source.paper is not None:
            document = completed(document, source.paper)
        elif source.shown == name_of(source.path):
            return document
        return document.model_copy(
            update={"paper": document.paper.model_copy(update={"source": source.shown})}
        )


def limits_of(settings: ReadingSettings) -> Limits:
    """What reading one file may take."""
    return Limits(settings.memory * MEGABYTE, settings.seconds, settings.output * MEGABYTE)


def read_apart(path: Path, limits: Limits) -> Generator[Found]:
    """What the reader of a file finds in it, in a sandboxed process of its own.

    ReadError as `index.readers.read` raises it; Overrun where the process came to another end.
    """
    known = readers()
    ending = ending_of(path, known)
    modules = [known[ending].partition(":")[0]] if ending else []
    with lent(limits) as sandbox:
        yield from heard(sandbox.run(_JOB, str(path.absolute()), modules=modules))


def completed(said: Document, known: Paper) -> Document:
    """A document with what was known of its paper before it was read, which wins over what it says."""
    return merge([Document(paper=known, text=known.title), said])[0]


def _within(enclosed: Enclosed, spool: Spool | None) -> Source:
    if spool is None:
        raise ReadError("lies in a file that lies in another one; take it out first")
    path = spool.path(enclosed)
    return Source(path=path, key="", shown=enclosed.place, paper=enclosed.paper)


def _placed(source: Source, item: Unreadable) -> Unreadable:
    """A failure told by the place of its source, where that is not the file's name."""
    name = name_of(source.path)
    if source.shown == name or not item.place.startswith(name):
        return item
    place = source.shown + item.place.removeprefix(name)
    return Unreadable(place=place, reason=item.reason.replace(repr(name), repr(source.shown)))


def sizes_of(sources: Sequence[Source]) -> dict[str, int]:
    """The bytes of each source's file; 0 where it cannot be looked at."""
    sizes = {}
    for source in sources:
        try:
            sizes[source.key] = source.path.stat().st_size
        except OSError:
            sizes[source.key] = 0
    return sizes


def _digest(path: Path) -> str:
    try:
        return digest_of(path)
    except OSError:
        return ""


def _size(told: Told) -> int:
    if isinstance(told, Over) or isinstance(told.found, Unreadable):
        return 500
    return len(told.found.text) + len(told.found.layout) + 500

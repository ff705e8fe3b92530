"""Files read and embedded by the workers of a cluster, as `index.reading` would tell them.

Owns the turning of sources into errands and of what comes back into what an addition takes. What no worker can read is
read here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from index.reading import Content, Over, Reading, Source, Told
from index.schema import Document, Unreadable
from index.spread.cluster import joined
from index.spread.errands import Absent, Ended, Errand, Kept, Row, Stored, Way


class Workers:
    """The workers of a cluster that this process has joined."""

    def __init__(self, way: Way) -> None:
        self.way = way

    def reading(
        self, known: Mapping[str, Content], keep: Callable[[Path], str], stored: Stored
    ) -> SpreadReading:
        """As `Reading`; chunks whose ids begin as `stored` says are not embedded."""
        return SpreadReading(self.way, known, keep, stored)


@contextmanager
def workers(address: str, way: Way) -> Iterator[Workers]:
    """The workers at an address, as `joined` takes it, and raises."""
    with joined(address):
        yield Workers(way)


class SpreadReading(Reading):
    """Reads files on the workers of a cluster, and has them embedded at once."""

    def __init__(
        self, way: Way, known: Mapping[str, Content], keep: Callable[[Path], str], stored: Stored
    ) -> None:
        super().__init__(way.reading, known, keep)
        self._way, self._stored = way, stored
        self._kept: dict[str, str] = {}

    def read(self, sources: Sequence[Source], waiting: Callable[[], None] | None = None) -> Generator[Told]:
        """What each source holds, and its end, one source after another. Left early, the workers end too.

        Nothing is `waiting` to be embedded meanwhile: vectors come with what is read.
        """
        from index.spread.pipeline import run  # Ray, whose import takes seconds

        errands = [self._errand(position, source) for position, source in enumerate(sources)]
        if not errands:
            return
        with closing(run(errands, self._way, self._stored)) as rows:
            for row in rows:
                yield from self._heard(row, sources)

    def _errand(self, position: int, source: Source) -> Errand:
        try:
            found = source.path.stat()
            size, modified = found.st_size, found.st_mtime_ns
        except OSError:
            size = modified = -1
        known = self.known.get(source.key)
        absolute = source.model_copy(update={"path": source.path.absolute()})
        return Errand(position, absolute, size, modified, known)

    def _heard(self, row: Row, sources: Sequence[Source]) -> Iterator[Told]:
        source = sources[row.position]
        if isinstance(row, Kept):
            self._keep_again(row, source)
        elif isinstance(row, Absent):
            yield from self.told_of(source)
        elif isinstance(row, Ended):
            self._kept.clear()
            yield Over(source, row.content, row.unchanged, row.named)
        else:
            yield self._counted(source, self._with_file(row.found))._replace(made=row.made)

    def _keep_again(self, row: Kept, source: Source) -> None:
        """Keep here what a worker says is to be kept; a file that changed meanwhile, as it is now."""
        if row.content is None:
            self._kept[row.digest] = self.keep(source.path)
            return
        with TemporaryDirectory(prefix="ibid-") as folder:
            path = Path(folder) / "kept"
            path.write_bytes(row.content)
            self._kept[row.digest] = self.keep(path)

    def _with_file(self, found: Document | Unreadable) -> Document | Unreadable:
        if isinstance(found, Unreadable) or self._kept.get(found.file, found.file) == found.file:
            return found
        return found.model_copy(update={"file": self._kept[found.file]})

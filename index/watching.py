"""A library kept in step with folders: what changed in them, and what is done about it.

Owns the decision (`decide`), which is pure, and the look at a folder that it is made from. A file counts once two looks
found it the same: until then it may be half written. One that is touched and says the same is not read. Papers are
removed only where it is sure that their file is gone: not while its folder, or the drive that it lies on, is away, and
not of files outside of the folders. Refuses to know when to look (`index.following`) and what becomes of papers
(`index.sources`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

from index.checksums import digest_of
from index.contents import Contents
from index.course import Progress
from index.errors import EmbedderError, LibraryLocked
from index.library import Library
from index.outcomes import AddReport
from index.readers import find_files
from index.reading import Content, key_of, keys_below
from index.schema import Value
from index.sources import sources_below, wanting

_OWNERS_MARK = "~$"  # begins the name of the file by which an office program says that a document is open


class Stamp(NamedTuple):
    """How a file looked; equal for one that nobody wrote to. `modified` is in nanoseconds."""

    path: Path
    size: int
    modified: int
    device: int


class Look(NamedTuple):
    """The files of folders, by the names that they have in the library, and the folders that are empty or away."""

    files: dict[str, Stamp]
    empty: frozenset[Path] = frozenset()
    away: frozenset[Path] = frozenset()


class Plan(NamedTuple):
    """What is to be done: sources that moved, old name to new, then those to be read, then those to be forgotten."""

    moved: dict[str, str]
    read: tuple[str, ...]
    gone: tuple[str, ...]


class Followed(Value):
    """What one step changed: titles of papers, except that `moved` are files, each with its old and its new place."""

    moved: tuple[tuple[str, str], ...] = ()
    report: AddReport = AddReport()

    @property
    def changed(self) -> bool:
        report = self.report
        return bool(self.moved or report.added or report.updated or report.removed or report.failed)


Tell = Callable[[Followed | str], None]


def look(folders: Sequence[Path], library: Path) -> Look:
    """What is there now, by the rules of `find_files`; the library's own files are passed over, where it lies there."""
    files: dict[str, Stamp] = {}
    empty, away = set(), set()
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                if next(entries, None) is None:
                    empty.add(folder)
        except OSError:
            away.add(folder)
            continue
        for path in find_files([folder], lambda error: None):
            stamp = _stamp(path)
            if stamp is not None and not path.name.startswith(_OWNERS_MARK):
                files.setdefault(key_of(path), stamp)
    own = keys_below(library)
    files = {key: stamp for key, stamp in files.items() if not key.startswith(own)}
    return Look(files, frozenset(empty), frozenset(away))


def decide(
    held: Mapping[str, str],
    known: Mapping[str, Content],
    there: Mapping[str, str],
    gone: Collection[str],
    wanted: Collection[str] = (),
) -> Plan:
    """What to do where files are there now whose SHA-256 is `there`, and others are `gone`.

    `held` are the library's sources with the SHA-256 of each that was read whole, and `known` those that need not be
    read again while they, and the files that they name, are so. `wanted` are sources that miss a file which has come.
    """
    moved = _moves(held, there, gone)
    came_from = {new: old for old, new in moved.items()}
    named = [key for key, content in known.items() if _companions_changed(content, there, gone)]
    read = [
        key
        for key, digest in there.items()
        if not _in_step(known.get(came_from.get(key, key)), digest, key in came_from)
    ]
    again = [key for key in (*named, *sorted(wanted)) if key not in gone]
    return Plan(moved, tuple(dict.fromkeys([*read, *again])), tuple(key for key in gone if key not in moved))


def _moves(held: Mapping[str, str], there: Mapping[str, str], gone: Collection[str]) -> dict[str, str]:
    """Sources that are gone, each with the new file that has its content and its ending, best of the same name."""
    moved: dict[str, str] = {}
    lost: dict[tuple[str, str], list[str]] = {}
    for old in gone:
        if held.get(old):
            lost.setdefault((held[old], _endings(old)), []).append(old)
    for new, digest in there.items():
        candidates = lost.get((digest, _endings(new)), [])
        if candidates and not held.get(new):
            old = min(candidates, key=lambda old: (Path(old).name != Path(new).name, old))
            candidates.remove(old)
            moved[old] = new
    return moved


def _endings(key: str) -> str:
    return "".join(Path(key).suffixes[-2:]).lower()


def _in_step(content: Content | None, digest: str, moved: bool) -> bool:
    """Whether what a source was made of is what it is made of now; files that it names did not move with it."""
    return content is not None and content.digest == digest and not (moved and content.companions)


def _companions_changed(content: Content, there: Mapping[str, str], gone: Collection[str]) -> bool:
    return any(path in gone or there.get(path, digest) != digest for path, digest in content.companions)


class Watching:
    """One library and the folders that it follows. `tell` hears what happens; `adding` shows an addition's progress."""

    def __init__(
        self,
        library: Library,
        folders: Sequence[Path],
        tell: Tell,
        adding: Callable[[], AbstractContextManager[Progress | None]] = nullcontext,
    ) -> None:
        self.library = library
        self.folders = tuple(folder.absolute() for folder in folders)
        self.tell = tell
        self.adding = adding
        self._before: Look | None = None
        self._in_step: Look | None = None
        self._done: dict[str, Stamp] = {}  # files as they were when the library was last in step with them
        self._filled: set[Path] = set()
        self._digests: dict[Stamp, str] = {}  # of files that wait for their turn
        self._away: frozenset[Path] = frozenset()
        self._begun = False
        self.waiting = False
        """Whether the last step could not be made yet, which was told."""

    def step(self) -> bool:
        """Bring the library in step with what has stayed the same since the last step; whether that is everything.

        Where another process writes, or the embedder is not to be had, that is told once and all is left as it is.
        """
        before, now = self._before, look(self.folders, self.library.folder)
        self._before = now
        self._filled.update(set(self.folders) - now.empty - now.away)
        away = now.away | (now.empty - self._filled)
        self._tell_away(now, away)
        if before is None or now == self._in_step:
            return before is not None
        settled = {
            key: stamp
            for key, stamp in now.files.items()
            if before.files.get(key) == stamp and self._done.get(key) != stamp
        }
        arriving = now.files.keys() - before.files.keys()  # it may be what is missing elsewhere, moved
        complete = self._in_step is not None and self._in_step.files.keys() <= now.files.keys()
        if not settled and (arriving or (complete and now != before)):
            return False
        try:
            held = self._held()
            lost = () if arriving else self._lost(held, before, now, away)
            followed = self._follow(self._plan(held, settled, lost), now)
        except (LibraryLocked, EmbedderError) as error:
            self._wait(error)
            return False
        self.waiting = False
        self._digests.clear()
        self._done |= settled
        for key in lost:
            self._done.pop(key, None)
        whole, first = now == before, not self._begun
        if whole:
            self._in_step, self._begun = now, True
        if followed.changed or (whole and first):
            self.tell(followed)
        return whole

    def concerns(self, path: Path) -> bool:
        """Whether a change there may be one of papers: not where it is hidden, or the library's own."""
        if path.is_relative_to(self.library.folder.absolute()):
            return False
        within = next((path.relative_to(each) for each in self.folders if path.is_relative_to(each)), path)
        return not any(part.startswith(".") for part in within.parts)

    def _held(self) -> dict[str, str]:
        return {
            source: digest
            for folder in self.folders
            for source, digest in sources_below(self.library.catalog, folder).items()
        }

    def _lost(self, held: Iterable[str], before: Look, now: Look, away: Collection[Path]) -> tuple[str, ...]:
        """The sources whose files are surely gone."""
        places = [keys_below(folder) for folder in away]
        return tuple(
            source
            for source in held
            if source not in now.files
            and source not in before.files
            and not source.startswith(tuple(places))
            and is_gone(Path(source), self._done.get(source))
        )

    def _plan(self, held: Mapping[str, str], settled: Mapping[str, Stamp], lost: Collection[str]) -> Plan:
        catalog = self.library.catalog
        for stamp in settled.values():
            if stamp not in self._digests:
                self._digests[stamp] = _digest(stamp.path)
        there = {key: self._digests[stamp] for key, stamp in settled.items()}
        known = Contents(catalog.engine, self.library.way_of_reading).known(list({**held, **there}))
        new = [key for key in there if key not in held]
        return decide(held, known, there, lost, wanting(catalog, new) & held.keys())

    def _follow(self, plan: Plan, now: Look) -> Followed:
        report = AddReport()
        if plan.moved:
            self.library.rename_sources(plan.moved)
        paths = [now.files[key].path for key in plan.read if key in now.files]
        if paths:
            with self.adding() as progress:
                report = self.library.add(paths, progress, mirror=True)
        if plan.gone:
            forgotten = self.library.forget_sources(plan.gone)
            changes = {
                name: getattr(report, name) + getattr(forgotten, name) for name in ("updated", "removed")
            }
            report = report.model_copy(update=changes)
        return Followed(moved=tuple(plan.moved.items()), report=report)

    def _wait(self, error: Exception) -> None:
        if not self.waiting:
            self.tell(f"{error} Trying again until it can be done.")
        self.waiting = True

    def _tell_away(self, now: Look, away: frozenset[Path]) -> None:
        for folder in sorted(away - self._away):
            if folder in now.away:
                self.tell(f"{folder} is not there or cannot be read: its papers are kept until it is back.")
            elif sources_below(self.library.catalog, folder):
                self.tell(f"{folder} is empty: its papers are kept, in case its drive is not connected.")
        for folder in sorted(self._away - away):
            self.tell(f"{folder} is back.")
            below = keys_below(folder)  # what could not be read as it went is to be read now
            self._done = {key: stamp for key, stamp in self._done.items() if not key.startswith(below)}
            self._in_step = None
        self._away = away


def is_gone(path: Path, stamp: Stamp | None) -> bool:
    """Whether a file is surely gone: nothing is in its place, and that place is on the drive on which it was."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return stamp is None or _device(path) == stamp.device
    except OSError:
        return False
    return False


def _device(path: Path) -> int | None:
    """The drive of the nearest folder that is there."""
    for folder in path.parents:
        try:
            return folder.stat().st_dev
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return None
    return None


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return Stamp(path, status.st_size, status.st_mtime_ns, status.st_dev)


def _digest(path: Path) -> str:
    """The SHA-256 of a file; empty where it cannot be read, which adding it reports."""
    try:
        return digest_of(path)
    except OSError:
        return ""

"""Folders that are followed: what is decided, what becomes of papers, and that nothing is lost or done twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from index.doctor import examine
from index.errors import EmbedderError
from index.following import follow
from index.library import Library
from index.lock import FolderLock
from index.reading import Content, key_of
from index.schema import Filters, Unreadable
from index.watching import Followed, Plan, Stamp, Watching, decide, is_gone, look

WELLS = {"title": "On Wells", "abstract": "Wells run dry in summer. Deep wells run dry in autumn."}
PONDS = {"title": "On Ponds", "abstract": "Ponds keep frogs. Frogs keep quiet when herons land."}
RAIN = {"title": "On Rain", "abstract": "Rain falls on hills first. The lee side stays dry."}
WAIT = 30.0

Open = Callable[..., Library]


# ---- The decision


def known(**digests: str) -> dict[str, Content]:
    return {f"/w/{name}.md": Content(digest=digest) for name, digest in digests.items()}


def paths(**digests: str) -> dict[str, str]:
    return {f"/w/{name}.md": digest for name, digest in digests.items()}


def test_what_is_new_or_differs_is_read_and_what_is_touched_is_not() -> None:
    there = paths(touched="1", changed="9", new="3")
    plan = decide(paths(touched="1", changed="2"), known(touched="1", changed="2"), there, ())
    assert plan == Plan({}, ("/w/changed.md", "/w/new.md"), ())


def test_what_could_not_be_read_whole_is_read_again_when_it_is_written() -> None:
    assert decide(paths(broken=""), {}, paths(broken="1"), ()).read == ("/w/broken.md",)


def test_a_file_that_went_and_one_of_its_content_that_came_are_one_that_moved() -> None:
    held, gone = paths(a="1", b="1", c="2"), ("/w/a.md", "/w/b.md", "/w/c.md")
    there = {"/w/x/b.md": "1", "/w/z.md": "1", "/w/copy.md": "1"}
    plan = decide(held, known(a="1", b="1", c="2"), there, gone)
    assert plan == Plan({"/w/b.md": "/w/x/b.md", "/w/a.md": "/w/z.md"}, ("/w/copy.md",), ("/w/c.md",))


@pytest.mark.parametrize(
    ("held", "there"),
    [
        ({"/w/a.md": "1"}, {"/w/a.txt": "1"}),
        ({"/w/a.md": "1", "/w/b.md": "2"}, {"/w/b.md": "1"}),
        ({"/w/a.md": ""}, {"/w/b.md": ""}),
    ],
    ids=["read by another reader", "over another source", "content unknown"],
)
def test_a_file_that_has_to_be_read_anyway_did_not_move(held: dict[str, str], there: dict[str, str]) -> None:
    content = {key: Content(digest=digest) for key, digest in held.items() if digest}
    assert decide(held, content, there, ("/w/a.md",)) == Plan({}, tuple(there), ("/w/a.md",))


@pytest.mark.parametrize(
    ("there", "gone", "read"),
    [
        ({"/w/a.pdf": "9"}, (), ("/w/a.pdf", "/w/all.bib")),
        ({"/w/a.pdf": "2"}, (), ()),
        ({}, ("/w/a.pdf",), ("/w/all.bib",)),
        ({"/w/b/all.bib": "1"}, ("/w/all.bib",), ("/w/b/all.bib",)),
        ({}, ("/w/all.bib", "/w/a.pdf"), ()),
    ],
    ids=["changed", "touched", "gone", "left behind", "both gone"],
)
def test_a_source_is_read_again_with_the_files_that_it_names(
    there: dict[str, str], gone: tuple[str, ...], read: tuple[str, ...]
) -> None:
    held = {"/w/all.bib": "1", "/w/a.pdf": "2"}
    content = {
        "/w/all.bib": Content(digest="1", companions=(("/w/a.pdf", "2"),)),
        "/w/a.pdf": Content(digest="2"),
    }
    assert decide(held, content, there, gone).read == read


def test_a_source_that_missed_a_file_is_read_again_once_it_has_come() -> None:
    plan = decide({"/w/all.bib": ""}, {}, {"/w/a.pdf": "1"}, (), wanted=["/w/all.bib"])
    assert plan.read == ("/w/a.pdf", "/w/all.bib")


def test_a_file_is_gone_only_where_its_drive_is_still_there(tmp_path: Path) -> None:
    here = tmp_path.stat().st_dev
    lost = tmp_path / "folder" / "a.md"
    assert is_gone(lost, None)
    assert is_gone(lost, Stamp(lost, 1, 1, here))
    assert not is_gone(lost, Stamp(lost, 1, 1, here + 1))
    assert not is_gone(tmp_path, None)


# ---- The look


def test_a_look_sees_what_adding_the_folder_would_add_and_not_the_librarys_own(tmp_path: Path) -> None:
    for name in (
        "a.md",
        "deep/b.txt",
        ".hidden.md",
        ".git/c.md",
        "~$a.md",
        "a.md~",
        "a.md.part",
        "library/caches-1/meta.json",
    ):
        path = tmp_path / "w" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "w" / "link.md").symlink_to(tmp_path / "w" / "a.md")
    (tmp_path / "w" / "loop").symlink_to(tmp_path / "w")
    seen = look([tmp_path / "w", tmp_path / "absent"], tmp_path / "w" / "library")
    assert set(seen.files) == {str(tmp_path / "w" / name) for name in ("a.md", "deep/b.txt")}
    assert (seen.empty, seen.away) == (frozenset(), {tmp_path / "absent"})


# ---- Steps


class Watched:
    """A folder that a library follows, step by step; `told` is what was said."""

    def __init__(self, library: Library, folder: Path) -> None:
        self.library, self.folder = library, folder
        self.told: list[Followed | str] = []
        self.watching = Watching(library, [folder], self.told.append)

    def write(self, name: str, *entries: dict[str, Any] | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in entries))
        return path

    def step(self) -> Followed:
        """What the next steps change, until all is in step."""
        self.told.clear()
        for _ in range(6):
            if self.watching.step():
                break
        changes = [each for each in self.told if isinstance(each, Followed)]
        assert len(changes) <= 1
        return changes[0] if changes else Followed()

    @property
    def titles(self) -> list[str]:
        return sorted(paper.title for paper in self.library.papers())

    def assert_sound(self) -> None:
        assert [finding for finding in examine(self.library) if not finding.holds] == []


@pytest.fixture
def watched(open_library: Open, counted: Any, hashing: Any, tmp_path: Path) -> Watched:
    """A folder with two papers that the library is in step with; its embedder counts."""
    folder = tmp_path / "papers"
    folder.mkdir()
    made = Watched(open_library(model=counted(hashing)), folder)
    made.write("wells.jsonl", WELLS)
    made.write("ponds.jsonl", PONDS)
    assert sorted(made.step().report.added) == ["On Ponds", "On Wells"]
    embedded(made).clear()
    return made


def embedded(watched: Watched) -> list[str]:
    found: list[str] = watched.library.embedder.embedded  # type: ignore[attr-defined]
    return found


def test_a_touched_file_is_not_read_and_nothing_is_embedded(watched: Watched) -> None:
    change = watched.library.catalog.change()
    os.utime(watched.folder / "wells.jsonl", ns=(1, 1))
    with FolderLock(watched.library.folder).writing("another"):  # not even the lock is asked for
        assert not watched.step().changed
    assert watched.told == []
    assert embedded(watched) == []
    assert watched.library.catalog.change() == change


def test_files_added_changed_and_removed_are_followed(watched: Watched) -> None:
    watched.write("deep/rain.jsonl", RAIN)
    watched.write("wells.jsonl", WELLS | {"abstract": "Wells are dug by hand."})
    (watched.folder / "ponds.jsonl").unlink()
    report = watched.step().report
    assert (report.added, report.updated, report.removed) == (("On Rain",), ("On Wells",), ("On Ponds",))
    assert watched.titles == ["On Rain", "On Wells"]
    assert watched.library.search("dug by hand", 1)[0].paper.title == "On Wells"
    assert not any(passage.paper.title == "On Ponds" for passage in watched.library.passages("frogs"))
    watched.assert_sound()


def test_a_moved_file_is_neither_read_nor_embedded_and_its_paper_is_the_same(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = watched.library.paper("On Wells")
    chunks = watched.library.catalog.chunks_of(before.id)
    old, new = watched.folder / "wells.jsonl", watched.folder / "deep" / "springs.jsonl"
    new.parent.mkdir()
    old.rename(new)
    monkeypatch.setattr(watched.library, "add", None)
    assert watched.step() == Followed(moved=((str(old), str(new)),))
    assert embedded(watched) == []
    after = watched.library.paper("On Wells")
    assert after == before.model_copy(update={"source": "springs.jsonl"})
    assert watched.library.catalog.chunks_of(after.id) == chunks
    assert watched.library.count(Filters(sources=("springs.jsonl",))) == 1
    assert watched.library.count(Filters(sources=("wells.jsonl",))) == 0
    found = watched.library.search("wells", 1, Filters(sources=("springs.jsonl",)))
    assert [passage.paper.title for passage in found] == ["On Wells"]
    watched.assert_sound()


def test_a_moved_folder_writes_no_paper_and_adding_it_again_changes_nothing(watched: Watched) -> None:
    watched.write("a/rain.jsonl", RAIN)
    watched.step()
    embedded(watched).clear()
    change = watched.library.catalog.change()
    (watched.folder / "a").rename(watched.folder / "b")
    assert len(watched.step().moved) == 1
    assert watched.library.catalog.change() == change
    report = watched.library.add([watched.folder])
    assert (len(report.unchanged), report.added, report.updated) == (3, (), ())
    assert embedded(watched) == []


def test_a_file_renamed_with_two_papers_keeps_their_other_sources(watched: Watched) -> None:
    both = watched.write("both.jsonl", WELLS | {"comments": 3}, RAIN)
    watched.step()
    both.rename(watched.folder / "pair.jsonl")
    assert len(watched.step().moved) == 1
    records = watched.library.catalog.records(watched.library.paper("On Wells").id)
    assert [record.document.paper.source for record in records] == ["wells.jsonl", "pair.jsonl"]
    report = watched.library.add([watched.folder])
    assert (len(report.unchanged), report.updated) == (3, ())
    watched.assert_sound()


def test_a_paper_of_two_sources_stays_while_one_is_there_as_that_one_tells_it(watched: Watched) -> None:
    watched.write("more.jsonl", WELLS | {"comments": 7, "abstract": WELLS["abstract"] + " Some never do."})
    assert watched.step().report.updated == ("On Wells",)
    paper = watched.library.paper("On Wells")
    assert paper.comments == 7
    embedded(watched).clear()
    (watched.folder / "more.jsonl").unlink()
    report = watched.step().report
    assert (report.updated, report.removed) == (("On Wells",), ())
    assert watched.library.text(paper.id) == WELLS["abstract"]
    assert watched.library.paper("On Wells").comments is None
    assert watched.library.count(Filters(sources=("more.jsonl",))) == 0
    watched.assert_sound()


def test_a_copy_that_goes_changes_nothing_that_is_told(watched: Watched) -> None:
    copy = shutil.copy(watched.folder / "wells.jsonl", watched.folder / "copy.jsonl")
    watched.step()
    Path(copy).unlink()
    report = watched.step().report
    assert (report.updated, report.removed, embedded(watched)) == ((), (), [])
    assert watched.titles == ["On Ponds", "On Wells"]


def test_an_entry_deleted_from_a_file_is_forgotten_and_adding_alone_would_not(watched: Watched) -> None:
    path = watched.write("list.jsonl", RAIN, {"title": "On Dew", "abstract": "Dew comes at night."})
    watched.step()
    watched.write("list.jsonl", RAIN)
    assert watched.library.add([path]).removed == ()
    assert "On Dew" in watched.titles
    watched.write("list.jsonl", RAIN, "")
    assert watched.step().report.removed == ("On Dew",)
    assert watched.titles == ["On Ponds", "On Rain", "On Wells"]
    watched.assert_sound()


def test_of_a_file_that_was_not_read_whole_nothing_is_forgotten(watched: Watched) -> None:
    watched.write("list.jsonl", RAIN, {"title": "On Dew", "abstract": "Dew comes at night."})
    watched.step()
    watched.write("list.jsonl", RAIN, '{"title": "On D')
    report = watched.step().report
    assert [failed.place for failed in report.failed] == ["list.jsonl line 2"]
    assert "On Dew" in watched.titles


def test_a_file_that_cannot_be_read_is_tried_again_only_when_it_changes(watched: Watched) -> None:
    watched.write("rain.jsonl", '{"title": "On R')
    assert len(watched.step().report.failed) == 1
    os.utime(watched.folder / "wells.jsonl", ns=(1, 1))
    assert not watched.step().changed
    watched.write("rain.jsonl", RAIN)
    report = watched.step().report
    assert (report.added, report.failed) == (("On Rain",), ())
    assert watched.library.unreadable() == []


def test_a_file_that_comes_has_those_read_again_that_missed_it(watched: Watched) -> None:
    wells = key_of(watched.folder / "wells.jsonl")
    missed = Unreadable(place="wells.jsonl/files/rain.jsonl", reason="is not there")
    watched.library.catalog.set_failures(wells, [missed])
    watched.write("dew.jsonl", {"title": "On Dew", "abstract": "Dew comes at night."})
    assert watched.step().report.unchanged == ()
    watched.write("files/rain.jsonl", RAIN)
    report = watched.step().report
    assert (report.added, report.unchanged) == (("On Rain",), ("On Wells",))


def test_a_broken_file_that_goes_is_reported_no_more(watched: Watched) -> None:
    path = watched.write("rain.jsonl", '{"title": "On R')
    watched.step()
    path.unlink()
    watched.step()
    assert watched.library.unreadable() == []


def test_a_file_that_still_grows_is_left_alone(watched: Watched) -> None:
    path = watched.write("rain.jsonl", json.dumps(RAIN)[:40])
    assert not watched.watching.step()
    path.write_text(json.dumps(RAIN))
    assert not watched.watching.step()
    assert watched.titles == ["On Ponds", "On Wells"]
    report = watched.step().report
    assert (report.added, report.failed) == (("On Rain",), ())


def test_while_files_arrive_none_is_removed_so_that_what_moved_is_seen_to(watched: Watched) -> None:
    """A look takes time: a file may be missed in its old place and in its new one."""
    aside = watched.folder.parent / "wells.jsonl"
    (watched.folder / "wells.jsonl").rename(aside)
    assert not watched.watching.step()
    aside.rename(watched.folder / "springs.jsonl")
    assert not watched.watching.step()
    assert len(watched.step().moved) == 1


def test_what_lies_outside_of_the_folder_is_never_touched(watched: Watched, tmp_path: Path) -> None:
    beside = tmp_path / "papers-2" / "rain.jsonl"
    beside.parent.mkdir()
    beside.write_text(json.dumps(RAIN))
    watched.library.add([beside])
    beside.unlink()
    watched.write("dew.jsonl", {"title": "On Dew", "abstract": "Dew comes at night."})
    assert watched.step().report.removed == ()
    assert "On Rain" in watched.titles


def test_a_source_that_is_there_but_not_looked_at_stays(watched: Watched) -> None:
    hidden = watched.write(".drafts/rain.jsonl", RAIN)
    watched.library.add([hidden])
    watched.write("dew.jsonl", {"title": "On Dew", "abstract": "Dew comes at night."})
    assert watched.step().report.removed == ()
    assert "On Rain" in watched.titles


def test_a_folder_that_is_away_keeps_its_papers_until_it_is_back(watched: Watched) -> None:
    away = watched.folder.rename(watched.folder.with_name("away"))
    assert not watched.step().changed
    assert watched.told == [
        f"{watched.folder} is not there or cannot be read: its papers are kept until it is back."
    ]
    assert not watched.step().changed
    assert watched.titles == ["On Ponds", "On Wells"]
    away.rename(watched.folder)
    (watched.folder / "ponds.jsonl").unlink()
    assert watched.step().report.removed == ("On Ponds",)
    assert watched.told[0] == f"{watched.folder} is back."
    assert embedded(watched) == []


def test_files_that_could_not_be_read_as_their_folder_went_are_read_when_it_is_back(watched: Watched) -> None:
    rain = watched.write("rain.jsonl", RAIN)
    away = watched.folder.with_name("away")
    watched.watching.adding = lambda: nullcontext(watched.folder.rename(away) and None)
    assert not watched.watching.step()
    watched.watching.step()
    assert [failed.place for failed in watched.library.unreadable()] == [str(rain)]
    watched.watching.adding = nullcontext
    watched.step()
    away.rename(watched.folder)
    assert watched.step().report.added == ("On Rain",)
    assert watched.library.unreadable() == []


def test_a_folder_found_empty_at_the_start_keeps_its_papers(watched: Watched) -> None:
    shutil.rmtree(watched.folder)
    watched.folder.mkdir()
    again = Watched(watched.library, watched.folder)
    again.step()
    assert (
        again.told[0] == f"{again.folder} is empty: its papers are kept, in case its drive is not connected."
    )
    assert again.titles == ["On Ponds", "On Wells"]
    again.write("rain.jsonl", RAIN)
    report = again.step().report
    assert (report.added, len(report.removed)) == (("On Rain",), 2)


def test_the_last_file_that_goes_while_it_is_watched_is_followed(watched: Watched) -> None:
    for path in watched.folder.iterdir():
        path.unlink()
    assert len(watched.step().report.removed) == 2
    assert watched.titles == []


def test_what_happened_while_nobody_watched_is_made_good_at_the_start(watched: Watched) -> None:
    (watched.folder / "ponds.jsonl").unlink()
    (watched.folder / "wells.jsonl").rename(watched.folder / "springs.jsonl")
    watched.write("rain.jsonl", RAIN)
    again = Watched(watched.library, watched.folder)
    followed = again.step()
    assert len(followed.moved) == 1
    assert (followed.report.added, followed.report.removed) == (("On Rain",), ("On Ponds",))
    assert len(embedded(watched)) == 1
    again.assert_sound()


def test_where_another_writes_it_waits_and_says_so_once(watched: Watched) -> None:
    watched.write("rain.jsonl", RAIN)
    with FolderLock(watched.library.folder).writing("ibid add"):
        watched.step()
    (said,) = watched.told
    assert "is being written by process" in str(said)
    assert str(said).endswith("Trying again until it can be done.")
    assert watched.step().report.added == ("On Rain",)


def test_where_the_embedder_is_not_to_be_had_it_waits_and_then_goes_on(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise EmbedderError("The model cannot be reached.")

    watched.write("rain.jsonl", RAIN)
    with monkeypatch.context() as patched:
        patched.setattr(watched.library.embedder, "passages", refuse)
        watched.step()
        assert watched.told == ["The model cannot be reached. Trying again until it can be done."]
        assert watched.watching.waiting
    assert watched.step().report.added == ("On Rain",)
    assert not watched.watching.waiting


def test_a_file_whose_name_is_not_text_is_followed_too(watched: Watched) -> None:
    path = Path(os.fsdecode(os.fsencode(watched.folder) + b"/caf\xe9.jsonl"))
    path.write_text(json.dumps(RAIN))
    assert watched.step().report.added == ("On Rain",)
    assert watched.library.paper("On Rain").source == "caf?.jsonl"
    path.unlink()
    assert watched.step().report.removed == ("On Rain",)


def test_a_link_is_followed_to_its_file_and_what_it_led_to_stays(watched: Watched, tmp_path: Path) -> None:
    target = tmp_path / "rain.jsonl"
    target.write_text(json.dumps(RAIN))
    link = watched.folder / "link.jsonl"
    link.symlink_to(target)
    assert watched.step().report.added == ("On Rain",)
    link.unlink()
    assert watched.step().report.removed == ()
    assert "On Rain" in watched.titles


# ---- With the system's own messages


@contextmanager
def following(watching: Watching, **options: Any) -> Iterator[None]:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(follow, watching, stop, pace=0.1, **options)
        try:
            yield
        finally:
            stop.set()
        done.result(WAIT)


class Heard:
    """What was told, to be waited for."""

    def __init__(self) -> None:
        self.all: list[Followed | str] = []
        self._more = threading.Condition()

    def __call__(self, told: Followed | str) -> None:
        with self._more:
            self.all.append(told)
            self._more.notify_all()

    def next(self) -> Followed | str:
        with self._more:
            assert self._more.wait_for(lambda: self.all, WAIT)
            return self.all.pop(0)


@pytest.mark.parametrize("poll", [False, True], ids=["told", "polled"])
def test_a_folder_is_followed_as_it_changes(
    open_library: Open, hashing: Any, tmp_path: Path, poll: bool
) -> None:
    heard, library = Heard(), open_library(model=hashing)
    watched = Watched(library, tmp_path / "papers")
    wells = watched.write("wells.jsonl", WELLS)
    watched.watching.tell = heard
    sweep = {} if poll else {"sweep": 1e9}
    with following(watched.watching, poll=poll, **sweep):
        first = heard.next()
        assert isinstance(first, Followed)
        assert first.report.added == ("On Wells",)
        (watched.folder / "deep").mkdir()
        new = wells.rename(watched.folder / "deep" / "wells.jsonl")
        assert heard.next() == Followed(moved=((key_of(wells), key_of(new)),))
        watched.write("deep/ponds.jsonl", PONDS)
        second = heard.next()
        assert isinstance(second, Followed)
        assert second.report.added == ("On Ponds",)
        away = watched.folder.rename(tmp_path / "away")
        assert "is not there" in str(heard.next())
        away.rename(watched.folder)
        assert "is back" in str(heard.next())
        new.unlink()
        third = heard.next()
        assert isinstance(third, Followed)
        assert third.report.removed == ("On Wells",)


def test_where_the_system_tells_nothing_folders_are_looked_at(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Iterator[Any]:
        raise OSError("OS file watch limit reached.")
        yield

    monkeypatch.setattr("index.following.watch", refuse)
    watched.watching.tell = heard = Heard()
    with following(watched.watching):
        assert "(OS file watch limit reached.): looking every few seconds instead" in str(heard.next())
        watched.write("rain.jsonl", RAIN)
        told = heard.next()
        assert isinstance(told, Followed)
        assert told.report.added == ("On Rain",)


def test_changes_that_concern_no_paper_wake_nobody(watched: Watched) -> None:
    concerns = watched.watching.concerns
    assert concerns(watched.folder / "a.md")
    assert concerns(watched.folder / "folder")
    assert not concerns(watched.folder / ".a.md.swp")
    assert not concerns(watched.folder / ".git" / "index")
    assert not concerns(watched.library.folder / "catalog.sqlite3-wal")


# ---- Killed


KILLED = """
import os, sys
sys.path[:0] = [sys.argv[3]]
from pathlib import Path
from conftest import HashingEmbedder
from index import caches, catalog, contents, sources
from index.library import Library
from index.watching import Watching

owner, name, before = {
    "renaming": (sources, "_rename_rows", True),
    "removing": (catalog.Catalog, "remove", True),
    "removed": (catalog.Catalog, "remove", False),
    "followed": (caches.Caches, "follow", False),
    "noting": (contents.Contents, "note", True),
}[sys.argv[4]]
work = getattr(owner, name)

def die(*arguments):
    before or work(*arguments)
    os.kill(os.getpid(), 9)

with Library.open(Path(sys.argv[1])) as library:
    library.embedder = HashingEmbedder()
    library.caches
    setattr(owner, name, die)
    watching = Watching(library, [Path(sys.argv[2])], print)
    while not watching.step():
        pass
"""


@pytest.mark.parametrize("moment", ["renaming", "removing", "removed", "followed", "noting"])
def test_killed_at_any_moment_the_next_watch_brings_all_in_step(watched: Watched, moment: str) -> None:
    watched.write("list.jsonl", RAIN, {"title": "On Dew", "abstract": "Dew comes at night."})
    watched.step()
    watched.write("list.jsonl", RAIN)
    watched.write("hail.jsonl", {"title": "On Hail", "abstract": "Hail breaks panes."})
    (watched.folder / "wells.jsonl").rename(watched.folder / "springs.jsonl")
    (watched.folder / "ponds.jsonl").unlink()
    library, folder = watched.library.folder, watched.folder
    watched.library.close()
    command = [sys.executable, "-c", KILLED, str(library), str(folder), str(Path(__file__).parent), moment]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL

    with Library.open(library, watched.library.settings) as again:
        again.embedder = watched.library.embedder
        watched = Watched(again, folder)
        watched.step()
        assert watched.titles == ["On Hail", "On Rain", "On Wells"]
        assert again.paper("On Wells").source == "springs.jsonl"
        assert not watched.step().changed
        watched.assert_sound()
        report = again.add([folder])
        assert (len(report.unchanged), report.added, report.updated) == (3, (), ())


# ---- The command


def test_the_command_says_what_changes_and_ends_with_130(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "wells.jsonl").write_text(json.dumps(WELLS))
    command = [sys.executable, "-m", "ui", "watch", str(folder), "--json"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        (folder / "ponds.jsonl").write_text(json.dumps(PONDS))
        began = time.monotonic()
        second = json.loads(process.stdout.readline())
        took = time.monotonic() - began
        (folder / "ponds.jsonl").rename(folder / "pools.jsonl")
        third = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=WAIT)
    assert process.returncode == 130, errors
    assert first["report"]["added"] == ["On Wells"]
    assert second["report"]["added"] == ["On Ponds"]
    assert third["moved"] == [[str(folder / "ponds.jsonl"), str(folder / "pools.jsonl")]]
    assert took < 10
    assert f"Watching {folder}; Ctrl-C ends." in errors
    assert "added 1. The library holds 1 paper." in errors
    assert "moved 1. The library holds 2 papers." in errors
    assert "  added: On Ponds" in errors
    assert "Traceback" not in errors


def test_a_folder_that_is_not_there_is_bad_use(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ui", "watch", str(tmp_path / "absent")],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2
    assert "does not exist" in done.stderr

"""A backup holds a library as it was at one moment, is verified by hash, and gives it back whole or not at all."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from assistant.audit import examine_conversations
from assistant.conversation import Conversations
from assistant.conversation_tables import KEPT
from assistant.engine import Assistant
from assistant.schema import Turn
from index import library as library_module
from index.backup import back_up, read
from index.doctor import examine
from index.errors import LibraryError, LibraryLocked
from index.library import Library
from index.restore import restore
from index.settings import EmbeddingSettings, IndexSettings
from tests.pdfs import Sheets

Open = Callable[..., Library]


@pytest.fixture(scope="module")
def stocked(
    papers: tuple[dict[str, Any], ...],
    embedder: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder of a library with papers, one of them of a kept file, a tag and a conversation; closed: copy it."""
    work = tmp_path_factory.mktemp("stocked")
    listing = work / "papers.jsonl"
    listing.write_text("".join(json.dumps(paper) + "\n" for paper in papers), encoding="utf-8")
    with Library.open(work / "library") as library:
        library.embedder = embedder
        library.add([listing, _drawn(work / "lamps.pdf", "Lamps That Count Moths")])
        library.tag([library.paper("Lamps That").id], "outdoors")
        answer = Assistant(library).ask("Which lamps count moths?")
        kept = Conversations(library)
        kept.append(kept.create().id, Turn(question="Which lamps count moths?", answer=answer))
        assert library.originals.names()
    return work / "library"


@pytest.fixture
def full(stocked: Path, tmp_path: Path, open_library: Open) -> Library:
    """A library of one's own that holds all of that."""
    return open_library(shutil.copytree(stocked, tmp_path / "full"))


@pytest.fixture(scope="module")
def archive(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    folder = tmp_path_factory.mktemp("archive")
    with Library.open(shutil.copytree(stocked, folder / "library")) as library:
        made, _ = back_up({"": library}, KEPT, folder)
    return made


def _drawn(path: Path, title: str) -> Path:
    sheets = Sheets(path)
    sheets.line(72, 60, title, size=18, font="Times-Bold")
    sheets.line(72, 90, "Iver Dahl")
    lamp = "A street lamp with a camera can count moths at night."
    sheets.lines(72, 120, ("Abstract", lamp, f"{title} misses 6 moths in 100.", "White lamps drew more."))
    sheets.save()
    return path


def holds(library: Library) -> dict[str, Any]:
    """What a library holds, as far as somebody can see it."""
    kept = Conversations(library)
    with library.catalog.engine.connect() as connection:
        vectors = connection.execute(text("SELECT * FROM vectors ORDER BY chunk_id")).all()
    return {
        "papers": {paper.id: (paper, library.text(paper.id)) for paper in library.papers(limit=100)},
        "vectors": [tuple(row) for row in vectors],
        "tags": library.catalog.tags.counted(),
        "conversations": [kept.open(summary.id) for summary in kept.list()],
        "found": [summary.id for summary in kept.search("moths")],
        "files": library.originals.names(),
    }


def sound(library: Library) -> bool:
    return all(finding.holds for finding in [*examine(library), examine_conversations(library)])


def restored(archive: Path, library: Library, force: bool = False) -> None:
    restore(archive, lambda path: library, KEPT, force)


# ---- Round trips


def test_what_a_backup_holds_comes_back_as_it_was_and_nothing_is_embedded(
    full: Library, archive: Path, open_library: Open, counted: Any, embedder: Any, tmp_path: Path
) -> None:
    counting = counted(embedder)
    other = open_library(tmp_path / "other", counting)
    restored(archive, other)
    assert holds(other) == holds(full)
    assert other.search("lamps that count moths")[0].paper.title.startswith("Lamps")
    assert other.leaves.layout(other.paper("Lamps That").id).pages
    assert sound(other)
    assert counting.embedded == []


def test_a_forced_restore_takes_away_what_came_since_for_those_who_have_it_open(
    full: Library, archive: Path, open_library: Open, write_papers: Any, tmp_path: Path
) -> None:
    before = holds(full)
    another = open_library(full.folder)
    assert another.search("anchors") != []
    new = {"title": "A New Paper on Anchors", "abstract": "Anchors hold better in clay than in sand."}
    full.add([write_papers("new.jsonl", new), _drawn(tmp_path / "more.pdf", "Lamps That Follow Moths")])
    with pytest.raises(LibraryError, match=r"is not empty \(.*9 papers.*\).*--library.*--force"):
        restored(archive, full)
    assert full.facts().papers == 9
    restored(archive, full, force=True)
    assert holds(full) == holds(another) == before
    assert "Anchors" not in another.search("anchors hold better in clay")[0].paper.title
    assert sound(full)
    assert sound(another)


def test_a_backup_is_of_one_moment_while_papers_come_and_go(
    full: Library, open_library: Open, write_papers: Any, tmp_path: Path
) -> None:
    before = holds(full)
    new = {"title": "A New Paper on Anchors", "abstract": "Anchors hold better in clay than in sand."}

    def meanwhile(doing: str, _: int) -> None:
        if doing == "writing catalog.sqlite3":  # the moment is over, the kept file is still to be written
            full.remove(["Lamps That"])
            full.add([write_papers("new.jsonl", new)])
            assert full.originals.names() == set()

    made, manifest = back_up({"": full}, KEPT, tmp_path / "moment.tar.gz", meanwhile)
    assert manifest.parts[0].lacking == ()
    other = open_library(tmp_path / "other")
    restored(made, other)
    assert holds(other) == before
    assert sound(other)


def test_a_backup_does_not_wait_for_who_writes(full: Library, tmp_path: Path) -> None:
    with full.lock.writing("ibid add"):
        made, manifest = back_up({"": full}, KEPT, tmp_path)
    assert made.parent == tmp_path
    assert manifest.papers == full.facts().papers


def test_a_library_that_is_being_written_is_not_restored(full: Library, archive: Path) -> None:
    with full.lock.writing("ibid add"), pytest.raises(LibraryLocked, match="ibid add"):
        restored(archive, full, force=True)


def test_what_is_not_the_librarys_own_is_not_part_of_it(full: Library, tmp_path: Path) -> None:
    for name in ("accounts.sqlite3", "uploads/one/wells.md", "received/note.md", "writer.json"):
        place = full.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("planted-secret", encoding="utf-8")
    made, manifest = back_up({"": full}, KEPT, tmp_path)
    assert {name.partition("/")[0] for name in manifest.members} == {"catalog.sqlite3", "files"}
    assert b"planted-secret" not in gzip.decompress(made.read_bytes())


def test_a_kept_file_that_is_not_what_its_name_says_is_told(full: Library, tmp_path: Path) -> None:
    (name,) = full.originals.names()
    place = full.originals.path(name)
    assert place is not None
    place.write_bytes(b"something else")
    made, manifest = back_up({"": full}, KEPT, tmp_path)
    assert manifest.parts[0].lacking == (name,)
    assert read(made) == manifest


# ---- Damage


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def packed(path: Path, contents: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def test_a_flipped_byte_is_noticed_wherever_it_changes_anything(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    end = len(whole) - 8  # from there on stand the checksum and the length
    said = []
    for place in [
        *range(10, end, end // 40),
        *range(end, len(whole)),
    ]:  # the first ten say when it was packed
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        (tmp_path / "damaged.tar.gz").write_bytes(damaged)
        try:
            read(tmp_path / "damaged.tar.gz")
        except LibraryError as refusal:
            said.append(str(refusal).partition("is damaged: ")[2])
        else:  # bits that pad a block of the packing and mean nothing
            assert gzip.decompress(damaged) == gzip.decompress(whole)
    assert len(said) > 40
    assert "catalog.sqlite3 is not what it was. Use another one." in said


@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.9999])
def test_a_backup_cut_short_is_noticed(archive: Path, tmp_path: Path, share: float) -> None:
    whole = archive.read_bytes()
    (tmp_path / "short.tar.gz").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(LibraryError, match="is damaged"):
        read(tmp_path / "short.tar.gz")


def _with(name: str, content: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda contents: {name: content} | contents | {name: content}


def _without(begin: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda contents: {key: value for key, value in contents.items() if not key.startswith(begin)}


CHANGES = {
    "a catalog of other bytes": (_with("catalog.sqlite3", b"x"), r"catalog\.sqlite3 is not what it was"),
    "no catalog": (_without("catalog"), r"catalog\.sqlite3 is missing"),
    "no kept file": (_without("files/"), r"files/\w\w/\w{64} is missing"),
    "no manifest": (_without("manifest"), r"manifest\.json is missing"),
    "a manifest that is none": (_with("manifest.json", b"{}"), r"manifest\.json cannot be read"),
    "a file more": (_with(f"files/ab/{'ab' * 32}", b"x"), r"'files/ab/\w+' does not belong in it"),
    "a way out of the folder": (_with("../../evil", b"x"), r"'\.\./\.\./evil' does not belong in it"),
    "an absolute name": (_with("/tmp/evil", b"x"), r"'/tmp/evil' does not belong in it"),
    "another database": (_with("accounts.sqlite3", b"x"), r"'accounts\.sqlite3' does not belong in it"),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_a_backup_that_was_changed_is_refused_with_the_members_name_and_nothing_is_touched(
    full: Library, archive: Path, tmp_path: Path, change: Any, said: str
) -> None:
    before = holds(full)
    changed = packed(tmp_path / "changed.tar.gz", change(members(archive)))
    with pytest.raises(LibraryError, match=said):
        restored(changed, full, force=True)
    assert holds(full) == before
    assert list(full.folder.glob("restoring-*")) == []
    assert not (tmp_path / "evil").exists()


def test_a_backup_of_a_later_ibid_is_refused_and_nothing_is_touched(
    full: Library, archive: Path, tmp_path: Path
) -> None:
    before = holds(full)
    later = tmp_path / "catalog.sqlite3"
    later.write_bytes(members(archive)["catalog.sqlite3"])
    with sqlite3.connect(later) as connection:
        connection.execute("UPDATE catalog_revision SET version_num = '9999', ibid = '9.9'")
    connection.close()
    made = as_backup(tmp_path / "later.tar.gz", archive, later.read_bytes())
    with pytest.raises(LibraryError, match=r"is of Ibid 9\.9 \(revision 9999\)"):
        restored(made, full, force=True)
    assert holds(full) == before


def as_backup(path: Path, like: Path, catalog: bytes) -> Path:
    """A sound backup with another catalog."""
    import hashlib

    contents = members(like)
    manifest = json.loads(contents["manifest.json"])
    manifest["members"]["catalog.sqlite3"] = {
        "sha256": hashlib.sha256(catalog).hexdigest(),
        "size": len(catalog),
    }
    changed = {"catalog.sqlite3": catalog, "manifest.json": json.dumps(manifest).encode()}
    return packed(path, contents | changed)


def test_a_backup_of_an_earlier_ibid_is_brought_up_to_date(
    archive: Path, open_library: Open, embedder: Any, tmp_path: Path
) -> None:
    old = members(Path(__file__).parent / "data" / "libraries" / "revision-1.tar.gz")["catalog.sqlite3"]
    made = as_backup(tmp_path / "old.tar.gz", archive, old)
    library = open_library(tmp_path / "new", embedder)
    restored(made, library)
    assert library.facts().papers == 3
    assert library.catalog.acronyms(["tc"]) != []
    assert list(library.folder.glob("*.before-*")) == []


# ---- Interruptions


class _Interrupted(Exception):
    pass


@pytest.mark.parametrize("when", ["copying", "writing", "verifying"])
def test_an_interrupted_backup_leaves_nothing_behind(full: Library, tmp_path: Path, when: str) -> None:
    target = tmp_path / "backups"
    target.mkdir()

    def interrupt(doing: str, _: int) -> None:
        if doing.startswith(when):
            raise _Interrupted

    with pytest.raises(_Interrupted):
        back_up({"": full}, KEPT, target / "one.tar.gz", interrupt)
    assert list(target.iterdir()) == []
    assert list(full.folder.glob("backup-*")) == []


@pytest.mark.parametrize("step", ["put", "sweep"])
def test_an_interrupted_restore_leaves_a_library_that_is_either_of_the_two(
    full: Library, archive: Path, open_library: Open, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = holds(full)
    full.remove(["Lamps That"])
    without = holds(full)

    def interrupt(*_: Any) -> None:
        raise _Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(*((library_module, "put") if step == "put" else (full.originals, "sweep")), interrupt)
        with pytest.raises(_Interrupted):
            restored(archive, full, force=True)
    again = open_library(full.folder)
    kept = holds(again)
    kept["files"] = without["files"] if step == "put" else kept["files"]
    assert kept == (without if step == "put" else before)
    assert again.search("moths") != []
    again.remove([])
    assert sound(again)


# ---- On servers


def test_a_backup_of_files_restores_onto_servers_and_a_backup_of_those_into_files(
    full: Library,
    archive: Path,
    embedder: Any,
    models: Path,
    storage: Any,
    open_library: Open,
    tmp_path: Path,
) -> None:
    before = holds(full)
    settings = IndexSettings(embedding=EmbeddingSettings(models=models), storage=storage())
    with (
        Library.open(tmp_path / "served", settings) as served,
        Library.open(tmp_path / "served", settings) as another,
    ):
        served.embedder = another.embedder = embedder
        assert another.search("moths") == []
        restored(archive, served)
        assert holds(served) == before
        assert another.search("lamps that count moths")[0].paper.title.startswith("Lamps")
        assert sound(served)
        served.remove(["TideNet"])
        after = holds(served)
        made, _ = back_up({"": served}, KEPT, tmp_path / "served.tar.gz")
        restored(archive, served, force=True)
        assert holds(another) == before
        assert another.search("lamps that count moths") != []
        assert sound(another)
    other = open_library(tmp_path / "other")
    restored(made, other)
    assert holds(other) == after
    assert sound(other)


# ---- The command line


@pytest.fixture
def ibid(environment: dict[str, str], stocked: Path, tmp_path: Path) -> Callable[..., Any]:
    """Runs `ibid` over a copy of the library."""
    shutil.copytree(stocked, environment["IBID_LIBRARY"])

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ui", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def test_the_commands_carry_peoples_own_libraries_where_asked(
    ibid: Callable[..., Any], stocked: Path, open_library: Open, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    own = open_library(shutil.copytree(stocked, library / "people" / "u1"))
    own.remove(["Lamps That"])
    own.close()
    alone = ibid("backup", str(tmp_path / "alone.tar.gz"))
    assert (alone.returncode, alone.stdout.strip()) == (0, str(tmp_path / "alone.tar.gz"))
    assert not any(name.startswith("people") for name in members(tmp_path / "alone.tar.gz"))
    assert ibid("backup", "--all", str(tmp_path / "all.tar.gz")).returncode == 0
    again = ibid("backup", str(tmp_path / "all.tar.gz"))
    assert (again.returncode, "is there already" in again.stderr) == (1, True)

    checked = ibid("restore", "--check", str(tmp_path / "all.tar.gz"))
    assert (checked.returncode, "verified: 13 papers, with those of u1" in checked.stderr) == (0, True)
    refused = ibid("restore", str(tmp_path / "all.tar.gz"))
    assert (refused.returncode, "is not empty" in refused.stderr) == (1, True)
    done = ibid("restore", "--library", str(tmp_path / "new"), str(tmp_path / "all.tar.gz"))
    assert done.returncode == 0, done.stderr
    assert open_library(tmp_path / "new").facts().papers == 7
    assert open_library(tmp_path / "new" / "people" / "u1").facts().papers == 6


def test_a_backup_that_is_not_there_is_said_so(ibid: Callable[..., Any], tmp_path: Path) -> None:
    for command in (("restore", str(tmp_path / "none")), ("backup", str(tmp_path / "none" / "a.tar.gz"))):
        done = ibid(*command)
        assert (done.returncode, "Traceback" in done.stderr, str(tmp_path) in done.stderr) == (1, False, True)


@pytest.fixture(autouse=True)
def _nothing_left(tmp_path: Path) -> Iterator[None]:
    yield
    assert list(tmp_path.glob("**/.*.part")) == []

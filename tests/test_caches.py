"""Chroma and tantivy: they follow the catalog, and are made again from it where they are lost."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chromadb import Collection

from index.errors import EmbedderMismatch
from index.library import Library
from index.lock import FolderLock
from index.seal import Seal
from index.settings import IndexSettings
from index.word_index import WordIndex

Papers = tuple[dict[str, Any], ...]
Write = Callable[..., Path]
Open = Callable[..., Library]


def assert_sound(library: Library) -> None:
    """Catalog, vectors, Chroma and keywords hold the same chunks, and nothing is pending."""
    wanted = library.catalog.chunk_ids()
    counts = library.catalog.counts()
    assert library.caches.vectors.ids() == wanted
    assert library.caches.keywords.ids() == wanted
    assert counts["vectors"] == counts["chunks"] == len(wanted)
    assert counts["pending"] == 0
    for paper in library.papers(limit=10_000):
        assert library.text(paper.id)


# Following


def test_chroma_holds_what_the_catalog_holds_with_cosine_distances(library: Library) -> None:
    assert_sound(library)
    collection = library.caches.vectors.collection
    assert collection.configuration_json["hnsw"]["space"] == "cosine"
    assert collection.metadata["fingerprint"] == library.embedder.fingerprint.sha256
    query = library.embedder.query("bird song")
    (hit, *_) = library.caches.nearest(query, 1, _everything())
    stored = library.catalog.vectors_of([hit.item], library.embedder.fingerprint.key)[hit.item]
    assert hit.score == pytest.approx(float(query @ stored), abs=1e-5)


def _everything() -> Any:
    from index.filters import Bounds

    return Bounds()


def test_a_removed_paper_is_gone_from_both_caches(library: Library) -> None:
    (paper,) = library.remove(["On the Memory of Glaciers"])
    assert library.count() == 5
    assert_sound(library)
    assert paper.id not in {p.paper.id for p in library.search("glaciers snowfall delay")}
    hits = library.caches.keywords.best_papers("glaciers snowfall", 10, _everything())
    assert paper.id not in {hit.item for hit in hits}


def test_removing_every_paper_leaves_an_empty_library_that_can_be_filled_again(
    library: Library, write_papers: Write, papers: Papers
) -> None:
    library.remove([paper["title"] for paper in papers])
    assert (library.count(), library.search("sea levels")) == (0, [])
    assert_sound(library)
    assert len(library.add([write_papers("papers.jsonl", *papers)]).added) == 6
    assert_sound(library)


def test_the_change_number_only_grows(library: Library, write_papers: Write, papers: Papers) -> None:
    seen = [library.catalog.change()]
    for act in (
        lambda: library.add([write_papers("more.jsonl", {"title": "More", "abstract": "More of it."})]),
        lambda: library.remove(["More"]),
        lambda: library.add([write_papers("papers.jsonl", papers[0] | {"comments": 99}, *papers[1:])]),
        lambda: library.remove([papers[0]["title"]]),
    ):
        act()
        seen.append(library.catalog.change())
    library.rebuild()
    assert seen == sorted(set(seen))
    assert library.catalog.change() >= seen[-1]
    assert json.loads((library.folder / "caches.json").read_text())["change"] == library.catalog.change()


def test_an_open_library_sees_what_another_process_added(
    library: Library, environment: dict[str, str], write_papers: Write
) -> None:
    assert "Kites" not in {p.paper.title for p in library.search("kites on a string")}
    more = write_papers("more.jsonl", {"title": "Kites", "abstract": "A kite flies on a string in the wind."})
    _ibid(environment, "add", str(more))
    assert library.search("kites on a string", 1)[0].paper.title == "Kites"
    _ibid(environment, "remove", "Kites")
    assert "Kites" not in {p.paper.title for p in library.search("kites on a string")}
    _ibid(environment, "add", str(more))
    _ibid(environment, "rebuild")
    assert library.search("kites on a string", 1)[0].paper.title == "Kites"
    assert_sound(library)


def _ibid(environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-m", "ui", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_closing_a_library_leaves_another_on_the_same_folder_open(
    library: Library, open_library: Open
) -> None:
    with open_library() as other:
        assert other.search("bird song", 1)
    assert library.search("bird song", 1)[0].paper.title == "A Grammar of Bird Song"


# Rebuilding


def test_a_rebuild_embeds_nothing_and_swaps_the_folder(library: Library, counting: Any) -> None:
    before = [(p.chunk.id, round(p.similarity, 5)) for p in library.passages("sea levels")]
    old = json.loads((library.folder / "caches.json").read_text())["folder"]
    counting.embedded.clear()
    told: list[tuple[int, int]] = []
    library.rebuild(lambda done, total: told.append((done, total)))
    new = json.loads((library.folder / "caches.json").read_text())["folder"]
    assert counting.embedded == []
    assert old != new
    assert [path.name for path in library.folder.glob("caches-*")] == [new]
    assert told[-1] == (6, 6)
    assert [(p.chunk.id, round(p.similarity, 5)) for p in library.passages("sea levels")] == before
    assert_sound(library)


def test_pages_of_few_chunks_are_written_together(
    open_library: Open, write_papers: Write, hashing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.shelf._PAGE", 4)
    monkeypatch.setattr("index.caches._WRITTEN", 10)
    library, told = open_library(model=hashing), list[tuple[int, int]]()
    library.add([write_papers("w.jsonl", *({"title": f"Well {n}", "abstract": "Deep."} for n in range(30)))])
    library.rebuild(lambda done, total: told.append((done, total)))
    assert told == [(12, 30), (24, 30), (30, 30)]
    assert_sound(library)


def test_chunks_are_written_into_a_folder_a_few_at_a_time(
    open_library: Open, write_papers: Write, hashing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.vectors._WRITTEN", 10)
    library, counts = open_library(model=hashing), list[int]()
    upsert = Collection.upsert

    def counted(self: Collection, ids: list[str], **told: Any) -> None:
        counts.append(len(ids))
        upsert(self, ids, **told)

    monkeypatch.setattr(Collection, "upsert", counted)
    library.add([write_papers("w.jsonl", *({"title": f"Well {n}", "abstract": "Deep."} for n in range(25)))])
    assert max(counts) == 10
    assert sum(counts) == 25
    assert_sound(library)


def test_what_a_killed_rebuild_left_behind_is_cleared_by_the_next(library: Library) -> None:
    (library.folder / "caches-7" / "chroma").mkdir(parents=True)
    library.rebuild()
    assert [path.name for path in library.folder.glob("caches-*")] == ["caches-8"]


def test_another_model_is_refused_with_both_names_and_the_command(
    library: Library, open_library: Open, hashing: Any
) -> None:
    other = open_library(model=hashing)
    told = r"made by minilm:all-MiniLM-L6-v2@53aa.*name hashing:words@.*`ibid rebuild`"
    with pytest.raises(EmbedderMismatch, match=told):
        other.search("bird song")
    with pytest.raises(EmbedderMismatch, match=told):
        other.add([])


def test_a_rebuild_with_another_model_embeds_every_paper_and_is_then_refused_to_the_old(
    library: Library, open_library: Open, hashing: Any, counting: Any, write_papers: Write
) -> None:
    assert library.search("bird song")
    other = open_library(model=hashing)
    other.rebuild()
    assert other.search("bird song grammar warblers", 1)[0].paper.title == "A Grammar of Bird Song"
    assert other.caches.vectors.ids() == other.catalog.chunk_ids()
    assert other.caches.vectors.collection.name != "ibid-minilm-all-MiniLM-L6-v2"
    more = write_papers("more.jsonl", {"title": "More", "abstract": "More of it."})
    with pytest.raises(EmbedderMismatch, match="made by hashing:words"):
        library.search("bird song")
    with pytest.raises(EmbedderMismatch, match="made by hashing:words"):
        library.add([more])
    counting.embedded.clear()
    library.rebuild()
    assert counting.embedded == []  # its vectors were kept
    assert library.search("bird song", 1)[0].paper.title == "A Grammar of Bird Song"


def test_other_chunk_sizes_take_a_rebuild_to_hold(library: Library, models: Path) -> None:
    from index.settings import ChunkingSettings, EmbeddingSettings

    smaller = IndexSettings(chunking=ChunkingSettings(tokens=30), embedding=EmbeddingSettings(models=models))
    before = library.facts().chunks
    embedder = library.embedder
    library.close()
    with Library.open(library.folder, smaller) as other:
        other.embedder = embedder
        assert other.facts().chunks == before
        other.rebuild()
        assert other.facts().chunks > before
        assert_sound(other)


# Losing a cache


@pytest.fixture(scope="module")
def built(papers: Papers, hashing: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed library that is large enough for Chroma to have written its graph to disk."""
    folder = tmp_path_factory.mktemp("built")
    letters = random.Random(0)
    words = ["".join(letters.choices("abcdefghij", k=6)) for _ in range(12 * 1200)]
    parts = "\n\n".join(f"# Part {n}\n\n{' '.join(words[12 * n : 12 * n + 12])}." for n in range(1200))
    (folder / "long.md").write_text(f"---\ntitle: Long\n---\n{parts}")
    (folder / "papers.jsonl").write_text("\n".join(map(json.dumps, papers)))
    with Library.open(folder / "library", IndexSettings()) as library:
        library.embedder = hashing
        library.add([folder / "long.md", folder / "papers.jsonl"])
    return folder / "library"


LOST = [
    *(("chroma", how) for how in ("deleted", "emptied")),
    *(("chroma/chroma.sqlite3", how) for how in ("deleted", "garbled", "emptied", "cut short")),
    ("keywords", "deleted"),
    *(("keywords/**/meta.json", how) for how in ("deleted", "garbled")),
    *((f"keywords/**/*.{kind}", "deleted") for kind in ("term", "idx", "store")),
    *((f"keywords/**/*.{kind}", "garbled") for kind in ("term", "store")),
]


@pytest.mark.parametrize(("what", "how"), LOST, ids=[f"{what} {how}" for what, how in LOST])
def test_a_lost_cache_is_noticed_on_opening_and_made_again_without_embedding(
    built: Path, tmp_path: Path, open_library: Open, hashing: Any, counted: Any, what: str, how: str
) -> None:
    folder = tmp_path / "library"
    shutil.copytree(built, folder)
    spoilt = list((folder / "caches-1").glob(what))
    assert spoilt
    for path in spoilt:
        _spoil(path, how)
    library = open_library(model=counted(hashing))
    found = library.search("warblers sung by young males")
    assert "A Grammar of Bird Song" in {
        passage.paper.title for passage in found if "keyword" in passage.found_by
    }
    library.mended()
    for chunk_id in library.catalog.first_spots([paper.id for paper in library.papers()]):
        vector = library.catalog.vectors_of([chunk_id], hashing.fingerprint.key)[chunk_id]
        assert chunk_id in {hit.item for hit in library.caches.nearest(vector, 3, _everything())}
    assert_sound(library)
    assert library.embedder.embedded == []


def _spoil(path: Path, how: str) -> None:
    if path.is_dir():
        shutil.rmtree(path)
        if how == "emptied":
            path.mkdir()
    elif how == "deleted":
        path.unlink()
    else:
        content = path.read_bytes()
        noise = random.Random(0).randbytes(len(content))
        path.write_bytes({"garbled": noise, "emptied": b"", "cut short": content[: len(content) // 2]}[how])


GRAPH = [
    *(("data_level0.bin", how) for how in ("deleted", "emptied", "garbled")),
    ("index_metadata.pickle", "deleted"),
    ("header.bin", "garbled"),
]

SEARCH = """
import sys
sys.path[:0] = [sys.argv[2]]
from pathlib import Path
from conftest import CountingEmbedder, HashingEmbedder
from index.library import Library
from index.lock import FolderLock
from index.seal import Seal
with Library.open(Path(sys.argv[1])) as library:
    library.embedder = CountingEmbedder(HashingEmbedder())
    library.search("warblers sung by young males")
    library.mended()
    found = library.search("warblers sung by young males")
    print(*library.embedder.embedded, *(library.caches.vectors.ids() ^ library.catalog.chunk_ids()))
    assert any("dense" in passage.found_by for passage in found)
"""


@pytest.mark.parametrize(("file", "how"), GRAPH, ids=[f"{file} {how}" for file, how in GRAPH])
def test_a_damaged_graph_is_not_opened(
    built: Path, tmp_path: Path, open_library: Open, hashing: Any, file: str, how: str
) -> None:
    """Chroma may end the process that loads such a graph."""
    folder = tmp_path / "library"
    shutil.copytree(built, folder)
    (path,) = (folder / "caches-1").glob(f"chroma/*/{file}")
    _spoil(path, how)
    command = [sys.executable, "-c", SEARCH, str(folder), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
    assert_sound(open_library(model=hashing))
    assert not (folder / "caches-1").exists()


def test_a_damaged_graph_that_was_not_written_whole_is_opened_by_another_process(
    built: Path, tmp_path: Path, open_library: Open, hashing: Any
) -> None:
    folder = tmp_path / "library"
    shutil.copytree(built, folder)
    (path,) = (folder / "caches-1").glob("chroma/*/header.bin")
    _spoil(path, "garbled")
    (folder / "caches-1" / "seal.json").unlink()
    library = open_library(model=hashing)
    assert "A Grammar of Bird Song" in {p.paper.title for p in library.search("warblers sung by young males")}
    library.mended()
    assert_sound(library)
    assert library.state == ""
    assert not (folder / "caches-1").exists()


def test_papers_are_found_by_their_words_while_the_vectors_are_made_anew(
    built: Path, tmp_path: Path, open_library: Open, hashing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "library"
    shutil.copytree(built, folder)
    (path,) = (folder / "caches-1").glob("chroma/*/data_level0.bin")
    _spoil(path, "garbled")
    monkeypatch.setattr("index.upkeep._AT_ONCE", 0.0)
    library = open_library(model=hashing)
    with FolderLock(folder).writing("another"):  # so that it has to wait
        found = library.search("warblers sung by young males")
        assert found[0].paper.title == "A Grammar of Bird Song"
        assert {name for passage in found for name in passage.found_by} == {"keyword"}
        assert "papers are found by their words alone" in library.state
    library.mended()
    assert any("dense" in passage.found_by for passage in library.search("warblers sung by young males"))
    assert library.state == ""


def test_reading_leaves_the_seal_whole(library: Library, open_library: Open) -> None:
    library.close()
    for _ in range(3):
        with open_library() as other:
            assert other.search("bird song", 1)
    seal = Seal(library.folder / "caches-1")
    assert (seal.state("chroma"), seal.state("keywords")) == ("sound", "sound")
    seal.take_away()
    assert (seal.state("chroma"), seal.state("keywords")) == ("unsealed", "unsealed")


@pytest.mark.parametrize("content", ["", "{", '{"folder": "caches-1"}', None])
def test_a_lost_position_costs_a_repetition_and_nothing_else(
    library: Library, open_library: Open, counting: Any, content: str | None
) -> None:
    library.remove(["On the Memory of Glaciers"])
    library.rebuild()
    library.close()
    position = library.folder / "caches.json"
    if content is None:
        position.unlink()
    else:
        position.write_text(content)
    counting.embedded.clear()
    again = open_library(model=counting)
    assert again.search("bird song", 1)[0].paper.title == "A Grammar of Bird Song"
    assert_sound(again)
    assert counting.embedded == []


def test_a_vector_that_is_lost_is_embedded_again_by_a_rebuild(library: Library, counting: Any) -> None:
    with library.catalog.engine.begin() as connection:
        lost = connection.exec_driver_sql("DELETE FROM vectors WHERE chunk_id = (SELECT min(id) FROM chunks)")
        assert lost.rowcount == 1
    counting.embedded.clear()
    library.rebuild()
    assert len(counting.embedded) == 1
    assert_sound(library)


# Kills; `tests.test_torture` has the most of them


def test_what_a_killed_commit_left_of_the_keywords_does_not_stop_the_next(
    library: Library, tmp_path: Path
) -> None:
    """It is made by a commit to a copy: all of its files but the one that says that it was made."""
    folder = library.caches.keywords.papers.folder
    copy = shutil.copytree(folder, tmp_path / "copy")
    gone = library.paper("A Grammar of Bird Song").id
    WordIndex(copy).write({}, [gone])
    left = [path for path in copy.iterdir() if not (folder / path.name).exists()]
    assert [path.suffix for path in left] == [".del"]
    for path in (*left, copy / ".managed.json"):
        shutil.copy(path, folder)
    index = WordIndex(folder)
    index.write({}, [gone])
    assert index.count() == 5

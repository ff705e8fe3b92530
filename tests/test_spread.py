"""Files read and embedded on the workers of a Ray cluster come to the library that one process makes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import create_engine, select

from index.embedding import Embedder
from index.errors import ClusterError, EmbedderMismatch, ExtraMissing
from index.library import Library
from index.reading import Source
from index.settings import IndexSettings
from index.spread.cluster import joined
from index.spread.errands import Absent, Embedding, Ended, Errand, Sent, Way, pieces, read_errand
from index.tables import metadata, vectors
from tests.conftest import PAPERS
from tests.pdfs import paper_that_hides

ROOT = Path(__file__).parents[1]
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray absent: pip install 'ibid[ray]'")


@dataclass(frozen=True)
class Workers:
    """A running cluster of two workers."""

    address: str
    process: int

    def busy(self) -> list[int]:
        """The processes that embed just now."""
        return [
            child
            for child in _below(self.process)
            if b"MapWorker(MapBatches(_Embed)).submit" in _title(child)
        ]


@pytest.fixture(scope="module")
def cluster(models: Path) -> Iterator[Workers]:
    """Two workers on this machine."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.ray_cluster", folder],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_variables(models),
        )
        with started:
            assert started.stdin is not None
            assert started.stdout is not None
            address = started.stdout.readline().decode().strip()
            assert address, "the cluster did not start"
            yield Workers(address, started.pid)
            started.stdin.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of several kinds: papers met in two of them, a PDF, an archive with another, two that are no papers."""
    folder = tmp_path_factory.mktemp("files")
    more = [
        {"title": f"On the Tides of Bay {number}", "abstract": f"Bay {number} has tides. " * 40}
        for number in range(120)
    ]
    _write(folder / "a.jsonl", [*PAPERS, "no record", *more])
    again = [PAPERS[0] | {"comments": 40}, PAPERS[4] | {"organization": "Another Lab"}]
    _write(folder / "b.jsonl", again)
    paper_that_hides(folder / "buoys.pdf")
    (folder / "empty.md").write_text("")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        inner = paper_that_hides(folder.parent / "Waves at Night.pdf")
        archive.writestr("waves.pdf", inner.read_bytes().replace(b"Buoys That Count", b"Boats That Count"))
        archive.writestr("note.md", "# On Lighthouses\n\nLighthouses blink. They never sleep.")
    return folder


@pytest.fixture(scope="module")
def alone(
    folder: Path, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """The library that one process makes of the files, and its report."""
    library = tmp_path_factory.mktemp("alone") / "library"
    return library, _added(library, folder, models)


@needs_ray
def test_workers_make_the_library_that_one_process_makes_and_a_killed_one_changes_nothing(
    cluster: Workers,
    folder: Path,
    models: Path,
    alone: tuple[Path, dict[str, Any]],
    tmp_path: Path,
) -> None:
    killed: list[int] = []

    def kill_one() -> None:
        busy = [] if killed else cluster.busy()
        if busy:
            os.kill(busy[0], signal.SIGKILL)
            killed.append(busy[0])

    report = _added(tmp_path / "library", folder, models, cluster.address, kill_one)
    assert killed
    assert report == alone[1]
    assert [failed["place"] for failed in report["failed"]] == ["a.jsonl line 7", "empty.md"]
    _assert_same(tmp_path / "library", alone[0])


@needs_ray
def test_what_did_not_change_is_not_read_again_by_workers(
    cluster: Workers, folder: Path, models: Path, alone: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    report = _added(alone[0], folder, models, cluster.address)
    assert not report["added"]
    assert not report["updated"]
    assert sorted(report["unchanged"]) == sorted(alone[1]["added"])
    assert report["failed"] == alone[1]["failed"]


@needs_ray
def test_a_cluster_that_does_not_answer_is_told_by_its_address(free_port: int) -> None:
    with pytest.raises(ClusterError, match=rf"No Ray cluster answers at .*:{free_port}: .*ray start"):
        joined(f"127.0.0.1:{free_port}").__enter__()
    with pytest.raises(
        ClusterError, match=r"'nowhere' is no address of a Ray cluster\. Write auto, local or"
    ):
        joined("nowhere").__enter__()


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.providers.find_spec", lambda module: None)
    with pytest.raises(ExtraMissing, match=r"'--ray local' needs an extra: pip install 'ibid\[ray\]'"):
        joined("local").__enter__()


# ---- What a worker does


def test_a_worker_without_the_folder_reads_the_bytes_it_is_sent(
    settings: IndexSettings, embedder: Embedder, tmp_path: Path
) -> None:
    pdf = paper_that_hides(tmp_path / "buoys.pdf")
    away = _errand(pdf)._replace(modified=1)
    here = list(read_errand(_errand(pdf), _way(settings, embedder), lambda position: None))
    sent = list(read_errand(away, _way(settings, embedder), lambda position: pdf.read_bytes()))
    assert sent == here
    assert isinstance(here[-1], Ended)


def test_what_a_worker_cannot_have_is_left_to_the_one_who_adds(
    settings: IndexSettings, embedder: Embedder, tmp_path: Path
) -> None:
    (tmp_path / "notes.md").write_text("# A note\n\nIt says something.")
    away = _errand(tmp_path / "notes.md")._replace(size=1)
    assert list(read_errand(away, _way(settings, embedder), lambda position: None)) == [Absent(0)]


def test_a_file_that_names_others_is_not_read_apart_from_them(
    settings: IndexSettings, embedder: Embedder, tmp_path: Path
) -> None:
    paper_that_hides(tmp_path / "buoys.pdf")
    library = tmp_path / "library.bib"
    library.write_text("@misc{a, title = {On Buoys}, file = {:buoys.pdf:application/pdf}}")
    way = _way(settings, embedder)
    assert any(
        isinstance(row, Ended) and row.named for row in read_errand(_errand(library), way, lambda _: None)
    )
    away = _errand(library)._replace(modified=1)
    assert list(read_errand(away, way, lambda _: library.read_bytes())) == [Absent(0)]


def test_a_worker_embeds_no_chunk_that_is_stored(library: Library, tmp_path: Path) -> None:
    way = _way(library.settings, library.embedder)
    papers = next(tmp_path.glob("papers.jsonl"))
    rows = list(read_errand(_errand(papers), way, lambda _: None))
    new, stored = Embedding(way), library.catalog.chunk_beginnings()
    made = [row.made for row in new.embed(rows, stored[:0]) if isinstance(row, Sent)]
    assert sum(len(each.marks) for each in made if each is not None) == len(stored)
    assert not any(row.made for row in new.embed(rows, stored) if isinstance(row, Sent))


def test_a_worker_with_another_model_or_release_is_refused(
    settings: IndexSettings, hashing: Embedder, embedder: Embedder
) -> None:
    with pytest.raises(
        EmbedderMismatch, match=r"A worker's minilm:.* is minilm:.*, here it is hashing:words"
    ):
        Embedding(_way(settings, hashing))
    with pytest.raises(EmbedderMismatch, match=r"A worker has Ibid .*, this is 0\.0"):
        Embedding(_way(settings, embedder)._replace(release="0.0"))


def test_work_is_cut_into_pieces_that_hold_every_row_in_order() -> None:
    rows = [Absent(position) for position in range(700)]
    cut = list(pieces(rows))
    assert [row for piece in cut for row in piece] == rows
    assert max(map(len, cut)) <= 256


# ---- Parts


def _errand(path: Path) -> Errand:
    found = path.stat()
    return Errand(0, Source.of(path), found.st_size, found.st_mtime_ns, None)


def _way(settings: IndexSettings, embedder: Embedder) -> Way:
    return Way(settings.reading, settings.chunking, settings.embedding, embedder.fingerprint)


def _write(path: Path, entries: list[Any]) -> None:
    lines = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _variables(models: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IBID_", "RAY_"))}
    paths = os.pathsep.join([str(ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return kept | {"IBID_EMBEDDING__MODELS": str(models), "PYTHONPATH": paths, "HOME": str(models)}


def _added(
    library: Path,
    folder: Path,
    models: Path,
    ray: str = "",
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The report of `ibid add` in a process of its own, that said nothing else."""
    command = [sys.executable, "-m", "ui", "add", "--json", "--library", str(library), str(folder)]
    command += ["--ray", ray] if ray else []
    with subprocess.Popen(
        command, env=_variables(models), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as adding:
        while adding.poll() is None:
            meanwhile()
            time.sleep(0.01)
        said, complained = adding.communicate()
    assert complained.strip() == b""
    assert not (models / ".ray").exists()
    report: dict[str, Any] = json.loads(said)
    return report


def _below(process: int) -> Iterator[int]:
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        yield int(child)
        yield from _below(int(child))


def _title(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


_OWN = {"updated", "arrived", "vector", "signs"}  # times, and what is compared below


def _assert_same(one: Path, other: Path) -> None:
    first, second = (create_engine(f"sqlite:///{folder / 'catalog.sqlite3'}") for folder in (one, other))
    for table in metadata.sorted_tables:
        columns = [column for column in table.columns if column.name not in _OWN]
        with first.connect() as here, second.connect() as there:
            found = [sorted(map(repr, side.execute(select(*columns)))) for side in (here, there)]
        assert found[0] == found[1], table.name
    made = []
    for engine in (first, second):
        with engine.connect() as connection:
            rows = connection.execute(select(vectors).order_by(vectors.c.chunk_id)).all()
        made.append(np.array([np.frombuffer(row.vector, np.float32) for row in rows]))
        engine.dispose()
    assert (made[0] * made[1]).sum(axis=1).min() >= 0.99999
    kept = [sorted(path.name for path in (folder / "files").glob("*/*")) for folder in (one, other)]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 2

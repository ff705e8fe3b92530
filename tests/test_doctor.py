"""The doctor finds what is planted, and finds nothing in a sound library."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from index.doctor import Finding, examine
from index.library import Library

ONE = "(SELECT min(id) FROM chunks)"


def broken(library: Library) -> dict[str, Finding]:
    return {finding.check: finding for finding in examine(library) if not finding.holds}


def plant(library: Library, statement: str) -> None:
    """Change the catalog behind the library's back, once its caches are open."""
    assert library.caches
    with library.catalog.engine.begin() as connection:
        assert connection.exec_driver_sql(statement).rowcount == 1


def test_a_sound_library_passes_every_check(library: Library) -> None:
    findings = list(examine(library))
    assert len(findings) >= 7
    assert all(finding.holds and not finding.remedy for finding in findings), findings


def test_an_empty_library_passes_every_check(open_library: Callable[..., Library]) -> None:
    assert broken(open_library()) == {}


PLANTED = {
    "a vector deleted": (f"DELETE FROM vectors WHERE chunk_id = {ONE}", "every chunk has a unit vector"),
    "a vector cut short": (
        f"UPDATE vectors SET vector = x'0000803f' WHERE chunk_id = {ONE}",
        "every chunk has a unit vector",
    ),
    "a vector of zeros": (
        f"UPDATE vectors SET vector = zeroblob(1536) WHERE chunk_id = {ONE}",
        "every chunk has a unit vector",
    ),
    "a chunk beyond its text": (
        f'UPDATE chunks SET "end" = 99999 WHERE id = {ONE}',
        "chunks lie inside their papers",
    ),
    "a chunk turned round": (
        f'UPDATE chunks SET start = "end" WHERE id = {ONE}',
        "chunks lie inside their papers",
    ),
    "a chunk without a paper": (
        f"UPDATE chunks SET paper_id = 'nobody' WHERE id = {ONE}",
        "chunks lie inside their papers",
    ),
    "a paper half written": (
        "UPDATE papers SET state = 'pending' WHERE id = (SELECT min(id) FROM papers)",
        "no paper is half written",
    ),
}


@pytest.mark.parametrize(("statement", "check"), PLANTED.values(), ids=PLANTED)
def test_a_fault_in_the_catalog_is_found_with_a_remedy(library: Library, statement: str, check: str) -> None:
    plant(library, statement)
    found = broken(library)
    assert check in found
    assert found[check].remedy


def test_a_chunk_missing_from_chroma_is_found_and_a_rebuild_mends_it(library: Library) -> None:
    library.caches.vectors.delete([min(library.catalog.chunk_ids())])
    (finding,) = broken(library).values()
    assert (finding.check, finding.seen) == (
        "Chroma holds exactly the catalog's chunks",
        "1 missing, 0 too many",
    )
    library.rebuild()
    assert broken(library) == {}


def test_a_chunk_missing_from_the_keyword_index_is_found_and_a_rebuild_mends_it(library: Library) -> None:
    library.caches.keywords.follow([], [min(library.catalog.chunk_ids())])
    (finding,) = broken(library).values()
    assert finding.check == "the keyword index holds exactly the catalog's chunks"
    library.rebuild()
    assert broken(library) == {}


@pytest.mark.parametrize(
    "fault", [name for name in PLANTED if "deleted" in name or "beyond" in name or "half" in name]
)
def test_a_rebuild_mends_what_its_remedy_says_it_mends(library: Library, fault: str) -> None:
    plant(library, PLANTED[fault][0])
    library.rebuild()
    assert broken(library) == {}


def test_another_model_is_a_finding_and_no_crash(
    library: Library, open_library: Callable[..., Library], hashing: Any
) -> None:
    other = open_library(library.folder, hashing)
    found = broken(other)
    assert "were made by minilm:all-MiniLM-L6-v2" in found["model is the one the vectors were made by"].seen


def test_the_command_prints_the_findings_and_fails_where_one_is_bad(
    library: Library, environment: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "ui", "doctor", "--json"]
    sound = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert sound.returncode == 0, sound.stderr
    assert all(finding["holds"] for finding in json.loads(sound.stdout))
    plant(library, PLANTED["a vector deleted"][0])
    ill = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ill.returncode == 1
    assert [f["check"] for f in json.loads(ill.stdout) if not f["holds"]] == ["every chunk has a unit vector"]

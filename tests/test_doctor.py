"""The doctor finds what is planted, mends what can be mended, and finds nothing in a sound library."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.audit import examine_conversations, repair_conversations
from assistant.conversation import Conversations
from assistant.engine import Assistant
from assistant.saved_questions import SavedQuestions
from assistant.schema import Feedback, Turn
from index.doctor import Finding, examine, repair
from index.library import Library
from index.repairs import TAKEN_OUT
from index.settings import EmbeddingSettings, IndexSettings
from tests.pdfs import Sheets

Open = Callable[..., Library]

NONE = "x'00ff'"  # as SQLite writes bytes
ONE = "(SELECT min(id) FROM chunks)"
SECOND = "(SELECT min(id) FROM chunks WHERE position = 1)"
PAPER = "(SELECT min(id) FROM papers)"
CITED = "citations of kept answers resolve"
AN_OLD_DAY = 1_000_000_000


@pytest.fixture(scope="module")
def stocked(papers: Any, embedder: Any, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of papers, one with a kept file, a tag, a conversation, a saved question, and its sources; closed."""
    work = tmp_path_factory.mktemp("stocked")
    listing = work / "papers.jsonl"
    listing.write_text("".join(json.dumps(paper) + "\n" for paper in papers), encoding="utf-8")
    drawn = Sheets(work / "lamps.pdf")
    drawn.line(72, 60, "Lamps That Count Moths", size=18, font="Times-Bold")
    drawn.line(72, 90, "Iver Dahl")
    drawn.lines(
        72, 120, ("Abstract", "A street lamp with a camera can count moths.", "It misses 6 moths in 100.")
    )
    drawn.save()
    with Library.open(work / "library", IndexSettings(embedding=EmbeddingSettings(models=models))) as library:
        library.embedder = embedder
        library.add([listing, work / "lamps.pdf"])
        library.tag([library.paper("TideNet").id], "water")
        assistant = Assistant(library)
        kept = Conversations(library)
        conversation = kept.create()
        for question in ("What does TideNet forecast?", "What does a street lamp count?"):
            answer = assistant.ask(question)
            assert answer.citations
            kept.append(conversation.id, Turn(question=question, answer=answer))
        kept.set_feedback(conversation.id, 1, Feedback(verdict="up"))
        SavedQuestions(assistant).save("What does TideNet forecast?")
    return work


@pytest.fixture
def full(stocked: Path, tmp_path: Path, open_library: Open) -> Library:
    """That library, in the test's own folder, its caches open; the PDF lies where it came from."""
    for name in ("library", "lamps.pdf"):
        copy = shutil.copytree if name == "library" else shutil.copy
        copy(stocked / name, tmp_path / name)
    library = open_library()
    with library.catalog.engine.begin() as connection:
        for table in ("records", "contents"):
            moved = f"UPDATE {table} SET source = replace(source, ?, ?)"
            connection.exec_driver_sql(moved, (str(stocked), str(tmp_path)))
    assert library.caches
    return library


def ill(library: Library) -> dict[str, Finding]:
    findings = [*examine(library), examine_conversations(library)]
    return {finding.check: finding for finding in findings if not finding.holds}


def mend(library: Library) -> dict[str, str]:
    done = [*repair(library), *repair_conversations(library)]
    return {mended.check: mended.done for mended in done}


def sql(*statements: str) -> Callable[[Library], None]:
    """Changes the catalog behind the library's back."""

    def plant(library: Library) -> None:
        with library.catalog.engine.begin() as connection:
            for statement in statements:
                if connection.dialect.name == "postgresql":
                    statement = statement.replace(NONE, r"'\x00ff'")
                assert connection.exec_driver_sql(statement).rowcount >= 1, statement

    return plant


def _forget_in_chroma(library: Library) -> None:
    library.caches.vectors.delete([min(library.catalog.chunk_ids())])


def _forget_words(library: Library) -> None:
    library.caches.keywords.follow([], [min(library.catalog.chunk_ids())])


def _kept_file(library: Library) -> Path:
    (name,) = library.originals.names()
    place = library.originals.path(name)
    assert place is not None
    return place


def _lose_file(library: Library) -> None:
    _kept_file(library).unlink()


def _garble_file(library: Library) -> None:
    _kept_file(library).write_bytes(b"something else")


def _garble_file_and_source(library: Library) -> None:
    _garble_file(library)
    (library.folder.parent / "lamps.pdf").unlink()


def _keep_needlessly(library: Library) -> None:
    stray = library.folder.parent / "stray.pdf"
    stray.write_bytes(b"%PDF of nobody")
    library.originals.keep(stray)


def _leave(library: Library) -> None:
    for name in ("fetching-abc", "backup-abc", "received/abc", "uploads/abc"):
        (library.folder / name).mkdir(parents=True)
        os.utime(library.folder / name, (AN_OLD_DAY, AN_OLD_DAY))
    part = library.folder / "files" / "1-ab.part"
    part.write_bytes(b"half")
    os.utime(part, (AN_OLD_DAY, AN_OLD_DAY))


def _note(**changes: Any) -> Callable[[Library], None]:
    def plant(library: Library) -> None:
        place = library.folder / "caches.json"
        place.write_text(json.dumps(json.loads(place.read_text()) | changes))

    return plant


def _twice(library: Library) -> None:
    sql(
        f"UPDATE papers SET arxiv_id = '2501.00001', paper = json_set(paper, '$.arxiv_id', '2501.00001') "
        f"WHERE id IN ({PAPER}, (SELECT max(id) FROM papers))"
    )(library)


def _as_text(number: int) -> str:
    return f"json_set(answer, '$.citations[0].start', {number}, '$.citations[0].end', {number + 3})"


FAULTS: dict[str, tuple[Callable[[Library], None], str]] = {
    "a vector deleted": (sql(f"DELETE FROM vectors WHERE chunk_id = {ONE}"), "every chunk has a unit vector"),
    "a vector cut short": (
        sql(f"UPDATE vectors SET vector = x'0000803f' WHERE chunk_id = {ONE}"),
        "every chunk has a unit vector",
    ),
    "a vector of zeros": (
        sql(f"UPDATE vectors SET vector = zeroblob(1536) WHERE chunk_id = {ONE}"),
        "every chunk has a unit vector",
    ),
    "a vector of no chunk": (
        sql("INSERT INTO vectors SELECT 'nobody', model, vector, signs FROM vectors LIMIT 1"),
        "every vector is of a chunk",
    ),
    "a chunk beyond its text": (
        sql(f'UPDATE chunks SET "end" = 99999 WHERE id = {ONE}'),
        "chunks lie inside their papers",
    ),
    "a chunk turned round": (
        sql(f'UPDATE chunks SET start = "end" WHERE id = {ONE}'),
        "chunks lie inside their papers",
    ),
    "a chunk of no paper": (
        sql(f"UPDATE chunks SET paper_id = 'nobody' WHERE id = {ONE}"),
        "chunks lie inside their papers",
    ),
    "a paper without chunks": (
        sql(f"DELETE FROM chunks WHERE paper_id = {PAPER}"),
        "every paper with words is cut",
    ),
    "a paper of which a chunk is missing": (
        sql("UPDATE chunks SET position = 5 WHERE position = 1"),
        "every paper with words is cut",
    ),
    "a paper half written": (
        sql(f"UPDATE papers SET state = 'pending' WHERE id = {PAPER}"),
        "no paper is half written",
    ),
    "a paper lost, and its records not": (
        sql(f"DELETE FROM papers WHERE id = {PAPER}"),
        "what sources said has its paper",
    ),
    "a paper there twice": (_twice, "no paper is there twice"),
    "a paper that cannot be read": (
        sql(f"UPDATE papers SET paper = '{{\"title\": ' WHERE id = {PAPER}"),
        "every row can be read",
    ),
    "sections that cannot be read": (
        sql(f"UPDATE papers SET sections = '[1' WHERE id = {PAPER}"),
        "every row can be read",
    ),
    "a record that cannot be read": (
        sql(f"UPDATE records SET document = {NONE} WHERE paper_id = (SELECT min(paper_id) FROM records)"),
        "every row can be read",
    ),
    "a paper and its record that cannot be read": (
        sql(
            f"UPDATE records SET document = {NONE} WHERE paper_id = {PAPER}",
            f"UPDATE papers SET paper = '' WHERE id = {PAPER}",
        ),
        "every row can be read",
    ),
    "a tag, an arrival and an acronym of no paper": (
        sql(
            "UPDATE tags SET paper_id = 'nobody'",
            "INSERT INTO arrivals VALUES ('nobody', '2025-01-01T00:00:00+00:00')",
            "INSERT INTO acronyms VALUES ('nobody', 'tc', 'tide clock', 'tideclock')",
        ),
        "tags, arrivals, authors and acronyms are of papers",
    ),
    "a chunk missing from Chroma": (_forget_in_chroma, "Chroma holds exactly the catalog's chunks"),
    "a chunk too many in both caches": (
        sql(f"DELETE FROM vectors WHERE chunk_id = {SECOND}", f"DELETE FROM chunks WHERE id = {SECOND}"),
        "Chroma holds exactly the catalog's chunks",
    ),
    "a chunk missing from the keyword index": (
        _forget_words,
        "the keyword index holds exactly the catalog's chunks",
    ),
    "caches that are not there": (_note(folder="caches-7"), "caches are in place"),
    "caches that are behind": (_note(change=0), "caches are in place"),
    "caches ahead of the catalog": (_note(change=99), "caches are in place"),
    "a kept file lost": (_lose_file, "kept files are there and are what they were"),
    "a kept file of other bytes": (_garble_file, "kept files are there and are what they were"),
    "a kept file that is nowhere any more": (
        _garble_file_and_source,
        "kept files are there and are what they were",
    ),
    "a kept file that nobody needs": (_keep_needlessly, "every kept file is needed"),
    "leftovers of interrupted work": (_leave, "nothing is left of interrupted work"),
    "a citation beside its quote": (
        sql("UPDATE turns SET turn = replace(turn, '\"start\":', '\"start\":1') WHERE position = 0"),
        CITED,
    ),
    "a saved answer's citation beside its quote": (
        sql(f"UPDATE saved_answers SET answer = {_as_text(1)}"),
        CITED,
    ),
    "a turn that cannot be read": (sql("UPDATE turns SET turn = '{' WHERE position = 0"), CITED),
    "a saved answer that cannot be read": (sql("UPDATE saved_answers SET answer = ''"), CITED),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_once_mended_nothing_is_found(
    full: Library, open_library: Open, fault: str
) -> None:
    plant, check = FAULTS[fault]
    plant(full)
    found = ill(full)
    assert check in found
    assert found[check].repairable
    assert "ibid doctor --repair" in found[check].remedy
    assert mend(full)
    assert ill(full) == {}
    assert mend(full) == {}
    assert full.search("forecasting the tide")[0].paper.title.startswith("TideNet")
    full.close()
    assert ill(open_library(full.folder)) == {}


def test_a_mended_paper_is_what_its_sources_say(full: Library) -> None:
    before = {paper.id: (paper, full.text(paper.id)) for paper in full.papers()}
    lost, unread = sorted(before)[:2]
    sql(f"DELETE FROM papers WHERE id = '{lost}'", f"UPDATE papers SET paper = '' WHERE id = '{unread}'")(
        full
    )
    mend(full)
    assert {paper.id: (paper, full.text(paper.id)) for paper in full.papers()} == before


def test_what_has_to_go_is_written_down_before(full: Library) -> None:
    for fault in ("a record that cannot be read", "a turn that cannot be read"):
        FAULTS[fault][0](full)
    FAULTS["a tag, an arrival and an acronym of no paper"][0](full)
    told = mend(full)
    assert TAKEN_OUT in " ".join(told.values())
    out = [json.loads(line) for line in (full.folder / TAKEN_OUT).read_text(encoding="utf-8").splitlines()]
    assert [line["table"] for line in out] == ["records", "tags", "arrivals", "turns"]
    assert out[0]["row"]["document"] == {"base64": "AP8="}
    assert out[1]["row"]["name"] == "water"
    assert out[3]["row"]["turn"] == "{"


def test_the_turns_after_one_that_is_taken_out_move_up_with_what_was_thought_of_them(full: Library) -> None:
    FAULTS["a turn that cannot be read"][0](full)
    mend(full)
    kept = Conversations(full)
    (turn,) = kept.open(kept.list()[0].id).turns
    assert turn.question == "What does a street lamp count?"
    assert turn.feedback == Feedback(verdict="up")


def test_of_two_papers_that_are_one_both_sources_and_tags_stay(full: Library) -> None:
    first, *_, last = full.catalog.paper_ids()
    full.tag([last], "dry")
    _twice(full)
    said = len(full.catalog.records(first)) + len(full.catalog.records(last))
    mend(full)
    assert last not in full.catalog.paper_ids()
    assert len(full.catalog.records(first)) == said
    assert "dry" in full.catalog.tags.of([first])[first]


def test_a_paper_whose_file_is_nowhere_says_so_and_can_be_added_again(full: Library, tmp_path: Path) -> None:
    lamps = full.paper("Lamps That")
    drawn = (tmp_path / "lamps.pdf").read_bytes()
    _garble_file_and_source(full)
    (done,) = mend(full).values()
    assert f"pages of {lamps.id} can no longer be shown: add their files again" in done
    assert full.text(lamps.id)
    (tmp_path / "lamps.pdf").write_bytes(drawn)
    full.add([tmp_path / "lamps.pdf"])
    assert full.leaves.layout(lamps.id).pages
    assert ill(full) == {}


def test_a_quote_that_is_nowhere_in_its_paper_is_left_for_its_reader(full: Library) -> None:
    sql('UPDATE turns SET turn = replace(turn, \'"quote":"\', \'"quote":"Never said. \') WHERE position = 0')(
        full
    )
    (finding,) = ill(full).values()
    assert (finding.check, finding.repairable) == (CITED, False)
    assert "ask" in finding.remedy
    assert mend(full) == {}


def test_a_sound_library_passes_every_check(full: Library) -> None:
    findings = [*examine(full), examine_conversations(full)]
    assert len(findings) >= 18
    assert all(finding.holds and not finding.remedy for finding in findings), findings


def test_an_empty_library_passes_every_check(open_library: Open) -> None:
    assert ill(open_library()) == {}


def test_young_leftovers_may_be_somebodys_at_work(full: Library) -> None:
    (full.folder / "fetching-now").mkdir()
    assert ill(full) == {}


def test_a_database_that_is_damaged_is_told_and_not_mended(full: Library) -> None:
    catalog = full.folder / "catalog.sqlite3"
    with full.catalog.engine.connect() as connection:
        asked = "SELECT rootpage FROM sqlite_master WHERE name = 'records_by_name'"
        page = connection.exec_driver_sql(asked).scalar_one()
    full.close()
    with catalog.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(100))
    found = {finding.check: finding for finding in examine(full)}
    damaged = found["catalog is whole"]
    assert not damaged.holds
    assert not damaged.repairable
    assert "ibid restore" in damaged.remedy


def test_another_model_is_a_finding_and_no_crash(full: Library, open_library: Open, hashing: Any) -> None:
    found = ill(open_library(full.folder, hashing))
    assert "were made by minilm:all-MiniLM-L6-v2" in found["model is the one the vectors were made by"].seen


def test_a_library_on_servers_is_mended_too(
    papers: Any, embedder: Any, models: Path, storage: Any, write_papers: Callable[..., Path], tmp_path: Path
) -> None:
    settings = IndexSettings(embedding=EmbeddingSettings(models=models), storage=storage())
    with Library.open(tmp_path / "served", settings) as library:
        library.embedder = embedder
        library.add([write_papers("papers.jsonl", *papers)])
        assert ill(library) == {}
        held = {paper.id for paper in library.papers()}
        on_servers = (
            "a vector deleted",
            "a vector of no chunk",
            "a chunk of no paper",
            "a paper half written",
            "a paper and its record that cannot be read",
        )
        for fault in on_servers:
            statement = FAULTS[fault][0]
            statement(library)
        sql("DELETE FROM papers WHERE id = (SELECT max(id) FROM papers)")(library)
        library.caches.vectors.delete([min(library.catalog.chunk_ids())])
        assert len(ill(library)) >= 6
        mend(library)
        assert ill(library) == {}
        assert {paper.id for paper in library.papers()} == held


@pytest.fixture
def doctor(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `ibid doctor --json`."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ui", "doctor", "--json", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def test_the_command_fails_where_something_is_wrong_and_mends_it_where_asked(
    full: Library, doctor: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    FAULTS["a vector deleted"][0](full)
    FAULTS["leftovers of interrupted work"][0](full)
    told = doctor()
    assert told.returncode == 1, told.stderr
    assert [finding["check"] for finding in json.loads(told.stdout) if not finding["holds"]] == [
        "every chunk has a unit vector",
        "nothing is left of interrupted work",
    ]
    mended = doctor("--repair")
    assert mended.returncode == 0, mended.stderr
    assert "mended every chunk has a unit vector" in mended.stderr
    assert all(finding["holds"] for finding in json.loads(mended.stdout))

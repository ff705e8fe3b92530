"""The command line as programs meet it: real processes, their output, their exit status."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.schema import Answer
from index.library import Library
from index.settings import IndexSettings

Run = Callable[..., subprocess.CompletedProcess[str]]
SAMPLE = Path(__file__).parents[1] / "configs" / "sample_papers.txt"
HEAVY = ("chromadb", "gradio", "llama_index", "numpy", "onnxruntime", "pydantic", "sqlalchemy", "tantivy")


@pytest.fixture
def ibid(environment: dict[str, str], tmp_path: Path) -> Run:
    """Runs `ibid` in the test's own folder, with a library that is not there yet."""

    def run(
        *words: str | Path, given: str | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ui", *map(str, words)],
            env=environment | variables,
            cwd=tmp_path,
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def stocked(environment: dict[str, str], sample_folder: Path) -> Path:
    """The library of the sample papers, where `ibid` looks for it."""
    return shutil.copytree(sample_folder, environment["IBID_LIBRARY"])


# ---- Help


@pytest.mark.parametrize("words", [["--help"], ["ask", "--help"], ["--version"]], ids=" ".join)
def test_help_loads_nothing_heavy(environment: dict[str, str], words: list[str]) -> None:
    program = (
        "import sys\nfrom ui.command_line.cli import cli\n"
        f"cli.main({words!r}, standalone_mode=False)\n"
        f"print(*sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip()
    assert done.stderr.strip() == ""


# ---- Bad use: exit 2, told on standard error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["add"], "Name a file or a folder to add"),
        (["ask"], "Give either QUESTION or --batch FILE"),
        (["ask", " "], "QUESTION is empty"),
        (["ask", "--batch", "absent.jsonl"], "No such file"),
        (["search", "--since", "2025-13", "x"], "'2025-13' is not a"),
        (["search", "-k", "many", "x"], "'many' is not a valid integer"),
        (["list", "--config", "absent.yaml"], "absent.yaml cannot be read"),
        (["serve", "--host", "0.0.0.0"], "not a loopback address"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_use_exits_2_and_says_what_is_wrong(ibid: Run, words: list[str], said: str) -> None:
    done = ibid(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_an_unknown_setting_is_answered_with_the_one_meant(ibid: Run, tmp_path: Path) -> None:
    done = ibid("config", IBID_CHUNKNG__TOKENS="100")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'IBID_CHUNKING__TOKENS'?" in done.stderr


def test_config_tells_each_value_and_the_layer_that_set_it(ibid: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("chunking:\n  tokens: 99\nserver:\n  port: 8001\n")
    done = ibid("config", "--json", "--config", path, "--library", "there", IBID_SERVER__PORT="8002")
    told = {setting["name"]: (setting["value"], setting["layer"]) for setting in json.loads(done.stdout)}
    assert done.returncode == 0
    assert told["chunking.tokens"] == (99, str(path))
    assert told["server.port"] == (8002, "environment")
    assert told["library"] == ("there", "flag")
    assert told["chunking.overlap"][1] == "default"


# ---- Failures: exit 1, told on standard error


def test_a_library_that_cannot_be_made_is_named(ibid: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("not a folder")
    done = ibid("list", "--library", "taken")
    assert done.returncode == 1
    assert "folder taken cannot be made" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_paper_is_answered_with_how_to_find_it(ibid: Run, stocked: Path) -> None:
    done = ibid("show", "No Such Paper")
    assert (done.returncode, done.stdout) == (1, "")
    assert "No paper is called 'No Such Paper'" in done.stderr
    assert "ibid search" in done.stderr


def test_a_name_that_several_papers_begin_with_is_answered_with_their_ids(ibid: Run, stocked: Path) -> None:
    done = ibid("show", "Scaling Laws for")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Scaling Laws for Neural Language Models (" in done.stderr
    assert "Scaling Laws for Reward Model Overoptimization (" in done.stderr


# ---- Adding


def test_a_missing_file_fails_and_the_rest_is_added(ibid: Run) -> None:
    done = ibid("add", "absent.txt", SAMPLE)
    assert done.returncode == 1
    assert "29 added" in done.stdout
    assert "1 file failed:" in done.stdout
    assert "failed: absent.txt: does not exist" in done.stdout
    assert "Traceback" not in done.stderr
    again = ibid("add", SAMPLE, "--json")
    report = json.loads(again.stdout)
    assert again.returncode == 0
    assert (len(report["added"]), len(report["unchanged"]), report["failed"]) == (0, 29, [])


def test_a_bad_entry_is_named_with_its_line_and_listed_later(ibid: Run, tmp_path: Path) -> None:
    (tmp_path / "mixed.jsonl").write_text('{"title": "Drift", "abstract": "Buoys drift."}\n{broken\n')
    done = ibid("add", "mixed.jsonl")
    assert done.returncode == 1
    assert "mixed.jsonl line 2" in done.stdout
    (failed,) = json.loads(ibid("list", "--failed", "--json").stdout)
    assert failed["place"] == "mixed.jsonl line 2"
    assert "not JSON" in failed["reason"]


def test_the_sample_is_added_to_an_empty_library_only(ibid: Run, stocked: Path) -> None:
    done = ibid("add", "--sample")
    assert (done.returncode, done.stdout) == (0, "")


def test_an_interrupted_addition_exits_130_and_leaves_the_library_whole(
    environment: dict[str, str], ibid: Run, stocked: Path, tmp_path: Path, settings: IndexSettings
) -> None:
    pipe = tmp_path / "endless.jsonl"
    record = {"title": "Paper {}", "abstract": "Buoy number {} drifts across the bay and back again."}
    with pipe.open("w") as file:
        for number in range(3000):
            told = {key: value.format(number) for key, value in record.items()}
            file.write(json.dumps(told) + "\n")
    command = [sys.executable, "-m", "ui", "add", str(pipe)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        with Library.open(stocked, settings) as watched:
            while process.poll() is None and watched.count() == 29:
                pass  # until the first batch is committed
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Interrupted; what was stored stays" in errors
    assert "Traceback" not in errors
    assert out == ""
    done = ibid("doctor", "--json")
    assert [finding for finding in json.loads(done.stdout) if not finding["holds"]] == []
    assert done.returncode == 0
    with Library.open(stocked, settings) as library:
        assert 29 < library.count() < 3029


# ---- Data on standard output


def shape(value: Any) -> Any:
    """The type of a JSON value as the contract writes it."""
    return {bool: "bool", int: "int", float: "number", str: "str", type(None): "null"}.get(
        type(value), type(value).__name__
    )


CONTRACT = {
    "question": {"str"},
    "standalone": {"str"},
    "kind": {"str"},
    "answered": {"bool"},
    "text": {"str"},
    "sentences": {"list"},
    "citations": {"list"},
    "passages": {"list"},
    "table": {"null", "dict"},
    "scope": {"dict"},
    "coverage": {"dict"},
    "engine": {"str"},
    "usage": {"dict"},
    "seconds": {"dict"},
}
PAPER = {
    "id": {"str"},
    "title": {"str"},
    "url": {"str", "null"},
    "published": {"str", "null"},
    "organization": {"str", "null"},
    "comments": {"int", "null"},
}
SENTENCE = {"text": {"str"}, "citations": {"list"}, "support": {"str"}}
CITATION = {
    "number": {"int"},
    "paper": {"dict"},
    "quote": {"str"},
    "section": {"str", "null"},
    "page": {"int", "null"},
    "start": {"int"},
    "end": {"int"},
}
PASSAGE = {
    "rank": {"int"},
    "score": {"number"},
    "paper": {"dict"},
    "text": {"str"},
    "start": {"int"},
    "end": {"int"},
    "found_by": {"dict"},
}
COVERAGE = {name: {"int"} for name in ("searched", "relevant", "cited", "unreadable")}
KINDS = {"find", "list", "compare", "summarize", "metadata", "verify", "clarify", "smalltalk"}
SUPPORTS = {"verbatim", "supported", "partial", "unsupported"}


def keeps(contract: dict[str, set[str]], told: dict[str, Any]) -> bool:
    """Whether an object has every field of the contract in a type that it allows; more fields may follow."""
    assert {
        name: shape(told.get(name, ...))
        for name in contract
        if shape(told.get(name, ...)) not in contract[name]
    } == {}
    return True


def test_ask_json_keeps_the_answer_contract(ibid: Run, stocked: Path) -> None:
    done = ibid("ask", "--json", "--since", "2020", "What does LoRA propose?")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert list(told)[: len(CONTRACT)] == list(CONTRACT)
    assert keeps(CONTRACT, told)
    assert told["kind"] in KINDS
    assert told["answered"]
    for sentence in told["sentences"]:
        assert keeps(SENTENCE, sentence)
        assert sentence["support"] in SUPPORTS
        assert all(isinstance(number, int) for number in sentence["citations"])
    for citation in told["citations"]:
        assert keeps(CITATION, citation)
        assert keeps(PAPER, citation["paper"])
    for rank, passage in enumerate(told["passages"], start=1):
        assert keeps(PASSAGE, passage)
        assert keeps(PAPER, passage["paper"])
        assert passage["rank"] == rank
        assert set(passage["found_by"]) <= {"dense", "keyword"}
    assert keeps({"filters": {"dict"}, "papers": {"int"}}, told["scope"])
    assert told["scope"]["filters"]["since"] == "2020"
    assert keeps(COVERAGE, told["coverage"])
    assert told["seconds"].keys() >= {"retrieve", "answer", "total"}
    assert Answer.model_validate(told).citations[0].paper.short_name == "LoRA"


def test_ask_prints_the_answer_and_its_references_and_notes_apart(ibid: Run, stocked: Path) -> None:
    done = ibid("ask", "What does LoRA propose?")
    assert done.returncode == 0
    assert "[1]" in done.stdout
    assert "LoRA: Low-Rank Adaptation" in " ".join(done.stdout.split())
    assert "cited" in done.stderr


def test_the_long_lines_of_a_list_are_printed_whole(ibid: Run, stocked: Path) -> None:
    question = "Which papers improve retrieval?"
    told = json.loads(ibid("ask", "--json", question).stdout)
    assert told["kind"] == "list"
    assert told["text"] in ibid("ask", question).stdout


def test_a_question_that_the_papers_do_not_answer_is_no_failure(ibid: Run, stocked: Path) -> None:
    done = ibid("ask", "How do I bake sourdough bread?")
    assert done.returncode == 0
    assert "not used" in done.stdout


def test_search_json_gives_one_result_a_paper(ibid: Run, stocked: Path) -> None:
    done = ibid("search", "--json", "-k", "4", "--organization", "openai", "human feedback")
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(told) == ["query", "results"]
    assert told["query"] == "human feedback"
    assert [result["rank"] for result in told["results"]] == [1, 2, 3, 4]
    for result in told["results"]:
        fields = {
            "rank": {"int"},
            "score": {"number"},
            "paper": {"dict"},
            "passage": {"dict"},
            "found_by": {"dict"},
        }
        assert keeps(fields, result)
        assert result["paper"]["organization"] == "OpenAI"
    assert len({result["paper"]["id"] for result in told["results"]}) == 4


def test_list_show_and_remove_agree_on_ids(ibid: Run, stocked: Path) -> None:
    listed = json.loads(ibid("list", "--json", "--organization", "Microsoft").stdout)
    (paper,) = listed
    shown = json.loads(ibid("show", "--json", "LoRA").stdout)
    assert shown["paper"]["id"] == paper["id"]
    assert shown["text"]
    removed = ibid("remove", paper["id"])
    assert removed.returncode == 0
    assert "removed LoRA" in removed.stderr
    assert json.loads(ibid("list", "--json", "--organization", "Microsoft").stdout) == []


def test_chat_keeps_its_turns_and_follows_up(ibid: Run, stocked: Path) -> None:
    done = ibid("chat", given="What does ColBERT propose?\nDoes it make passage search efficient?\n\n")
    assert done.returncode == 0
    assert "Understood as: Does ColBERT make passage search efficient?" in " ".join(done.stderr.split())
    findings = {finding["check"]: finding for finding in json.loads(ibid("doctor", "--json").stdout)}
    assert findings["citations of kept answers resolve"]["seen"].startswith("2 answers, 0 faults")


def test_a_rebuild_leaves_every_check_of_doctor_holding(ibid: Run, stocked: Path) -> None:
    done = ibid("rebuild")
    assert (done.returncode, done.stdout) == (0, "")
    assert "rebuilt" in done.stderr
    told = json.loads(ibid("doctor", "--json").stdout)
    assert all(finding["holds"] for finding in told)


def test_a_reader_that_stops_reading_is_no_crash(environment: dict[str, str], stocked: Path) -> None:
    command = f"{sys.executable} -m ui list --json | head -c 10"
    done = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    assert "Traceback" not in done.stderr


def test_a_question_that_is_no_utf8_is_refused(environment: dict[str, str], stocked: Path) -> None:
    command = [sys.executable, "-m", "ui", "ask", "--json", b"What does LoRA propose\xff?"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"QUESTION is not UTF-8 text" in done.stderr


def test_show_tells_sources_versions_and_which_source_says_what(ibid: Run, tmp_path: Path) -> None:
    facts = {"title": "Tides of Reward", "abstract": "Rewards drift.", "authors": ["Ines Duarte"]}
    preprint = facts | {"doi": "10.1101/1", "published": "2024-02-13"}
    said = {"a.jsonl": preprint, "b.jsonl": preprint | {"organization": "NVIDIA", "published": "2024-05-01"}}
    for name, record in (said | {"c.jsonl": facts | {"doi": "10.1038/s1"}}).items():
        (tmp_path / name).write_text(json.dumps(record))
    assert ibid("add", *(f"{name}.jsonl" for name in "abc")).returncode == 0
    shown = ibid("show", "10.1101/1").stdout
    assert "from a.jsonl (14 characters), b.jsonl (14 characters)" in shown
    assert "another version: DOI 10.1038/s1 (10.1038_s1)" in shown
    assert "published: a.jsonl says 2024-02-13; b.jsonl says 2024-05-01" in shown
    told = json.loads(ibid("show", "10.1101/1", "--json").stdout)
    assert [source["name"] for source in told["sources"]] == ["a.jsonl", "b.jsonl"]
    assert [version["doi"] for version in told["versions"]] == ["10.1038/s1"]
    assert [conflict["kept_source"] for conflict in told["conflicts"]] == ["a.jsonl"]


def test_an_address_that_may_not_be_asked_fails_and_says_why(ibid: Run) -> None:
    done = ibid("add", "http://localhost/a.pdf", SAMPLE)
    assert done.returncode == 1
    assert "29 added" in done.stdout
    assert "failed: http://localhost/a.pdf: 'localhost' is a machine of a private network" in done.stdout
    assert "Traceback" not in done.stderr

"""`ibid digest` as cron meets it: real processes, their output, their exit status."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from assistant.digest import Digest

Run = Callable[..., subprocess.CompletedProcess[str]]
ALL = ("digest", "--since", "2000", "--by", "published")


@pytest.fixture
def ibid(environment: dict[str, str], sample_folder: Path, tmp_path: Path) -> Run:
    """Runs `ibid` over the library of the sample papers."""
    shutil.copytree(sample_folder, environment["IBID_LIBRARY"])

    def run(*words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ui", *map(str, words)],
            env=environment | variables,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run


def test_a_digest_is_printed_in_each_form(ibid: Run) -> None:
    text = ibid(*ALL, "--topic", "low-rank adaptation")
    assert (text.returncode, text.stderr) == (0, "")
    assert text.stdout.startswith("# What is new: “low-rank adaptation”\n")
    assert "LoRA" in text.stdout
    assert Digest.model_validate(
        {
            key: value
            for key, value in json.loads(ibid(*ALL, "--format", "json").stdout).items()
            if key != "questions"
        }
    ).citations
    assert ElementTree.fromstring(ibid(*ALL, "--format", "atom").stdout).tag.endswith("feed")
    assert ibid(*ALL, "--format", "html").stdout.startswith("<!doctype html>")


def test_a_file_gets_the_form_of_its_ending_and_is_written_only_where_it_changes(
    ibid: Run, tmp_path: Path
) -> None:
    for name in ("new.html", "new.atom", "new.md"):
        assert ibid(*ALL, "--output", name).returncode == 0
    assert (tmp_path / "new.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (tmp_path / "new.atom").read_text(encoding="utf-8").startswith("<?xml")
    written = (tmp_path / "new.atom").stat()
    again = ibid(*ALL, "--output", "new.atom")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert (tmp_path / "new.atom").stat().st_mtime_ns == written.st_mtime_ns
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"new.html", "new.atom", "new.md"}
    failed = ibid(*ALL, "--output", "no/such/folder/new.md")
    assert failed.returncode == 1
    assert "cannot be written to no/such/folder/new.md" in failed.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--since", "soon"), "--since: 'soon' is no period: write 7d, 2w"),
        (("--format", "pdf"), "'pdf' is not one of"),
        (("--save", "a", "--forget", "a"), "Give either --save or --forget"),
        (("--save", " "), "1 to 1,000 characters"),
        (("--send",), "digest.sender"),
    ],
    ids=" ".join,
)
def test_a_bad_use_is_told_and_exits_2(ibid: Run, words: tuple[str, ...], told: str) -> None:
    done = ibid("digest", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_news_is_sent_once_and_nothing_is_said(ibid: Run, mailbox: Any) -> None:
    variables, taken = mailbox.variables, mailbox.taken
    for _ in range(2):
        done = ibid(*ALL, "--topic", "dense retrieval", "--send", **variables)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(taken) == 1
    assert "To: me@example.org" in taken[0]
    nothing = ibid("digest", "--since", "2031", "--send", **variables)
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert len(taken) == 1


def test_a_server_that_does_not_take_it_exits_1_and_it_is_sent_the_next_time(
    ibid: Run, mailbox: Any, free_port: int
) -> None:
    variables, taken = mailbox.variables, mailbox.taken
    failed = ibid(*ALL, "--send", **(variables | {"IBID_DIGEST__SMTP_PORT": str(free_port)}))
    assert failed.returncode == 1
    assert "did not take the digest" in failed.stderr
    assert ibid(*ALL, "--send", **variables).returncode == 0
    assert len(taken) == 1


def test_questions_are_saved_asked_and_forgotten(ibid: Run, tmp_path: Path) -> None:
    question = "Which papers adapt language models with few parameters?"
    assert ibid("digest", "--save", question).returncode == 0
    asked = ibid("digest", "--since", "2031", "--questions")
    assert asked.returncode == 0
    assert "No change since" in asked.stdout
    new = {
        "title": "ThriftTune: Adapting Language Models with Few Parameters",
        "abstract": "ThriftTune adapts language models with few parameters. It trains one row in a thousand of each "
        "weight matrix and adapts language models with fewer parameters than low-rank adaptation.",
    }
    (tmp_path / "new.jsonl").write_text(json.dumps(new), encoding="utf-8")
    assert ibid("add", tmp_path / "new.jsonl").returncode == 0
    changed = json.loads(ibid("digest", "--questions", "--format", "json").stdout)["questions"][0]
    assert [paper["title"] for paper in changed["came"]] == [new["title"]]
    assert ibid("digest", "--forget", question).returncode == 0
    assert "Saved questions" not in ibid("digest", "--questions").stdout
    again = ibid("digest", "--forget", question)
    assert again.returncode == 1
    assert "No saved question is" in again.stderr


def test_the_password_is_taken_from_the_environment_alone_and_never_shown(ibid: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("digest: {smtp_password: s3cret}\n", encoding="utf-8")
    refused = ibid("config", "--config", "mine.yaml")
    assert refused.returncode == 2
    assert "set IBID_DIGEST__SMTP_PASSWORD in the environment" in refused.stderr
    for words in (("config",), ("config", "--json")):
        shown = ibid(*words, IBID_DIGEST__SMTP_PASSWORD="s3cret")
        assert shown.returncode == 0
        assert "s3cret" not in shown.stdout + shown.stderr + refused.stderr

"""Broken, encrypted, fuzzed and heavy PDFs: each is added, or has one reason that a person can act on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from index.errors import ReadError
from index.readers.job import heard
from index.sandbox.client import Sandbox
from index.sandbox.limits import MEGABYTE, Limits
from index.schema import Document

FOLDER = Path(__file__).parents[2] / "shared" / "bench" / "hostile"
REASON = re.compile(
    r"'[^']+' (is encrypted; save a copy without its password$|is not a PDF: |has no pages|holds no text|is broken: "
    r"|is a scan without a text layer|shows no text|has a text layer whose characters|has [\d,]+ pages, more than"
    r"|.*more than)"
)


def outcome(sandbox: Sandbox, path: Path) -> Document | str:
    """The paper of a file, or why there is none."""
    try:
        said = sandbox.run("index.readers.job:read_file", str(path), modules=["index.readers.pdf.reader"])
        (found,) = heard(said)
    except ReadError as error:
        return str(error)
    assert isinstance(found, Document)
    return found


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the hostile PDFs lie beside the repository, and not here")
def test_each_hostile_file_is_added_or_has_one_specific_reason_within_the_limits() -> None:
    rows = [json.loads(line) for line in (FOLDER / "manifest.jsonl").read_text("utf-8").splitlines()]
    limits, unclear, empty, locked = Limits(), [], [], []
    with Sandbox(limits) as sandbox:
        for row in rows:
            found = outcome(sandbox, FOLDER / row["file"])
            assert sandbox.used.seconds < limits.seconds
            assert sandbox.used.memory < 1024 * MEGABYTE
            if isinstance(found, str):
                unclear += [found] if not REASON.match(found) else []
                locked += [row["file"]] if "is encrypted" in found else []
            elif not found.text.strip():
                empty.append(row["file"])
    assert len(rows) == 132
    assert unclear == []
    assert empty == []
    assert [name for name in locked if not name.startswith("encrypted-password/")] == []
    assert len(locked) == sum(row["category"] == "encrypted-password" for row in rows)

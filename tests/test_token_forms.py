"""The curve of quality against bytes: forms of token vectors, ranked with by the package's own retriever."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.evaluation import token_forms
from assistant.evaluation.rows import Rows
from assistant.evaluation.schema import Case, CaseSet
from assistant.evaluation.token_forms import FORMS, curve, quality, retriever, rounded, token_vectors
from index.embedding import Embedder, MiniLM
from index.late import signs
from index.library import Library
from index.settings import IndexSettings

pytest.importorskip("pytrec_eval", reason="the extra 'eval' is not installed")

TITLE = "On the Memory of Glaciers"
ASKED = CaseSet(
    name="own/asked",
    kind="questions",
    cases=(
        Case(id="1", question="How long until ice answers to snow?", gold={TITLE: 1}),
        Case(id="2", question="sorting good seeds by ear", gold={"Sorting Seeds by Sound": 1}),
    ),
)


@pytest.fixture
def known(open_library: Callable[..., Library], write_papers: Callable[..., Path], papers: Any) -> Library:
    library = open_library()
    library.add([write_papers("papers.jsonl", *papers)])
    return library


def test_the_signs_of_a_passages_tokens_are_those_that_are_kept(embedder: Embedder) -> None:
    assert isinstance(embedder, MiniLM)
    text = "Steep glaciers forget sooner."
    found = embedder.token_vectors(text)
    assert [signs(found)] == embedder.signed_passages([text]).signs
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)


def test_numbers_are_rounded_to_so_many_levels_of_their_column() -> None:
    rows = np.random.default_rng(7).normal(0, [0.01, 1, 30], (5000, 3)).astype(np.float32)
    rows = np.hstack([rows, np.zeros((5000, 1), np.float32)])
    kept = rounded(rows, 4)
    assert [len(np.unique(column)) for column in kept.T] == [16, 16, 16, 1]
    error = ((kept - rows) ** 2).mean(axis=0)[:3] / rows.var(axis=0)[:3]
    assert error == pytest.approx(0.0115, abs=0.003)  # the least that 16 even levels can do (Max, 1960)
    assert rounded(rows, 32) is rows


def test_forms_that_lose_nothing_match_as_the_floats_do(known: Library) -> None:
    tokens = token_vectors(known)
    asked = known.embedder.asked(ASKED.cases[0].question)
    assert asked.tokens is not None
    exact = {chunk_id: (rows @ asked.tokens.T).max(axis=0) for chunk_id, rows in tokens.items()}
    for numbers, bits, near in ((384, 32, 1e-5), (383, 32, 0.02), (384, 4, 0.1)):
        found = retriever(known, numbers, bits, tokens).token_matches(asked, list(tokens))
        assert found.keys() == exact.keys()
        assert all(found[chunk_id] == pytest.approx(exact[chunk_id], abs=near) for chunk_id in exact)


def test_nothing_and_signs_are_ranked_as_the_package_ranks(known: Library) -> None:
    question = ASKED.cases[0].question
    tokens = token_vectors(known)
    by_signs, plain = (retriever(known, *form, tokens).papers(question, 9) for form in ((384, 1), (0, 0)))
    assert by_signs == known.search(question, 9)
    known.settings = known.settings.model_copy(
        update={"retrieval": known.settings.retrieval.model_copy(update={"late": 0.0})}
    )
    assert plain == known.search(question, 9)
    assert plain != by_signs


def test_quality_falls_where_the_matches_are_wrong(known: Library) -> None:
    tokens = token_vectors(known)
    assert quality(retriever(known, 384, 32, tokens), Rows(known), ASKED) == 1.0
    turned = dict(zip(tokens, reversed(list(tokens.values())), strict=True))
    wrong = retriever(known, 384, 32, turned)
    wrong.settings = wrong.settings.model_copy(update={"late": 9.0})
    assert quality(wrong, Rows(known), ASKED) < 0.9


def test_the_curve_tells_the_bytes_of_each_form(known: Library) -> None:
    rows = list(curve(known, [ASKED]))
    kept = known.catalog.signs_of(list(token_vectors(known)), known.embedder.fingerprint.key)
    sizes = {name: (size, total) for name, size, total, _ in rows}
    assert [size for size, _ in sizes.values()] == ["0", "1,536", "192", "64", "48", "32"]
    assert sizes["384 signs"][1] == f"{sum(map(len, kept.values())) / 6 / 1000:.1f}"
    assert all(float(measured) > 0.5 for *_, measured in rows)


def test_the_command_prints_a_table_for_the_papers_of_a_set(
    tmp_path: Path,
    papers: Any,
    settings: IndexSettings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "sets" / "own"
    folder.mkdir(parents=True)
    records = [{"id": paper["title"], **paper} for paper in papers]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    rows = [{"question": case.question, "gold": list(case.gold)} for case in ASKED.cases]
    (folder / "asked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(token_forms, "IndexSettings", lambda: settings)
    token_forms.main(str(tmp_path / "sets"), "own")
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0] == "| kept of a token | bytes a token | kB a paper | own/asked, nDCG@10 |"
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[1:]] == list(FORMS)

"""Late interaction: signs as stored, and the best match of each token."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from index.embedding import Embedder
from index.late import best_matches, late_scores, signs

RANDOM = np.random.default_rng(7)


def unit_rows(count: int, width: int = 64) -> np.ndarray:
    rows = RANDOM.standard_normal((count, width)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_a_token_takes_one_bit_a_number() -> None:
    assert len(signs(unit_rows(5, 384))) == 5 * 48


@pytest.mark.parametrize("counts", [(4, 1, 7), (2047, 1, 1, 4100)], ids=["few tokens", "several blocks"])
def test_best_matches_are_the_highest_cosines_to_the_signs_of_each_passage(counts: tuple[int, ...]) -> None:
    question, passages = unit_rows(3), [unit_rows(count) for count in counts]
    found = best_matches(question, [signs(passage) for passage in passages])
    expected = [
        (question @ (np.where(passage > 0, 1, -1) / np.sqrt(64)).T).max(axis=1) for passage in passages
    ]
    assert found.shape == (len(counts), 3)
    assert np.allclose(found, expected, atol=1e-5)


def test_a_token_that_weighs_nothing_changes_nothing() -> None:
    matches = {"a": np.array([0.9, 0.1], np.float32), "b": np.array([0.2, 0.8], np.float32)}
    assert late_scores(matches, np.array([1, 0], np.float32)) == pytest.approx({"a": 0.9, "b": 0.2})


def test_words_without_weight_count_alike() -> None:
    matches = {"a": np.array([0.9, 0.1], np.float32)}
    assert late_scores(matches, np.zeros(2, np.float32)) == pytest.approx({"a": 0.5})


def test_a_passage_that_holds_the_words_in_their_meaning_matches_best(embedder: Embedder) -> None:
    texts = [
        "The river bank was flooded in spring.",
        "The bank raised its interest on loans.",
        "A cat sleeps.",
    ]
    kept = embedder.signed_passages(texts).signs
    assert kept is not None
    asked = embedder.asked("money lent by a bank")
    assert asked.tokens is not None
    assert [("money lent by a bank"[start:end]) for start, end in asked.spans] == [
        "money",
        "lent",
        "by",
        "a",
        "bank",
    ]
    scores = best_matches(asked.tokens, kept).mean(axis=1)
    assert scores.argmax() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_matrices_are_multiplied_on_the_thread_that_asks() -> None:
    count = "import index.late, os; print(len(os.listdir('/proc/self/task')))"
    unset = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", count], env=unset, check=True, capture_output=True)
    assert int(done.stdout) == 1

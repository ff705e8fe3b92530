"""Embedders: order, threads, counting, the registry, and llama-index on both sides."""

from __future__ import annotations

import asyncio
import importlib.util
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.embedding import Embedder, LlamaIndexModel, MiniLM, by_length, load_embedder
from index.errors import EmbedderError, ExtraMissing, SettingsError
from index.llama import LlamaIndexEmbedding

TEXTS = [
    "Reward models tell the better of two answers.",
    "Glaciers move a few metres a year.",
    "",
    "A policy that is trained on a weak reward learns to please it instead of the people. " * 9,
    "How are reward models trained?",
    "word " * 400,
]
SAME = 2e-2
"""The most that a number of a vector may differ between batches: an engine may compute in 16 bits."""


def test_vectors_have_length_one_and_the_order_of_the_texts(embedder: Embedder) -> None:
    vectors = embedder.passages(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.fingerprint.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert embedder.query(text) @ vector > 0.999


def test_the_company_a_text_is_embedded_in_does_not_change_its_vector(embedder: Embedder) -> None:
    tolerance = 1e-5 if getattr(embedder, "engine").name == "onnxruntime" else SAME  # noqa: B009
    many = [f"{text} {number}" for number in range(8) for text in TEXTS]
    shuffled = random.Random(7).sample(range(len(many)), len(many))
    vectors = embedder.passages(many)
    np.testing.assert_allclose(
        embedder.passages([many[p] for p in shuffled]), vectors[shuffled], atol=tolerance
    )
    for position in (0, 3, 20, 47):
        np.testing.assert_allclose(embedder.query(many[position]), vectors[position], atol=tolerance)


def test_alike_texts_are_nearer_than_others(embedder: Embedder) -> None:
    near, far = embedder.passages(TEXTS[:2]) @ embedder.query("training a model of what people prefer")
    assert near > far + 0.2


def test_no_texts_make_no_vectors(embedder: Embedder) -> None:
    assert embedder.passages([]).shape == (0, 384)
    assert embedder.count([]) == []


def test_progress_ends_at_the_number_of_texts(embedder: Embedder) -> None:
    told: list[tuple[int, int]] = []
    embedder.passages(TEXTS * 10, lambda done, of: told.append((done, of)))
    assert told[-1] == (60, 60)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_failing_progress_bar_stops_the_work_and_the_embedder_goes_on(embedder: Embedder) -> None:
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedder.passages(TEXTS * 10, stop)
    assert embedder.passages(["again"]).shape == (1, 384)


def test_pieces_are_counted_without_special_ones_and_without_a_limit(embedder: Embedder) -> None:
    assert embedder.window == 256
    assert embedder.count(["", "reward models", "word " * 400]) == [0, 2, 400]


@given(
    st.text(st.sampled_from("aé1.-'中가\u0301\u200b\u00a0\u3000\x1c\x85\t \n") | st.characters(), max_size=25)
)
def test_as_many_pieces_are_counted_as_the_model_is_given(embedder: Embedder, text: str) -> None:
    for each in (text, text.replace(" ", "") * 3):
        spans = embedder.spans([each])
        assert spans is not None
        assert embedder.count([each]) == [len(spans[0]) - 2]


def test_text_beyond_the_window_is_not_read(embedder: Embedder) -> None:
    read = "word " * 254
    assert embedder.query(read + "unread") @ embedder.query(read) > 0.9999
    assert embedder.query(read[5:] + "read") @ embedder.query(read) < 0.9999


def test_threads_that_embed_at_once_get_their_own_vectors(embedder: Embedder) -> None:
    work = [[f"{text} {number}" for text in TEXTS[:5]] for number in range(8)]
    alone = [embedder.passages(texts) for texts in work]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(embedder.passages, work))
        asked = list(pool.map(lambda texts: embedder.query(texts[0]), work))
    for one, other, question in zip(alone, together, asked, strict=True):
        np.testing.assert_allclose(one, other, atol=SAME)
        np.testing.assert_allclose(question, one[0], atol=SAME)


def test_the_fingerprint_is_of_the_weights_and_not_of_the_engine(embedder: Embedder) -> None:
    fingerprint = embedder.fingerprint
    assert fingerprint.name == "minilm:all-MiniLM-L6-v2"
    assert fingerprint.sha256.startswith("53aa51172d14")
    assert fingerprint.key == "minilm:all-MiniLM-L6-v2@53aa51172d14/384"


def test_batches_hold_every_position_once_and_keep_to_the_limit() -> None:
    lengths = [3, 256, 1, 40, 40, 41, 900, 2, 256]
    batches = list(by_length(lengths, 512))
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    assert batches[0] == [6]
    assert all(max(lengths[p] for p in batch) * len(batch) <= 512 for batch in batches[1:])


# The registry


def test_the_default_model_is_loaded_by_its_name(models: Path) -> None:
    loaded = load_embedder("minilm:all-MiniLM-L6-v2", models)
    assert isinstance(loaded, MiniLM)
    loaded.close()


@pytest.mark.parametrize("provider", ["openai", "ollama", "fastembed", "huggingface"])
def test_a_missing_integration_names_its_extra(provider: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("llama_index.embeddings") and importlib.util.find_spec(
        f"llama_index.embeddings.{provider}"
    ):
        pytest.skip(f"the extra {provider!r} is installed")
    with pytest.raises(
        ExtraMissing, match=rf"'{provider}:some-model' needs an extra: pip install 'ibid\[{provider}\]'"
    ):
        load_embedder(f"{provider}:some-model", tmp_path)


def test_an_unknown_provider_is_told_the_known_ones(tmp_path: Path) -> None:
    known = "fastembed, huggingface, minilm, ollama, openai"
    with pytest.raises(SettingsError, match=f"unknown provider 'cohere' of embedders. Known: {known}"):
        load_embedder("cohere:embed-v4", tmp_path)


def test_an_unknown_model_of_the_default_provider_is_told_the_known_one(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"unknown embedder 'minilm:L12'\. Known: minilm:all-MiniLM-L6-v2"
    ):
        load_embedder("minilm:L12", tmp_path)


def test_a_provider_without_a_model_is_told_the_form(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'openai' names no model; write provider:model"):
        load_embedder("openai", tmp_path)


def test_a_third_party_joins_by_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "house_embedder.py").write_text(
        "class House:\n"
        "    window = None\n"
        "    def __init__(self, model, models):\n"
        "        self.model = model\n"
    )
    about = tmp_path / "house_embedder-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: house-embedder\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[ibid.embedders]\nhouse = house_embedder:House\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert vars(load_embedder("house:small", tmp_path)) == {"model": "small"}


# llama-index, on both sides


def test_an_embedder_drops_into_llama_index(embedder: Embedder) -> None:
    from llama_index.core.schema import TextNode

    ours = LlamaIndexEmbedding(embedder)
    nodes = ours([TextNode(text=text) for text in TEXTS])
    np.testing.assert_allclose([node.embedding for node in nodes], embedder.passages(TEXTS), atol=SAME)
    np.testing.assert_allclose(ours.get_query_embedding(TEXTS[0]), embedder.query(TEXTS[0]), atol=SAME)
    np.testing.assert_allclose(ours.get_text_embedding(TEXTS[0]), embedder.query(TEXTS[0]), atol=SAME)
    assert ours.model_name == embedder.fingerprint.name


def test_an_embedder_answers_llama_index_asynchronously(embedder: Embedder) -> None:
    ours = LlamaIndexEmbedding(embedder)

    async def together() -> tuple[list[float], list[float], list[list[float]]]:
        return await asyncio.gather(
            ours.aget_query_embedding(TEXTS[0]),
            ours.aget_text_embedding(TEXTS[0]),
            ours.aget_text_embedding_batch(TEXTS[:2]),
        )

    query, text, batch = asyncio.run(together())
    for vector in (query, text, batch[0]):
        np.testing.assert_allclose(vector, embedder.query(TEXTS[0]), atol=SAME)


def test_a_llama_index_embedding_is_an_embedder(embedder: Embedder) -> None:
    theirs = LlamaIndexModel("house:small", LlamaIndexEmbedding(embedder))
    told: list[tuple[int, int]] = []
    np.testing.assert_allclose(
        theirs.passages(TEXTS, lambda done, of: told.append((done, of))), embedder.passages(TEXTS), atol=SAME
    )
    assert told == [(6, 6)]
    assert theirs.fingerprint.dimension == 384
    assert theirs.fingerprint.name == "house:small"
    assert theirs.window is None
    assert theirs.passages([]).shape == (0, 384)
    assert theirs.count(TEXTS) == [0] * len(TEXTS)


def test_what_a_remote_model_says_when_it_fails_is_passed_on() -> None:
    from llama_index.core.embeddings import MockEmbedding

    class Unreachable(MockEmbedding):
        def _get_query_embedding(self, query: str) -> list[float]:
            raise ConnectionError("connection refused by 127.0.0.1:11434")

    with pytest.raises(
        EmbedderError, match=r"'ollama:bge-m3' did not embed: connection refused by 127\.0\.0\.1"
    ):
        LlamaIndexModel("ollama:bge-m3", Unreachable(embed_dim=4)).query("anything")

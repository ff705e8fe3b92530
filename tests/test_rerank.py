"""Rerankers: what they do to a ranking, the registry, and each provider against a real server or model."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import index.rerank
from index.embedding import Embedder
from index.errors import ExtraMissing, RerankerError, SettingsError
from index.library import Library
from index.rerank import BUILT_IN, LlamaIndexReranker, Reranker, load_reranker, reordered
from index.schema import Filters, Passage
from index.settings import IndexSettings

QUESTION = "Do glaciers forget the snowfall of decades?"
TEXTS = [
    "Kilns cool slowly.",
    "Glaciers answer to snowfall with a delay of decades; steep glaciers forget sooner.",
    "Snowfall closed the road.",
    "Kilns cool slowly.",
    "",
    "Decades of snowfall.",
]


def overlap(query: str, text: str) -> float:
    """How many of the query's words the text holds, as a share; a little less the longer the text."""
    wanted, held = (set(re.findall(r"\w+", part.lower())) for part in (query, text))
    return len(wanted & held) / len(wanted) - 0.001 * len(held)


# ---- What a reranker does to a ranking


class Words(Reranker):
    """Scores by shared words, with a unit of its own, and remembers what it read."""

    def __init__(self, worth: Callable[[str, str], float] = overlap) -> None:
        self.worth = worth
        self.read: list[list[str]] = []

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        self.read.append(list(texts))
        return [1000 * self.worth(query, text) - 500 for text in texts]


def backwards(query: str, text: str) -> float:
    return -overlap(query, text)


@pytest.fixture
def reading(library: Library) -> Callable[..., Library]:
    """The library of six papers with a reranker that reads the given number of papers."""

    def with_reranker(reranker: Reranker | None, count: int = 20) -> Library:
        retrieval = library.settings.retrieval.model_copy(update={"reread": count})
        library.settings = library.settings.model_copy(update={"retrieval": retrieval})
        library.reranker = reranker
        return library

    return with_reranker


def titles(passages: Sequence[Passage]) -> list[str]:
    return list(dict.fromkeys(passage.paper.title for passage in passages))


def test_scores_are_handed_out_anew_in_the_order_of_the_reranker() -> None:
    papers = {"a": 3.0, "b": 2.0, "c": 1.0, "d": 2.5}
    assert reordered(papers, {"a": -9.0, "b": 7.5, "d": 0.0}) == {"b": 3.0, "d": 2.5, "a": 2.0, "c": 1.0}
    assert reordered(papers, {}) == papers


def test_papers_stand_in_the_rerankers_order_with_the_scores_there_were(
    reading: Callable[..., Library],
) -> None:
    plain = reading(None).search("models of the sea and of glaciers")
    again = reading(Words(backwards)).search("models of the sea and of glaciers")
    by_words = {passage.paper.title: f"{passage.paper.title}\n{passage.chunk.text}" for passage in plain}
    order = sorted(
        titles(plain), key=lambda title: overlap("models of the sea and of glaciers", by_words[title])
    )
    assert len(order) > 3
    assert titles(again) == order != titles(plain)
    assert [passage.score for passage in again] == [passage.score for passage in plain]
    assert {p.paper.id: (p.similarity, p.found_by) for p in again} == {
        p.paper.id: (p.similarity, p.found_by) for p in plain
    }


def test_what_the_reranker_did_not_read_stays_below_as_it_was(reading: Callable[..., Library]) -> None:
    plain = titles(reading(None).search("sea levels and glaciers"))
    words = Words(backwards)
    again = titles(reading(words, 2).search("sea levels and glaciers"))
    assert again == [plain[1], plain[0], *plain[2:]]
    assert [len(texts) for texts in words.read] == [2]


def test_each_paper_is_read_once_in_its_best_passage_under_its_title(reading: Callable[..., Library]) -> None:
    words = Words()
    found = reading(words).search("sea levels")
    assert sorted(words.read[0]) == sorted(f"{p.paper.title}\n{p.chunk.text}" for p in found)


def test_a_paper_named_in_the_question_leads_whatever_the_reranker_says(
    reading: Callable[..., Library],
) -> None:
    asked = "What does A Grammar of Bird Song parse?"
    assert titles(reading(None).search(asked))[0] == "A Grammar of Bird Song"
    assert titles(reading(Words(backwards)).search(asked))[0] == "A Grammar of Bird Song"


def test_where_only_one_paper_is_left_the_reranker_is_not_asked(reading: Callable[..., Library]) -> None:
    words = Words()
    library = reading(words)
    assert library.search("glaciers", filters=Filters(organizations=("Polar Works",)))
    assert library.search("") == []
    assert words.read == []


# ---- The registry


def test_no_reranker_is_the_default(library: Library) -> None:
    assert library.reranker is None


def test_an_unknown_provider_is_told_the_known_ones() -> None:
    with pytest.raises(
        SettingsError, match=r"unknown provider 'best' of rerankers\. Known: cohere, jina, sbert"
    ):
        load_reranker("best:one")


@pytest.mark.parametrize("spec", ["sbert", "jina:", "cohere:"])
def test_a_provider_without_a_model_is_told_the_form(spec: str) -> None:
    with pytest.raises(SettingsError, match=f"{spec!r} names no model; write provider:model"):
        load_reranker(spec)


@pytest.mark.parametrize("address", ["localhost:8080", "", "file:///tmp", "http://"])
@pytest.mark.parametrize("provider", ["jina", "cohere"])
def test_an_address_that_is_none_is_never_taken_for_a_part_of_the_name(provider: str, address: str) -> None:
    with pytest.raises(SettingsError, match=f"{provider}:small@{address}' is not provider:model or"):
        load_reranker(f"{provider}:small@{address}")


def test_a_key_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="a key in its address; put it into the environment") as refused:
        load_reranker("jina:small@http://me:secret@localhost:8080")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("provider", "variable"), [("jina", "JINAAI_API_KEY"), ("cohere", "COHERE_API_KEY")])
def test_a_missing_key_is_told_with_its_variable(
    provider: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(RerankerError, match=f"'{provider}:small' needs a key: set {variable} in the env"):
        load_reranker(f"{provider}:small")


@pytest.mark.parametrize("provider", list(BUILT_IN))
def test_a_missing_package_names_its_extra_when_the_library_is_opened(
    provider: str, tmp_path: Path, settings: IndexSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, PACKAGES[provider], None)
    for variable in ("JINAAI_API_KEY", "COHERE_API_KEY"):
        monkeypatch.setenv(variable, "k")
    with pytest.raises(
        ExtraMissing, match=rf"'{provider}:small' needs an extra: pip install 'ibid\[{provider}\]'"
    ):
        Library.open(tmp_path / "library", reranked_by(settings, f"{provider}:small"))


def test_a_third_party_joins_by_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "house_reranker.py").write_text(
        "class House:\n    def __init__(self, model):\n        self.model = model\n"
    )
    about = tmp_path / "house_reranker-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: house-reranker\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[ibid.rerankers]\nhouse = house_reranker:House\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert vars(load_reranker("house:small")) == {"model": "small"}


# ---- Every provider, against a real server or a real model

PACKAGES = {
    "sbert": "llama_index.postprocessor.sbert_rerank",
    "jina": "llama_index.postprocessor.jinaai_rerank",
    "cohere": "llama_index.postprocessor.cohere_rerank",
}


Results = list[dict[str, Any]]
AMISS: dict[str, Callable[[Results], tuple[int, dict[str, Any]]]] = {
    "loading": lambda kept: (503, {"error": {"message": "the model is being loaded"}}),
    "short": lambda kept: (200, {"results": kept[:-1]}),
    "doubling": lambda kept: (200, {"results": [*kept[:-1], kept[0]]}),
    "beyond": lambda kept: (200, {"results": [*kept[:-1], {"index": 99, "relevance_score": 1.0}]}),
    "nothing": lambda kept: (200, {"results": [kept[0] | {"relevance_score": float("nan")}, *kept[1:]]}),
    "other": lambda kept: (200, {"scores": []}),
}
"""What a server says under a model of that name, of the results that it should give."""


class Rerank(BaseHTTPRequestHandler):
    """The protocol of /v1/rerank: the `top_n` best documents, best first, each by its position."""

    server: RerankServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked |= {"path": self.path, "authorization": self.headers["Authorization"]}
        self.server.asked.append(asked)
        self.server.wait()
        scored = [(overlap(asked["query"], text), at) for at, text in enumerate(asked["documents"])]
        best = sorted(scored, reverse=True)[: asked["top_n"]]
        results = [{"index": at, "relevance_score": score} for score, at in best]
        self.answer(*AMISS.get(asked["model"], lambda kept: (200, {"results": kept}))(results))

    def answer(self, status: int, body: dict[str, Any]) -> None:
        said = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests look at what was asked."""


class RerankServer(ThreadingHTTPServer):
    """Remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Rerank)
        self.asked: list[dict[str, Any]] = []
        self.answering = threading.Event()
        self.answering.set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def wait(self) -> None:
        self.answering.wait(30)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RerankServer]:
    """A server of the rerank protocol, and no keys of the user's."""
    for variable in ("JINAAI_API_KEY", "COHERE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    with RerankServer() as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        served.answering.set()
        served.shutdown()
        thread.join()


class Stand(NamedTuple):
    """A row of the registry made to work here, and the scores it should give."""

    spec: str
    expected: Callable[[str, Sequence[str]], list[float]]


def by_overlap(query: str, texts: Sequence[str]) -> list[float]:
    return [overlap(query, text) for text in texts]


def cross_encoder(folder: Path) -> Stand:
    """A cross-encoder of two small layers with random weights: no judge, but its scores are its own."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = sorted({word for text in (QUESTION, *TEXTS) for word in re.findall(r"\w+|[^\w\s]", text.lower())})
    torch.manual_seed(7)
    shape = BertConfig(
        vocab_size=5 + len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=1,
        initializer_range=0.5,
    )
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))
    BertForSequenceClassification(shape).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    model = CrossEncoder(str(folder), device="cpu")
    return Stand(f"sbert:{folder}", lambda query, texts: model.predict([(query, t) for t in texts]).tolist())


def require(provider: str) -> None:
    try:
        found = importlib.util.find_spec(PACKAGES[provider])
    except ModuleNotFoundError:
        found = None
    if found is None:
        pytest.skip(f"the extra {provider!r} is not installed")


@pytest.fixture
def stand(request: pytest.FixtureRequest, server: RerankServer, tmp_path: Path) -> Stand:
    """The row of the provider named."""
    require(request.param)
    if request.param == "sbert":
        return cross_encoder(tmp_path)
    address = f"{server.address}/v1/rerank" if request.param == "jina" else server.address
    return Stand(f"{request.param}:words@{address}", by_overlap)


EVERY_ROW = pytest.mark.parametrize("stand", list(BUILT_IN), indirect=True)
# Packages that a reranker brings warn of things of their own.
QUIETLY = pytest.mark.filterwarnings("default")


@QUIETLY
@EVERY_ROW
def test_each_text_gets_its_own_score_in_the_order_given(stand: Stand) -> None:
    reranker = load_reranker(stand.spec)
    expected = stand.expected(QUESTION, TEXTS)
    assert len(set(expected)) > 3
    assert reranker.scores(QUESTION, TEXTS) == pytest.approx(expected, abs=1e-4)
    turned = TEXTS[::-1]
    assert reranker.scores(QUESTION, turned) == pytest.approx(expected[::-1], abs=1e-4)
    assert reranker.scores(QUESTION, TEXTS[1:2]) == pytest.approx(expected[1:2], abs=1e-4)
    assert reranker.scores(QUESTION, []) == []


@QUIETLY
@EVERY_ROW
def test_threads_that_ask_at_once_get_their_own_scores(stand: Stand) -> None:
    reranker = load_reranker(stand.spec)
    parts = [TEXTS[:count] for count in (1, 6, 3, 2, 5, 4)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda texts: reranker.scores(QUESTION, texts), parts))
    for texts, scores in zip(parts, found, strict=True):
        assert scores == pytest.approx(stand.expected(QUESTION, texts), abs=1e-4)


def reranked_by(settings: IndexSettings, spec: str) -> IndexSettings:
    retrieval = settings.retrieval.model_copy(update={"reranker": spec})
    return settings.model_copy(update={"retrieval": retrieval})


@QUIETLY
@EVERY_ROW
def test_a_library_ranks_by_the_reranker_that_its_settings_name(
    stand: Stand, library: Library, settings: IndexSettings, embedder: Embedder
) -> None:
    question = "steep seas and slow kilns in the memory of young warblers"
    plain = library.search(question)
    texts = [f"{passage.paper.title}\n{passage.chunk.text}" for passage in plain]
    expected = dict(zip(titles(plain), stand.expected(question, texts), strict=True))
    with Library.open(library.folder, reranked_by(settings, stand.spec)) as opened:
        opened.embedder = embedder
        found = opened.search(question)
    assert titles(found) == sorted(expected, key=lambda title: -expected[title])
    assert titles(found) != titles(plain)


def test_a_server_is_asked_once_for_all_it_is_given_and_with_the_key(
    server: RerankServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("jina")
    monkeypatch.setenv("JINAAI_API_KEY", "a key")
    load_reranker(f"jina:maker/small@{server.address}/v1").scores(QUESTION, TEXTS)
    assert server.asked == [
        {
            "model": "maker/small",
            "query": QUESTION,
            "documents": TEXTS,
            "top_n": len(TEXTS),
            "path": "/v1/rerank",
            "authorization": "Bearer a key",
        }
    ]


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("loading", r"/v1/rerank said 503: .*the model is being loaded"),
        ("short", "it gave 5 scores for 6 passages"),
        ("doubling", "it gave 5 scores for 6 passages"),
        ("beyond", "list index out of range"),
        ("nothing", "it gave a score that is not a number"),
        ("other", "detail"),
    ],
)
def test_a_server_that_answers_amiss_is_told_with_the_reason_and_the_remedy(
    model: str, reason: str, server: RerankServer
) -> None:
    require("jina")
    spec = f"jina:{model}@{server.address}/v1/rerank"
    with pytest.raises(RerankerError, match=rf"{spec}' did not rerank: .*{reason}.*set retrieval.reranker"):
        load_reranker(spec).scores(QUESTION, TEXTS)


def test_a_server_that_never_answers_is_not_waited_for_without_end(
    server: RerankServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("jina")
    monkeypatch.setattr(index.rerank, "_SECONDS", 0.1)
    server.answering.clear()
    with pytest.raises(RerankerError, match=r"did not rerank: .*timed out"):
        load_reranker(f"jina:slow@{server.address}").scores(QUESTION, TEXTS)


@QUIETLY
@pytest.mark.parametrize("provider", ["jina", "cohere"])
def test_a_server_that_is_down_is_told_by_the_question_and_not_by_the_opening(
    provider: str, server: RerankServer, library: Library, settings: IndexSettings, embedder: Embedder
) -> None:
    require(provider)
    with RerankServer() as other:
        spec = f"{provider}:words@{other.address}"
    with Library.open(library.folder, reranked_by(settings, spec)) as opened:
        opened.embedder = embedder
        with pytest.raises(
            RerankerError, match=f"{spec}' did not rerank: .*refused.*Does {other.address} an"
        ):
            opened.search(QUESTION)


@QUIETLY
@pytest.mark.parametrize("model", ["/nowhere/model", "maker/absent", "absent"])
def test_a_model_that_is_not_on_this_machine_is_told_at_the_opening_and_not_fetched(
    model: str, tmp_path: Path, settings: IndexSettings
) -> None:
    require("sbert")
    with pytest.raises(RerankerError, match=f"there is no folder '{model}'.*hf download"):
        Library.open(tmp_path / "library", reranked_by(settings, f"sbert:{model}"))


@QUIETLY
def test_a_folder_that_holds_no_model_is_told_with_its_name(tmp_path: Path) -> None:
    require("sbert")
    with pytest.raises(RerankerError, match=f"{tmp_path}' did not rerank: .*Is that a whole cross-encoder"):
        load_reranker(f"sbert:{tmp_path}").scores(QUESTION, TEXTS)


def test_any_postprocessor_that_reranks_can_be_a_reranker() -> None:
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.schema import NodeWithScore, QueryBundle

    class Shortest(BaseNodePostprocessor):
        top_n: int = 1

        def _postprocess_nodes(
            self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
        ) -> list[NodeWithScore]:
            for node in nodes:
                node.score = -float(len(node.text))
            return sorted(nodes, key=lambda node: -(node.score or 0))[: self.top_n]

    made: list[Shortest] = []

    def build() -> Shortest:
        made.append(Shortest())
        return made[-1]

    reranker = LlamaIndexReranker("house:shortest", build, "")
    assert made == []
    assert reranker.scores("", ["four", "to", "sixsix"]) == [-4, -2, -6]
    assert reranker.scores("", ["one"]) == [-3]
    assert len(made) == 1

"""Reading the best papers once more, by a model that sees question and passage together.

Owns what a reranker is, the registry of those named `provider:model`, and what their scores do to a
ranking. Refuses to know how papers were found. There is none unless the settings name one: the good ones
need torch or a server. llama-index and models are loaded by the first question; that a package, a key or
a folder is missing is told before.
"""

from __future__ import annotations

import math
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.errors import IbidError, RerankerError, SettingsError
from index.providers import Providers, require

if TYPE_CHECKING:
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

_SECONDS = 60.0
"""How long a server may take over one question."""
_WITHOUT = "To search without it, set retrieval.reranker to ''."


class Reranker(ABC):
    """Tells how well passages answer a question. Shared between threads."""

    @abstractmethod
    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score a text, in the order given: higher is better, in any unit. Raises RerankerError."""


def reread(
    reranker: Reranker, query: str, papers: Mapping[str, float], texts: Mapping[str, str]
) -> dict[str, float]:
    """The papers' scores after the reranker has read some of them: `texts` is what it reads of each, by its id."""
    if len(texts) < 2:
        return dict(papers)
    found = reranker.scores(query, list(texts.values()))
    return reordered(papers, dict(zip(texts, found, strict=True)))


def reordered(papers: Mapping[str, float], read: Mapping[str, float]) -> dict[str, float]:
    """The papers' scores, those of the papers read handed out anew among them in the reranker's order.

    So a reranker decides who is first and not by how much, since each has a unit of its own, and what
    weighs papers afterwards sees the scores it is made for. Papers not read keep theirs.
    """
    order = sorted(read, key=lambda paper_id: -read[paper_id])
    scores = sorted((papers[paper_id] for paper_id in read), reverse=True)
    return {**papers, **dict(zip(order, scores, strict=True))}


class LlamaIndexReranker(Reranker):
    """Any llama-index postprocessor that reranks, as a reranker; made by `build` when first asked.

    `spec` is the name it is known by here; `remedy` says what to do where it does not answer.
    """

    def __init__(self, spec: str, build: Callable[[], BaseNodePostprocessor], remedy: str) -> None:
        self.spec = spec
        self.remedy = remedy
        self._build = build
        self._built: BaseNodePostprocessor | None = None
        self._building = threading.Lock()

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        if not texts:
            return []
        found = self._ask(partial(self._ranked, query, texts))
        if len(found) != len(texts):
            raise self._failed(f"it gave {len(found)} scores for {len(texts)} passages")
        if not all(math.isfinite(score) for score in found.values()):
            raise self._failed("it gave a score that is not a number")
        return [found[position] for position in range(len(texts))]

    def _ranked(self, query: str, texts: Sequence[str]) -> dict[int, float]:
        """The scores by the texts' positions, as far as they were given."""
        from llama_index.core.schema import NodeWithScore, TextNode  # costs 0.8 s

        nodes = [
            NodeWithScore(node=TextNode(id_=str(position), text=text)) for position, text in enumerate(texts)
        ]
        # A copy, since it is told on itself how many to return, and other threads ask too.
        asked = self._processor().model_copy(update={"top_n": len(texts)})
        found = asked.postprocess_nodes(nodes, query_str=query)
        return {int(node.node.node_id): float(node.get_score(raise_error=True)) for node in found}

    def _processor(self) -> BaseNodePostprocessor:
        with self._building:
            if self._built is None:
                self._built = self._build()
            return self._built

    def _ask(self, call: Callable[[], dict[int, float]]) -> dict[int, float]:
        try:
            return call()
        except IbidError:
            raise
        except Exception as error:  # each integration has errors of its own
            raise self._failed(str(error) or repr(error)) from error

    def _failed(self, reason: str) -> RerankerError:
        return RerankerError(f"{self.spec!r} did not rerank: {reason}. {self.remedy} {_WITHOUT}")


Factory = Callable[[str], Reranker]
"""Makes the reranker of a model's name, quickly: what is costly waits for the first question."""


def load_reranker(spec: str) -> Reranker:
    """The reranker named `provider:model`, such as `sbert:models/ms-marco` or `jina:m@http://localhost:8080/v1`.

    Third parties add a provider as an entry point of the group `ibid.rerankers` that is a `Factory`.
    Raises SettingsError for a name that is not known, ExtraMissing where a package is needed, and
    RerankerError where a key or a folder is.
    """
    factory, model = PROVIDERS.find(spec)
    return factory(model)


def _sbert(model: str) -> Reranker:
    """A cross-encoder on this machine, from a folder or from what Hugging Face's tools have downloaded."""
    spec, folder = f"sbert:{model}", Path(model).expanduser()
    require(spec, "sbert", "llama_index.postprocessor.sbert_rerank", "sentence_transformers")
    if not folder.is_dir() and not _downloaded(model):
        raise RerankerError(
            f"{spec!r}: there is no folder {str(folder)!r}, and no model of that name in Hugging Face's cache. "
            "Name the folder that holds the model, or get it once with `hf download`"
        )
    name = str(folder) if folder.is_dir() else model

    def build() -> Any:
        package: Any = import_module("llama_index.postprocessor.sbert_rerank")
        # Nothing is downloaded behind the user's back.
        return package.SentenceTransformerRerank(model=name, cross_encoder_kwargs={"local_files_only": True})

    return LlamaIndexReranker(spec, build, "Is that a whole cross-encoder?")


def _downloaded(model: str) -> bool:
    """Whether Hugging Face's cache holds a model of that name."""
    hub: Any = import_module("huggingface_hub")
    try:
        return isinstance(hub.try_to_load_from_cache(model, "config.json"), str)
    except ValueError:  # not a name that a model could have
        return False


def _jina(model: str) -> Reranker:
    """Jina AI's service, or any server of its protocol: llama.cpp, vLLM, Infinity, LiteLLM."""
    spec = f"jina:{model}"
    name, address = _addressed(spec, model)
    key = _key(spec, "JINAAI_API_KEY", address)
    require(spec, "jina", "llama_index.postprocessor.jinaai_rerank")

    def build() -> Any:
        package: Any = import_module("llama_index.postprocessor.jinaai_rerank")
        at = {"base_url": address.removesuffix("/rerank")} if address else {}
        processor = package.JinaRerank(model=name, api_key=key, **at)
        # Left to itself it waits without end, and of a refusal tells nothing.
        session = processor._session
        session.request = partial(session.request, timeout=_SECONDS)
        session.hooks["response"].append(_require_success)
        return processor

    return LlamaIndexReranker(spec, build, f"Does {address or 'the service'} answer?")


def _cohere(model: str) -> Reranker:
    """Cohere's service, or a server of its protocol."""
    spec = f"cohere:{model}"
    name, address = _addressed(spec, model)
    key = _key(spec, "COHERE_API_KEY", address) or "none"
    require(spec, "cohere", "llama_index.postprocessor.cohere_rerank", "cohere")

    def build() -> Any:
        package: Any = import_module("llama_index.postprocessor.cohere_rerank")
        return package.CohereRerank(model=name, api_key=key, base_url=address, max_retries=1)

    return LlamaIndexReranker(spec, build, f"Does {address or 'the service'} answer?")


def _addressed(spec: str, model: str) -> tuple[str, str | None]:
    """The model's name and, after an `@`, the address of the server that has it."""
    name, at, address = model.partition("@")
    parts = urlsplit(address)
    if not name or (at and (parts.scheme not in ("http", "https") or not parts.hostname)):
        raise SettingsError(
            f"reranker {spec!r} is not provider:model or provider:model@address, "
            "as in jina:my-model@http://localhost:8080/v1/rerank"
        )
    if parts.username is not None:
        raise SettingsError(
            f"reranker {name!r} has a key in its address; put it into the environment instead"
        )
    return name, address.rstrip("/") or None


def _key(spec: str, variable: str, address: str | None) -> str:
    """The key from the environment; a server of one's own may do without."""
    key = os.environ.get(variable, "")
    if not key and address is None:
        raise RerankerError(
            f"{spec!r} needs a key: set {variable} in the environment, "
            f"or name a server of your own, as in {spec}@http://localhost:8080"
        )
    return key


def _require_success(response: Any, **_: object) -> None:
    if not response.ok:
        raise ConnectionError(f"{response.url} said {response.status_code}: {response.text[:300].strip()}")


BUILT_IN: dict[str, Factory] = {"sbert": _sbert, "jina": _jina, "cohere": _cohere}
PROVIDERS = Providers("reranker", "ibid.rerankers", "sbert:folder-of-the-model", BUILT_IN)

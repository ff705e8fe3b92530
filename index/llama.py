"""Our parts as llama-index's, so that they drop into a program written for it.

Owns the adapters and nothing else: what they do is done elsewhere. Only this file and what it serves
import llama-index, which costs 0.8 s.
"""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode

from index.embedding import Embedder
from index.library import Library
from index.schema import Filters, Paper, Passage


class LlamaIndexEmbedding(BaseEmbedding):
    """An embedder as a llama-index `BaseEmbedding`; the asynchronous calls work on another thread."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(model_name=embedder.fingerprint.name, embed_batch_size=512)
        self._embedder = embedder

    @classmethod
    def class_name(cls) -> str:
        return "IbidEmbedding"

    def _get_query_embedding(self, query: str) -> list[float]:
        return [float(number) for number in self._embedder.query(query)]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [[float(number) for number in vector] for vector in self._embedder.passages(texts)]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return await asyncio.to_thread(self._get_text_embedding, text)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)


class IbidRetriever(BaseRetriever):
    """The library's retrieval as a llama-index retriever; nodes carry our chunk ids.

    Returns at most `top_k` passages, best first, several of a paper where they match.
    """

    def __init__(self, library: Library, top_k: int = 10, filters: Filters = Filters()) -> None:
        super().__init__(callback_manager=CallbackManager())
        self._library = library
        self._top_k = top_k
        self._filters = filters

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._library.passages(query_bundle.query_str, self._filters)
        return [
            NodeWithScore(node=_passage_node(passage), score=passage.score)
            for passage in found[: self._top_k]
        ]


def _passage_node(passage: Passage) -> TextNode:
    chunk = passage.chunk
    place = {"start": chunk.start, "end": chunk.end, "section": chunk.section, "page": chunk.page}
    return paper_node(chunk.id, chunk.text, passage.paper, place)


def paper_node(node_id: str, text: str, paper: Paper, place: dict[str, Any]) -> TextNode:
    """A llama-index node for a span of a paper: our id, and metadata that says which paper and where.

    A model is shown the title only; an embedder is shown the text only.
    """
    metadata = {
        "paper_id": paper.id,
        "title": paper.title,
        "url": paper.url,
        "published": paper.published,
    } | place
    known = {key: value for key, value in metadata.items() if value is not None}
    return TextNode(
        id_=node_id,
        text=text,
        metadata=known,
        excluded_embed_metadata_keys=list(known),
        excluded_llm_metadata_keys=[key for key in known if key != "title"],
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=paper.id)},
    )

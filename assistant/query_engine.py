"""The assistant as a llama-index query engine, for programs that are built of such parts."""

from __future__ import annotations

from typing import Any

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle

from assistant.engine import Assistant
from assistant.schema import Answer, Citation
from index.llama import paper_node
from index.schema import Filters


class IbidQueryEngine(BaseQueryEngine):
    """Answers queries with cited sentences.

    The response's `source_nodes` are the cited spans in the order of their numbers, and its metadata
    holds the whole `Answer` under "answer".
    """

    def __init__(self, assistant: Assistant, filters: Filters = Filters()) -> None:
        super().__init__(callback_manager=CallbackManager())
        self._assistant = assistant
        self._filters = filters

    def _query(self, query_bundle: QueryBundle) -> Response:
        return _response(self._assistant.ask(query_bundle.query_str, filters=self._filters))

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return self._query(query_bundle)

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


def _response(answer: Answer) -> Response:
    scores = {(passage.paper.id, passage.start): passage.score for passage in answer.passages}
    nodes = [_node(citation, scores) for citation in answer.citations]
    return Response(
        response=answer.text, source_nodes=nodes, metadata={"answer": answer.model_dump(mode="json")}
    )


def _node(citation: Citation, scores: dict[Any, float]) -> NodeWithScore:
    held = [
        score
        for (paper, start), score in scores.items()
        if paper == citation.paper.id and start <= citation.start
    ]
    node = paper_node(
        f"{citation.paper.id}:{citation.start}-{citation.end}",
        citation.quote,
        citation.paper,
        {
            "citation": citation.number,
            "start": citation.start,
            "end": citation.end,
            "section": citation.section,
        },
    )
    return NodeWithScore(node=node, score=max(held, default=None))

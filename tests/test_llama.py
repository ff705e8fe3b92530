"""Our parts dropped into plain llama-index code.

MockLLM only carries text from here to there: nothing about ranking or answers is concluded from it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import chromadb
import pytest
from llama_index.core import QueryBundle, VectorStoreIndex
from llama_index.core.base.response.schema import Response
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import CustomQueryEngine, RetrieverQueryEngine, RouterQueryEngine
from llama_index.core.response_synthesizers import ResponseMode, get_response_synthesizer
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import MetadataMode, NodeRelationship, TextNode
from llama_index.core.selectors import BaseSelector
from llama_index.core.tools import QueryEngineTool, RetrieverTool
from llama_index.core.workflow import StartEvent, StopEvent, Workflow, step
from llama_index.vector_stores.chroma import ChromaVectorStore

from assistant.engine import Assistant
from assistant.query_engine import IbidQueryEngine
from index.library import Library
from index.llama import IbidRetriever, LlamaIndexEmbedding
from index.schema import Filters

QUESTION = "How many buoys does TideNet need to forecast sea levels?"
TITLE = "TideNet: Forecasting Sea Levels from Sparse Buoys"


@pytest.fixture
def engine(library: Library) -> IbidQueryEngine:
    return IbidQueryEngine(Assistant(library))


def test_the_retriever_gives_nodes_that_carry_our_ids_and_places(library: Library) -> None:
    nodes = IbidRetriever(library, top_k=3).retrieve(QUESTION)
    passages = library.passages(QUESTION)[:3]
    assert [node.node.node_id for node in nodes] == [passage.chunk.id for passage in passages]
    assert [node.score for node in nodes] == [passage.score for passage in passages]
    first = nodes[0].node
    assert first.metadata["title"] == TITLE
    place = slice(first.metadata["start"], first.metadata["end"])
    assert library.text(first.metadata["paper_id"])[place] == first.get_content(MetadataMode.NONE)
    assert first.relationships[NodeRelationship.SOURCE].node_id == first.metadata["paper_id"]


def test_the_retriever_is_held_to_its_filters(library: Library) -> None:
    retriever = IbidRetriever(library, filters=Filters(organizations=("Polar Works",)))
    assert {node.metadata["title"] for node in retriever.retrieve(QUESTION)} == {"On the Memory of Glaciers"}


def test_the_retriever_works_asynchronously(library: Library) -> None:
    nodes = asyncio.run(IbidRetriever(library).aretrieve(QueryBundle(QUESTION)))
    assert nodes[0].metadata["title"] == TITLE


def test_llama_index_synthesises_from_our_retriever(library: Library) -> None:
    """The mock returns its prompt: what the model would have read."""
    plain = RetrieverQueryEngine.from_args(
        IbidRetriever(library, top_k=2), llm=MockLLM(), response_mode=ResponseMode.COMPACT
    )
    response = plain.query(QUESTION)
    assert "TideNet forecasts sea levels from as few as twelve buoys" in str(response)
    assert f"title: {TITLE}" in str(response)
    assert "paper_id" not in str(response)
    assert next(node.metadata["title"] for node in response.source_nodes) == TITLE


def test_our_retriever_is_fused_with_another_of_llama_index(library: Library) -> None:
    fused = QueryFusionRetriever(
        [IbidRetriever(library, top_k=4), IbidRetriever(library, top_k=2)],
        llm=MockLLM(),
        num_queries=1,
        similarity_top_k=4,
        mode="reciprocal_rerank",
        use_async=False,
    )
    nodes = fused.retrieve(QUESTION)
    assert nodes[0].metadata["title"] == TITLE
    assert len({node.node.node_id for node in nodes}) == len(nodes) == 4


def test_the_query_engine_answers_with_cited_spans_as_source_nodes(
    library: Library, engine: IbidQueryEngine
) -> None:
    response = engine.query(QUESTION)
    assert isinstance(response, Response)
    assert "twelve buoys" in str(response)
    assert response.metadata is not None
    answer = response.metadata["answer"]
    assert answer["answered"]
    assert [node.metadata["citation"] for node in response.source_nodes] == [
        c["number"] for c in answer["citations"]
    ]
    assert response.source_nodes
    for node, citation in zip(response.source_nodes, answer["citations"], strict=True):
        text = library.text(node.metadata["paper_id"])
        assert (
            text[node.metadata["start"] : node.metadata["end"]]
            == citation["quote"]
            == node.node.get_content()
        )


def test_the_query_engine_refuses_what_the_papers_do_not_say(engine: IbidQueryEngine) -> None:
    response = engine.query("Who won the chess tournament in Reykjavik?")
    assert isinstance(response, Response)
    assert response.metadata is not None
    assert not response.metadata["answer"]["answered"]
    assert response.source_nodes == []


def test_the_query_engine_works_asynchronously(engine: IbidQueryEngine) -> None:
    assert "twelve buoys" in str(asyncio.run(engine.aquery(QUESTION)))


class ByFirstWord(BaseSelector):
    """Chooses the tool whose description's first word stands in the question."""

    def _select(self, choices: Any, query: QueryBundle) -> Any:
        from llama_index.core.base.base_selector import SelectorResult, SingleSelection

        named = [n for n, choice in enumerate(choices) if choice.description.split()[0] in query.query_str]
        return SelectorResult(selections=[SingleSelection(index=(named or [0])[0], reason="named")])

    async def _aselect(self, choices: Any, query: QueryBundle) -> Any:
        return self._select(choices, query)

    def _get_prompts(self) -> dict[str, Any]:
        return {}

    def _update_prompts(self, prompts_dict: Any) -> None:
        pass


class Weather(CustomQueryEngine):
    """An engine that knows one thing."""

    def custom_query(self, query_str: str) -> str:
        return "It rains."


def test_a_router_sends_questions_to_our_engine_as_a_tool(engine: IbidQueryEngine) -> None:
    tools = [
        QueryEngineTool.from_defaults(engine, name="papers", description="TideNet and other papers"),
        QueryEngineTool.from_defaults(Weather(), name="weather", description="weather of today"),
    ]
    router = RouterQueryEngine(selector=ByFirstWord(), query_engine_tools=tools, llm=MockLLM())
    ours = router.query(QUESTION)
    assert "twelve buoys" in str(ours)
    assert ours.source_nodes[0].metadata["title"] == TITLE
    assert str(router.query("How is the weather?")) == "It rains."
    assert "twelve buoys" in tools[0].call(QUESTION).content


def test_our_retriever_is_a_tool(library: Library) -> None:
    tool = RetrieverTool.from_defaults(IbidRetriever(library, top_k=1), name="papers", description="papers")
    assert "TideNet forecasts sea levels" in tool.call(QUESTION).content


class Ask(Workflow):
    """Retrieve and answer, as the steps of a workflow would."""

    def __init__(self, engine: IbidQueryEngine) -> None:
        super().__init__(timeout=60)
        self.engine = engine

    @step
    async def answer(self, event: StartEvent) -> StopEvent:
        return StopEvent(result=await self.engine.aquery(event.question))


def test_a_workflow_awaits_our_engine(engine: IbidQueryEngine) -> None:
    async def run() -> Any:
        return await Ask(engine).run(question=QUESTION)

    assert "twelve buoys" in str(asyncio.run(run()))


def test_llama_index_reads_our_chroma_collection_with_our_embedding(library: Library) -> None:
    """Our collection holds texts and vectors and not llama-index's copies of nodes, so it is asked by vector."""
    wanted = {hit.item for hit in library.caches.nearest(library.embedder.query(QUESTION), 3, _everywhere())}
    name, folder = library.caches.vectors.collection.name, library.caches.vectors.place
    library.close()
    collection = chromadb.PersistentClient(str(folder)).get_collection(name, embedding_function=None)
    store = ChromaVectorStore(chroma_collection=collection)
    index = VectorStoreIndex.from_vector_store(store, embed_model=LlamaIndexEmbedding(library.embedder))
    nodes = index.as_retriever(similarity_top_k=3).retrieve(QUESTION)
    assert {node.node.node_id for node in nodes} == wanted
    assert nodes[0].metadata["title"] == TITLE
    assert "twelve buoys" in nodes[0].node.get_content(MetadataMode.NONE)


def _everywhere() -> Any:
    from index.filters import Bounds

    return Bounds()


def test_our_embedding_serves_an_index_of_llama_index(library: Library) -> None:
    nodes = [TextNode(text=paper.abstract, id_=paper.id) for paper in library.papers()]
    index = VectorStoreIndex(nodes, embed_model=LlamaIndexEmbedding(library.embedder))
    found = index.as_retriever(similarity_top_k=1).retrieve("birds that sing")
    assert library.paper(found[0].node.node_id).title == "A Grammar of Bird Song"


def test_our_embedding_gives_the_embedder_s_vectors(library: Library) -> None:
    embedding = LlamaIndexEmbedding(library.embedder)
    vector = library.embedder.query("sea")
    assert embedding.get_query_embedding("sea") == pytest.approx(vector.tolist())
    assert asyncio.run(embedding.aget_query_embedding("sea")) == pytest.approx(vector.tolist())
    assert embedding.get_text_embedding_batch(["sea", "bird"])[0] == pytest.approx(vector.tolist(), abs=1e-4)
    assert len(asyncio.run(embedding.aget_text_embedding_batch(["sea", "bird"]))) == 2


def test_a_synthesizer_of_llama_index_takes_our_nodes(library: Library) -> None:
    nodes = IbidRetriever(library, top_k=2).retrieve(QUESTION)
    refine = get_response_synthesizer(llm=MockLLM(), response_mode=ResponseMode.REFINE)
    assert refine.synthesize(QUESTION, nodes).source_nodes == nodes

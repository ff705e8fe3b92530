"""Plain llama-index, measured as `speed` measures Ibid: MiniLM on torch, Chroma, its vector retriever.

Runs by itself under any Python that has the packages of `INSTALL`, since they are no dependency of Ibid:
`python peer.py PAPERS.jsonl QUESTIONS.jsonl MODEL-FOLDER ROUNDS` prints one JSON object. It therefore
imports nothing of Ibid's.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

INSTALL = "pip install llama-index-embeddings-huggingface llama-index-vector-stores-chroma"


def main(papers: str, questions: str, model: str, rounds: str) -> None:
    """Measure, and print the figures under the names that `speed` uses."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    core = importlib.import_module("llama_index.core")
    embedder = importlib.import_module("llama_index.embeddings.huggingface").HuggingFaceEmbedding(model)
    embedder.get_text_embedding("warm up")
    documents = [core.Document(text=row["text"], metadata={"title": row["title"]}) for row in _rows(papers)]
    asked = [row["question"] for row in _rows(questions)]
    ingested, searched = [], []
    for _ in range(int(rounds)):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            started = time.perf_counter()
            index = _index(core, embedder, documents, folder)
            ingested.append(time.perf_counter() - started)
            retriever = index.as_retriever(similarity_top_k=10)
            searched.append([_timed(retriever.retrieve, question) for question in asked])
    print(
        json.dumps(
            {
                "papers/s": len(documents) / median(ingested),
                "search p50 ms": median(_share(times, 0.5) for times in searched),
                "search p95 ms": median(_share(times, 0.95) for times in searched),
                "memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def _index(core: Any, embedder: Any, documents: list[Any], folder: str) -> Any:
    """A vector index over the documents, cut by llama-index's own defaults, kept in a Chroma folder."""
    chroma = importlib.import_module("chromadb").PersistentClient(folder)
    collection = chroma.create_collection("peer", embedding_function=None)
    store = importlib.import_module("llama_index.vector_stores.chroma").ChromaVectorStore(collection)
    storage = core.StorageContext.from_defaults(vector_store=store)
    return core.VectorStoreIndex.from_documents(documents, storage_context=storage, embed_model=embedder)


def _rows(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def _timed(call: Any, question: str) -> float:
    started = time.perf_counter()
    call(question)
    return 1000 * (time.perf_counter() - started)


def _share(times: list[float], share: float) -> float:
    return sorted(times)[min(int(share * len(times)), len(times) - 1)]


if __name__ == "__main__":
    main(*sys.argv[1:5])

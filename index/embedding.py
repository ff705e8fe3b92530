"""Turning texts into unit vectors, by a model named `provider:model`.

Owns what an embedder is, the default one (all-MiniLM-L6-v2), and the registry. Refuses to know papers
and chunks, and where vectors are kept. llama-index is not imported until a provider of its is asked for:
it costs 0.8 s, which a question on the terminal should not pay.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index import engines
from index.errors import EmbedderError, ExtraMissing, SettingsError
from index.late import Asked, signs
from index.providers import Providers
from index.schema import Value
from index.secrets import hidden
from index.weights import PROBE, WEIGHTS, MiniLMFiles, find_minilm, keep_hashes, require_same_model

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

Found = TypeVar("Found")

MINILM = "all-MiniLM-L6-v2"
_QUESTIONS = 8  # kept as embedded: the steps of one answer each ask for them
_KNOWN, _LONGEST_KNOWN = 2**16, 32  # words whose pieces are kept as counted, and characters of one
Progress = Callable[[int, int], None]
"""Told the number of texts done and the number of all."""


class Fingerprint(Value):
    """Which model made a vector: its `provider:model`, the SHA-256 of its weights, and its dimension.

    Where the weights are not seen, the hash is of the name.
    """

    name: str
    sha256: str
    dimension: int

    @property
    def key(self) -> str:
        """The fingerprint as one short word, alike for alike models only."""
        return f"{self.name}@{self.sha256[:12]}/{self.dimension}"


class Embedded(NamedTuple):
    """Texts as vectors (texts, dimension), and each one's token vectors as their signs (see `index.late`).

    `signs` is None for a model that does not tell its tokens' vectors.
    """

    vectors: NDArray[np.float32]
    signs: list[bytes] | None = None


class Embedder(ABC):
    """Makes float32 vectors of length one, whose dot product is the texts' likeness.

    `window` is the most word pieces that the model reads of a text, special ones counted; None where
    there is no limit that we know.
    """

    window: int | None
    tells_tokens = False
    """Whether `signed_passages` and `asked` give token vectors."""

    @property
    @abstractmethod
    def fingerprint(self) -> Fingerprint:
        """Which model this is."""

    @abstractmethod
    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors (texts, dimension) of texts to be found, in the order given."""

    @abstractmethod
    def query(self, text: str) -> NDArray[np.float32]:
        """The vector (dimension,) of a question."""

    def signed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        """`passages`, and what late interaction needs of them, where the model tells."""
        return Embedded(self.passages(texts, progress))

    def asked(self, text: str) -> Asked:
        """`query`, and the question's tokens, where the model tells."""
        return Asked(self.query(text))

    def spans(self, texts: Sequence[str]) -> list[tuple[tuple[int, int], ...]] | None:
        """The place in its text of each token that `signed_passages` keeps; None where the model does not tell.

        A special token's place is empty.
        """
        return None

    @abstractmethod
    def count(self, texts: Sequence[str]) -> list[int]:
        """Each text's word pieces, special ones not counted; zeros where `window` is None."""

    def close(self) -> None:  # noqa: B027  # most hold nothing
        """Let go of threads and memory; the embedder is not used afterwards."""


class MiniLM(Embedder):
    """all-MiniLM-L6-v2 on the processor; may be used by several threads at once."""

    window = 256
    tells_tokens = True

    def __init__(self, files: MiniLMFiles, engine: engines.Engine, workers: int) -> None:
        self.engine = engine
        self._files = files
        self._tokenizer = _tokenizer(files.tokenizer)
        self._tokenizer.enable_truncation(self.window)
        self._pool = ThreadPoolExecutor(workers, "embed")
        self._questions = lru_cache(_QUESTIONS)(self._question)
        self._known_pieces = lru_cache(_KNOWN)(self._counted)
        require_same_model(self.query(PROBE), files.graph)

    @classmethod
    def load(cls, models: Path) -> MiniLM:
        """The model from its files, as `find_minilm` finds them. Raises WeightsError."""
        files, workers = find_minilm(models), cores()
        model = cls(files, engines.start(files.graph, workers), workers)
        keep_hashes(files.exported, models)
        return model

    @property
    def fingerprint(self) -> Fingerprint:
        # The same for every engine and form of the files: all have been checked to be the same model.
        return Fingerprint(name=f"minilm:{MINILM}", sha256=WEIGHTS, dimension=384)

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        return self.signed_passages(texts, progress).vectors

    def signed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        ids = self._encoded(texts)
        vectors = np.empty((len(texts), self.fingerprint.dimension), np.float32)
        kept = [b""] * len(texts)
        batches = by_length([len(row) for row in ids], self.engine.batch_tokens)
        running = {self._pool.submit(self._embed, [ids[p] for p in batch]): batch for batch in batches}
        done = 0
        try:
            for future in as_completed(running):
                batch = running[future]
                vectors[batch], packed = future.result()
                for position, bits in zip(batch, packed, strict=True):
                    kept[position] = bits
                done += len(batch)
                if progress is not None:
                    progress(done, len(texts))
        finally:
            for future in running:
                future.cancel()
        return Embedded(vectors, kept)

    def token_vectors(self, text: str) -> NDArray[np.float32]:
        """The vectors (tokens, dimension) of a passage's tokens, each of length one; their signs are kept."""
        return engines.unit(self._run(self._encoded([text])).tokens[0])

    def query(self, text: str) -> NDArray[np.float32]:
        return self.asked(text).vector

    def asked(self, text: str) -> Asked:
        return self._questions(text)

    def _question(self, text: str) -> Asked:
        encoding = self._tokenizer.encode(text)
        found = self._run([np.array(encoding.ids, np.int32)])
        words = [p for p, (start, end) in enumerate(encoding.offsets) if end > start]
        tokens = engines.unit(found.tokens[0][words])
        return Asked(found.vectors[0], tokens, tuple(encoding.offsets[p] for p in words))

    def spans(self, texts: Sequence[str]) -> list[tuple[tuple[int, int], ...]]:
        return [tuple(encoding.offsets) for encoding in self._tokenizer.encode_batch(list(texts))]

    def count(self, texts: Sequence[str]) -> list[int]:
        # Word by word: no piece reaches over white space, and most words have been counted before.
        return [sum(map(self._pieces, text.replace("\n", " ").split(" "))) for text in texts]

    def _pieces(self, word: str) -> int:
        return self._known_pieces(word) if len(word) <= _LONGEST_KNOWN else self._counted(word)

    def _counted(self, word: str) -> int:
        return len(self._counter.encode(word, add_special_tokens=False))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    @cached_property
    def _counter(self) -> Tokenizer:
        """A tokenizer that cuts nothing off: the other one would never count more than the window."""
        return _tokenizer(self._files.tokenizer)

    def _encoded(self, texts: Sequence[str]) -> list[NDArray[np.int32]]:
        # By the thousand, since the library's encodings take 100 times the memory of their numbers.
        return [
            np.array(encoding.ids, np.int32)
            for start in range(0, len(texts), 1000)
            for encoding in self._tokenizer.encode_batch_fast(list(texts[start : start + 1000]))
        ]

    def _embed(self, rows: list[NDArray[np.int32]]) -> tuple[NDArray[np.float32], list[bytes]]:
        found = self._run(rows)
        return found.vectors, [signs(found.tokens[p, : len(row)]) for p, row in enumerate(rows)]

    def _run(self, rows: list[NDArray[np.int32]]) -> engines.Output:
        ids = np.zeros((len(rows), max(map(len, rows))), np.int32)
        mask = np.zeros_like(ids)
        for position, row in enumerate(rows):
            ids[position, : len(row)] = row
            mask[position, : len(row)] = 1
        return self.engine.run(ids, mask)


def by_length(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Positions in batches of like length, the longest first, of at most `most` tokens with padding.

    A text longer than `most` is a batch of its own.
    """
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda position: -lengths[position]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > most:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def cores() -> int:
    """The cores this process may use: those it is held to, and no more than OMP_NUM_THREADS, as others take it."""
    held = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(min(held, int(asked)), 1) if asked.isdecimal() else held


def _tokenizer(path: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()  # the file asks for both, at 128
    tokenizer.no_truncation()
    return tokenizer


class LlamaIndexModel(Embedder):
    """Any llama-index embedding as an embedder. `spec` is the name it is known by here."""

    window = None

    def __init__(self, spec: str, model: BaseEmbedding) -> None:
        self.spec = spec
        self.model = model

    @cached_property
    def fingerprint(self) -> Fingerprint:
        # Only embedding something tells the dimension; done when first asked, since it may cost a request.
        return Fingerprint(
            name=self.spec,
            sha256=hashlib.sha256(self.spec.encode()).hexdigest(),
            dimension=self.query(PROBE).shape[0],
        )

    def passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        if not texts:
            return np.empty((0, self.fingerprint.dimension), np.float32)
        found: list[list[float]] = []
        size = self.model.embed_batch_size
        for start in range(0, len(texts), size):
            batch = list(texts[start : start + size])
            found += self._ask(partial(self.model.get_text_embedding_batch, batch))
            if progress is not None:
                progress(len(found), len(texts))
        return engines.unit(np.array(found, np.float32))

    def query(self, text: str) -> NDArray[np.float32]:
        return engines.unit(np.array(self._ask(partial(self.model.get_query_embedding, text)), np.float32))

    def count(self, texts: Sequence[str]) -> list[int]:
        return [0] * len(texts)

    def _ask(self, call: Callable[[], Found]) -> Found:
        try:
            return call()
        except Exception as error:  # each integration has errors of its own
            raise EmbedderError(f"{self.spec!r} did not embed: {hidden(str(error))}") from error


Factory = Callable[[str, Path], Embedder]
"""Makes the embedder of a model's name; the folder is where it may keep files."""


def load_embedder(spec: str, models: Path) -> Embedder:
    """The embedder named `provider:model`, such as `minilm:all-MiniLM-L6-v2` or `ollama:bge-m3`.

    Third parties add a provider as an entry point of the group `ibid.embedders` that is a `Factory`.
    Raises SettingsError for a name that is not known, ExtraMissing where a package is needed, and
    WeightsError or EmbedderError where the model itself is not to be had.
    """
    factory, model = PROVIDERS.find(spec)
    return factory(model, models)


def _minilm(model: str, models: Path) -> Embedder:
    if model != MINILM:
        raise SettingsError(f"unknown embedder 'minilm:{model}'. Known: minilm:{MINILM}")
    return MiniLM.load(models)


def _integration(provider: str, name: str, model: str, models: Path) -> Embedder:
    """llama-index's class `name` for a provider, from the package that the extra of that name installs."""
    spec = f"{provider}:{model}"
    try:
        package = importlib.import_module(f"llama_index.embeddings.{provider}")
    except ImportError as error:
        raise ExtraMissing(spec, provider) from error
    try:
        return LlamaIndexModel(spec, getattr(package, name)(model_name=model))
    except ImportError as error:
        raise ExtraMissing(spec, provider) from error
    except Exception as error:
        raise EmbedderError(f"{spec!r} cannot be set up: {hidden(str(error))}") from error


BUILT_IN: dict[str, Factory] = {
    "minilm": _minilm,
    "openai": partial(_integration, "openai", "OpenAIEmbedding"),
    "ollama": partial(_integration, "ollama", "OllamaEmbedding"),
    "fastembed": partial(_integration, "fastembed", "FastEmbedEmbedding"),
    "huggingface": partial(_integration, "huggingface", "HuggingFaceEmbedding"),
}
PROVIDERS = Providers("embedder", "ibid.embedders", f"minilm:{MINILM}", BUILT_IN)

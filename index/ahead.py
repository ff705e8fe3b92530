"""Texts that are embedded in another thread while their caller does something else.

Owns that thread, and that it ends with whoever started it. Refuses to know what is made of the vectors.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType

import numpy as np

from index.embedding import Embedded, Embedder
from index.premade import Premade

_AT_ONCE = 2  # a batch is cut into word pieces while the one before it is embedded to its end


class _Left(Exception):
    """Nobody wants the vectors any more."""


class Making:
    """Vectors of `texts`, which stand under their ids, on their way; `share` of them in [0, 1] are made."""

    def __init__(self, texts: Mapping[str, str], premade: Premade) -> None:
        self.texts = texts
        self.premade = premade
        self.share = 0.0
        self.future: Future[Embedded] = Future()

    @property
    def done(self) -> bool:
        return self.future.done()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; whether it is done, well or not."""
        return bool(wait([self.future], seconds).done)

    def result(self) -> Embedded:
        """The vectors, in the texts' order; what the embedder raised is raised."""
        return self.future.result()


class Ahead:
    """Embeds in threads of its own; left, what is under way is given up."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._threads = ThreadPoolExecutor(_AT_ONCE, "embedding ahead")
        self._left = threading.Event()

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        self._left.set()
        self._threads.shutdown(cancel_futures=True)

    def start(self, texts: Mapping[str, str], premade: Premade | None = None) -> Making:
        """Begin to embed texts after those begun before, but for those that are `premade`."""
        making = Making(texts, premade or Premade())
        if texts:
            making.future = self._threads.submit(self._embed, making)
        else:
            making.future.set_result(Embedded(np.empty((0, 0), np.float32), []))
        return making

    def _embed(self, making: Making) -> Embedded:
        def tell(done: int, total: int) -> None:
            if self._left.is_set():
                raise _Left
            making.share = done / max(total, 1)

        return making.premade.embedded(self.embedder, list(making.texts.values()), tell)

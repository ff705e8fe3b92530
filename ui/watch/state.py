"""How much a server holds and whether its caches have followed: figures that are read when somebody asks.

Owns that reading them is cheap: nothing is opened for it, and the catalog is asked once in a while, however often
somebody scrapes. Several libraries are told of as their sum.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from index.library import Library
from index.schema import Value

_FRESH = 30.0  # seconds
Libraries = Callable[[], Sequence[Library]]

_log = logging.getLogger(__name__)


class Held(Value):
    """What libraries hold together: `behind` counts those whose caches have not followed, `shut` those not opened."""

    libraries: int = 0
    papers: int = 0
    chunks: int = 0
    unreadable: int = 0
    behind: int = 0
    shut: int = 0


class State(Collector):
    """The figures of the libraries that a server has open; `waiting` tells how many events wait in its queue."""

    def __init__(self, libraries: Libraries, waiting: Callable[[], int] = lambda: 0) -> None:
        self._libraries, self._waiting = libraries, waiting
        self._read = 0.0
        self._held = Held()
        self._guard = threading.Lock()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        held = self.held()
        for name, words, value in (
            ("ibid_libraries", "Libraries that are open.", held.libraries),
            ("ibid_papers", "Papers that can be asked.", held.papers),
            ("ibid_chunks", "Chunks of papers.", held.chunks),
            ("ibid_unreadable", "Entries of added sources that could not be read.", held.unreadable),
            ("ibid_caches_behind", "Libraries whose caches have not followed the catalog.", held.behind),
            ("ibid_caches_shut", "Libraries whose caches are not open.", held.shut),
            (
                "ibid_events_waiting",
                "Clicks and questions of pages that wait for their turn.",
                self._waiting(),
            ),
        ):
            yield GaugeMetricFamily(name, words, value)

    def held(self) -> Held:
        """What the libraries hold, as of the last half minute; the last known where a catalog does not answer."""
        with self._guard:
            if not self._read or time.monotonic() - self._read > _FRESH:
                try:
                    self._held = together([held(library) for library in self._libraries()])
                except Exception as error:  # noqa: BLE001  (stores raise what they like, and a scrape goes on)
                    _log.warning("a library's figures could not be read", exc_info=error)
                self._read = time.monotonic()
            return self._held


def held(library: Library) -> Held:
    """What one library holds."""
    counts, caches = library.catalog.counts(), library.open_caches
    return Held(
        libraries=1,
        papers=counts["ready"],
        chunks=counts["chunks"],
        unreadable=counts["failures"],
        behind=int(caches is not None and caches.behind),
        shut=int(caches is None),
    )


def together(parts: Sequence[Held]) -> Held:
    """The sum of several."""
    return Held(**{name: sum(getattr(part, name) for part in parts) for name in Held.model_fields})

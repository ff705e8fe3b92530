"""Errands run over a Ray cluster with Ray Data: files are read by tasks, embedded by actors, told here in their order.

Owns the two stages, and that what is read ahead fits into the object store: who stores sets the pace. A task or an
actor whose process dies is run again by Ray on another one, which comes to the same; so a lost worker costs time alone.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow
import ray
import ray.data
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from index.errors import ClusterError, IbidError
from index.spread.errands import (
    MOST_SENT,
    Embedding,
    Errand,
    Fetch,
    Row,
    Stored,
    Way,
    pieces,
    read_errand,
    require_release,
)

_BLOCK = 2**16  # bytes after which a piece of work goes on to the next stage
_FILES = 8  # read by one task, where there are many
_READING = 0.5  # of a processor: the other half of a reader's time goes to waiting


def run(errands: Sequence[Errand], way: Way, stored: Stored) -> Generator[Row]:
    """What the errands come to, one after another. ClusterError where the cluster fails."""
    try:
        pieces_of_work = _dataset(errands, way, stored).iter_batches(
            batch_size=None, batch_format="pyarrow", prefetch_batches=2
        )
        for table in pieces_of_work:
            for piece in _unpacked(cast(pyarrow.Table, table)):
                yield from piece
    except ray.exceptions.RayError as error:
        raise _translated(error) from error


def _dataset(errands: Sequence[Errand], way: Way, stored: Stored) -> ray.data.Dataset:
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.execution_options.preserve_order = True
    context.target_max_block_size, context.target_min_block_size = _BLOCK, 1
    tasks = len(errands) if len(errands) <= 64 * _FILES else -(-len(errands) // _FILES)
    files = _files(errands)
    processors = max(int(_cluster("cluster_resources").get("CPU", 1)), 1)
    return (
        ray.data.from_items(
            [{"packed": pickle.dumps(errand)} for errand in errands], override_num_blocks=tasks
        )
        .map_batches(
            cast(Any, _read),  # its arguments after the first are none that Ray's types know
            batch_size=None,
            batch_format="pyarrow",
            fn_kwargs={"way": way, "files": files},
            num_cpus=_READING,
        )
        .map_batches(
            _Embed,
            batch_size=None,
            batch_format="pyarrow",
            fn_constructor_kwargs={"way": way, "stored": ray.put(stored)},
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=processors),
            num_cpus=1,
        )
    )


def _read(table: pyarrow.Table, way: Way, files: Any) -> Iterator[pyarrow.Table]:
    require_release(way)
    for errand in _unpacked(table):
        for piece in pieces(read_errand(errand, way, _fetching(files))):
            yield _packed([piece])


class _Embed:
    """The stage of the actors."""

    def __init__(self, way: Way, stored: Any) -> None:
        self.embedding = Embedding(way)
        self.stored: Stored = ray.get(stored)

    def __call__(self, table: pyarrow.Table) -> pyarrow.Table:
        return _packed([self.embedding.embed(piece, self.stored) for piece in _unpacked(table)])


class _Files:
    """The files of the machine that adds, for workers that have no such folder."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def content(self, position: int) -> bytes | None:
        path = self.paths[position]
        try:
            return path.read_bytes() if path.stat().st_size <= MOST_SENT else None
        except OSError:
            return None


def _files(errands: Sequence[Errand]) -> Any:
    """Who gives files away, on this machine; None where the cluster is this machine."""
    if sum(node["Alive"] for node in _cluster("nodes")) == 1:
        return None
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    actor = ray.remote(_Files).options(num_cpus=0, scheduling_strategy=here)
    return actor.remote([errand.source.path.absolute() for errand in errands])


def _cluster(asked: str) -> Any:
    """What Ray tells of the cluster; its functions for that have no types."""
    return getattr(ray, asked)()


def _fetching(files: Any) -> Fetch:
    if files is None:
        return lambda position: None
    return lambda position: cast("bytes | None", ray.get(files.content.remote(position)))


def _packed(values: Sequence[Any]) -> pyarrow.Table:
    return pyarrow.table(
        {"packed": pyarrow.array([pickle.dumps(value) for value in values], pyarrow.large_binary())}
    )


def _unpacked(table: pyarrow.Table) -> Iterator[Any]:
    return (pickle.loads(packed) for packed in table.column("packed").to_pylist())


def _translated(error: BaseException) -> IbidError:
    """What a worker complained of in our own words, else that the cluster failed."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, IbidError):
            return cause
        cause = getattr(cause, "cause", None) or cause.__cause__
    told = str(error).strip().rpartition("\n")[2]
    return ClusterError(
        f"The Ray cluster failed: {told}. What was stored stays; the same command goes on from there."
    )

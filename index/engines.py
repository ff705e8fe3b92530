"""Running a sentence model's ONNX graph on the processor.

Owns which runtime runs it and how arrays go in and out. Refuses to know texts, tokens and files' hashes.
OpenVINO is used where it is installed, since it computes in bfloat16 where the processor can, four
times as fast with AMX; ONNX Runtime is always there. An engine may be run by several threads at once,
and uses one core for each.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import WeightsError

Integers = NDArray[np.int32] | NDArray[np.int64]
Vectors = NDArray[np.float32]


class Output(NamedTuple):
    """Unit vectors of texts (batch, dimension), and those of their tokens, of any length (batch, length, dimension)."""

    vectors: Vectors
    tokens: Vectors


class Engine(Protocol):
    """Runs one graph. `batch_tokens` is the size of batch, padding counted, that it is fastest at."""

    name: str
    batch_tokens: int

    def run(self, ids: Integers, mask: Integers) -> Output:
        """The vectors of token ids and mask (batch, length), padded on the right."""


def start(graph: Path, workers: int) -> Engine:
    """The fastest engine that is installed, ready for `workers` threads. Raises WeightsError."""
    if importlib.util.find_spec("openvino"):
        return OpenVINO(graph, workers)
    return OnnxRuntime(graph)


class OnnxRuntime:
    """The graph in ONNX Runtime; a call runs on the caller's thread."""

    name = "onnxruntime"
    batch_tokens = 1024

    def __init__(self, graph: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors share no base class
            raise WeightsError(f"ONNX Runtime cannot run {graph}: {error}") from error
        self._inputs = {
            given.name: np.int64 if given.type == "tensor(int64)" else np.int32
            for given in self._session.get_inputs()
        }
        self._outputs = chosen_outputs([given.name for given in self._session.get_outputs()], graph)

    def run(self, ids: Integers, mask: Integers) -> Output:
        return output(self._session.run(self._outputs, feed(self._inputs, ids, mask)), mask)


class OpenVINO:
    """The graph in OpenVINO: one stream a worker, and one request more, so that a question need not wait."""

    name = "openvino"
    batch_tokens = 2048

    def __init__(self, graph: Path, workers: int) -> None:
        openvino = _openvino()
        shares = {"NUM_STREAMS": str(workers), "INFERENCE_NUM_THREADS": workers, "ENABLE_CPU_PINNING": False}
        try:
            model = openvino.Core().compile_model(str(graph), "CPU", shares)
        except RuntimeError as error:
            raise WeightsError(
                f"OpenVINO cannot run {graph}: {error}. To use ONNX Runtime: pip uninstall openvino"
            ) from error
        self._inputs = {
            given.any_name: np.int64 if given.element_type == openvino.Type.i64 else np.int32
            for given in model.inputs
        }
        names = chosen_outputs([given.any_name for given in model.outputs], graph)
        self._outputs = [model.output(name) for name in names]
        self._requests: SimpleQueue[Any] = SimpleQueue()
        for _ in range(workers + 1):
            self._requests.put(model.create_infer_request())

    def run(self, ids: Integers, mask: Integers) -> Output:
        request = self._requests.get()
        try:
            results = request.infer(feed(self._inputs, ids, mask))
            return output([np.array(results[name], np.float32) for name in self._outputs], mask)
        finally:
            self._requests.put(request)


def feed(inputs: Mapping[str, type], ids: Integers, mask: Integers) -> dict[str, Integers]:
    """The arrays under the names a graph gives them: ours are `ids` and `mask`, exported ones are BERT's."""
    known = {"ids": ids, "mask": mask, "input_ids": ids, "attention_mask": mask}
    return {
        name: known[name].astype(kind, copy=False) if name in known else np.zeros(ids.shape, kind)
        for name, kind in inputs.items()
    }


def chosen_outputs(names: list[str], graph: Path) -> list[str]:
    """The outputs to read, the tokens' vectors last: ours gives the sentences' too, an exported one does not."""
    for wanted in (["vectors", "tokens"], ["last_hidden_state"]):
        if set(wanted) <= set(names):
            return wanted
    raise WeightsError(f"{graph} has no output named vectors or last_hidden_state, but: {', '.join(names)}")


def output(results: list[Vectors], mask: Integers) -> Output:
    """What a graph gave as unit vectors; sentences are the mean of their tokens where it did not say."""
    tokens = np.asarray(results[-1], np.float32)
    pooled = len(results) == 1
    vectors = np.einsum("bld,bl->bd", tokens, mask.astype(np.float32)) if pooled else np.asarray(results[0])
    return Output(unit(vectors) if pooled else vectors, tokens)


def unit(vectors: Vectors) -> Vectors:
    """The rows scaled to length one; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), np.float32)


def _openvino() -> ModuleType:
    """OpenVINO, imported without its usage statistics: importing it otherwise reports to its maker."""
    absent = object()
    before = sys.modules.get("openvino_telemetry", absent)
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # makes its import fail, as it expects
    try:
        return importlib.import_module("openvino")
    finally:
        if before is absent:
            del sys.modules["openvino_telemetry"]
        else:
            sys.modules["openvino_telemetry"] = before  # type: ignore[assignment]

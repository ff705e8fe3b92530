"""The all-MiniLM-L6-v2 network as one ONNX graph, built from its safetensors.

Owns the shape of the network: token ids in, unit sentence vectors and token vectors out, with mean
pooling and normalisation inside the graph, so that every engine runs the same arithmetic. Refuses to know where
the files lie and whether they are the right ones; that is `weights`. Built here rather than exported,
because exporting needs torch, and a download would need a model hub.

The architecture is BERT (Devlin et al., 2019) at the size of MiniLM (Wang et al., 2020): 6 layers,
12 heads, 384 wide. The operators are ONNX Runtime's fused ones of the domain `com.microsoft` where those
are the faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

LAYERS = 6
HEADS = 12
DIMENSION = 384

EPSILON = 1e-12
FUSED = "com.microsoft"

Weights = Mapping[str, np.ndarray]


class Graph:
    """An ONNX graph being written down, one node after another; values are known by name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, array: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(
            helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes)
        )
        return output


def build(weights: Path) -> bytes:
    """The serialised ONNX model for the weights in a safetensors file.

    Inputs `ids` and `mask`: int32 (batch, length), padded on the right, mask 1 at tokens and 0 at
    padding. Outputs `vectors`: float32 (batch, 384), each of length one, and `tokens`: float32 (batch,
    length, 384), those of the single tokens, of any length.
    """
    graph = Graph()
    tokens = token_vectors(graph, load_file(weights))
    unit_mean(graph, tokens)
    shape = ["batch", "length"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in ("ids", "mask")],
            [
                helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", DIMENSION]),
                helper.make_tensor_value_info("tokens", TensorProto.FLOAT, [*shape, DIMENSION]),
            ],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)],
        ir_version=8,
        producer_name="ibid",
    )
    return bytes(model.SerializeToString(deterministic=True))


def token_vectors(graph: Graph, weights: Weights) -> str:
    """Embedding and encoder; the value named, `tokens`, is (batch, length, 384)."""
    hidden = embed(graph, weights)
    for layer in range(LAYERS):
        output = "tokens" if layer == LAYERS - 1 else f"encoded{layer}"
        hidden = encode(graph, weights, layer, hidden, output)
    return hidden


def embed(graph: Graph, weights: Weights) -> str:
    """Words plus positions, normalised; leaves the number of tokens of each text in `lengths`."""
    # A text is one segment here, so the first segment's vector is folded into every position.
    positions = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    graph.nodes.append(
        helper.make_node(
            "EmbedLayerNormalization",
            [
                "ids",
                "",
                graph.constant("words", weights["embeddings.word_embeddings.weight"]),
                graph.constant("positions", positions),
                "",
                *scale_and_shift(graph, weights, "embeddings.LayerNorm"),
                "mask",
            ],
            ["embedded", "lengths"],
            name="embedded",
            domain=FUSED,
            epsilon=EPSILON,
        )
    )
    return "embedded"


def encode(graph: Graph, weights: Weights, layer: int, hidden: str, output: str) -> str:
    """One encoder layer: attention, then the feed-forward part, each added to its input and normalised."""
    source = f"encoder.layer.{layer}."
    parts = [f"{source}attention.self.{part}." for part in ("query", "key", "value")]
    attended = graph.node(
        "Attention",
        [
            hidden,
            graph.constant(f"qkv{layer}", np.concatenate([weights[p + "weight"].T for p in parts], axis=1)),
            graph.constant(f"qkv_bias{layer}", np.concatenate([weights[p + "bias"] for p in parts])),
            "lengths",
        ],
        f"attended{layer}",
        FUSED,
        num_heads=HEADS,
    )
    mixed = matmul(graph, weights, attended, source + "attention.output.dense")
    hidden = add_and_normalise(
        graph, weights, mixed, hidden, source + "attention.output", f"attention_sum{layer}"
    )
    wide = matmul(graph, weights, hidden, source + "intermediate.dense")
    bias = graph.constant(f"wide_bias{layer}", weights[source + "intermediate.dense.bias"])
    wide = graph.node("BiasGelu", [wide, bias], f"wide{layer}", FUSED)
    narrow = matmul(graph, weights, wide, source + "output.dense")
    return add_and_normalise(graph, weights, narrow, hidden, source + "output", output)


def matmul(graph: Graph, weights: Weights, value: str, dense: str) -> str:
    """`value` times the matrix of a dense layer, whose bias the next operator adds."""
    matrix = graph.constant(f"{dense}.matrix", weights[f"{dense}.weight"].T)
    return graph.node("MatMul", [value, matrix], f"{dense}.product")


def add_and_normalise(graph: Graph, weights: Weights, value: str, skip: str, source: str, output: str) -> str:
    """Layer normalisation of `value`, its dense layer's bias and the input that skipped it, summed.

    In five operators: ONNX Runtime's one for all this adds up a row number by number, and takes twice as long.
    """
    scale, shift = scale_and_shift(graph, weights, f"{source}.LayerNorm")
    bias = graph.constant(f"{source}.bias", weights[f"{source}.dense.bias"])
    biased = graph.node("Add", [value, bias], f"{source}.biased")
    added = graph.node("Add", [biased, skip], f"{source}.added")
    normal = graph.node("MeanVarianceNormalization", [added], f"{source}.normal", axes=[-1])
    scaled = graph.node("Mul", [normal, scale], f"{source}.scaled")
    return graph.node("Add", [scaled, shift], output)


def scale_and_shift(graph: Graph, weights: Weights, norm: str) -> tuple[str, str]:
    return (
        graph.constant(f"{norm}.scale", weights[f"{norm}.weight"]),
        graph.constant(f"{norm}.shift", weights[f"{norm}.bias"]),
    )


def unit_mean(graph: Graph, tokens: str) -> str:
    """The mean of a text's token vectors, padding left out, scaled to length one: `vectors`.

    Dividing by the number of tokens would not change the direction, so it is left out.
    """
    graph.node("Cast", ["mask"], "real", to=TensorProto.FLOAT)
    graph.node("Unsqueeze", ["real", graph.constant("column", np.array([1]))], "row")
    graph.node("MatMul", ["row", tokens], "summed")
    graph.node("Squeeze", ["summed", "column"], "sum")
    return graph.node("LpNormalization", ["sum"], "vectors", axis=-1, p=2)

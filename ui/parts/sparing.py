"""Gradio's `Blocks`, spared the work over what an event leaves as it is, and what that work leaves behind.

For each output that is skipped Gradio makes the component anew, though nothing of it changes: of an event with twenty
outputs that paints three of them, and does so ten times a second, that is most of the cost. What it makes anew has
another id than what it stands for, and once it is an input the session keeps it under both, so that every question
of a conversation left three choices and all that they choose from in the server's memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.blocks import Block
from gradio.state_holder import SessionState


class SparingBlocks(gr.Blocks):
    """`gr.Blocks` in which an output that is skipped costs nothing, and one that is not takes no more room."""

    async def postprocess_data(
        self, block_fn: BlockFunction, predictions: list[Any] | dict[Any, Any], state: SessionState | None
    ) -> list[Any]:
        """What is sent for each output of an event; as Gradio does, but for those that are skipped."""
        if not isinstance(predictions, list) or not len(predictions) == len(block_fn.outputs) > 1:
            sent = await super().postprocess_data(block_fn, predictions, state)
            _keep_ids(block_fn.outputs, state)
            return sent
        kept = [place for place, value in enumerate(predictions) if not _skipped(value)]
        fewer = copy(block_fn)
        fewer.outputs = [block_fn.outputs[place] for place in kept]
        values = [predictions[place] for place in kept]
        sent = await super().postprocess_data(fewer, values if len(values) != 1 else values[0], state)
        _keep_ids(fewer.outputs, state)
        told = dict(zip(kept, sent, strict=True))
        return [told.get(place, gr.skip()) for place in range(len(predictions))]


def _keep_ids(outputs: Sequence[Block], state: SessionState | None) -> None:
    """What a session has in the place of each output now takes its id."""
    if state is not None:
        for output in outputs:
            state.blocks_config.blocks.get(output._id, output)._id = output._id


def _skipped(value: Any) -> bool:
    return isinstance(value, dict) and value == gr.skip()

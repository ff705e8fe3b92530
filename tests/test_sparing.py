"""What an event skips is sent as Gradio sends it, and costs no component."""

import asyncio
from copy import deepcopy
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from ui.parts.sparing import SparingBlocks


def _page(kind: type[gr.Blocks], outputs: int) -> gr.Blocks:
    with kind() as page:
        shown: list[gr.components.Component] = [
            gr.HTML("first"),
            gr.Dropdown(["a", "b"], value=[], multiselect=True),
            gr.Textbox("third"),
        ][:outputs]
        page.load(lambda: None, None, shown if outputs > 1 else shown[0])
    return page


def _sent(page: gr.Blocks, predictions: Any) -> tuple[list[Any], SessionState]:
    state = SessionState(page)
    return asyncio.run(page.postprocess_data(page.fns[0], deepcopy(predictions), state)), state


_EVERY = [
    [gr.skip(), gr.skip(), gr.skip()],
    ["new", gr.skip(), gr.skip()],
    [gr.skip(), ["b"], gr.update(visible=False)],
    ["new", gr.update(choices=["c"], value=["c"]), "text"],
    [gr.skip(), gr.update(value=[]), gr.skip()],
    ["", [], None],
]


@pytest.mark.parametrize("predictions", _EVERY, ids=range(len(_EVERY)))
def test_what_is_not_skipped_is_sent_as_gradio_sends_it(predictions: list[Any]) -> None:
    spared, _ = _sent(_page(SparingBlocks, 3), predictions)
    plain, _ = _sent(_page(gr.Blocks, 3), predictions)
    for value, ours, theirs in zip(predictions, spared, plain, strict=True):
        assert ours == (gr.skip() if value == gr.skip() else theirs)


@pytest.mark.parametrize("prediction", ["new", gr.skip(), gr.update(visible=False), ["a"]])
def test_the_only_output_may_be_a_list(prediction: Any) -> None:
    spared, _ = _sent(_page(SparingBlocks, 1), prediction)
    plain, _ = _sent(_page(gr.Blocks, 1), prediction)
    assert spared == plain


def test_a_wrong_number_of_outputs_is_still_an_error() -> None:
    with pytest.raises(ValueError, match="output"):
        _sent(_page(SparingBlocks, 3), ["new", gr.skip()])


def test_no_component_is_made_for_what_is_skipped() -> None:
    predictions = [gr.skip(), gr.skip(), gr.update(value="text")]
    page = _page(SparingBlocks, 3)
    outputs = page.fns[0].outputs
    _, state = _sent(page, predictions)
    assert [state[block._id] is block for block in outputs] == [True, True, False]


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_session_does_not_grow_with_the_events_that_update_it(outputs: int) -> None:
    with SparingBlocks() as page:
        choice = gr.Dropdown(["a", "b"], value=[], multiselect=True)
        rest = [gr.Textbox("one"), gr.Textbox("another")][: outputs - 1]
        page.load(lambda chosen: None, [choice], [choice, *rest])
    state, asked = SessionState(page), page.fns[0]
    before = set(state.blocks_config.blocks), set(state.config_values)

    async def event(choices: list[str]) -> list[Any]:
        await page.preprocess_data(asked, [[]], state)
        update = gr.update(choices=choices)
        return await page.postprocess_data(asked, [update, *["text"] * len(rest)] if rest else update, state)

    for number in range(4):
        sent = asyncio.run(event([f"choice {number}"]))
        assert sent[0]["choices"] == [[f"choice {number}"] * 2]
    assert (set(state.blocks_config.blocks), set(state.config_values)) == before
    assert state[choice._id].choices == [("choice 3", "choice 3")]

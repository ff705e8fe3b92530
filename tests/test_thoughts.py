"""A reply without the thoughts that some servers put before it."""

from __future__ import annotations

import pytest

from assistant.writing.thoughts import spoken


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("<think>Is it 7? </think>\n\nTides rise [1].", "Tides rise [1]."),
        ("  <Reasoning>no</Reasoning>{}", "{}"),
        ("Tides rise <think>not this</think>.", "Tides rise <think>not this</think>."),
        ("<table>", "<table>"),
        ("<", "<"),
        ("", ""),
        ("<think>It never ends", ""),
        ("<think></think>", ""),
    ],
)
def test_thoughts_before_a_reply_are_left_out_however_it_is_cut(reply: str, said: str) -> None:
    for width in (1, 3, 50):
        pieces = [reply[start : start + width] for start in range(0, len(reply), width)]
        assert "".join(spoken(pieces)) == said


def test_a_reply_without_thoughts_is_not_held_back() -> None:
    assert next(spoken(iter(["Tides", " rise"]))) == "Tides"

"""The settings the assistant takes; where their values come from is `ui.settings`."""

from __future__ import annotations

from pydantic import Field

from index.settings import Group


class AnswerSettings(Group):
    """How answers are made without a language model."""

    passages: int = Field(10, ge=1, le=50)
    """How many of the passages found are shown with an answer."""
    read: int = Field(8, ge=1, le=50)
    """How many of the papers found are read for the sentences that answer a plain question."""
    sentences: int = Field(4, ge=1, le=12)
    """The most sentences that an answer to a plain question quotes."""
    papers: int = Field(12, ge=1, le=50)
    """The most papers that an answer to a list question names."""

"""The settings the assistant takes; where their values come from is `ui.settings`."""

from __future__ import annotations

from typing import Literal

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


class WritingSettings(Group):
    """How answers are made with a language model (`llm.write`); each step can be left out."""

    passages: int = Field(10, ge=1, le=40)
    """How many passages the model is given."""
    rewrite: bool = True
    """Whether the model reads the question first: follow-ups made standalone, parts to search for."""
    rerank: Literal["none", "listwise", "summaries"] = "none"
    """What the judge does with what was found: put it in order, or summarise and weigh each passage."""
    searches: int = Field(1, ge=0, le=3)
    """How often the judge may have searched again for a part of the question that nothing found covers."""
    check: Literal["rules", "model"] = "rules"
    """Who decides on sentences that the papers may support in other words: rules alone, or the judge too."""
    repair: bool = True
    """Whether a sentence that fails its check is written once more."""
    unsupported: Literal["mark", "drop"] = "mark"
    """What becomes of a sentence that no passage supports: shown with a warning, or dropped."""
    sentences: int = Field(8, ge=1, le=40)
    """About how many sentences an answer may have."""
    seconds: float = Field(120.0, gt=0)
    """How long an answer may take, all steps together; then the papers are quoted instead."""

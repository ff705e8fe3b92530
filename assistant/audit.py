"""Checking what is not the library's own: citations of stored conversations, and the language models."""

from __future__ import annotations

from assistant.citations import faults
from assistant.conversation import Conversations, every_turn
from assistant.models.offered import check as try_model
from assistant.models.settings import ModelSettings
from index.doctor import Finding
from index.errors import IbidError, PaperNotFound
from index.library import Library


def examine_conversations(library: Library) -> Finding:
    """Whether the citations of all stored turns hold; those of papers removed since are only counted."""
    Conversations(library)  # which makes their tables where there are none
    wrong, gone, turns = [], 0, 0
    for turn in every_turn(library):
        turns += 1
        try:
            wrong += faults(turn.answer, library.text)
        except PaperNotFound:
            gone += 1
    seen = f"{turns} turns, {len(wrong)} faults, {gone} cite papers removed since"
    return Finding(check="citations of stored conversations resolve", holds=not wrong, seen=seen)


def examine_models(llm: ModelSettings) -> list[Finding]:
    """Whether the models that the settings name answer; each is asked one word."""
    if not llm.write:
        return [Finding(check="a language model is named", holds=False, seen="none", remedy="Set llm.write.")]
    roles = {"writes": llm.write} | ({"judges": llm.judge} if llm.judge else {})
    return [_tried(role, spec, llm) for role, spec in roles.items()]


def _tried(role: str, spec: str, llm: ModelSettings) -> Finding:
    check = f"the model that {role} answers"
    try:
        return Finding(check=check, holds=True, seen=try_model(spec, llm))
    except IbidError as error:
        return Finding(check=check, holds=False, seen=str(error))

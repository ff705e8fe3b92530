"""Checking stored conversations: every citation of every old answer still resolves."""

from __future__ import annotations

from assistant.citations import faults
from assistant.conversation import Conversations
from index.doctor import Finding
from index.errors import PaperNotFound
from index.library import Library


def examine_conversations(library: Library) -> Finding:
    """Whether the citations of all stored turns hold; those of papers removed since are only counted."""
    conversations = Conversations(library)
    wrong, gone, turns = [], 0, 0
    for summary in conversations.list(limit=1_000_000):
        for turn in conversations.open(summary.id).turns:
            turns += 1
            try:
                wrong += faults(turn.answer, library.text)
            except PaperNotFound:
                gone += 1
    seen = f"{turns} turns, {len(wrong)} faults, {gone} cite papers removed since"
    return Finding(check="citations of stored conversations resolve", holds=not wrong, seen=seen)

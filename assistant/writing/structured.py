"""What a model says in JSON, as a checked value; None where it says no such thing.

Models wrap JSON in prose and fences, leave out brackets and quote singly: what can be repaired is (json-repair),
and what then does not fit is nothing. No reply is an error here: the step that asked goes on without.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from json_repair import repair_json
from pydantic import BaseModel, ValidationError

_MOST = 20_000  # characters
_FENCED = re.compile(r"```(?:json)?\s*\n?(.*?)(?:```|$)", re.DOTALL | re.IGNORECASE)

Shape = TypeVar("Shape", bound=BaseModel)


def read(reply: str, shape: type[Shape]) -> Shape | None:
    """The first object in a reply as a `shape`, whose defaults stand in for what is missing or of another type."""
    found = _object(reply[:_MOST])
    if found is None:
        return None
    known = {name: value for name, value in found.items() if name in shape.model_fields}
    if not known:
        return None
    for _ in range(len(known) + 1):
        try:
            return shape.model_validate(known)
        except ValidationError as error:
            wrong = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
            if not wrong & known.keys():
                return None
            known = {name: value for name, value in known.items() if name not in wrong}
    return None


def _object(reply: str) -> dict[str, Any] | None:
    fenced = _FENCED.search(reply)
    text = fenced[1] if fenced else reply
    start = text.find("{")
    if start < 0:
        return None
    try:
        found = json.JSONDecoder().raw_decode(text[start:])[0]
    except (ValueError, RecursionError):
        found = _repaired(text[start:])
    return found if isinstance(found, dict) else None


def _repaired(text: str) -> Any:
    try:
        return repair_json(text, return_objects=True)
    except (ValueError, RecursionError, TypeError):
        return None

"""Language models played from a script, as tests of several parts need them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.engine import Assistant
from assistant.generative import Models
from assistant.models.model import load_model
from assistant.models.rehearsal.schema import Asked, Dialect, Script, Scripted
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.settings import ModelSettings
from assistant.settings import WritingSettings
from assistant.writing.understudy import passages, role
from index.library import Library


def playing(**lines: Any) -> Callable[[Asked], Scripted | str]:
    """A script with a line, or a function of what is asked, for each role; a plain one where none is given."""
    plain: dict[str, Any] = {
        "rewrite": "no",
        "judge": "no",
        "write": quoting,
        "mend": "DROP",
        "support": "no",
    }

    def line(asked: Asked) -> Scripted | str:
        found: Any = (plain | lines)[role(asked)]
        said: Scripted | str = found(asked) if callable(found) else found
        return said

    return line


def quoting(asked: Asked) -> str:
    """An answer of the first sentence of each of the first three passages."""
    firsts = (re.split(r"(?<=[.!?])\s", text)[0] for text in passages(asked)[:3])
    return " ".join(f"{first} [{number}]" for number, first in enumerate(firsts, start=1))


@contextmanager
def rehearsed(
    library: Library, script: Script, folder: Path, dialect: Dialect = "openai", **writing: Any
) -> Iterator[tuple[Assistant, Rehearsal]]:
    """An assistant whose models are played from a script by a server of its own."""
    with Rehearsal(script, models=("rehearsal", "rehearsal-2")) as server:
        limits = ModelSettings(file=folder / "models.sqlite", cache=False, seconds=60, retries=0)
        model = load_model(server.spec(dialect), limits)
        yield Assistant(library, models=Models(model, model, WritingSettings(**writing), limits)), server

"""What writes the answers, as a reader may choose: quotes alone, the model of the settings, or another of its server.

Owns who chose what; a choice lasts as long as the browser tab does, and the page's script remembers it. Only
what the configured server offers can be chosen, so that no page makes Ibid talk to another.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.engine import QUOTED, Assistant
from assistant.models.offered import offered
from assistant.models.spec import read_spec
from index.errors import IbidError
from index.schema import Value
from ui.parts.render import engine_words


class EngineUnknown(IbidError):
    """What was chosen cannot be had here."""


class Engine(Value):
    """Something that writes answers, and what a reader calls it."""

    name: str
    label: str


class Engines:
    """The choice of each visitor; without one, the settings' model."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._assistants = {assistant.engine: assistant, QUOTED: assistant.quoting}
        self._chosen: dict[str, str] = {}

    def of(self, visitor: str) -> Assistant:
        """The assistant that answers a visitor."""
        return self._assistants[self._chosen.get(visitor, self.assistant.engine)]

    def choices(self) -> Sequence[Engine]:
        """All there is to choose from; asks the model's server what it offers. IbidError where it does not tell."""
        if self.assistant.models is None:
            return [_called(QUOTED)]
        models = self.assistant.models
        spec = read_spec(models.write.spec)
        names = [spec.name, *offered(models.write.spec, models.llm)]
        others = (str(spec.model_copy(update={"name": name})) for name in dict.fromkeys(names))
        return [_called(QUOTED), *(_called(name) for name in others)]

    def at_hand(self) -> Sequence[Engine]:
        """What can be chosen without asking anybody, the settings' model first."""
        return [_called(name) for name in self._assistants]

    def choose(self, visitor: str, name: str) -> None:
        """From now on `name` answers the visitor. EngineUnknown where it is none of the choices."""
        if name not in self._assistants:
            if name not in {engine.name for engine in self.choices()}:
                raise EngineUnknown(f"{name!r} is not offered by the server of {self.assistant.engine}.")
            self._assistants[name] = self.assistant.written_by(name)
        self._chosen[visitor] = name

    def leave(self, visitor: str) -> None:
        """Forget a visitor's choice."""
        self._chosen.pop(visitor, None)


def _called(name: str) -> Engine:
    return Engine(name=name, label="quotes only" if name == QUOTED else engine_words(name))

"""How far an answer that a model writes has come: its steps, what they took, and how long is left.

Owns the accounts of one question. A step that fails for want of the model ends all further ones (`broken`); one
whose reply is of no use is skipped, and says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from assistant.models.model import Model
from assistant.models.schema import Fault, Message, ModelError, Usage
from assistant.schema import Step
from assistant.stopping import Stop
from assistant.writing.thoughts import spoken

Given = TypeVar("Given")

USELESS: frozenset[Fault] = frozenset({"malformed", "empty", "cut", "context"})
"""Faults of one reply, which tell nothing of the next one."""


class Course:
    """The accounts of one question; `seconds` is what all its steps may take together.

    Once `stop` is asked, the request under way ends, and no other begins.
    """

    def __init__(self, seconds: float, stop: Stop) -> None:
        self.stop = stop
        self.steps: list[Step] = []
        self.broken: ModelError | None = None
        self._until = time.monotonic() + seconds
        self._spent: list[Usage] = []

    @property
    def left(self) -> float:
        """Seconds, never less than a little, so that a call that comes too late says so itself."""
        return max(self._until - time.monotonic(), 0.05)

    def ask(self, model: Model, messages: Sequence[Message]) -> str:
        """A model's reply; ModelError."""
        return "".join(self.pieces(model, messages, []))

    def pieces(self, model: Model, messages: Sequence[Message], spent: list[Usage]) -> Generator[str]:
        """A reply as it comes; ModelError. What it used is entered here, and in `spent`.

        Closing the iterator ends the request.
        """
        self._go_on(model)
        with (
            model.stream(messages, seconds=self.left) as stream,
            self.stop.ending(stream.close),
        ):
            try:
                yield from spoken(stream)
            finally:
                stream.close()
                spent.append(stream.usage)
                self._spent.append(stream.usage)
        self._go_on(model)

    def _go_on(self, model: Model) -> None:
        if self.stop.asked:
            raise ModelError("cut", model.spec, "was stopped")

    def step(self, name: str, work: Callable[[], tuple[Given, str]], otherwise: Given) -> Given:
        """What a step gives, with a note on it in words; `otherwise` where the model fails."""
        started, spent = time.monotonic(), len(self._spent)
        try:
            given, note = work()
        except ModelError as error:
            given, note = otherwise, f"skipped: {error}"
            if error.fault not in USELESS or self.stop.asked:
                self.broken = error
        self.note(name, started, note, self._spent[spent:])
        return given

    def note(self, name: str, started: float, note: str, usages: Sequence[Usage] = ()) -> None:
        """Enter a step that began at `started`, by the monotonic clock, and used that much."""
        step = Step(
            name=name,
            seconds=round(time.monotonic() - started, 3),
            tokens=sum(usage.prompt_tokens + usage.completion_tokens for usage in usages),
            cost=_cost(usages),
            note=note,
        )
        self.steps.append(step)

    @property
    def usage(self) -> dict[str, float]:
        """What the answer cost: requests, tokens, and US dollars where all prices are known."""
        if not self._spent:
            return {}
        found: dict[str, float] = {
            "requests": sum(usage.requests for usage in self._spent),
            "prompt_tokens": sum(usage.prompt_tokens for usage in self._spent),
            "completion_tokens": sum(usage.completion_tokens for usage in self._spent),
        }
        cost = _cost(self._spent)
        return found if cost is None else found | {"cost": cost}


def _cost(usages: Sequence[Usage]) -> float | None:
    known = [usage.cost for usage in usages if usage.cost is not None]
    return round(sum(known), 6) if usages and len(known) == len(usages) else None

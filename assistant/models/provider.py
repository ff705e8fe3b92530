"""What is different from one kind of model server to the next, behind one face.

Owns what a provider is: which llama-index integration speaks to it, where its key is found, how it says
that a reply is whole and what it used. Refuses to know deadlines, retries and everything else that is the
same for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import SecretStr

from assistant.models.settings import ModelSettings
from assistant.models.spec import Spec
from assistant.models.wire import KeyHeader
from index.schema import Value

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse
    from llama_index.core.llms import LLM

Ending = Literal["whole", "full", "withheld"]
"""A reply came to its own end, or to the most tokens it may have, or the provider kept the rest back."""


class Heard(Value):
    """What one event of a stream says; counts are of the whole call so far, None where it says none."""

    piece: str = ""
    ending: Ending | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Provider(ABC):
    """One kind of model server."""

    extra: ClassVar[str]
    """The extra that brings its integration."""
    modules: ClassVar[tuple[str, ...]]
    """What must be installed for it."""
    variable: ClassVar[str]
    """Where in the environment its key is."""
    needs_key: ClassVar[bool] = True
    address: ClassVar[str | None] = None
    """Where its models are, if nobody says otherwise; None: it must be said."""
    elsewhere: ClassVar[bool] = True
    """Whether another address can be given."""
    tells_ending: ClassVar[bool] = True
    """Whether a stream that ends without saying so was cut."""
    key_header: ClassVar[KeyHeader] = "Authorization"
    """Where in a request its key goes."""
    headers: ClassVar[Mapping[str, str]] = {}
    """What a request for the list of models needs beside the key."""

    @abstractmethod
    def build(self, spec: Spec, key: SecretStr, settings: ModelSettings) -> LLM:
        """The integration, ready to be asked; costs its import, so it is made for the first call."""

    def fitted(self, llm: LLM, tokens: int) -> LLM:
        """The integration as a call takes it that may write `tokens`, where that cannot be said with the call."""
        return llm

    @abstractmethod
    def options(self, tokens: int) -> dict[str, Any]:
        """What a call passes beside its messages, so that at most `tokens` are written."""

    @abstractmethod
    def heard(self, response: ChatResponse) -> Heard:
        """What one event of its stream says."""

    def offered_at(self, address: str) -> str | None:
        """Where a server at `address` lists its models; None where it does not."""
        return None

    def names(self, listed: Any) -> list[str]:
        """The models in that list, as specs name them."""
        return []

    def window(self, settings: ModelSettings) -> int | None:
        """How many tokens prompt and reply may have together; None where the server says so itself."""
        return None

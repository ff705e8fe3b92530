"""The registry of providers: those built in, and those that third parties add.

A third party adds one as an entry point of the group `ibid.llms`: a function from a model's name to a
llama-index `LLM`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from assistant.models.anthropic_provider import Anthropic
from assistant.models.ollama_provider import Ollama
from assistant.models.openai_provider import Gemini, OpenAI, OpenAICompatible
from assistant.models.provider import Heard, Provider
from assistant.models.settings import ModelSettings
from assistant.models.spec import Spec
from index.errors import SettingsError
from index.providers import Providers, require

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse
    from llama_index.core.llms import LLM

Factory = Callable[[str], "LLM"]

BUILT_IN: dict[str, Provider] = {
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "ollama": Ollama(),
    "openai": OpenAI(),
    "openai-compatible": OpenAICompatible(),
}


class ThirdParty(Provider):
    """A llama-index LLM that someone else's package makes."""

    extra = ""
    modules = ()
    variable = ""
    needs_key = False
    address = ""
    tells_ending = False

    def __init__(self, factory: Factory) -> None:
        self._factory = factory

    def build(self, spec: Spec, key: SecretStr, settings: ModelSettings) -> LLM:
        return self._factory(f"{spec.name}@{spec.address}" if spec.address else spec.name)

    def options(self, tokens: int) -> dict[str, Any]:
        return {}

    def heard(self, response: ChatResponse) -> Heard:
        return Heard(piece=response.delta or "")


def find_provider(spec: Spec) -> Provider:
    """Raises SettingsError for a provider or an address that cannot be, ExtraMissing where one must be installed."""
    found, _ = PROVIDERS.find(str(spec))
    provider = found if isinstance(found, Provider) else ThirdParty(found)
    if spec.address is None and provider.address is None:
        raise SettingsError(
            f"language model '{spec}' names no server; write '{spec}@http://localhost:8080/v1', with its address"
        )
    if spec.address is not None and not provider.elsewhere:
        raise SettingsError(
            f"language model '{spec}': {spec.provider} has an address of its own; "
            f"for another server write 'openai-compatible:{spec.name}@{spec.address}'"
        )
    require(str(spec), provider.extra, *provider.modules)
    return provider


PROVIDERS: Providers[Provider | Factory] = Providers(
    "language model", "ibid.llms", "openai:gpt-5-mini", BUILT_IN
)

"""Ollama: models on one's own machine, or another's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from assistant.models.provider import Heard, Provider
from assistant.models.settings import ModelSettings
from assistant.models.spec import Spec
from assistant.models.wire import client_options

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse
    from llama_index.core.llms import LLM


class Ollama(Provider):
    """Ollama's own protocol, since the one it shares with OpenAI cannot say how much a model is to read."""

    extra = "ollama"
    modules = ("llama_index.llms.ollama", "ollama")
    variable = "OLLAMA_API_KEY"
    needs_key = False
    address = "http://localhost:11434"

    def build(self, spec: Spec, key: SecretStr, settings: ModelSettings) -> LLM:
        from llama_index.llms.ollama import Ollama as Integration
        from ollama import AsyncClient

        at = spec.address or self.address
        options = client_options(self.key_header, key)
        return Integration(
            model=spec.name,
            base_url=at,
            context_window=settings.window,
            temperature=settings.temperature,
            async_client=AsyncClient(at, **options),
        )

    def fitted(self, llm: LLM, tokens: int) -> LLM:
        return llm.model_copy(update={"additional_kwargs": {"num_predict": tokens}})

    def options(self, tokens: int) -> dict[str, Any]:
        return {}

    def offered_at(self, address: str) -> str:
        return f"{address.rstrip('/')}/api/tags"

    def names(self, listed: Any) -> list[str]:
        return [str(row["name"]) for row in listed["models"]]

    def heard(self, response: ChatResponse) -> Heard:
        raw: Any = response.raw
        done, reason = raw.get("done"), raw.get("done_reason")
        return Heard(
            piece=response.delta or "",
            ending=("full" if reason == "length" else "whole") if done else None,
            prompt_tokens=raw.get("prompt_eval_count"),
            completion_tokens=raw.get("eval_count"),
        )

    def window(self, settings: ModelSettings) -> int | None:
        """Ollama drops the beginning of a longer prompt without a word, so it must not come to that."""
        return settings.window

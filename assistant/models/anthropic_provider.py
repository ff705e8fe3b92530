"""Anthropic, and servers that speak its protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import SecretStr

from assistant.models.provider import Ending, Heard, Provider
from assistant.models.settings import ModelSettings
from assistant.models.spec import Spec
from assistant.models.wire import client_options

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse
    from llama_index.core.llms import LLM


_ENDINGS: dict[str, Ending] = {"max_tokens": "full", "refusal": "withheld"}


class Anthropic(Provider):
    """Messages, at its own service or elsewhere."""

    extra = "anthropic"
    modules = ("llama_index.llms.anthropic", "anthropic")
    variable = "ANTHROPIC_API_KEY"
    address = "https://api.anthropic.com"
    key_header = "X-Api-Key"
    headers: ClassVar[Mapping[str, str]] = {"anthropic-version": "2023-06-01"}

    def build(self, spec: Spec, key: SecretStr, settings: ModelSettings) -> LLM:
        from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient, omit
        from llama_index.core.base.llms.types import LLMMetadata
        from llama_index.llms.anthropic import Anthropic as Integration

        class AnyModel(Integration):
            """The integration knows the names of its day's models, and refuses the rest when it describes itself."""

            @property
            def metadata(self) -> LLMMetadata:
                return LLMMetadata(num_output=self.max_tokens, is_chat_model=True, model_name=self.model)

        at = root_address(spec.address or self.address)
        llm = AnyModel(
            model=spec.name,
            base_url=at,
            api_key="unused",
            max_retries=0,
            max_tokens=settings.tokens,
            additional_kwargs={"temperature": omit if settings.temperature is None else settings.temperature},
        )
        # It makes a client of its own, and takes none from outside.
        llm._aclient = AsyncAnthropic(
            api_key="unused",
            base_url=at,
            max_retries=0,
            timeout=None,
            http_client=DefaultAsyncHttpxClient(**client_options(self.key_header, key)),
        )
        return llm

    def options(self, tokens: int) -> dict[str, Any]:
        return {"max_tokens": tokens}

    def offered_at(self, address: str) -> str:
        return f"{root_address(address)}/v1/models?limit=1000"

    def names(self, listed: Any) -> list[str]:
        return [str(row["id"]) for row in listed["data"]]

    def heard(self, response: ChatResponse) -> Heard:
        told: Any = response.message.additional_kwargs
        usage = told.get("usage") or {}
        reason = told.get("stop_reason")
        return Heard(
            piece=response.delta or "",
            ending=_ENDINGS.get(reason, "whole") if reason else None,
            prompt_tokens=usage.get("input_tokens") if reason else None,
            completion_tokens=usage.get("output_tokens") if reason else None,
        )


def root_address(address: str) -> str:
    """Where the server begins: the integration adds the protocol's version itself."""
    return address.rstrip("/").removesuffix("/v1")

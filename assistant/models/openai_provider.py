"""OpenAI, and every server that speaks its protocol: vLLM, llama.cpp, LM Studio, OpenRouter, LiteLLM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from assistant.models.provider import Ending, Heard, Provider
from assistant.models.settings import ModelSettings
from assistant.models.spec import Spec
from assistant.models.wire import client_options

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse
    from llama_index.core.llms import LLM

_ENDINGS: dict[str, Ending] = {"length": "full", "content_filter": "withheld"}
_UNUSED = "unused"
"""What stands for the key in the integration, which refuses to be without one; the wire puts the real one."""


class OpenAICompatible(Provider):
    """A server at an address of its own."""

    extra = "openai"
    modules = ("llama_index.llms.openai_like", "openai")
    variable = "IBID_LLM__KEY"
    needs_key = False
    most_tokens = "max_tokens"
    """The name under which the protocol takes the most tokens."""

    def build(self, spec: Spec, key: SecretStr, settings: ModelSettings) -> LLM:
        from llama_index.llms.openai_like import OpenAILike
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient, omit

        at = base_address(spec.address or self.address or "")
        client = AsyncOpenAI(
            api_key=_UNUSED,
            base_url=at,
            max_retries=0,
            timeout=None,
            http_client=DefaultAsyncHttpxClient(**client_options(self.key_header, key)),
        )
        # The plain integration knows the names of its day's models and refuses the rest.
        return OpenAILike(
            model=spec.name,
            api_base=at,
            api_key=_UNUSED,
            is_chat_model=True,
            max_retries=0,
            async_openai_client=client,
            additional_kwargs={"temperature": omit if settings.temperature is None else settings.temperature},
        )

    def options(self, tokens: int) -> dict[str, Any]:
        return {self.most_tokens: tokens, "stream_options": {"include_usage": True}}

    def offered_at(self, address: str) -> str:
        return f"{base_address(address)}/models"

    def names(self, listed: Any) -> list[str]:
        return [str(row["id"]) for row in listed["data"]]

    def heard(self, response: ChatResponse) -> Heard:
        raw: Any = response.raw
        reasons = [choice.finish_reason for choice in raw.choices if choice.finish_reason]
        usage = getattr(raw, "usage", None)
        return Heard(
            piece=response.delta or "",
            ending=_ENDINGS.get(reasons[0], "whole") if reasons else None,
            prompt_tokens=usage.prompt_tokens if usage else None,
            completion_tokens=usage.completion_tokens if usage else None,
        )


class OpenAI(OpenAICompatible):
    """OpenAI's own service."""

    variable = "OPENAI_API_KEY"
    needs_key = True
    address = "https://api.openai.com/v1"
    elsewhere = False
    most_tokens = "max_completion_tokens"


class Gemini(OpenAICompatible):
    """Google's service, by the address at which it speaks OpenAI's protocol.

    llama-index's own integration asks the network when it is made, before any deadline, and takes no HTTP
    client from outside, so that neither cancelling nor keeping the key out of it would be certain.
    """

    extra = "gemini"
    variable = "GOOGLE_API_KEY"
    needs_key = True
    address = "https://generativelanguage.googleapis.com/v1beta/openai"
    elsewhere = False

    def names(self, listed: Any) -> list[str]:
        """Google lists its models as things of a kind: `models/gemini-…`."""
        return [name.removeprefix("models/") for name in super().names(listed)]


def base_address(address: str) -> str:
    """Where the protocol begins; a server named without a path has it under /v1, as they all do."""
    return address if urlsplit(address).path.strip("/") else f"{address.rstrip('/')}/v1"

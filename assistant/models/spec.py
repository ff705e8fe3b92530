"""A model's name as one writes it: `provider:model`, or `provider:model@address`."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from index.errors import SettingsError
from index.schema import Value


class Spec(Value):
    """A provider, its name for the model, and the address of a server other than its own."""

    provider: str
    name: str
    address: str | None = None

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}" + (f"@{self.address}" if self.address else "")


def read_spec(text: str) -> Spec:
    """Raises SettingsError where `text` is not of the form, or holds something secret."""
    provider, _, model = text.strip().partition(":")
    name, at, address = model.partition("@")
    parts = urlsplit(address)
    if at and (parts.username is not None or parts.query or parts.fragment):
        raise SettingsError(
            f"language model '{provider}:{name}' has more than an address after its @; "
            "a key belongs into the environment"
        )
    if not provider or not name or (at and (parts.scheme not in ("http", "https") or not parts.hostname)):
        raise SettingsError(
            f"language model {text!r} is not provider:model or provider:model@address, "
            "as in openai:gpt-5-mini or openai-compatible:my-model@http://localhost:8080/v1"
        )
    return Spec(provider=provider, name=name, address=address.rstrip("/") or None)


def nearby(address: str) -> bool:
    """Whether an address is this machine's own."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

"""The settings of who may use the server; where their values come from is `ui.settings`."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from index.settings import Group


class AccessSettings(Group):
    login: bool = False
    """Whether one has to sign in; without it the server listens on loopback addresses only."""
    hours: int = Field(12, ge=1, le=720)
    """The hours after which one has to sign in again."""
    address: str = ""
    """The address people reach the server by, `https://papers.example.org`; empty: as their requests name it."""
    oidc_issuer: str = ""
    """The OpenID provider of an organisation, `https://id.example.org`; empty: passwords alone."""
    oidc_client: str = Field("", validate_default=True)
    """The name the provider knows this server by."""
    oidc_secret: SecretStr = SecretStr("")
    """What the server shows the provider; taken from the environment alone, never shown."""
    oidc_domains: str = ""
    """Whose verified e-mail addresses are let in, by domain, separated by commas; empty: everybody's."""
    oidc_groups: str = ""
    """Which of the provider's groups are let in, separated by commas; empty: all."""
    oidc_join: bool = True
    """Whether whoever the provider lets in joins by signing in; else they need an invitation."""
    oidc_button: str = "Sign in with your organisation"
    """What the sign-in page calls that way."""

    @property
    def domains(self) -> frozenset[str]:
        """`oidc_domains`, one by one."""
        return frozenset(name.lower().lstrip("@") for name in _listed(self.oidc_domains))

    @property
    def groups(self) -> frozenset[str]:
        """`oidc_groups`, one by one."""
        return frozenset(_listed(self.oidc_groups))

    @field_validator("oidc_issuer", "address")
    @classmethod
    def _safe(cls, address: str) -> str:
        """Whoever could change what is said on the way could sign in as anybody."""
        if address and not safe(address):
            raise ValueError("must begin with https://; http:// is for loopback addresses only")
        return address

    @field_validator("oidc_client")
    @classmethod
    def _named(cls, client: str, info: ValidationInfo) -> str:
        if info.data.get("oidc_issuer") and not client:
            raise ValueError(
                "must be set with access.oidc_issuer: the name the provider knows this server by"
            )
        return client


def safe(address: str) -> bool:
    """Whether what is sent to an address is read by nobody on the way."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and loopback(host)))


def loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]

"""Signing in with an organisation's OpenID provider: authorization code with PKCE, state and nonce, by Authlib.

Owns what is asked of the provider and whether its word holds: its ID token has to be signed by one of its published
keys with an asymmetric algorithm, be issued by it, for this server, for this sign-in, and not have expired (OpenID
Connect Core 1.0, 3.1.3.7). Refuses to know users: who may join is `Accounts.admit`'s to decide.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Lock
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from assistant.accounts.errors import NotSignedIn
from assistant.accounts.schema import Identity
from assistant.accounts.settings import AccessSettings, safe
from assistant.accounts.sign_ins import Departure, Return, SignIns

_ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
)
_KEPT = 3600  # seconds that what a provider says of itself is believed
_PATIENCE = 10  # seconds it may take for an answer
_LEEWAY = 60  # seconds that two clocks may differ by
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class OpenID:
    """One provider, as the settings name it."""

    def __init__(self, settings: AccessSettings, sign_ins: SignIns) -> None:
        self._settings = settings
        self._sign_ins = sign_ins
        self._lock = Lock()
        self._known: tuple[float, dict[str, Any]] | None = None
        self._keys: KeySet | None = None

    def leave(self, back: str, page: str = "") -> tuple[str, Departure]:
        """Where to send a browser that is to come back to the address `back`. NotSignedIn where nobody answers."""
        leaving = self._sign_ins.depart(page)
        try:
            with self._client(back) as client:
                address, _ = client.create_authorization_url(
                    self._provider(client)["authorization_endpoint"],
                    state=leaving.state,
                    code_verifier=leaving.verifier,
                    nonce=leaving.nonce,
                )
        except _FAULTS as error:
            raise NotSignedIn(f"{self._settings.oidc_issuer} cannot be reached: {_told(error)}") from error
        return address, leaving

    def come_back(self, said: Mapping[str, str], browser: str, back: str) -> tuple[Identity, Return]:
        """Who came back with what the provider `said` in the address. NotSignedIn where any of it does not hold."""
        left = self._sign_ins.back(said.get("state", ""), browser)
        if "error" in said or not said.get("code"):
            reason = said.get("error_description") or said.get("error") or "it sent no code"
            raise NotSignedIn(f"{self._settings.oidc_issuer} did not sign you in: {reason[:200]}")
        try:
            with self._client(back) as client:
                claims = self._claims(client, said, left)
        except _FAULTS as error:
            raise NotSignedIn(
                f"What {self._settings.oidc_issuer} said does not hold: {_told(error)}"
            ) from error
        self._require_allowed(claims)
        return Identity(issuer=claims["iss"], subject=claims["sub"], name=_name(claims)), left

    def _claims(self, client: Any, said: Mapping[str, str], left: Return) -> dict[str, Any]:
        """What the provider says of the user, once its ID token has held."""
        provider = self._provider(client)
        if said.get("iss", provider["issuer"]) != provider["issuer"]:  # RFC 9207
            raise ValueError("another provider answered")
        token = client.fetch_token(
            provider["token_endpoint"],
            grant_type="authorization_code",
            code=said["code"],
            code_verifier=left.verifier,
        )
        decoded = self._decoded(client, provider, str(token.get("id_token", "")))
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": provider["issuer"]},
                "aud": {"essential": True, "value": self._settings.oidc_client},
            },
            {
                "nonce": left.nonce,
                "client_id": self._settings.oidc_client,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(leeway=_LEEWAY)
        return self._completed(client, provider, dict(claims))

    def _decoded(self, client: Any, provider: Mapping[str, Any], id_token: str) -> jwt.Token:
        """An ID token whose signature holds; the keys are fetched anew once, where none of those known fits."""
        offered = provider.get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = [name for name in offered if name in _ALGORITHMS]
        try:
            return jwt.decode(id_token, self._key_set(client, provider), algorithms=algorithms)
        except (InvalidKeyIdError, BadSignatureError):
            self._keys = None
            return jwt.decode(id_token, self._key_set(client, provider), algorithms=algorithms)

    def _completed(self, client: Any, provider: Mapping[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        """With what only the user's page at the provider tells, where it is needed and not in the token."""
        needed = {"email": self._settings.domains, "groups": self._settings.groups}
        wanting = any(wanted and name not in claims for name, wanted in needed.items())
        if not wanting or not provider.get("userinfo_endpoint"):
            return claims
        more = _fetched(client, provider["userinfo_endpoint"], withhold_token=False)
        if more.get("sub") != claims["sub"]:
            raise ValueError("it told of another user")
        return more | claims

    def _require_allowed(self, claims: Mapping[str, Any]) -> None:
        domains, groups = self._settings.domains, self._settings.groups
        domain = str(claims.get("email", "")).rpartition("@")[2].lower()
        if domains and not (domain in domains and claims.get("email_verified") is True):
            raise NotSignedIn("Your e-mail address is not of a domain that is let in here.")
        theirs = claims.get("groups") or []
        if groups and not groups & {str(each) for each in (theirs if isinstance(theirs, list) else [theirs])}:
            raise NotSignedIn("You are in none of the groups that are let in here.")

    def _provider(self, client: Any) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 1.0, 4)."""
        with self._lock:
            if self._known and time.monotonic() - self._known[0] < _KEPT:
                return self._known[1]
        issuer = self._settings.oidc_issuer.rstrip("/")
        found = _fetched(client, f"{issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != issuer:
            raise ValueError(f"it calls itself {found.get('issuer')!r}")
        for name in _ENDPOINTS:
            if not safe(str(found.get(name, ""))):
                raise ValueError(f"its {name} {found.get(name)!r} is not an https address")
        with self._lock:
            self._known = (time.monotonic(), found)
        return found

    def _key_set(self, client: Any, provider: Mapping[str, Any]) -> KeySet:
        keys = self._keys
        if keys is None:
            keys = self._keys = KeySet.import_key_set(_published(client, provider))
        return keys

    def _client(self, back: str) -> Any:
        return OAuth2Client(
            client_id=self._settings.oidc_client,
            client_secret=self._settings.oidc_secret.get_secret_value() or None,
            scope="openid profile email",
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=_PATIENCE,
        )


_FAULTS = (JoseError, AuthlibBaseError, httpx2.HTTPError, ValueError, KeyError)


def _fetched(client: Any, address: str, withhold_token: bool = True) -> dict[str, Any]:
    found = client.request("GET", address, withhold_token=withhold_token).raise_for_status().json()
    if not isinstance(found, dict):
        raise ValueError(f"{address} holds no JSON object")
    return found


def _published(client: Any, provider: Mapping[str, Any]) -> KeySetSerialization:
    found = _fetched(client, provider["jwks_uri"])
    return {"keys": found["keys"]}


def _name(claims: Mapping[str, Any]) -> str:
    told = (claims.get(name) for name in ("preferred_username", "email", "name", "sub"))
    return next(str(name) for name in told if name)


def _told(error: Exception) -> str:
    """What went wrong in a line, without what was sent."""
    return " ".join(f"{type(error).__name__} {error}".split())[:300]

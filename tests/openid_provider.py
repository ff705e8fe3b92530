"""An OpenID provider on this machine, as an organisation has one, that can be made to lie."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "ibid", "the client's secret"


@dataclass
class Provider:
    """Signs in whoever comes, as `claims` say; `lies` are laid over the ID token's claims."""

    claims: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    algorithm: str = "RS256"
    denies: bool = False
    stolen: bool = False
    """Whether ID tokens are signed by a key that the provider has not published."""
    issuer: str = ""
    kid: str = "first"
    asked: list[dict[str, str]] = field(default_factory=list)
    """What browsers came with."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": self.kid}, private=True)
        self._other = RSAKey.generate_key(2048, {"kid": self.kid}, private=True)
        self.reset()

    def reset(self) -> None:
        """An honest provider again, at which Ada is signed in."""
        self.claims = {"sub": "ada-1", "preferred_username": "ada", "email": "ada@example.org"}
        self.claims |= {"email_verified": True, "groups": ["readers", "staff"]}
        self.lies, self.metadata, self.userinfo = {}, {}, None
        self.algorithm, self.denies, self.stolen = "RS256", False, False

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self.kid = secrets.token_hex(4)
        self.key = RSAKey.generate_key(2048, {"kid": self.kid}, private=True)

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._tell),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo),
            ]
        )

    async def _tell(self, request: Request) -> Response:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        if self.userinfo is not None:
            told["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return JSONResponse(told | self.metadata)

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"state": asked["state"], "code": code}
        if self.denies:
            back = {"state": asked["state"], "error": "access_denied", "error_description": "You said no."}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 303)

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        faults = (
            request.headers.get("authorization") != f"Basic {basic}",
            asked is None,
            asked is not None and asked["code_challenge"] != challenge.decode().rstrip("="),
            asked is not None and asked["redirect_uri"] != form.get("redirect_uri"),
        )
        if asked is None or any(faults):
            return JSONResponse({"error": "invalid_grant"}, 400)
        token = {"access_token": "a token", "token_type": "Bearer", "expires_in": 300}
        return JSONResponse(token | {"id_token": self._id_token(asked)})

    async def _userinfo(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer a token":
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse(self.userinfo)

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        said = {name: each for name, each in (claims | self.claims | self.lies).items() if each is not None}
        if self.algorithm == "none":
            parts = ({"alg": "none"}, said)
            return ".".join([*(_packed(part) for part in parts), ""])
        if self.algorithm == "HS256":  # signed by what everybody can read: the published key
            content = f"{_packed({'alg': 'HS256', 'kid': self.kid})}.{_packed(said)}"
            signature = hmac.new(self.key.as_pem(private=False), content.encode(), hashlib.sha256).digest()
            return f"{content}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
        return jwt.encode(
            {"alg": self.algorithm, "kid": self.kid}, said, self._other if self.stolen else self.key
        )


def _packed(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")

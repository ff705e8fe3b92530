"""Secrets that are shown once and kept as hashes: made, recognised, and proved without being told.

They have 256 random bits, so that one round of SHA-256 is enough to keep them by; passwords, which people choose,
have `assistant.accounts.passwords`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN = "ibid_"
"""What a personal token begins with, so that one is recognised where it should not be."""
_LONGEST = 200


def new_secret(prefix: str = "") -> str:
    """A new secret of 256 bits, safe in a URL and in a header."""
    return prefix + secrets.token_urlsafe(32)


def new_id() -> str:
    """An id that nobody had before; small letters and digits, so that folders and schemas may be named by it."""
    return secrets.token_hex(8)


def digest(secret: str) -> str:
    """What a secret is kept and found by; of what is too long to be one of ours, as of nothing."""
    return hashlib.sha256(secret[:_LONGEST].encode("utf-8", "replace")).hexdigest()


def proof(secret: str, purpose: str) -> str:
    """What only someone who was told it by the holder of `secret` can know: a form's token."""
    return hmac.new(secret.encode("utf-8", "replace"), purpose.encode(), hashlib.sha256).hexdigest()


def proves(given: str, secret: str, purpose: str) -> bool:
    """Whether `given` is the proof; false without a secret, in the same time whatever differs."""
    told = hmac.compare_digest(given.encode("utf-8", "replace"), proof(secret, purpose).encode())
    return bool(secret) and told

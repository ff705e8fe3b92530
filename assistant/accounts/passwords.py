"""Passwords: which may be chosen, and how they are kept.

argon2id by argon2-cffi, at RFC 9106's second recommendation unless told otherwise; what was kept under other costs is
made anew when it is next given. Length is what is asked for, and no mixture of characters (NIST SP 800-63B, 3.1.1).
"""

from __future__ import annotations

import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY as STANDARD

from assistant.accounts.errors import AccountError

SHORTEST, LONGEST = 12, 256
_AT_ONCE = 4  # each takes 64 MiB while it is computed
_FEWEST = 5  # different characters: fewer are a repetition
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "0123456789",
)
_USUAL = ("password", "passwort", "letmein", "welcome", "iloveyou", "qwerty", "admin", "ibid")


class Passwords:
    """Makes and verifies what passwords are kept as, a few at a time."""

    def __init__(
        self,
        memory: int = STANDARD.memory_cost,
        passes: int = STANDARD.time_cost,
        lanes: int = STANDARD.parallelism,
    ) -> None:
        """`memory` is in KiB. The costs are written into what is kept: others may be chosen at any time."""
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=lanes)
        self._turn = BoundedSemaphore(_AT_ONCE)
        self._nobodys = self.kept("nobody has this password")

    def kept(self, password: str) -> str:
        """What is kept of a password."""
        with self._turn:
            return self._hasher.hash(_normal(password))

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the password; where none is kept, false after the same work."""
        try:
            with self._turn:
                fits = self._hasher.verify(kept or self._nobodys, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return fits and kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether it was kept under other costs than these."""
        return self._hasher.check_needs_rehash(kept)


def require_good(password: str, name: str) -> None:
    """AccountError where a password may not be chosen by the user of that name."""
    plain = _normal(password)
    if len(plain) < SHORTEST:
        raise AccountError(f"The password has {len(plain)} characters and needs {SHORTEST} or more.")
    if len(plain) > LONGEST:
        raise AccountError(f"The password has {len(plain)} characters; {LONGEST} are the most.")
    if _guessable(plain.casefold(), name.casefold()):
        raise AccountError("That password is among the first to be guessed. Three or four words make one.")


def _guessable(password: str, name: str) -> bool:
    """Whether a password is a repetition, a row of keys, or little more than the user's name or a usual word."""
    if len(set(password)) < _FEWEST or any(password in run * 2 for run in _RUNS):
        return True
    rest = password
    for known in (name, *_USUAL, *_RUNS):
        rest = rest.replace(known, "") if len(known) > 2 else rest
    return rest != password and len(rest.strip("0123456789!?.,-_ ")) < 4


def _normal(password: str) -> str:
    """One form for what different keyboards write differently (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)

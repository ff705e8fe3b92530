"""What is refused to someone at the door, and to whoever keeps the accounts.

AccountError
├── UserNotFound        nobody has that name
├── NotSignedIn         name and password do not belong together, or the sign-in did not hold
├── TooManyAttempts     it was tried too often; `seconds` says how long to wait
└── LinkSpent           a one-time link was used, has expired, or never was
"""

from __future__ import annotations

from index.errors import IbidError


class AccountError(IbidError):
    """What was asked of an account cannot be done; the message tells why."""


class UserNotFound(AccountError):
    """Nobody has that name."""


class NotSignedIn(AccountError):
    """Name and password do not belong together, or another way of signing in did not hold."""


class TooManyAttempts(AccountError):
    """It was tried too often; `seconds` says how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts. Try again in {waiting(seconds)}.")
        self.seconds = seconds


class LinkSpent(AccountError):
    """A one-time link was used, has expired, or never was."""

    def __init__(self) -> None:
        super().__init__(
            "This link has been used or has expired. Ask an administrator for another; on the server, "
            "`ibid users link` makes one."
        )


def waiting(seconds: int) -> str:
    """A time to wait, in words: `1 second`, `40 seconds`, `15 minutes`."""
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{-(-seconds // 60)} minutes"

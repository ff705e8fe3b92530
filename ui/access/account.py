"""What one does with one's own account: another password, ending sessions, tokens for programs."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from assistant.accounts.errors import AccountError
from assistant.accounts.schema import User
from ui.access.account_view import account_page
from ui.access.door import Act, Door, Show, onwards, shown
from ui.access.visit import Visit


def account(door: Door) -> tuple[Show, Act]:
    """`/account`."""

    def show(came: Visit, error: str, secret: str = "") -> Response:
        user, accounts = _user(came), door.accounts
        row = accounts.people.row_of(user.id)
        return shown(
            account_page(
                user,
                came.proof,
                accounts.sessions.list(user.id),
                accounts.sessions.id_of(came.session),
                accounts.tokens.list(user.id),
                has_password=bool(row and row.password),
                done="" if error or secret else came.request.query_params.get("done", ""),
                secret=secret,
                error=error,
            )
        )

    def act(came: Visit) -> Response:
        do = came.form.get("do", "")
        if do == "new-token":
            return show(came, "", door.accounts.tokens.create(_user(came).id, came.form.get("name", "")))
        if do not in _DEEDS:
            raise AccountError("That cannot be done here.")
        _DEEDS[do](door, came)
        return onwards(f"account?done={do}")

    return show, act


def _change_password(door: Door, came: Visit) -> None:
    new = came.form.get("password", "")
    if new != came.form.get("again", ""):
        raise AccountError("The two new passwords differ. Write the same one twice.")
    door.accounts.change_password(_user(came), came.form.get("old", ""), new, came.session)


def _end_session(door: Door, came: Visit) -> None:
    door.accounts.sessions.revoke(_user(came).id, came.form.get("id", ""))


def _end_sessions(door: Door, came: Visit) -> None:
    door.accounts.sessions.revoke_all(_user(came).id, but=came.session)


def _revoke_token(door: Door, came: Visit) -> None:
    door.accounts.tokens.revoke(_user(came).id, came.form.get("id", ""))


def _user(came: Visit) -> User:
    assert came.user is not None, "the door lets users alone come here"
    return came.user


_DEEDS: dict[str, Callable[[Door, Visit], None]] = {
    "password": _change_password,
    "session": _end_session,
    "sessions": _end_sessions,
    "token": _revoke_token,
}

"""What administrators do: invite, disable, promote and remove people, and help those who forgot their password."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from assistant.accounts.errors import AccountError
from assistant.accounts.schema import User
from ui.access.door import Act, Door, Show, onwards, shown
from ui.access.people_view import people_page, removing_page
from ui.access.visit import Visit


def people(door: Door) -> tuple[Show, Act]:
    """`/people`."""

    def show(came: Visit, error: str, secret: str = "") -> Response:
        accounts, user = door.accounts, _user(came)
        link = door.address(came.request, f"welcome?token={secret}") if secret else ""
        done = "" if error or secret else came.request.query_params.get("done", "")
        listed = accounts.people.list()
        return shown(people_page(user, came.proof, listed, accounts.links.invitations(), done, link, error))

    def act(came: Visit) -> Response:
        do, accounts = came.form.get("do", ""), door.accounts
        if do == "invite":
            return show(came, "", accounts.links.invite(admin=came.form.get("admin") == "yes"))
        if do == "withdraw":
            accounts.links.withdraw(came.form.get("id", ""))
            return onwards("people?done=withdraw")
        person = accounts.people.by_id(came.form.get("id", ""))
        if do == "link":
            return show(came, "", accounts.links.for_password(person))
        if do == "remove":
            return shown(removing_page(_user(came), came.proof, person))
        if do not in _DEEDS:
            raise AccountError("That cannot be done here.")
        if person.id == _user(came).id and do in ("disable", "remove-now"):
            raise AccountError("Another administrator has to do that to your own account.")
        _DEEDS[do](door, person)
        return onwards(f"people?done={do.removesuffix('-now')}")

    return show, act


def _enable(door: Door, person: User) -> None:
    door.accounts.people.set_disabled(person.id, False)
    door.accounts.unlock(person)


def _user(came: Visit) -> User:
    assert came.user is not None, "the door lets administrators alone come here"
    return came.user


_DEEDS: dict[str, Callable[[Door, User], None]] = {
    "disable": lambda door, person: door.accounts.people.set_disabled(person.id, True),
    "enable": _enable,
    "promote": lambda door, person: door.accounts.people.set_admin(person.id, True),
    "demote": lambda door, person: door.accounts.people.set_admin(person.id, False),
    "remove-now": lambda door, person: door.accounts.people.remove(person.id, door.forget),
}

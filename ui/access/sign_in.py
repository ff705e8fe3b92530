"""Signing in and out: by name and password, by a one-time link, at the organisation's provider."""

from __future__ import annotations

from starlette.responses import Response

from assistant.accounts.errors import AccountError, LinkSpent, NotSignedIn
from assistant.accounts.schema import SignedIn
from ui.access import cookies
from ui.access.door import Act, Door, Show, onwards, refused, shown
from ui.access.sign_in_view import sign_in_page, sign_out_page, welcome_page
from ui.access.visit import Visit, own_page
from ui.watch import metrics


def sign_in(door: Door) -> tuple[Show, Act]:
    """`/login`."""

    def show(came: Visit, error: str) -> Response:
        wanted = own_page(came.form.get("next") or came.request.query_params.get("next", ""))
        if came.user and not error:
            return onwards(wanted)
        return shown(sign_in_page(came.proof, wanted, came.form.get("name", ""), door.organisation, error))

    def act(came: Visit) -> Response:
        name, password = came.form.get("name", ""), came.form.get("password", "")
        begun = door.accounts.sign_in(name, password, came.where)
        return let_in(door, came, begun, own_page(came.form.get("next", "")))

    return show, act


def sign_out(door: Door) -> tuple[Show, Act]:
    """`/logout`."""

    def show(came: Visit, error: str) -> Response:
        return shown(sign_out_page(came.user, came.proof)) if came.user else onwards("login")

    def act(came: Visit) -> Response:
        door.accounts.sessions.end(came.session)
        response = onwards("login")
        cookies.take(response, came.request, cookies.SESSION)
        return response

    return show, act


def welcome(door: Door) -> tuple[Show, Act]:
    """`/welcome`."""

    def show(came: Visit, error: str) -> Response:
        token = came.form.get("token") or came.request.query_params.get("token", "")
        link = door.accounts.links.look(token)
        if link is None:
            return refused("This link does not hold", str(LinkSpent()), 410)
        name = came.form.get("name", "")
        return shown(welcome_page(came.proof, token, link, name, door.organisation, error))

    def act(came: Visit) -> Response:
        password = came.form.get("password", "")
        if password != came.form.get("again", ""):
            raise AccountError("The two passwords differ. Write the same one twice.")
        token, name = came.form.get("token", ""), came.form.get("name", "")
        return let_in(door, came, door.accounts.accept(token, name, password, came.where), "./")

    return show, act


def leave(door: Door) -> tuple[Show, Act]:
    """`/openid`: off to the provider."""

    def show(came: Visit, error: str) -> Response:
        if door.openid is None:
            return refused("Not offered", "This server has no organisation to sign in with.", 404)
        wanted = own_page(came.request.query_params.get("next", ""))
        token = came.request.query_params.get("token", "")
        try:
            address, leaving = door.openid.leave(_back(door, came), wanted)
        except NotSignedIn as failure:
            return refused("Not signed in", str(failure), 502)
        response = onwards(address)
        cookies.give(response, came.request, cookies.LEAVING, f"{leaving.browser} {token}".strip(), 600)
        return response

    return show, lambda came: show(came, "")


def come_back(door: Door) -> tuple[Show, Act]:
    """`/openid-return`: back from the provider."""

    def show(came: Visit, error: str) -> Response:
        if door.openid is None:
            return refused("Not offered", "This server has no organisation to sign in with.", 404)
        browser, _, token = came.request.cookies.get(cookies.LEAVING, "").partition(" ")
        try:
            said = dict(came.request.query_params)
            identity, left = door.openid.come_back(said, browser, _back(door, came))
            begun = door.accounts.admit(identity, door.settings.oidc_join, token, came.where)
            response = let_in(door, came, begun, left.page)
        except AccountError as failure:
            metrics.sign_in_failed("provider")
            response = refused("Not signed in", str(failure), 403)
        cookies.take(response, came.request, cookies.LEAVING)
        return response

    return show, lambda came: show(came, "")


def let_in(door: Door, came: Visit, begun: SignedIn, page: str) -> Response:
    """Give the browser its session, in place of any other, and send it on."""
    if came.session:
        door.accounts.sessions.end(came.session)
    response = onwards(page)
    cookies.give(response, came.request, cookies.SESSION, begun.secret, int(door.settings.hours * 3600))
    cookies.give(response, came.request, cookies.DEVICE, begun.device, cookies.YEAR)
    cookies.take(response, came.request, cookies.FORM)
    return response


def _back(door: Door, came: Visit) -> str:
    return door.address(came.request, "openid-return")

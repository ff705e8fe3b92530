"""The pages before one is signed in, as HTML: signing in, signing out, choosing a name and a password."""

from __future__ import annotations

from urllib.parse import quote

from assistant.accounts.passwords import LONGEST, SHORTEST
from assistant.accounts.people import LONGEST as LONGEST_NAME
from assistant.accounts.schema import Link, User
from ui.access.frame_view import button, field, form, hidden, page, trouble
from ui.parts.markup import escape

PASSWORD_HINT = f"{SHORTEST} characters or more; a few words are easy to remember and hard to guess."
_TITLES = {
    "first": ("Welcome to Ibid", "You are the first here, and become the administrator of this server."),
    "invitation": (
        "Welcome to Ibid",
        "You have been invited. Choose the name and the password you sign in with.",
    ),
    "password": ("Choose a new password", ""),
}


def sign_in_page(proof: str, wanted: str, name: str, organisation: str, error: str) -> str:
    """Where one signs in; `organisation` is what that way is called, where there is one."""
    other = (
        f'<a class="quiet-button other" href="openid?next={escape(quote(wanted))}">{escape(organisation)}</a>'
        if organisation
        else ""
    )
    body = (
        f"<h1>Sign in</h1>{trouble(error)}"
        + form(
            "login",
            proof,
            hidden("next", wanted)
            + field(
                "name", "Name", value=name, autocomplete="username", autocapitalize="none", spellcheck="false"
            )
            + field("password", "Password", "password", autocomplete="current-password")
            + button("Sign in"),
        )
        + other
        + '<p class="quiet foot">No account, or a forgotten password? An administrator can send you a link.</p>'
    )
    return page("Sign in", body, narrow=True)


def sign_out_page(user: User, proof: str) -> str:
    words = f"<h1>Sign out</h1><p>You are signed in as <bdi>{escape(user.name)}</bdi>.</p>"
    return page("Sign out", words + form("logout", proof, button("Sign out"), card=False), user, narrow=True)


def welcome_page(proof: str, token: str, link: Link, name: str, organisation: str, error: str) -> str:
    """Where one chooses what one signs in with."""
    title, about = _TITLES[link.kind]
    named = (
        f"<p>For <bdi>{escape(link.name)}</bdi>. All sessions of this account end.</p>" if link.name else ""
    )
    names = field(
        "name",
        "Name",
        value=name,
        autocomplete="username",
        autocapitalize="none",
        spellcheck="false",
        maxlength=str(LONGEST_NAME),
    )
    hold = hidden("name", link.name) if link.name else names
    other = (
        f'<a class="quiet-button other" href="openid?token={escape(quote(token))}">{escape(organisation)}</a>'
        if organisation and not link.name
        else ""
    )
    fields = (
        hidden("token", token)
        + hold
        + field("password", "Password", "password", PASSWORD_HINT, autocomplete="new-password", **_BOUNDS)
        + field("again", "The same password again", "password", autocomplete="new-password", **_BOUNDS)
        + button("Set password" if link.name else "Join")
    )
    intro = f"<p>{escape(about)}</p>" if about else ""
    body = f"<h1>{title}</h1>{intro}{named}{trouble(error)}{form('welcome', proof, fields)}{other}"
    return page(title, body, narrow=True)


def refusal_page(title: str, words: str, user: User | None = None) -> str:
    """Why something is not to be had, and the way on."""
    way = "./" if user else "login"
    return page(
        title,
        f'<h1>{escape(title)}</h1>{trouble(words)}<p><a href="{way}">{"Go to the chat" if user else "Sign in"}</a></p>',
        user,
        narrow=True,
    )


_BOUNDS = {"minlength": str(SHORTEST), "maxlength": str(LONGEST)}

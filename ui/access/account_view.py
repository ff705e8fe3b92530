"""The page of one's own account, as HTML: password, sessions, tokens for programs."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.accounts.passwords import LONGEST, SHORTEST
from assistant.accounts.schema import Session, Token, User
from ui.access.frame_view import (
    button,
    field,
    form,
    hidden,
    moment,
    page,
    row,
    rows,
    shown_once,
    told,
    trouble,
)
from ui.access.sign_in_view import PASSWORD_HINT
from ui.parts.markup import escape

# In this order: most of them claim to be those below them, too.
_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {
    **{"Android": "Android", "iPhone": "iOS", "iPad": "iOS", "Windows": "Windows"},
    **{"Mac OS X": "macOS", "CrOS": "ChromeOS", "Linux": "Linux"},
}
DONE = {
    "password": "The password is changed, and your other sessions have ended.",
    "session": "The session has ended.",
    "sessions": "Your other sessions have ended.",
    "token": "The token is revoked: programs that used it are signed out.",
}


def account_page(
    user: User,
    proof: str,
    sessions: Sequence[Session],
    current: str | None,
    tokens: Sequence[Token],
    has_password: bool,
    done: str = "",
    secret: str = "",
    error: str = "",
) -> str:
    """`current` is the session this is shown in; `secret` a token just made."""
    role = "You are an administrator." if user.admin else "You are a member."
    body = (
        f"<h1>Account</h1><p>Signed in as <bdi>{escape(user.name)}</bdi>. {role}</p>"
        f"{told(DONE.get(done, ''))}{trouble(error)}{_fresh(secret)}"
        f"{_password(proof) if has_password else ''}{_sessions(proof, sessions, current)}{_tokens(proof, tokens)}"
    )
    return page("Account", body, user)


def _fresh(secret: str) -> str:
    return (
        shown_once("Copy the token now: it is not shown again. Whoever has it is you.", secret)
        if secret
        else ""
    )


def _password(proof: str) -> str:
    bounds = {"minlength": str(SHORTEST), "maxlength": str(LONGEST), "autocomplete": "new-password"}
    fields = (
        field("old", "Present password", "password", autocomplete="current-password")
        + field("password", "New password", "password", PASSWORD_HINT, **bounds)
        + field("again", "The same new password again", "password", **bounds)
        + button("Change password", "password")
    )
    return f"<h2>Password</h2>{form('account', proof, fields, label='Password')}"


def _sessions(proof: str, sessions: Sequence[Session], current: str | None) -> str:
    items = [_session(proof, session, session.id == current) for session in sessions]
    others = (
        form("account", proof, button("End all other sessions", "sessions", main=False), card=False)
        if len(items) > 1
        else ""
    )
    return '<h2>Sessions</h2><p class="quiet">The browsers you are signed in with.</p>' + rows(items) + others


def _session(proof: str, session: Session, current: bool) -> str:
    about = (
        f"from {session.address or 'an unknown address'}, since {moment(session.created)}, "
        f"last used {moment(session.seen)}, ends {moment(session.expires)}"
    )
    ending = button("End", "session", main=False, of=f"session since {moment(session.created)}")
    after = "" if current else form("account", proof, hidden("id", session.id) + ending, card=False)
    return row(browser_words(session.agent), about, ("this one",) if current else (), after)


def browser_words(agent: str) -> str:
    """What a browser says it is, in few words: `Firefox on Linux`; what is none of those known, as it says it."""
    named = next((name for mark, name in _BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in agent), "")
    if not named:
        return agent or "A browser that says nothing of itself"
    return f"{named} on {system}" if system else named


def _tokens(proof: str, tokens: Sequence[Token]) -> str:
    fields = field("name", "What is it for?", hint="A name of your own: laptop, notebook, reading group.",
                   maxlength="64", autocomplete="off") + button("Make a token", "new-token")  # fmt: skip
    items = [_token(proof, token) for token in tokens]
    return (
        '<h2>Tokens for programs</h2><p class="quiet">A program that sends <code>Authorization: Bearer</code> and a '
        "token may do what you may.</p>"
        f"{rows(items) if items else ''}{form('account', proof, fields, label='Tokens for programs')}"
    )


def _token(proof: str, token: Token) -> str:
    revoking = button("Revoke", "token", main=False, danger=True, of=token.name)
    return row(
        token.name,
        f"made {moment(token.created)}, last used {moment(token.used)}",
        (),
        form("account", proof, hidden("id", token.id) + revoking, card=False),
    )

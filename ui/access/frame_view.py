"""What the door's pages have in common, as HTML: the frame, fields, buttons, what is told.

Pure: values in, escaped HTML out. There is no script on these pages, and every address is relative, since the
application may be served below a path.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.accounts.schema import User
from ui.access.visit import PROOF
from ui.parts.markup import escape

_PLACES = (("Chat", "./"), ("Library", "library"), ("Digest", "digest"))


def page(title: str, body: str, user: User | None = None, narrow: bool = False) -> str:
    """A whole page; `user` is who is signed in."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} · Ibid</title><link rel="stylesheet" href="access.css"></head><body>'
        f'<a class="skip" href="#main">Skip to content</a>{_top(title, user)}'
        f'<main id="main"{" class=narrow" if narrow else ""}>{body}</main></body></html>'
    )


def _top(title: str, user: User | None) -> str:
    if user is None:
        return '<header class="top"><p class="brand">Ibid</p></header>'
    places = [*_PLACES, ("Account", "account"), *([("People", "people")] if user.admin else [])]
    links = "".join(
        f'<li><a href="{address}"{" aria-current=page" if name == title else ""}>{name}</a></li>'
        for name, address in places
    )
    return (
        f'<header class="top"><p class="brand">Ibid</p><nav class="places" aria-label="Pages"><ul>{links}</ul></nav>'
        f'<span class="who"><bdi>{escape(user.name)}</bdi> <a href="logout">Sign out</a></span></header>'
    )


def form(action: str, proof: str, body: str, card: bool = True, label: str = "") -> str:
    """A form that carries its proof; `label` is its name where nothing on it says what it is."""
    kind = ' class="card"' if card else ""
    named = f' aria-label="{escape(label)}"' if label else ""
    return f'<form method="post" action="{action}"{kind}{named}>{hidden(PROOF, proof)}{body}</form>'


def hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def field(name: str, label: str, kind: str = "text", hint: str = "", value: str = "", **more: str) -> str:
    """A labelled field; of `more`, attributes, an underscore in a name stands for a hyphen."""
    told = f'<small id="{name}-hint">{escape(hint)}</small>' if hint else ""
    described = f' aria-describedby="{name}-hint"' if hint else ""
    held = f' value="{escape(value)}"' if value else ""
    attributes = "".join(f' {key.replace("_", "-")}="{escape(each)}"' for key, each in more.items())
    return (
        f'<label class="field"><span>{escape(label)}</span>'
        f'<input type="{kind}" name="{name}" required{held}{described}{attributes}>{told}</label>'
    )


def button(words: str, do: str = "", main: bool = True, danger: bool = False, of: str = "") -> str:
    """A form's button: `do` is what it asks for, `of` what it is about where several look alike."""
    kind = "main-button" if main else "quiet-button"
    named = f' aria-label="{escape(f"{words}: {of}")}"' if of else ""
    value = f' name="do" value="{do}"' if do else ""
    return f'<button class="{kind}{" danger" if danger else ""}"{value}{named}>{escape(words)}</button>'


def told(words: str) -> str:
    """What has been done; empty where nothing was."""
    return f'<p class="told" role="status">{escape(words)}</p>' if words else ""


def trouble(words: str) -> str:
    """What went wrong; empty where nothing did."""
    return f'<p class="told trouble" role="alert">{escape(words)}</p>' if words else ""


def shown_once(words: str, secret: str) -> str:
    """Something that is told this once and never again."""
    return (
        f'<div class="told" role="status">{escape(words)}<code class="secret">{escape(secret)}</code></div>'
    )


def rows(items: Sequence[str]) -> str:
    return f'<ul class="rows">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def row(title: str, about: str, tags: Sequence[str] = (), after: str = "") -> str:
    """One entry of a list: what it is, what is known of it, what can be done with it."""
    marks = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in tags)
    return (
        f'<div class="what"><strong dir="auto">{escape(title)}</strong>{marks}'
        f'<span class="quiet">{escape(about)}</span></div>{after}'
    )


def moment(stamp: str | None) -> str:
    """A time as it is told: `2026-03-01 09:30 UTC`."""
    return f"{datetime.fromisoformat(stamp):%Y-%m-%d %H:%M} UTC" if stamp else "never"

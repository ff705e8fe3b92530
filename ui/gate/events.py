"""Every event of the pages, every service and every endpoint, and who may set it off.

Gradio runs whatever function of the application a request numbers, those of pages too, and whatever method of a
component it names. So each has its class here, by the name of the function behind it: one that is not in the
tables is not run. Knows Gradio's blocks; knows nothing of requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import gradio as gr

from index.schema import Value

Kind = Literal["page", "endpoint"]

PAGES: Mapping[str, frozenset[str]] = {
    "ChatPage": frozenset(
        {"_ask", "_run", "_enter", "_settle", "_act", "_refresh", "_stop", "_new", "_narrow", "_leave"}
    ),
    "LibraryPage": frozenset(
        {"_enter", "_show", "_tag", "_remove", "_bring_back", "_give", "_paste"}
        | {"_retry", "_cancel", "_clear", "_follow"}
    ),
    "DigestPage": frozenset({"_enter", "_show", "_save", "_forget"}),
}
"""What the pages' own scripts set off: for whoever is signed in, in a browser, and for no token."""
ENDPOINTS = frozenset({"search", "ask", "papers", "add", "fetch"})
"""What programs may call: for whoever is signed in, and for whoever's token it is."""
SERVICES: Mapping[str, frozenset[str]] = {
    "chat": frozenset(
        {"text_of", "section", "why", "similar", "found", "older", "titles", "terms", "indexing", "export"}
        | {"earlier", "choices", "rate", "starters", "follow_ups"}
    ),
    "library": frozenset({"ask", "bibtex", "csv", "listed", "draw", "coloured", "endings"}),
}
"""What the pages' scripts ask for, by page: like the pages' events."""


class Event(Value):
    """One function that a request can set off: `name` is `ChatPage._ask`, or an endpoint's `ask`."""

    name: str
    kind: Kind


class Events:
    """The events and services of one application that the tables name."""

    def __init__(self, page: gr.Blocks) -> None:
        self.page = page
        self.by_number = {
            number: event for number, fn in page.fns.items() if (event := classified(fn)) is not None
        }
        self.services = {number: names for number, names in services_of(page).items() if names & _ALL}

    @property
    def endpoints(self) -> frozenset[str]:
        """The names that may be called."""
        return frozenset(event.name for event in self.by_number.values() if event.kind == "endpoint")

    def event(self, number: Any) -> Event | None:
        """The event of that number."""
        return self.by_number.get(number) if type(number) is int else None

    def offers(self, component: Any, service: Any) -> bool:
        """Whether a component has a service, and one of the table."""
        known = self.services.get(component, set()) if type(component) is int else set()
        return isinstance(service, str) and service in known & _ALL

    def under_way(self, event_id: str) -> bool:
        """Whether Gradio still has something to do for an event."""
        return event_id in self.page._queue.event_ids_to_events


_ALL = frozenset().union(*SERVICES.values())
_SETTLING = "_settle"  # no method: it only makes the page usable again


def classified(fn: Any) -> Event | None:
    """The event of one of Gradio's functions; None for one that the tables do not name."""
    if fn.api_visibility == "public":
        return Event(name=fn.api_name, kind="endpoint") if fn.api_name in ENDPOINTS else None
    owner, _, name = getattr(fn.fn, "__qualname__", "").rpartition(".")
    if name in PAGES.get(owner, ()):
        return Event(name=f"{owner}.{name}", kind="page")
    return Event(name=f"ChatPage.{name}", kind="page") if name == _SETTLING and not owner else None


def services_of(page: gr.Blocks) -> dict[int, set[str]]:
    """The names of what a request may call on each component, as Gradio tells them apart."""
    found: dict[int, set[str]] = {}
    for number, block in page.blocks.items():
        names = {name for name in _names(block) if _is_service(block, name)}
        if names:
            found[number] = names
    return found


def _names(block: Any) -> set[str]:
    return set(vars(block)) | {name for kind in type(block).__mro__ for name in vars(kind)}


def _is_service(block: Any, name: str) -> bool:
    held = vars(block).get(name) or getattr(type(block), name, None)
    return bool(getattr(held, "_is_server_fn", False))

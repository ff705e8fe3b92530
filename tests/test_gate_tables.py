"""Every route, event and service of the assembled application has a class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.routes import App

from assistant.accounts.settings import AccessSettings
from assistant.engine import Assistant
from index.library import Library
from index.settings import StorageSettings
from ui import app
from ui.access import choice
from ui.access.opening import open_door
from ui.access.routes import routes as door_routes
from ui.beside import beside
from ui.gate.events import ENDPOINTS, PAGES, SERVICES, Events, classified, services_of
from ui.gate.routes import DOOR, ROUTES, Rule, rule_for
from ui.rooms import Rooms


@pytest.fixture(scope="module")
def assembled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[gr.Blocks, Any]]:
    """The pages and the application around them, as the server has them, with MCP."""
    with Library.open(tmp_path_factory.mktemp("assembled") / "library") as library:
        rooms = Rooms(Assistant(library))
        page = app.build(rooms)
        made = beside(rooms, page, mcp=True)
        page.run_history = False
        yield page, App.create_app(page, app=made["_app"], app_kwargs=made["app_kwargs"])


def paths(routes: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each method and path template that something answers."""
    for route in routes:
        if inner := getattr(route, "original_router", None):
            yield from paths(inner.routes)
        else:
            for method in getattr(route, "methods", None) or {"GET", "POST", "DELETE"}:
                yield method, prefix + route.path


def test_each_route_of_the_application_has_a_rule(assembled: tuple[gr.Blocks, Any]) -> None:
    found = set(paths(assembled[1].routes))
    assert len(found) > 100
    assert {"/v1/chat/completions", "/mcp", "/gradio_api/upload", "/gradio_api/vibe-code"} <= {
        path for _, path in found
    }
    assert not {(method, path) for method, path in found if rule_for(method, _filled(path)) is None}


def test_each_page_of_the_door_has_a_rule_where_there_are_accounts(tmp_path: Path) -> None:
    with open_door(AccessSettings(login=True), tmp_path, StorageSettings()) as door:
        assert door is not None
        found = set(paths([*door_routes(door), choice.route]))
    assert len(found) > 10
    for method, path in found:
        rule = rule_for(method, _filled(path), (*DOOR, *ROUTES))
        assert rule is not None, (method, path)
        assert rule.access != "closed"


def _filled(template: str) -> str:
    return re.sub(r"\{\w+(?::(\w+))?\}", lambda match: "7" if match[1] == "int" else "x", template)


def test_each_event_of_the_pages_has_a_class(assembled: tuple[gr.Blocks, Any]) -> None:
    page, _ = assembled
    assert not [fn.api_name for fn in page.fns.values() if classified(fn) is None]
    known = {event.name for event in Events(page).by_number.values()}
    assert known == ENDPOINTS | {f"{owner}.{name}" for owner, names in PAGES.items() for name in names}


def test_each_service_of_the_pages_is_named(assembled: tuple[gr.Blocks, Any]) -> None:
    page, _ = assembled
    found = services_of(page)
    assert set().union(*found.values()) == set().union(*SERVICES.values())
    assert len(found) == len(SERVICES)
    assert all(Events(page).offers(number, name) for number, names in found.items() for name in names)


def test_what_is_not_in_the_tables_is_not_run(assembled: tuple[gr.Blocks, Any]) -> None:
    page, _ = assembled
    events = Events(page)
    bridge = next(iter(events.services))
    assert events.event(10_000) is None
    assert events.event("0") is None
    assert events.event(True) is None
    assert not events.offers(bridge, "postprocess")
    assert not events.offers(bridge, ["titles"])
    assert not events.offers(10_000, "titles")


def test_no_rule_stands_behind_one_that_takes_all_that_it_would() -> None:
    def reaches(rule: Rule) -> bool:
        return any(rule_for(method, _filled(rule.path)) == rule for method in rule.methods)

    assert not [str(rule) for rule in ROUTES if not reaches(rule)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file/etc/passwd"),
        ("HEAD", "/gradio_api/file=http://example.org/x"),
        ("GET", "/gradio_api/proxy=https://x.hf.space/"),
        ("GET", "/gradio_api/deep_link"),
        ("GET", "/gradio_api/dev/reload"),
        ("POST", "/gradio_api/vibe-edit"),
        ("POST", "/gradio_api/run/_ask"),
        ("POST", "/gradio_api/api/search"),
        ("POST", "/login"),
        ("GET", "/logout"),
        ("GET", "/monitoring"),
        ("GET", "/monitoring/key"),
        ("GET", "/openapi.json"),
        ("GET", "/gradio_api/custom_component/a/client/b/c"),
    ],
)
def test_what_ibid_does_not_need_of_gradio_is_closed(method: str, path: str) -> None:
    rule = rule_for(method, path)
    assert rule is not None
    assert rule.access == "closed"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "//",
        "/library/../config",
        "/gradio_api//upload",
        "/GRADIO_API/upload",
        "/docs",
        "/redoc",
        "",
    ],
)
def test_what_nobody_has_looked_at_is_not_answered(path: str) -> None:
    assert rule_for("GET", path) is None

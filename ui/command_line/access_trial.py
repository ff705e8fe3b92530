"""A server to try the access matrix on: three users, and things of one of them that nobody else may reach.

Owns how each thing is made, through the server itself as its owner would, and two ways to see that somebody reached
one: words that stand in it and nowhere else (`canaries`), and a fingerprint of all that is stored of it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from assistant.accounts import database as accounts
from assistant.accounts.accounts import Accounts
from assistant.accounts.settings import AccessSettings
from assistant.engine import Assistant
from index.library import Library
from index.settings import IndexSettings, StorageSettings
from ui import app
from ui.access.cookies import LIBRARY, SESSION
from ui.access.opening import open_door
from ui.gate.events import Events
from ui.settings import LimitSettings

PASSWORD = "an unlikely passphrase for trials"
_PAPERS = (
    {
        "title": "Tides of the North Sea",
        "abstract": "We measure tides at nine harbours. Tides follow the moon.",
    },
    {"title": "Moss on Old Walls", "abstract": "We count mosses on walls. Mosses grow where walls are wet."},
)
_SECONDS = 20.0
_CATALOG = "catalog.sqlite3"
_PAPERS_OF_ALL = ("papers", "records", "chunks", "tags", "removals", "removed")


@dataclass
class Role:
    """Somebody who tries: how their requests say who they are, and in which of their libraries they are."""

    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def client(self, address: str, library: str = "mine") -> httpx.Client:
        """Their browser or program, in one of their libraries; the same one each time."""
        if library not in self.clients:
            cookies = dict(self.cookies) | {LIBRARY: library}
            headers = dict(self.headers) | {"Ibid-Library": library}
            options: dict[str, Any] = {"timeout": _SECONDS, "verify": False, "trust_env": False}
            self.clients[library] = httpx.Client(
                base_url=address, headers=headers, cookies=cookies, **options
            )
        return self.clients[library]


@dataclass
class Things:
    """What is the owner's: the names that reach them, and the words that betray each."""

    canaries: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def seen_in(self, text: str) -> list[str]:
        """The things whose words stand in a reply."""
        return [thing for thing, canary in self.canaries.items() if canary in text]


@dataclass
class Trial:
    """The running server, who may try, and the owner's things."""

    address: str
    folder: Path
    page: Any
    events: Events
    roles: dict[str, Role]
    owner: str
    things: Things

    def fingerprints(self) -> dict[str, str]:
        """What is stored of the owner's things, as a hash each, and of the shared library."""
        own, shared = self.folder / "people" / self.owner / _CATALOG, self.folder / _CATALOG
        sent = Path(self.things.names["sent"])
        turns = _dump(shared, "conversation_id", self.things.names["shared conversation"])
        stored = {
            "own library": _dump(own),
            "conversations": _dump(shared, "owner", self.owner) + turns,
            "shared papers": _dump(shared, tables=_PAPERS_OF_ALL),
            "tokens": _dump(self.folder / accounts.FILE, "user_id", self.owner, ("tokens",)),
            "password": _dump(self.folder / accounts.FILE, "id", self.owner, ("users",)),
            "upload": sent.read_text(encoding="utf-8") if sent.is_file() else "gone",
        }
        return {thing: hashlib.sha256(text.encode()).hexdigest()[:16] for thing, text in stored.items()}


@contextmanager
def trial(folder: Path, settings: IndexSettings | None = None) -> Iterator[Trial]:
    """A server over a new library in `folder` while the block runs, with its users and the owner's things."""
    with Library.open(folder, settings) as library:
        papers = folder.with_name("papers.jsonl")
        papers.write_text("\n".join(map(json.dumps, _PAPERS)), encoding="utf-8")
        library.add([papers])
        with open_door(AccessSettings(login=True), folder, StorageSettings()) as door:
            assert door is not None, "it was asked for"
            page = app.start(Assistant(library), "127.0.0.1", _port(), _UNLIMITED, door=door, mcp=True)
            address = str(page.local_url).rstrip("/")
            roles, owner = _people(door.accounts)
            made = Trial(address, folder, page, Events(page), roles, owner, Things())
            try:
                _make(made, door.accounts)
                yield made
            finally:
                for client in [client for role in made.roles.values() for client in role.clients.values()]:
                    client.close()
                with suppress(RuntimeError):  # Gradio tells its open streams from another thread
                    page.close(verbose=False)


_UNLIMITED = LimitSettings(questions_a_minute=0, questions_at_once=0)


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _people(kept: Accounts) -> tuple[dict[str, Role], str]:
    """The roles, and the owner's id."""
    users = {name: kept.add(name, PASSWORD, admin) for name, admin in _USERS.items()}
    roles = {"anonymous": Role("anonymous")}
    for name, role in (("ada", "owner"), ("bob", "other"), ("root", "administrator")):
        secret = kept.sign_in(name, PASSWORD).secret
        roles[role] = Role(role, cookies={SESSION: secret})
        token = kept.tokens.create(users[name].id, "trial")
        roles[f"{role}'s token"] = Role(f"{role}'s token", headers={"Authorization": f"Bearer {token}"})
    return roles, users["ada"].id


_USERS = {"ada": False, "bob": False, "root": True}


def _make(made: Trial, kept: Accounts) -> None:
    """Give the owner a paper, conversations in both libraries, a saved question, an upload, an event, a token."""
    things, owner = made.things, made.roles["owner"]
    for thing in ("paper", "conversation", "shared conversation", "saved question", "upload"):
        things.canaries[thing] = f"zq{secrets.token_hex(6)}"
    program = made.roles["owner's token"].client(made.address)
    content = f"# Private {things.canaries['paper']}\n\nThe tides of {things.canaries['paper']} are high."
    endpoint(program, "add", ["private.md", content, "text"])
    listed = endpoint(program, "papers", ["", 50, 0, None]) or [{}]
    things.names["paper"] = listed[0]["papers"][0]["id"]
    for library, thing in (("mine", "conversation"), ("shared", "shared conversation")):
        name = "session" if library == "mine" else "shared session"
        things.names[name] = session = secrets.token_hex(6)
        question = f"What is said of tides and {things.canaries[thing]}?"
        said = event(made, owner.client(made.address, library), "ChatPage._ask", session, data=[question])
        things.names[thing] = said.conversation
        things.names.setdefault("event", said.event_id)
    browser = owner.client(made.address)
    wanted = {"question": f"What about {things.canaries['saved question']}?", "address": ""}
    event(made, browser, "DigestPage._save", secrets.token_hex(6), told=wanted)
    things.names["upload_id"] = secrets.token_hex(6)
    sent = browser.post(
        "/gradio_api/upload",
        params={"upload_id": things.names["upload_id"]},
        files={"files": ("notes.md", f"# {things.canaries['upload']}")},
    )
    things.names["sent"] = sent.json()[0]
    things.names["token"] = kept.tokens.list(made.owner)[0].id
    things.names["account session"] = kept.sessions.list(made.owner)[0].id


@dataclass
class Said:
    """What came of an event: the status it was refused with, or all that its stream told."""

    status: int
    text: str
    event_id: str = ""
    conversation: str = ""


def event(
    made: Trial,
    client: httpx.Client,
    name: str,
    session: str,
    data: list[Any] | None = None,
    told: Mapping[str, Any] | None = None,
) -> Said:
    """Set off an event by its name and read what comes of it to its end."""
    number = next(number for number, known in made.events.by_number.items() if known.name == name)
    inputs = made.page.fns[number].inputs
    given = (data or []) + [None] * (len(inputs) - len(data or []))
    body = {"data": given[: len(inputs)], "event_data": told, "fn_index": number, "session_hash": session}
    joined = client.post("/gradio_api/queue/join", json=body)
    if joined.status_code != 200:
        return Said(joined.status_code, joined.text)
    event_id = joined.json()["event_id"]
    text = stream(client, f"/gradio_api/queue/data?session_hash={session}", event_id)
    conversation = ""
    for line in text.splitlines():
        message = json.loads(line[6:]) if line.startswith("data: {") else {}
        output = (message.get("output") or {}).get("data") or []
        if output and isinstance(output[0], str) and name == "ChatPage._ask":
            conversation = output[0] or conversation
    return Said(200, text, event_id, conversation)


def stream(client: httpx.Client, path: str, event_id: str = "", seconds: float = _SECONDS) -> str:
    """What a stream tells until the event is over, or nothing more comes for some seconds."""
    told: list[str] = []
    with (
        suppress(httpx.TimeoutException),
        client.stream("GET", path, timeout=seconds) as reply,
    ):
        for line in reply.iter_lines():
            told.append(line)
            ended = event_id and '"process_completed"' in line and event_id in line
            if ended or (len(told) > 1 and told[-2].startswith(("event: complete", "event: error"))):
                break
    return "\n".join(told)


def endpoint(client: httpx.Client, name: str, data: list[Any]) -> list[Any] | None:
    """What an endpoint answers; None where it does not."""
    called = client.post(f"/gradio_api/call/{name}", json={"data": data})
    if called.status_code != 200:
        return None
    told = stream(client, f"/gradio_api/call/{name}/{called.json()['event_id']}")
    lines = [line[6:] for line in told.splitlines() if line.startswith("data: [")]
    return list(json.loads(lines[-1])) if lines else None


def _dump(file: Path, column: str = "", value: str = "", tables: tuple[str, ...] = ()) -> str:
    """The rows of a database as text: of some tables, or of those with the column, its rows of that value."""
    rows: list[str] = []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in sorted(names):
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            if (tables and table not in tables) or (column and column not in columns):
                continue
            where = f' WHERE "{column}" = ?' if column else ""
            for row in connection.execute(f'SELECT * FROM "{table}"{where}', (value,) if column else ()):
                rows.append(f"{table} {row!r}")
    return "\n".join(sorted(rows))

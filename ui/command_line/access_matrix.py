"""The access matrix: whether anybody reaches what is another's, tried on a real server. `make access-matrix` prints it.

Every route, event, service and endpoint is tried by every role with the owner's names for everything in it. What is
looked for is what must not be: the owner's words in a reply to somebody else, and a change in what is stored of the
owner's. That the owner reaches all of it shows that the looking works.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from assistant.evaluation.neighbours import try_neighbours
from index.library import Library
from ui.command_line.access_trial import Role, Trial, endpoint, event, trial
from ui.gate.events import ENDPOINTS, PAGES
from ui.gate.routes import DOOR, ROUTES, Rule

_READ = 200_000  # characters of a reply that are looked at
_RETRIEVALS = 10_000
_SHORT = 1.0  # seconds that a stream is listened to which may never end
_DOES = {  # what each event that stands for several is told to do
    "ChatPage._run": ("ask", "retry", "edit", "unstate", "open"),
    "ChatPage._act": ("drop", "only", "exclude", "pick", "rename", "delete", "restore", "engine"),
}
Attempt = Callable[[], tuple[int, str]]


@dataclass
class Tally:
    """What came of the attempts of one role at one kind of thing."""

    tried: int = 0
    refused: int = 0
    read: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


@dataclass
class Matrix:
    """Tallies by kind and role; `seen` says which things the owner could reach, by whichever way."""

    tallies: dict[tuple[str, str], Tally] = field(default_factory=lambda: defaultdict(Tally))
    seen: Counter[str] = field(default_factory=Counter)
    stored: dict[str, str] = field(default_factory=dict)
    misplaced: list[str] = field(default_factory=list)

    @property
    def crossed(self) -> list[str]:
        """Every reply and change that should not have been."""
        found = [
            f"{role}: {what}"
            for (_, role), tally in self.tallies.items()
            if not role.startswith("owner")
            for what in (*tally.read, *tally.changed)
        ]
        return found + self.misplaced


def tried(made: Trial) -> Matrix:
    """Every attempt of every role, those who are not the owner first."""
    matrix = Matrix(stored=made.fingerprints())
    roles = sorted(made.roles.values(), key=lambda role: role.name.startswith("owner"))
    for role in roles:
        for kind, name, attempt in attempts(made, role):
            look(made, matrix, role, kind, name, attempt)
    return matrix


def look(made: Trial, matrix: Matrix, role: Role, kind: str, name: str, attempt: Attempt) -> None:
    """Make one attempt, and look what came of it."""
    owner = role.name.startswith("owner")
    text = ""
    try:
        status, text = attempt()
    except httpx.TransportError:  # the server hung up on what it did not want to read
        status = 400
    tally = matrix.tallies[kind, role.name]
    tally.tried += 1
    tally.refused += status >= 300
    read = made.things.seen_in(text)
    if owner:
        matrix.seen.update(read)
        return
    tally.read += [f"{name} gave the {thing}" for thing in read]
    after = made.fingerprints()
    tally.changed += [
        f"{name} changed the {thing}" for thing in after if matrix.stored[thing] != after[thing]
    ]
    matrix.stored = after
    if kind == "closed routes" and status < 400:
        matrix.misplaced.append(f"{role.name}: {name} is closed and answered {status}")
    if role.name == "anonymous" and kind not in ("public routes", "closed routes") and status < 300:
        matrix.misplaced.append(f"anonymous: {name} answered {status}")


# ---- What is tried


def attempts(made: Trial, role: Role) -> Iterator[tuple[str, str, Attempt]]:
    """Each kind, name and attempt of a role."""
    yield from _routes(made, role)
    for library in ("mine", "shared"):
        yield from _events(made, role, library)
        yield from _services(made, role, library)
        yield from _endpoints(made, role, library)
    yield from _forms(made, role)


def _routes(made: Trial, role: Role) -> Iterator[tuple[str, str, Attempt]]:
    ours = {rule.path for rule in DOOR}
    for rule in (*DOOR, *(rule for rule in ROUTES if rule.path not in ours)):
        if rule.path == "/logout" and role.cookies:
            continue  # it would end the session that tries
        for method in rule.methods if rule.access != "closed" else ("GET", "POST"):
            for path in _filled(made, rule):
                kind = f"{rule.access} routes"
                yield (
                    kind,
                    f"{method} {path[:80]}",
                    partial(_request, made, role, method, path),
                )


def _filled(made: Trial, rule: Rule) -> list[str]:
    """The addresses of a rule with the owner's names in them."""
    names = made.things.names
    values = {
        "session_hash": [names["session"], names["shared session"]],
        "event_id": [names["event"]],
        "api_name": sorted(ENDPOINTS) if rule.access != "closed" else ["_ask", "papers"],
        "paper": [names["paper"]],
        "path_or_url": [names["sent"]],
        "path": [names["sent"].lstrip("/")] if rule.access == "closed" else ["x"],
        "page": ["1"],
        "name": ["x"],
    }
    filled = [rule.path]
    for name in re.findall(r"\{(\w+)", rule.path):
        pattern = re.compile(r"\{" + name + r"(:\w+)?\}")
        filled = [
            pattern.sub(value.replace("\\", "\\\\"), one)
            for one in filled
            for value in values.get(name, ["1"])
        ]
    return filled


def _request(made: Trial, role: Role, method: str, path: str) -> tuple[int, str]:
    names = made.things.names
    query = {
        "session_hash": names["session"],
        "upload_id": names["upload_id"],
        "c": names["conversation"],
        "paper": names["paper"],
    }
    said = {
        "session_hash": names["session"],
        "event_id": names["event"],
        "fn_index": 0,
        "data": [],
        "model": "x",
    }
    body: dict[str, Any] = (
        {} if method in ("GET", "HEAD") else {"json": said | {"component_id": 1, "fn_name": "titles"}}
    )
    client = role.client(made.address)
    with (
        suppress(httpx.TimeoutException),
        client.stream(method, path, params=query, timeout=_SHORT, **body) as reply,
    ):
        return reply.status_code, _listened(reply)
    return 200, ""


def _listened(reply: httpx.Response) -> str:
    told = ""
    with suppress(httpx.TimeoutException):
        for piece in reply.iter_text():
            told += piece
            if len(told) > _READ:
                break
    return told


def _told(made: Trial, library: str) -> dict[str, Any]:
    """Everything that an event or a service could be told, with the owner's names."""
    names = made.things.names
    return {
        "conversation": names["conversation" if library == "mine" else "shared conversation"],
        "paper": names["paper"],
        "papers": [names["paper"]],
        "address": f"?paper={names['paper']}",
        "question": "What is said of tides?",
        "words": "tides",
        "line": "/scope t",
        "title": "renamed",
        "tag": "tagged",
        "part": "papers",
        "mark": "1",
        "turn": 1,
        "turns": 1,
        "rank": 1,
        "number": 1,
        "pages": 1,
        "hue": 0,
        "kind": "copy",
        "form": "markdown",
        "verdict": "up",
        "comment": "seen",
    }


def _events(made: Trial, role: Role, library: str) -> Iterator[tuple[str, str, Attempt]]:
    """Each event in a session of one's own and in the owner's, with the owner's names and files."""
    names = made.things.names
    for known in sorted(f"{owner}.{name}" for owner, all_of in PAGES.items() for name in all_of):
        if known == "LibraryPage._follow" or (role.name.startswith("owner") and known != "ChatPage._enter"):
            continue
        for do in _DOES.get(known, ("",)):
            for session in (secrets.token_hex(6), names["session"]):
                told = _told(made, library) | {"do": do}
                if known == "LibraryPage._give":
                    told |= {"sent": names["sent"], "name": "notes.md"}
                shown = told["conversation"] if known.startswith("Chat") else told["address"]
                given = ["What is said of tides?", shown] if known == "ChatPage._ask" else [shown]
                where = "their own session" if session != names["session"] else "the owner's session"
                yield (
                    "events",
                    f"{known} {do} in {where}, {library}",
                    partial(_set_off, made, role, library, known, session, given, told),
                )


def _set_off(
    made: Trial, role: Role, library: str, name: str, session: str, given: list[Any], told: dict[str, Any]
) -> tuple[int, str]:
    said = event(made, role.client(made.address, library), name, session, given, told)
    return said.status, said.text


def _services(made: Trial, role: Role, library: str) -> Iterator[tuple[str, str, Attempt]]:
    names = made.things.names
    for component, services in made.events.services.items():
        for service in sorted(services):
            if role.name.startswith("owner") and service not in ("export", "bibtex", "text_of"):
                continue
            for session in (secrets.token_hex(6), names["session"]):
                body = {"component_id": component, "fn_name": service, "session_hash": session}
                body["data"] = _told(made, library)
                yield (
                    "services",
                    f"{service} in {library}",
                    partial(_post, made, role, library, "/gradio_api/component_server", body),
                )


def _post(made: Trial, role: Role, library: str, path: str, body: Any) -> tuple[int, str]:
    reply = role.client(made.address, library).post(path, json=body)
    return reply.status_code, reply.text


def _endpoints(made: Trial, role: Role, library: str) -> Iterator[tuple[str, str, Attempt]]:
    only = {"papers": [made.things.names["paper"]]}
    given: dict[str, list[Any]] = {
        "search": ["tides", 10, None],
        "ask": ["What is said of tides?", [], only],
        "papers": ["", 100, 0, None],
    }
    for name, data in given.items():
        yield (
            "endpoints",
            f"{name} in {library}",
            partial(_called, made, role, library, name, data),
        )


def _called(made: Trial, role: Role, library: str, name: str, data: list[Any]) -> tuple[int, str]:
    answer = endpoint(role.client(made.address, library), name, data)
    return (403, "") if answer is None else (200, json.dumps(answer))


def _forms(made: Trial, role: Role) -> Iterator[tuple[str, str, Attempt]]:
    """The account page's deeds on the owner's token and session, with one's own proof."""
    names = made.things.names
    if role.name.startswith("owner"):
        return
    for do, name in (("token", "token"), ("session", "account session")):
        yield "forms", f"/account {do}", partial(_form, made, role, do, names[name])


def _form(made: Trial, role: Role, do: str, held: str) -> tuple[int, str]:
    client = role.client(made.address)
    page = client.get("/account", headers={"Accept": "text/html"})
    proof = re.search(r'name="proof" value="([^"]*)"', page.text)
    filled = {"proof": proof[1] if proof else "", "do": do, "id": held}
    reply = client.post("/account", data=filled, headers={"Origin": made.address})
    done = reply.status_code == 303 and page.status_code == 200
    return (200 if done else max(reply.status_code, 400)), page.text + reply.text


# ---- What is told


def table(matrix: Matrix) -> str:
    """The matrix as text: tried, refused, and what got through, by kind and role."""
    roles = list(dict.fromkeys(role for _, role in matrix.tallies))
    kinds = list(dict.fromkeys(kind for kind, _ in matrix.tallies))
    lines = ["tried/refused".ljust(18) + "".join(role.rjust(22) for role in roles)]
    for kind in kinds:
        cells = []
        for role in roles:
            tally = matrix.tallies.get((kind, role), Tally())
            crossed = 0 if role.startswith("owner") else len(tally.read) + len(tally.changed)
            cells.append(f"{tally.tried}/{tally.refused}" + (f" CROSSED {crossed}" if crossed else ""))
        lines.append(kind.ljust(18) + "".join(cell.rjust(22) for cell in cells))
    reads = sum(len(one.read) for (_, role), one in matrix.tallies.items() if not role.startswith("owner"))
    changes = sum(
        len(one.changed) for (_, role), one in matrix.tallies.items() if not role.startswith("owner")
    )
    attempts_made = sum(one.tried for one in matrix.tallies.values())
    return "\n".join(
        [
            *lines,
            "",
            f"attempts: {attempts_made:,}",
            f"the owner saw: {', '.join(f'{thing} {count}x' for thing, count in sorted(matrix.seen.items()))}",
            f"reads across users: {reads}",
            f"writes and deletes across users: {changes}",
            f"answered where it should not be: {len(matrix.misplaced)}",
        ]
    )


def main() -> int:
    """Try everything on a server of its own and print what came of it; 1 where anything crossed."""
    with (
        tempfile.TemporaryDirectory(prefix="ibid-access-") as folder,
        trial(Path(folder) / "library") as made,
    ):
        matrix = tried(made)
    print(table(matrix))
    with (
        tempfile.TemporaryDirectory(prefix="ibid-access-") as folder,
        Library.open(Path(folder) / "library") as library,
    ):
        found = try_neighbours(library, _RETRIEVALS)
    print(
        f"random retrievals over two users' near-identical libraries: {found.retrievals:,} "
        f"({found.passages:,} passages, {found.answers:,} answers)\nleaks: {len(found.leaks)}"
    )
    crossed = [*matrix.crossed, *found.leaks]
    for words in crossed[:50]:
        print(f"  CROSSED {words}")
    return 1 if crossed or not matrix.seen or not found.passages else 0


if __name__ == "__main__":
    sys.exit(main())

"""The scripted server: which dialect a request is in, what the script says to it, and sending that.

Nothing here outlives a test: a reply that waits, drips or never ends stops when its client leaves or the
server closes, whichever is first.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from assistant.models.rehearsal.anthropic_dialect import Anthropic
from assistant.models.rehearsal.dialect import Wording
from assistant.models.rehearsal.ollama_dialect import Ollama
from assistant.models.rehearsal.openai_dialect import OpenAI
from assistant.models.rehearsal.schema import Asked, Dialect, Script, Scripted

WORDINGS: tuple[Wording, ...] = (OpenAI(), Anthropic(), Ollama())
_FOREVER = 3600.0
_DRIP = 0.05
_SPECS: dict[Dialect, str] = {
    "openai": "openai-compatible:{model}@{address}/v1",
    "anthropic": "anthropic:{model}@{address}",
    "ollama": "ollama:{model}@{address}",
}


class Rehearsal:
    """A server that answers from a script, in every dialect at once, while its block runs.

    >>> with Rehearsal(["Glaciers remember [1]."]) as server:
    ...     load_model(server.spec("openai"), ModelSettings()).ask([...]).text
    'Glaciers remember [1].'
    """

    def __init__(
        self,
        script: Script,
        models: Sequence[str] = ("rehearsal",),
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.asked: list[Asked] = []
        self.headers: list[dict[str, str]] = []
        """The headers of each request, by their names in lower case."""
        self.models = tuple(models)
        self._script = script
        self._turn = threading.Condition()
        self._connections: set[socket.socket] = set()
        self._bell, self._ear = socket.socketpair()
        self._http = _Http((host, port), self)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Rehearsal:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every reply and stop listening."""
        self._bell.close()
        self._http.shutdown()
        with self._turn:
            for connection in self._connections:
                with suppress(OSError):  # it may have ended by itself
                    connection.shutdown(socket.SHUT_RDWR)
        self._http.server_close()
        self._thread.join()
        self._ear.close()

    @property
    def address(self) -> str:
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    def spec(self, dialect: Dialect, model: str = "rehearsal") -> str:
        """What `load_model` takes to speak with this server in that dialect."""
        return _SPECS[dialect].format(model=model, address=self.address)

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        with self._turn:
            return len(self._connections)

    def quiet(self, seconds: float = 5.0) -> bool:
        """Whether no connection is open, after waiting for that as long as given."""
        with self._turn:
            return self._turn.wait_for(lambda: not self._connections, seconds)

    # ---- for the handler of a connection

    def next_line(self, asked: Asked, headers: dict[str, str]) -> Scripted:
        """What the script says to a request, which is taken note of."""
        with self._turn:
            self.asked.append(asked)
            self.headers.append(headers)
            position = len(self.asked) - 1
        script = self._script
        line = script(asked) if callable(script) else script[min(position, len(script) - 1)]
        return Scripted(text=line) if isinstance(line, str) else line

    def opened(self, connection: socket.socket) -> None:
        with self._turn:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._turn:
            self._connections.discard(connection)
            self._turn.notify_all()

    def left(self, connection: socket.socket, seconds: float) -> bool:
        """Whether the client left, or the server is closing, within that time."""
        ready, _, _ = select.select([connection, self._ear], [], [], seconds)
        return bool(ready)


def play(server: Rehearsal, told: str, until: threading.Event | None = None) -> int:
    """Let a server play until interrupted, or until the event is set, after printing how it is reached."""
    with server:
        print(told, flush=True)
        try:
            (until or threading.Event()).wait()
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
    return 0


class _Http(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, address: tuple[str, int], rehearsal: Rehearsal) -> None:
        super().__init__(address, _Handler)
        self.rehearsal = rehearsal

    def process_request(self, request: Any, client_address: Any) -> None:
        self.rehearsal.opened(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.rehearsal.closed(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is no error here; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Left(Exception):
    """The client left, or the server is closing."""


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        rehearsal = self.server.rehearsal
        for wording in self._wordings():
            if urlsplit(self.path).path == wording.offered_at:
                return self._data(200, wording.offered(rehearsal.models))
        return self._data(404, {"error": {"message": f"There is nothing at {self.path}."}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        for wording in self._wordings():
            if self.path == wording.asked_at:
                asked = wording.read(json.loads(body))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with suppress(_Left, OSError):
                    self._play(wording, asked, self.server.rehearsal.next_line(asked, headers))
                return None
        return self._data(404, {"error": {"message": f"There is nothing at {self.path}."}})

    def _wordings(self) -> list[Wording]:
        """The dialects, Anthropic's first where the request names its version, since two share an address."""
        named = "anthropic-version" in self.headers
        return sorted(WORDINGS, key=lambda wording: (wording.name == "anthropic") != named)

    def _play(self, wording: Wording, asked: Asked, scripted: Scripted) -> None:
        if asked.model not in self.server.rehearsal.models:
            return self._data(*wording.failure("missing", asked.model))
        match scripted.fault:
            case "silent":
                self._wait(_FOREVER)
            case "refused":
                self._reset()
            case "key" | "limit" | "server" | "context":
                again = {"Retry-After": scripted.retry_after} if scripted.retry_after is not None else {}
                self._data(*wording.failure(scripted.fault, asked.model), headers=again)
            case _ if asked.stream:
                self._stream(wording, asked, scripted)
            case _:
                self._whole(wording, asked, scripted)
        return None

    def _stream(self, wording: Wording, asked: Asked, scripted: Scripted) -> None:
        self._head(200, {"Content-Type": wording.content_type, "Transfer-Encoding": "chunked"})
        self._chunk(wording.opening(asked, scripted))
        parts, pause = scripted.parts, scripted.pause
        match scripted.fault:
            case "malformed":
                self._chunk(b"".join(wording.piece(asked, part) for part in parts[:1]) + wording.broken)
                self._end()
                return
            case "cut":
                for part in parts[: (len(parts) + 1) // 2]:
                    self._chunk(wording.piece(asked, part))
                return
            case "drip":
                parts, pause = tuple("".join(parts) or "."), pause or _DRIP
            case "endless":
                for part in cycle(parts or ("on and ",)):
                    self._wait(pause)
                    self._chunk(wording.piece(asked, part))
        for part in parts:
            self._wait(pause)
            self._chunk(wording.piece(asked, part))
        self._chunk(wording.closing(asked, scripted))
        self._end()

    def _whole(self, wording: Wording, asked: Asked, scripted: Scripted) -> None:
        data = json.dumps(wording.whole(asked, scripted)).encode()
        self._wait(scripted.pause)
        match scripted.fault:
            case "malformed":
                self._bytes(200, data[: len(data) // 2])
            case "cut":
                self._bytes(200, data[: len(data) // 2], length=len(data))
            case "drip":
                self._head(200, {"Content-Type": "application/json", "Content-Length": str(len(data))})
                for position in range(len(data)):
                    self._wait(scripted.pause or _DRIP)
                    self.wfile.write(data[position : position + 1])
            case "endless":
                self._head(200, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
                for part in cycle((b'{"on": "and on', b" and on")):
                    self._wait(scripted.pause)
                    self._chunk(part)
            case _:
                self._bytes(200, data)

    # ---- bytes

    def _data(self, status: int, data: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._bytes(status, json.dumps(data).encode(), headers=headers)

    def _bytes(
        self, status: int, data: bytes, length: int | None = None, headers: dict[str, str] | None = None
    ) -> None:
        size = str(len(data) if length is None else length)
        self._head(status, {"Content-Type": "application/json", "Content-Length": size} | (headers or {}))
        self.wfile.write(data)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        """One chunk of a body of unknown length; an empty one would end it."""
        if data:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _wait(self, seconds: float) -> None:
        """Let time pass; raises _Left as soon as nobody waits for the rest."""
        if self.server.rehearsal.left(self.connection, seconds):
            raise _Left

    def log_message(self, format: str, *arguments: Any) -> None:
        """A test's output is its own."""

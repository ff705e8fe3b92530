"""A server on this machine that speaks as arXiv, a DOI resolver and publishers do, well and badly."""

from __future__ import annotations

import gzip
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from reportlab.pdfgen.canvas import Canvas

CSL = "application/vnd.citationstyles.csl+json"
ATOM = "application/atom+xml; charset=utf-8"

ENTRY = """<entry>
    <id>http://arxiv.org/abs/2402.08714v2</id>
    <updated>2024-03-27T10:00:00Z</updated>
    <published>2024-02-13T18:58:16Z</published>
    <title>Tides of Reward:
  Preference Drift in Diffusion</title>
    <summary>  Rewards drift as models are tuned. We hold the drift to 3.1% with a
second reward that is never optimised.
</summary>
    <author><name>Ines Duarte</name><arxiv:affiliation>Harbor Institute</arxiv:affiliation></author>
    <author><name>Paul Okoro</name></author>
    <arxiv:doi>10.1234/tides.2024</arxiv:doi>
    <link title="doi" href="http://dx.doi.org/10.1234/tides.2024" rel="related"/>
    <link href="http://arxiv.org/abs/2402.08714v2" rel="alternate" type="text/html"/>
    <link title="pdf" href="http://arxiv.org/pdf/2402.08714v2" rel="related" type="application/pdf"/>
  </entry>"""

ERROR = """<entry>
    <id>http://arxiv.org/api/errors#incorrect_id_format_for_foo</id>
    <title>Error</title>
    <summary>incorrect id format for foo</summary>
    <updated>2024-06-01T00:00:00-04:00</updated>
    <link href="http://arxiv.org/api/errors#incorrect_id_format_for_foo" rel="alternate" type="text/html"/>
    <author><name>arXiv api core</name></author>
  </entry>"""


def feed(entry: str = "") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"
      xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
  <title type="html">ArXiv Query: search_query=&amp;id_list=&amp;start=0&amp;max_results=1</title>
  <opensearch:totalResults>{1 if entry else 0}</opensearch:totalResults>
  {entry}
</feed>""".encode()


def pdf_of(*lines: str) -> bytes:
    """A PDF of one page."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    for position, line in enumerate(lines):
        canvas.drawString(72, 760 - 16 * position, line)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


PDF = pdf_of("Tides of Reward: Preference Drift in Diffusion", "Ines Duarte, Paul Okoro", "Rewards drift.")

Respond = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request to a `Scholarly` server; anything that a response may be made of is at hand."""

    scholarly: Scholarly

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        self.query = parse_qs(place.query)
        self.scholarly.asked.append((self.path, dict(self.headers.items())))
        respond = self.scholarly.routes.get(place.path)
        try:
            if respond is None:
                self.say(b"not here", "text/plain", status=404)
            else:
                respond(self)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client hung up, as it should on too much

    def say(self, body: bytes, kind: str, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Content-Length": str(len(body))} | named).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def move(self, target: str, status: int = 302) -> None:
        self.say(b"", "text/plain", status=status, Location=target)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Scholarly:
    """The running server: what it answers at each path, and what it was asked."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.url = f"http://{host}:{port}"
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.routes: dict[str, Respond] = {
            "/api/query": self._query,
            "/pdf/2402.08714": lambda request: request.say(PDF, "application/pdf"),
            "/10.1145/1234.5678": lambda request: request.move("/works/transform", status=302),
            "/works/transform": self._record,
            "/open.pdf": lambda request: request.say(PDF, "application/pdf"),
        }
        self.record: dict[str, object] = {
            "type": "article-journal",
            "title": "Tides of Reward",
            "author": [{"given": "Ines", "family": "Duarte"}, {"literal": "The Harbor Institute"}],
            "issued": {"date-parts": [[2024, 11, 5]]},
            "abstract": "<jats:title>Abstract</jats:title>\n<jats:p>Rewards drift &amp; CO<jats:sub>2</jats:sub> rises."
            "</jats:p>",
            "DOI": "10.1145/1234.5678",
        }

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def _query(self, request: Request) -> None:
        known = {"2402.08714": ENTRY, "2402.08714v2": ENTRY, "foo": ERROR}
        request.say(feed(known.get(request.query.get("id_list", [""])[0], "")), ATOM)

    def _record(self, request: Request) -> None:
        if CSL not in request.headers.get("Accept", ""):
            request.say(b"<html>the publisher's page</html>", "text/html")
        else:
            request.say(json.dumps(self.record).encode(), CSL)


@contextmanager
def scholarly_server() -> Iterator[Scholarly]:
    handler = type("Bound", (Request,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        served = Scholarly("127.0.0.1", server.server_address[1])
        handler.scholarly = served  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


def bomb(size: int) -> bytes:
    return gzip.compress(b"\0" * size)

"""Papers fetched by their addresses, from a server that speaks as arXiv, DOI resolvers and publishers do."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from index.errors import FetchError
from index.online.addresses import Address, address_of, meant
from index.online.fetch import Client
from index.online.hosts import is_open
from index.online.papers import Online
from index.online.schema import Fetched
from index.reading import Read, Reading, Source
from index.schema import Document, Unreadable
from index.settings import OnlineSettings, ReadingSettings
from tests.scholarly import ATOM, CSL, ENTRY, PDF, Request, Scholarly, bomb, feed, scholarly_server


@pytest.fixture
def server() -> Iterator[Scholarly]:
    with scholarly_server() as served:
        yield served


class Time:
    """A clock that stands still but for sleeping, and as many seconds at each look as `ticks` says."""

    def __init__(self, ticks: float = 0.0) -> None:
        self.now, self.ticks = 1000.0, ticks
        self.slept: list[float] = []

    def clock(self) -> float:
        self.now += self.ticks
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def online(server: Scholarly) -> Callable[..., Online]:
    """Makes an `Online` whose servers are the test's; it sleeps on a clock of its own."""

    def make(time: Time | None = None, **settings: Any) -> Online:
        time = time or Time()
        chosen = OnlineSettings(**({"arxiv": server.url, "doi": server.url, "pause": 0} | settings))
        return Online(chosen, clock=time.clock, sleep=time.sleep)

    return make


@pytest.fixture
def fetch(online: Callable[..., Online], tmp_path: Path) -> Callable[..., list[Fetched | Unreadable]]:
    def fetch(word: str, time: Time | None = None, **settings: Any) -> list[Fetched | Unreadable]:
        address = address_of(word)
        assert address is not None
        return list(online(time, **settings).fetch(address, tmp_path))

    return fetch


Fetch = Callable[..., list[Fetched | Unreadable]]


def only_reason(found: list[Fetched | Unreadable]) -> str:
    (failed,) = found
    assert isinstance(failed, Unreadable)
    return failed.reason


def document_of(found: Fetched) -> Document:
    """What a library is told of a file that was fetched."""
    read, _ = Reading(ReadingSettings()).read([Source(**dict(found))])
    assert isinstance(read, Read)
    assert isinstance(read.found, Document)
    return read.found


# ---- What a word means


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("arxiv:2402.08714", "arxiv:2402.08714"),
        ("arXiv: 2402.08714v3", "arxiv:2402.08714v3"),
        ("arxiv:hep-th/9901001", "arxiv:hep-th/9901001"),
        ("https://arxiv.org/abs/2402.08714", "arxiv:2402.08714"),
        ("http://www.arxiv.org/pdf/2402.08714v1.pdf", "arxiv:2402.08714v1"),
        ("https://doi.org/10.48550/arXiv.2402.08714", "arxiv:2402.08714"),
        ("doi:10.1145/1234.5678", "doi:10.1145/1234.5678"),
        ("https://dx.doi.org/10.1145/ABC", "doi:10.1145/abc"),
        ("https://lab.example/paper.pdf?x=1", "https://lab.example/paper.pdf?x=1"),
        ("arxiv:foo", "arxiv:foo"),
    ],
)
def test_an_address_is_known_by_its_prefix(word: str, shown: str) -> None:
    address = address_of(word)
    assert address is not None
    assert address.shown == shown


@pytest.mark.parametrize(
    "word",
    ["2402.08714", "10.1145/1234", "notes.md", "arxiv", "arxiv:", "https", "C:/papers", "ftp://x.org/a.pdf"],
)
def test_a_word_without_a_known_prefix_is_no_address(word: str) -> None:
    assert address_of(word) is None


def test_a_bare_id_is_answered_with_the_address_it_may_be() -> None:
    assert meant("2402.08714") == "arxiv:2402.08714"
    assert meant("10.1145/1234") == "doi:10.1145/1234"
    assert meant("papers") is None


# ---- arXiv


def test_an_arxiv_paper_comes_as_its_record_and_its_pdf(fetch: Fetch, server: Scholarly) -> None:
    record, pdf = fetch("arxiv:2402.08714")
    assert isinstance(record, Fetched)
    assert isinstance(pdf, Fetched)
    paper = document_of(record).paper
    assert paper.title == "Tides of Reward: Preference Drift in Diffusion"
    assert paper.authors == ("Ines Duarte", "Paul Okoro")
    assert paper.abstract.startswith("Rewards drift as models are tuned. We hold the drift to 3.1%")
    assert (paper.arxiv_id, paper.doi, paper.published) == ("2402.08714", "10.1234/tides.2024", "2024-02-13")
    assert paper.url == "http://arxiv.org/abs/2402.08714v2"
    assert pdf.path.read_bytes() == PDF
    assert "Rewards drift" in PdfReader(pdf.path).pages[0].extract_text()
    assert pdf.paper is not None
    assert pdf.paper.title == paper.title
    assert (record.shown, pdf.shown, pdf.paper.source) == ("arxiv:2402.08714",) * 3
    assert record.key != pdf.key


def test_each_request_says_who_asks(fetch: Fetch, server: Scholarly) -> None:
    fetch("arxiv:2402.08714", contact="ada@lab.example")
    agents = {headers["User-Agent"] for _, headers in server.asked}
    (agent,) = agents
    assert agent.startswith("ibid/")
    assert "ada@lab.example" in agent


@pytest.mark.parametrize(
    ("name", "said"), [("2402.99999", "has no paper '2402.99999'"), ("foo", "incorrect id")]
)
def test_an_id_that_arxiv_does_not_know_is_told(fetch: Fetch, name: str, said: str) -> None:
    assert said in only_reason(fetch(f"arxiv:{name}"))


def test_the_record_is_kept_where_the_pdf_is_not_to_be_had(fetch: Fetch, server: Scholarly) -> None:
    del server.routes["/pdf/2402.08714"]
    record, failed = fetch("arxiv:2402.08714")
    assert isinstance(record, Fetched)
    assert isinstance(failed, Unreadable)
    assert "its PDF was not: " in failed.reason
    assert "404 Not Found" in failed.reason


def test_a_page_in_the_place_of_a_pdf_is_no_pdf(fetch: Fetch, server: Scholarly) -> None:
    server.routes["/pdf/2402.08714"] = lambda request: request.say(b"<html>wait</html>", "application/pdf")
    _, failed = fetch("arxiv:2402.08714")
    assert isinstance(failed, Unreadable)
    assert "and no PDF" in failed.reason


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html>busy</html>", "arXiv's answer is XML of a kind that is not known, <html>"),
        (b"not xml", "arXiv's answer is not well-formed XML"),
        (b"", "arXiv's answer is empty"),
        (feed(ENTRY + ENTRY), "arXiv's answer holds several papers"),
        (feed("<entry><id>http://arxiv.org/abs/2402.08714</id></entry>"), "the entry has no title"),
    ],
    ids=["a page", "no xml", "nothing", "two", "untitled"],
)
def test_an_answer_that_is_no_record_is_refused_and_no_pdf_is_asked_for(
    fetch: Fetch, server: Scholarly, answer: bytes, said: str
) -> None:
    server.routes["/api/query"] = lambda request: request.say(answer, ATOM)
    reason = only_reason(fetch("arxiv:2402.08714"))
    assert said in reason
    assert ".atom" not in reason.partition("Known:")[0]
    assert len(server.asked) == 1


def test_an_entity_of_an_answer_opens_nothing(fetch: Fetch, server: Scholarly, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret words")
    doctype = f'<!DOCTYPE feed [<!ENTITY s SYSTEM "{(tmp_path / "secret").as_uri()}">]>'.encode()
    head, _, rest = feed(ENTRY.replace("Rewards drift", "Rewards &s; drift")).partition(b"\n")
    server.routes["/api/query"] = lambda request: request.say(head + doctype + rest, ATOM)
    reason = only_reason(fetch("arxiv:2402.08714"))
    assert "arXiv's answer declares entities" in reason
    assert "secret words" not in reason


def test_a_paper_keeps_the_name_that_it_was_asked_for_by(fetch: Fetch, server: Scholarly) -> None:
    other = feed(ENTRY.replace("2402.08714", "2402.00001"))
    server.routes["/api/query"] = lambda request: request.say(other, ATOM)
    for found in fetch("arxiv:2402.08714"):
        assert isinstance(found, Fetched)
        assert found.paper is not None
        assert (found.paper.arxiv_id, found.paper.source) == ("2402.08714", "arxiv:2402.08714")


# ---- DOIs


def test_a_doi_comes_as_its_record(fetch: Fetch, server: Scholarly) -> None:
    (record,) = fetch("https://doi.org/10.1145/1234.5678")
    assert isinstance(record, Fetched)
    paper = document_of(record).paper
    assert (paper.title, paper.doi, paper.published) == ("Tides of Reward", "10.1145/1234.5678", "2024-11-05")
    assert paper.authors == ("Ines Duarte", "The Harbor Institute")
    assert paper.abstract == "Rewards drift & CO2 rises."
    assert paper.url == "https://doi.org/10.1145/1234.5678"
    assert record.shown == "doi:10.1145/1234.5678"


def test_a_pdf_that_the_record_names_is_fetched(fetch: Fetch, server: Scholarly) -> None:
    server.record["link"] = [
        {"URL": f"{server.url}/closed.pdf", "content-type": "application/pdf"},
        {"URL": f"{server.url}/page", "content-type": "text/html"},
        {"URL": f"{server.url}/open.pdf", "content-type": "application/pdf"},
    ]
    server.routes["/closed.pdf"] = lambda request: request.say(b"log in", "text/html", status=403)
    _, pdf = fetch("doi:10.1145/1234.5678")
    assert isinstance(pdf, Fetched)
    assert pdf.path.read_bytes() == PDF
    assert "/page" not in server.paths


def test_a_pdf_for_subscribers_costs_the_record_nothing(fetch: Fetch, server: Scholarly) -> None:
    server.record["link"] = [{"URL": f"{server.url}/closed.pdf", "content-type": "application/pdf"}]
    server.routes["/closed.pdf"] = lambda request: request.say(b"<html>log in</html>", "text/html")
    (record,) = fetch("doi:10.1145/1234.5678")
    assert isinstance(record, Fetched)


def test_a_record_without_an_abstract_is_a_paper_all_the_same(fetch: Fetch, server: Scholarly) -> None:
    del server.record["abstract"]
    (record,) = fetch("doi:10.1145/1234.5678")
    assert isinstance(record, Fetched)
    assert document_of(record).text == "Tides of Reward"


@pytest.mark.parametrize(
    "odd",
    [
        {"title": ["Tides"], "author": "x", "issued": {"date-parts": [[None]]}, "link": "y"},
        {"title": ["Tides"], "author": [None, {}, {"given": 3}], "issued": [], "abstract": ["<p>a</p>"]},
        {"title": "Tides", "issued": {"date-parts": [["2024", "13"]]}, "link": [None, {"URL": 3}]},
    ],
    ids=["1", "2", "3"],
)
def test_an_odd_record_costs_only_what_is_odd(fetch: Fetch, server: Scholarly, odd: dict[str, Any]) -> None:
    server.record = odd
    (record,) = fetch("doi:10.1145/1234.5678")
    assert isinstance(record, Fetched)
    assert document_of(record).paper.title == "Tides"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"[]", "the DOI '10.1145/1234.5678' is answered with something that is no record"),
        (b"{", "the answer for the DOI '10.1145/1234.5678' is neither a JSON list nor JSON lines"),
        (b"{}", "the record of the DOI '10.1145/1234.5678' is of no use (has no title)"),
        (b'[{"title": "A", "DOI": ""}, {"title": "B", "DOI": ""}]', "holds several papers"),
    ],
    ids=repr,
)
def test_a_doi_without_a_usable_record_is_told(
    fetch: Fetch, server: Scholarly, answer: bytes, said: str
) -> None:
    server.routes["/works/transform"] = lambda request: request.say(answer, "application/json")
    assert said in only_reason(fetch("doi:10.1145/1234.5678"))


def test_a_doi_that_nobody_registered_is_told(fetch: Fetch) -> None:
    assert "no paper is registered under the DOI '10.1145/none'" in only_reason(fetch("doi:10.1145/none"))


# ---- Strangers' words


@pytest.mark.parametrize("word", ["arxiv:2402.08714", "doi:10.1145/1234.5678"])
def test_no_answer_is_parsed_in_this_process(
    fetch: Fetch, server: Scholarly, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    server.record["link"] = [{"URL": f"{server.url}/open.pdf", "content-type": "application/pdf"}]
    parse = json.loads

    def only_ours(text: str | bytes, **options: Any) -> Any:
        assert "Tides" not in str(text)
        return parse(text, **options)

    monkeypatch.setattr(json, "loads", only_ours)
    monkeypatch.setattr("index.readers.job.read", lambda path: pytest.fail(f"{path} is read here"))
    monkeypatch.setattr("lxml.etree.iterparse", lambda *_, **__: pytest.fail("XML is parsed here"))
    _, pdf = fetch(word)
    assert isinstance(pdf, Fetched)
    assert pdf.paper is not None
    assert pdf.paper.title.startswith("Tides of Reward")


def test_an_answer_is_held_to_the_limits_of_any_file(server: Scholarly, tmp_path: Path) -> None:
    server.routes["/works/transform"] = lambda request: request.say(b"[1" + b",1" * 20_000 + b"]", CSL)
    settings = OnlineSettings(arxiv=server.url, doi=server.url, pause=0)
    online = Online(settings, ReadingSettings(output=1))
    found = list(online.fetch(Address(kind="doi", name="10.1145/1234.5678"), tmp_path))
    assert "the answer for the DOI '10.1145/1234.5678' comes to more than 1 MB" in only_reason(found)


# ---- Any page


def test_a_pdf_is_known_by_how_it_begins(fetch: Fetch, server: Scholarly) -> None:
    server.routes["/download"] = lambda request: request.say(PDF, "application/octet-stream")
    (found,) = fetch(f"{server.url}/download?id=3")
    assert isinstance(found, Fetched)
    assert (found.path.suffix, found.path.read_bytes()) == (".pdf", PDF)
    assert found.paper is not None
    assert (found.shown, found.paper.url) == (f"{server.url}/download?id=3",) * 2


def test_a_page_keeps_its_letters_where_only_the_server_told_their_encoding(
    fetch: Fetch, server: Scholarly
) -> None:
    page = "<html><title>Über Gezeiten</title></html>".encode("latin-1")
    server.routes["/page"] = lambda request: request.say(page, "text/html; charset=ISO-8859-1")
    (found,) = fetch(f"{server.url}/page")
    assert isinstance(found, Fetched)
    assert found.path.suffix == ".html"
    assert "Über Gezeiten" in found.path.read_text(encoding="utf-8-sig")


def test_something_else_is_not_taken(fetch: Fetch, server: Scholarly) -> None:
    server.routes["/a.zip"] = lambda request: request.say(b"PK", "application/zip")
    assert "is 'application/zip', neither a PDF nor a web page" in only_reason(fetch(f"{server.url}/a.zip"))


# ---- Manners


def test_a_pause_is_left_between_two_requests_to_a_host(fetch: Fetch, server: Scholarly) -> None:
    time = Time()
    fetch("arxiv:2402.08714", time, pause=3.0)
    assert time.slept == [3.0]


def test_a_busy_server_is_asked_again_when_it_says(fetch: Fetch, server: Scholarly) -> None:
    answers = iter([(503, {"Retry-After": "7"}), (429, {}), (200, {})])

    def respond(request: Request) -> None:
        status, headers = next(answers)
        request.say(PDF, "application/pdf", status=status, **headers)

    server.routes["/pdf/2402.08714"] = respond
    time = Time()
    _, pdf = fetch("arxiv:2402.08714", time)
    assert isinstance(pdf, Fetched)
    assert time.slept == [7.0, 10.0]


def test_a_time_of_day_to_come_back_at_is_understood(fetch: Fetch, server: Scholarly) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    answers = iter([(503, {"Retry-After": later}), (200, {})])

    def respond(request: Request) -> None:
        status, headers = next(answers)
        request.say(PDF, "application/pdf", status=status, **headers)

    server.routes["/x"] = respond
    time = Time()
    fetch(f"{server.url}/x", time)
    assert 20 < sum(time.slept) <= 30


def test_a_server_that_stays_busy_is_left_alone(fetch: Fetch, server: Scholarly) -> None:
    server.routes["/x"] = lambda request: request.say(b"", "text/plain", status=503)
    time = Time()
    assert "503 Service Unavailable; try again later" in only_reason(fetch(f"{server.url}/x", time))
    assert (len(server.asked), time.slept) == (4, [5.0, 10.0, 20.0])


def test_a_server_that_asks_for_an_hour_is_not_waited_for(fetch: Fetch, server: Scholarly) -> None:
    server.routes["/x"] = lambda request: request.say(b"", "text/plain", status=429, Retry_After="3600")
    time = Time()
    assert "another 3,600 seconds" in only_reason(fetch(f"{server.url}/x", time))
    assert time.slept == []


# ---- Bad answers


def test_a_chain_that_does_not_end_is_left(fetch: Fetch, server: Scholarly) -> None:
    server.routes["/x"] = lambda request: request.move("/x")
    assert "leads on more than 10 times" in only_reason(fetch(f"{server.url}/x"))
    assert len(server.asked) == 11


def test_a_body_that_breaks_off_leaves_nothing(fetch: Fetch, server: Scholarly, tmp_path: Path) -> None:
    server.routes["/x"] = lambda request: request.say(PDF[:300], "application/pdf", Content_Length="5000")
    assert "broke off" in only_reason(fetch(f"{server.url}/x"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
def test_a_body_that_is_too_large_leaves_nothing(server: Scholarly, tmp_path: Path, told: bool) -> None:
    def respond(request: Request) -> None:
        request.send_response(200)
        if told:
            request.send_header("Content-Length", "5000")
        request.end_headers()
        request.wfile.write(b"x" * 5000)

    server.routes["/x"] = respond
    client = Client(permitted=[(server.host, server.port)])
    with pytest.raises(FetchError, match="which is the most fetched"):
        client.get(f"{server.url}/x", tmp_path / "x", most=4999)
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_unfolds_without_end_is_cut_off(server: Scholarly, tmp_path: Path) -> None:
    server.routes["/x"] = lambda request: request.say(bomb(2**24), "text/html", Content_Encoding="gzip")
    client = Client(permitted=[(server.host, server.port)])
    with pytest.raises(FetchError, match="holds more than 1 MB"):
        client.get(f"{server.url}/x", tmp_path / "x", most=2**20)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 10], ids=["whole", "cut"])
def test_a_packed_body_is_unpacked_whole_or_not_at_all(server: Scholarly, tmp_path: Path, cut: int) -> None:
    packed = bomb(5000)
    server.routes["/x"] = lambda request: request.say(
        packed[: len(packed) - cut], "text/html", Content_Encoding="gzip"
    )
    client = Client(permitted=[(server.host, server.port)], pause=0)
    if cut:
        with pytest.raises(FetchError, match="broke off"):
            client.get(f"{server.url}/x", tmp_path / "x")
    else:
        assert client.get(f"{server.url}/x", tmp_path / "x").path.read_bytes() == b"\0" * 5000


def test_a_packing_that_is_not_known_is_refused(fetch: Fetch, server: Scholarly) -> None:
    server.routes["/x"] = lambda request: request.say(b"??", "text/html", Content_Encoding="br")
    assert "packed as 'br'" in only_reason(fetch(f"{server.url}/x"))


def test_a_body_that_drips_is_left(fetch: Fetch, server: Scholarly, tmp_path: Path) -> None:
    assert "took longer than 600 seconds" in only_reason(fetch(f"{server.url}/open.pdf", Time(ticks=700.0)))
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing_half_written(server: Scholarly, tmp_path: Path) -> None:
    class Interrupted(Time):
        def clock(self) -> float:
            if list(tmp_path.glob("*.part")):
                raise KeyboardInterrupt
            return super().clock()

    client = Client(permitted=[(server.host, server.port)], clock=Interrupted().clock)
    with pytest.raises(KeyboardInterrupt):
        client.get(f"{server.url}/open.pdf", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
    client = Client(permitted=[("127.0.0.1", port)])
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 cannot be reached"):
        client.get(f"http://127.0.0.1:{port}/", tmp_path / "x")


# ---- Where nothing is fetched from


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::",
        "2001:0:7f00:1::", "not an address",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_open_internet_is_known(address: str) -> None:
    assert not is_open(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f::1", "64:ff9b::5db8:d70e"])
def test_an_address_of_the_open_internet_is_known(address: str) -> None:
    assert is_open(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x", "http://localhost/x", "http://2130706433/x", "http://0x7f000001/x", "http://0x7f.1/x",
        "http://127.1/x", "http://[::1]/x", "http://[::ffff:127.0.0.1]/x", "http://[::]/x", "http://0.0.0.0/x",
        "http://0/x", "http://169.254.169.254/latest/meta-data", "http://017700000001/x",
    ],
)  # fmt: skip
def test_a_private_machine_is_not_asked_however_its_address_is_written(
    fetch: Fetch, server: Scholarly, url: str
) -> None:
    assert "private network" in only_reason(fetch(url))
    assert server.asked == []


@pytest.mark.parametrize(
    "url", ["http://0177.0.0.1/x", "http://", "http://[::1", "https:///x", "http://a b/"]
)
def test_a_word_that_is_no_web_address_is_told(fetch: Fetch, url: str) -> None:
    assert "is no web address" in only_reason(fetch(url))


def test_a_name_that_leads_nowhere_is_told(fetch: Fetch) -> None:
    assert "cannot be found" in only_reason(fetch("http://nobody.invalid/x"))
    assert "cannot be found" in only_reason(fetch(f"http://{'a' * 70}.example/x"))


def test_a_password_in_an_address_goes_nowhere_and_is_not_repeated(fetch: Fetch, server: Scholarly) -> None:
    reason = only_reason(fetch(f"http://ada:s3cret@{server.host}:{server.port}/open.pdf"))
    assert "leave it out" in reason
    assert "s3cret" not in reason
    assert server.asked == []


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("http://10.0.0.1/x", "private network"),
        ("http://127.0.0.1:1/x", "private network"),
        ("http://[::ffff:169.254.169.254]/x", "private network"),
        ("//localhost/x", "private network"),
        ("file:///etc/passwd", "is no web address"),
        ("ftp://lab.example/x", "is no web address"),
        ("http://u:p@lab.example/x", "leave it out"),
        ("", "without saying where"),
        ("http://[", "is no web address"),
    ],
)
def test_each_hop_is_judged(fetch: Fetch, server: Scholarly, target: str, said: str) -> None:
    server.routes["/x"] = lambda request: request.move(target)
    assert said in only_reason(fetch(f"{server.url}/x"))
    assert server.paths == ["/x"]


def test_the_address_that_was_judged_is_the_one_connected_to(server: Scholarly, tmp_path: Path) -> None:
    """A name that leads elsewhere the second time it is resolved gains nothing: it is not resolved again."""
    resolved: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"] if resolved.count(host) == 1 else ["192.0.2.7"]

    client = Client(permitted=[("lab.example", server.port)], resolve=resolve)
    client.get(f"http://lab.example:{server.port}/open.pdf", tmp_path / "x")
    ((_, headers),) = server.asked
    assert headers["Host"] == f"lab.example:{server.port}"
    assert resolved == ["lab.example"]


def test_a_name_that_leads_inside_at_the_second_hop_is_refused(server: Scholarly, tmp_path: Path) -> None:
    server.routes["/x"] = lambda request: request.move(f"http://other.example:{server.port}/open.pdf")
    resolved = {"lab.example": ["127.0.0.1"], "other.example": ["93.184.215.14", "127.0.0.1"]}
    client = Client(
        permitted=[("lab.example", server.port)], resolve=lambda host, port: resolved[host], pause=0
    )
    with pytest.raises(FetchError, match=r"'other\.example' is a machine of a private network"):
        client.get(f"http://lab.example:{server.port}/x", tmp_path / "x")
    assert server.paths == ["/x"]


def test_a_proxy_of_the_environment_is_not_asked(
    fetch: Fetch, server: Scholarly, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    (found,) = fetch(f"{server.url}/open.pdf")
    assert isinstance(found, Fetched)


def test_where_it_is_not_allowed_nothing_is_asked_and_the_setting_is_named(
    fetch: Fetch, server: Scholarly
) -> None:
    assert "online.allow is false" in only_reason(fetch("arxiv:2402.08714", allow=False))
    assert server.asked == []


def test_a_record_of_another_paper_overwrites_none(online: Callable[..., Online], tmp_path: Path) -> None:
    both = [Address(kind="arxiv", name=name) for name in ("2402.08714", "2402.08714v2")]
    places = [online().fetch(address, tmp_path) for address in both]
    records = [next(found) for found in places]
    assert len({record.path for record in records if isinstance(record, Fetched)}) == 2
    assert all(document_of(record).text for record in records if isinstance(record, Fetched))

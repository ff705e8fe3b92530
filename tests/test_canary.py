"""Nothing that a user writes or a server answers makes Ibid connect to a machine that is not of the open internet.

A canary listens on this machine, every attempt at a connection is noted where Python makes it, and names resolve
as the test says.
"""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from index.errors import FetchError
from index.online.addresses import Address
from index.online.fetch import Client
from index.online.papers import Online
from index.schema import Unreadable
from index.settings import OnlineSettings
from tests.scholarly import Scholarly, scholarly_server

PUBLIC = "93.184.215.14"
HOSTS = {
    "plain": "127.0.0.1",
    "another loopback": "127.8.9.10",
    "decimal": "2130706433",
    "octal": "017700000001",
    "dotted octal": "0177.0.0.01",
    "hexadecimal": "0x7f000001",
    "dotted hexadecimal": "0x7f.0x0.0x0.0x1",
    "mixed bases": "0x7f.1",
    "short": "127.1",
    "shorter": "127.0.1",
    "padded": "127.000.000.001",
    "overflow": "4294967297",
    "zero": "0",
    "unspecified": "0.0.0.0",
    "short unspecified": "0.0",
    "trailing dot": "127.0.0.1.",
    "private 10": "10.0.0.1",
    "private 172": "172.31.255.254",
    "private 192": "192.168.0.1",
    "decimal private": "167772161",
    "carrier": "100.64.0.1",
    "link-local": "169.254.1.1",
    "benchmark": "198.18.0.1",
    "documentation": "192.0.2.1",
    "multicast": "224.0.0.251",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "metadata": "169.254.169.254",
    "metadata decimal": "2852039166",
    "metadata hexadecimal": "0xa9fea9fe",
    "metadata octal": "0251.0376.0251.0376",
    "metadata of containers": "169.254.170.2",
    "metadata of another cloud": "100.100.100.200",
    "metadata v6": "[fd00:ec2::254]",
    "metadata by name": "metadata.google.internal",
    "localhost": "localhost",
    "shouted": "LOCALHOST",
    "localhost with a dot": "localhost.",
    "of localhost": "paper.localhost",
    "localdomain": "localhost.localdomain",
    "ip6-localhost": "ip6-localhost",
    "a name for it": "127.0.0.1.wild.example",
    "a name for a private one": "inside.example",
    "a name for v6 loopback": "six.example",
    "a name for a mapped one": "mapped.example",
    "a name for both": "both.example",
    "v6 loopback": "[::1]",
    "v6 loopback at length": "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "v6 unspecified": "[::]",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped in hexadecimal": "[::ffff:7f00:1]",
    "mapped metadata": "[::ffff:169.254.169.254]",
    "compatible": "[::127.0.0.1]",
    "translated": "[::ffff:0:127.0.0.1]",
    "6to4": "[2002:7f00:1::]",
    "6to4 of a private one": "[2002:a00:1::1]",
    "NAT64": "[64:ff9b::127.0.0.1]",
    "NAT64 of metadata": "[64:ff9b::a9fe:a9fe]",
    "local NAT64": "[64:ff9b:1::7f00:1]",
    "Teredo": "[2001:0:7f00:1::]",
    "Teredo inverted": "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "v6 link-local": "[fe80::1]",
    "with a zone": "[fe80::1%25lo]",
    "with a bare zone": "[fe80::1%lo]",
    "loopback with a zone": "[::1%25lo]",
    "unique local": "[fc00::1]",
    "site-local": "[fec0::1]",
    "v6 multicast": "[ff02::1]",
    "v6 documentation": "[2001:db8::1]",
    "discard": "[100::1]",
    "full-width digits": "１２７.０.０.１",
    "ideographic dots": "127。0。0。1",
    "half-width dots": "127｡0｡0｡1",
    "circled digits": "①②⑦.⓪.⓪.①",
    "circled letters": "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "soft hyphen": "local\u00adhost",
    "zero width": "local\u200bhost",
    "percent": "%31%32%37.0.0.1",
    "percent of a dot": "127%2e0.0.1",
    "null": "127.0.0.1%00.good.example",
    "fraction slash": "127.0.0.1\u2044.good.example",
    "user": "good.example@127.0.0.1",
    "user and password": "good.example:80@127.0.0.1",
    "two users": "a@good.example@127.0.0.1",
    "backslash": "127.0.0.1\\@good.example",
    "backslash before": "good.example\\@127.0.0.1",
    "fragment": "127.0.0.1#@good.example",
    "query": "127.0.0.1?@good.example",
    "tab": "127.0.\t0.1",
    "line break": "127.0.0\n.1",
    "space": " 127.0.0.1",
}
"""Each is put before the canary's port, so that whatever parts of it count, the canary would hear of it."""
ELSEWHERE = {
    "file": "file:///etc/passwd",
    "file on a host": "file://127.0.0.1/etc/passwd",
    "gopher": "gopher://127.0.0.1:{port}/_x",
    "ftp": "ftp://127.0.0.1:{port}/x",
    "data": "data:text/html,<p>x</p>",
    "dict": "dict://127.0.0.1:{port}/x",
    "ldap": "ldap://127.0.0.1:{port}/x",
    "socket": "ws://127.0.0.1:{port}/x",
    "script": "javascript:fetch('http://127.0.0.1:{port}')",
    "jar": "jar:http://127.0.0.1:{port}!/x",
    "no slashes": "http:127.0.0.1:{port}/x",
    "three slashes": "http:///127.0.0.1:{port}/x",
    "no scheme": "//127.0.0.1:{port}/x",
    "secure": "https://127.0.0.1:{port}/x",
    "secure v6": "https://[::1]:{port}/x",
    "secure localhost": "https://localhost:{port}/x",
}
NAMES = {
    "good.example": [PUBLIC],
    "127.0.0.1.wild.example": ["127.0.0.1"],
    "inside.example": ["10.20.30.40"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "both.example": [PUBLIC, "127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "ip6-localhost": ["::1"],
}
LOCAL = ("localhost", "localhost.localdomain")


class Canary:
    """Listens on both loopbacks at one port, and notes who comes."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._listeners = [socket.create_server(("127.0.0.1", 0))]
        self.port = int(self._listeners[0].getsockname()[1])
        with suppress(OSError):  # a machine without IPv6 has no such loopback either
            self._listeners.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self._threads = [threading.Thread(target=self._listen, args=(one,)) for one in self._listeners]
        for thread in self._threads:
            thread.start()

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                came, address = listener.accept()
            except OSError:
                return
            self.heard.append(address)
            with came:
                came.recv(1000)
                came.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")

    def close(self) -> None:
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in self._threads:
            thread.join(10)


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    listening = Canary()
    yield listening
    listening.close()


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch, canary: Canary) -> list[str]:
    """The addresses that a connection was tried to; those of the open internet refuse it, as none is here."""
    noted: list[str] = []
    connect, resolve = socket.create_connection, socket.getaddrinfo

    def create_connection(address: tuple[str, int], *arguments: Any, **options: Any) -> socket.socket:
        noted.append(address[0])
        if address[0] == PUBLIC:
            raise ConnectionRefusedError("nobody is there")
        return connect(address, *arguments, **options)

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **options: Any) -> list[Any]:
        name = str(host).rstrip(".").lower()
        local = name in LOCAL or name.endswith(".localhost")
        named = NAMES.get(name, ["127.0.0.1", "::1"] if local else None)
        if named is None:
            options["flags"] = socket.AI_NUMERICHOST
            return resolve(host, port, *arguments, **options)
        return [(0, socket.SOCK_STREAM, 6, "", (address, port)) for address in named]

    monkeypatch.setattr(socket, "create_connection", create_connection)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    canary.heard.clear()
    return noted


@pytest.fixture(scope="module")
def server() -> Iterator[Scholarly]:
    with scholarly_server() as served:
        yield served


@pytest.fixture(scope="module")
def urls(canary: Canary) -> list[str]:
    """All that must not be connected to."""
    hosts = [_with_port(host, canary.port) for host in HOSTS.values()]
    return hosts + [address.format(port=canary.port) for address in ELSEWHERE.values()]


def _with_port(host: str, port: int) -> str:
    """The host in a URL, its port behind the part that an attacker wants taken for the host."""
    for sign in ("\\@", "#", "?"):
        first, found, rest = host.partition(sign)
        if found and first == "127.0.0.1":
            return f"http://{first}:{port}{sign}{rest}/x"
    return f"http://{host}:{port}/x"


def test_the_canary_is_heard_of_where_that_is_allowed(
    canary: Canary, tried: list[str], tmp_path: Path
) -> None:
    client = Client(pause=0, permitted=[("127.0.0.1", canary.port)])
    assert client.get(f"http://127.0.0.1:{canary.port}/x", tmp_path / "x").path.read_bytes() == b"hi"
    assert len(canary.heard) == 1
    assert tried == ["127.0.0.1"]


def test_no_address_leads_to_the_canary_however_it_is_written(
    canary: Canary, tried: list[str], urls: list[str], tmp_path: Path
) -> None:
    assert len(urls) >= 80
    client = Client(pause=0, sleep=lambda seconds: None)
    for url in urls:
        with pytest.raises(FetchError):
            client.get(url, tmp_path / "x")
    assert set(tried) <= {PUBLIC}
    assert canary.heard == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_to_the_canary(
    canary: Canary, tried: list[str], urls: list[str], server: Scholarly, tmp_path: Path, status: int
) -> None:
    client = Client(pause=0, sleep=lambda seconds: None, permitted=[(server.host, server.port)])
    server.asked.clear()
    for url in urls:
        location = url.encode("utf-8").decode("latin-1").replace("\n", "%0a")
        server.routes["/x"] = lambda request, to=location: request.say(b"", "text/html", status, Location=to)
        with pytest.raises(FetchError):
            client.get(f"{server.url}/x", tmp_path / "x")
    assert canary.heard == []
    assert len(server.asked) == len(tried) - tried.count(PUBLIC)
    assert server.paths.count("/x") >= len(urls)


def test_a_name_that_leads_outside_and_then_inside_gains_nothing(
    canary: Canary, tried: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = itertools.cycle([PUBLIC, "127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **_: [(0, 1, 6, "", (next(turns), port))])
    client = Client(pause=0, sleep=lambda seconds: None)
    for _ in range(6):
        with pytest.raises(FetchError):
            client.get(f"http://turning.example:{canary.port}/x", tmp_path / "x")
    assert tried == [PUBLIC] * 3
    assert canary.heard == []


def test_a_proxy_of_the_environment_is_not_connected_to(
    canary: Canary, tried: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    client = Client(pause=0, sleep=lambda seconds: None)
    for scheme in ("http", "https"):
        with pytest.raises(FetchError):
            client.get(f"{scheme}://good.example/x", tmp_path / "x")
    assert tried == [PUBLIC] * 2
    assert canary.heard == []


def test_what_a_record_names_is_judged_as_what_a_user_writes(
    canary: Canary, tried: list[str], urls: list[str], server: Scholarly, tmp_path: Path
) -> None:
    settings = OnlineSettings(arxiv=server.url, doi=server.url, pause=0)
    online = Online(settings, sleep=lambda seconds: None)
    for start in range(0, len(urls), 24):
        links = [{"URL": url, "content-type": "application/pdf"} for url in urls[start : start + 3]]
        server.record["link"] = links
        list(online.fetch(Address(kind="doi", name="10.1145/1234.5678"), tmp_path))
    for url in urls[::4]:
        assert all(
            isinstance(one, Unreadable) for one in online.fetch(Address(kind="url", name=url), tmp_path)
        )
    assert canary.heard == []
    assert set(tried) <= {PUBLIC, server.host}

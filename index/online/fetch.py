"""A polite HTTP client that writes what it is sent into files.

Owns the manners: it says who asks, asks one thing at a time, leaves a pause between two requests to a host, waits as
long as it is asked to, and gives up after a few times. Owns the caution too: each hop's host is judged
(`index.online.hosts`) and connected to at the very address that was judged, and what is sent is bounded in size and
time, also where it unfolds. Nothing stands under its name before it is whole. Refuses to know what is in it.
"""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import httpx

from index.errors import FetchError
from index.online.hosts import Resolve, reachable, resolve

MOST_BYTES = 100 * 2**20
_MOST_SECONDS = 600.0  # for one file
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_HOPS = 10
_TRIES = 4
_FIRST_WAIT = 5.0  # seconds, doubled each time
_LONGEST_WAIT = 60.0
_BUSY = (429, 500, 502, 503, 504)
_MOVED = (301, 302, 303, 307, 308)
_HOST = re.compile(rb"[A-Za-z0-9._:-]+")


class Received(NamedTuple):
    """What came: the file it lies in, the URL it came from in the end, and what it was said to be."""

    path: Path
    url: str
    kind: str
    charset: str | None


class Client:
    """Fetches files. Safe to share between threads, which then wait for each other."""

    def __init__(
        self,
        contact: str = "",
        pause: float = 3.0,
        permitted: Collection[tuple[str, int]] = (),
        resolve: Resolve = resolve,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`permitted` are hosts with their ports that may be of a private network; no user's word adds to them."""
        self.agent = f"ibid/{version('ibid')}" + (f" (mailto:{contact})" if contact else "")
        self.pause = pause
        self.permitted = frozenset(permitted)
        self._resolve = resolve
        self._clock = clock
        self._sleep = sleep
        self._asked: dict[str, float] = {}  # when each host was last
        self._one = threading.Lock()

    def get(self, url: str, path: Path, accept: str = "*/*", most: int = MOST_BYTES) -> Received:
        """Fetch what a URL leads to into the file `path`. FetchError says why not."""
        with self._one:
            place = _parsed(url)
            for _ in range(_HOPS + 1):
                with self._answer(place, accept) as response:
                    if response.status_code not in _MOVED:
                        return self._received(response, place, path, most)
                    place = _next(place, response)
            raise FetchError(f"{url} leads on more than {_HOPS} times")

    @contextmanager
    def _answer(self, place: httpx.URL, accept: str) -> Iterator[httpx.Response]:
        """What a host says, asked again as long as it is busy."""
        for attempt in range(1, _TRIES + 1):
            response = self._ask(place, accept)
            try:
                if response.status_code not in _BUSY or attempt == _TRIES:
                    yield response
                    return
                wait = _wait(response, attempt)
            finally:
                response.close()
                self._asked[place.host] = self._clock()
            if wait > _LONGEST_WAIT:
                raise FetchError(
                    f"{place.host} asks not to be asked for another {wait:,.0f} seconds; try again then"
                )
            self._sleep(wait)

    def _ask(self, place: httpx.URL, accept: str) -> httpx.Response:
        """One request, to an address that was judged, as if to the host by its name."""
        port = place.port or (443 if place.scheme == "https" else 80)
        addresses = reachable(place.host, port, self._resolve, self.permitted)
        if place.host in self._asked:
            rest = self.pause - (self._clock() - self._asked[place.host])
            if rest > 0:
                self._sleep(rest)
        headers = {
            "Host": place.netloc.decode("ascii"),
            "User-Agent": self.agent,
            "Accept": accept,
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        failed: httpx.TransportError | None = None
        for address in addresses[:2]:
            request = self._http.build_request(
                "GET",
                place.copy_with(host=address),
                headers=headers,
                extensions={"sni_hostname": place.raw_host.decode("ascii")},
            )
            try:
                return self._http.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
            except httpx.TransportError as error:
                raise FetchError(f"{place.host} did not answer: {_said(error)}") from error
            except (
                httpx.InvalidURL
            ) as error:  # it looks at where a redirect leads, also where it follows none
                raise FetchError(f"{place} leads on to what is no web address: {error}") from error
        raise FetchError(f"{place.host} cannot be reached: {_said(failed)}") from failed

    def _received(self, response: httpx.Response, place: httpx.URL, path: Path, most: int) -> Received:
        if response.status_code != 200:
            raise FetchError(_refusal(place, response), response.status_code)
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as stream:
                for block in self._blocks(response, place, most):
                    stream.write(block)
            part.replace(path)
        except OSError as error:
            raise FetchError(f"{place} cannot be saved in {path.parent}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        kind, _, rest = response.headers.get("Content-Type", "").partition(";")
        charset = re.search(r"charset=[\"']?([\w.:-]+)", rest, re.IGNORECASE)
        return Received(path, str(place), kind.strip().lower(), charset[1] if charset else None)

    def _blocks(self, response: httpx.Response, place: httpx.URL, most: int) -> Iterator[bytes]:
        """The body, unpacked, no more than `most` bytes of it."""
        too_large = FetchError(f"{place} holds more than {most / 2**20:,.0f} MB, which is the most fetched")
        if int(response.headers.get("Content-Length", "0") or 0) > most:
            raise too_large
        unpack = _unpacking(response, place)
        ends = self._clock() + _MOST_SECONDS
        left = most
        try:
            for raw in response.iter_raw():
                if self._clock() > ends:
                    raise FetchError(
                        f"{place} took longer than {_MOST_SECONDS:,.0f} seconds; try again later"
                    )
                block = unpack(raw, left + 1)
                left -= len(block)
                if left < 0:
                    raise too_large
                yield block
            unpack(b"", 0)
        except (httpx.TransportError, httpx.StreamError) as error:
            raise FetchError(f"{place} broke off: {_said(error)}; try again") from error

    @cached_property
    def _http(self) -> httpx.Client:
        """Connects where it is told: no proxy or password of the environment's, and no connection is kept,
        since the next host at this address may be another one."""
        return httpx.Client(
            verify=httpx.create_ssl_context(),
            trust_env=False,
            timeout=_TIMEOUT,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )


def host_of(url: str) -> tuple[str, int]:
    """The host that a setting's URL names, with its port. FetchError where it is none."""
    place = _parsed(url)
    return place.host, place.port or (443 if place.scheme == "https" else 80)


def _parsed(url: str) -> httpx.URL:
    """A URL that may be asked for. FetchError for all but http and https, and for one that holds a name or password."""
    try:
        place = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"{url!r} is no web address: {error}") from error
    if place.scheme not in ("http", "https") or not _HOST.fullmatch(place.raw_host):
        raise FetchError(f"{url!r} is no web address; those begin with https:// or http://")
    if place.userinfo:
        raise FetchError(f"an address of {place.host} holds a user's name or password; leave it out")
    return place.copy_with(fragment=None)


def _next(place: httpx.URL, response: httpx.Response) -> httpx.URL:
    location = response.headers.get("Location", "")
    try:
        target = str(place.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"{place} leads on to {location!r}, which is no web address") from error
    if not location:
        raise FetchError(f"{place} leads on without saying where to")
    return _parsed(target)


def _wait(response: httpx.Response, attempt: int) -> float:
    """The seconds to wait before asking again: as told, else longer each time."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isdecimal():
        return float(told[:9])
    try:
        return max((parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return min(_FIRST_WAIT * 2.0 ** (attempt - 1), _LONGEST_WAIT)


def _refusal(place: httpx.URL, response: httpx.Response) -> str:
    code = response.status_code
    name = HTTPStatus(code).phrase if code in list(HTTPStatus) else "no known status"
    answered = f"{place} answered {code} {name}"
    if code in (404, 410):
        return f"{answered}; check the address"
    if code in (401, 402, 403):
        return f"{answered}: it is not open to programs; save it with a browser and add the file"
    return f"{answered}; try again later" if code in _BUSY else answered


def _unpacking(response: httpx.Response, place: httpx.URL) -> Callable[[bytes, int], bytes]:
    """A function of a block and the most bytes it may give; an empty block is the end. FetchError where the body is
    packed in a way that was not asked for and is not known, is damaged, or ends too early."""
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packed in ("identity", ""):
        return lambda block, most: block
    if packed not in ("gzip", "x-gzip", "deflate"):
        raise FetchError(f"{place} is sent packed as {packed!r}, which was not asked for")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def unpack(block: bytes, most: int) -> bytes:
        if not block and not unpacker.eof:
            raise FetchError(f"{place} broke off; try again")
        try:
            return unpacker.decompress(block, most) if block and not unpacker.eof else b""
        except zlib.error as error:
            raise FetchError(f"{place} is sent packed and damaged: {error}") from error

    return unpack


def _said(error: BaseException | None) -> str:
    return str(error) or type(error).__name__

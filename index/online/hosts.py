"""Which machines may be asked: those of the open internet, and those that the settings name.

Owns that judgement, made on the numeric addresses that a name resolves to, however they are written, and never on
the name. Refuses to know what is asked of them. Whoever connects must do so to an address that was judged here: a
name resolved a second time may lead elsewhere.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from index.errors import FetchError

Resolve = Callable[[str, int], list[str]]
"""The numeric addresses of a host for a port, best first; OSError where it has none."""

_NAT64 = ip_network("64:ff9b::/96")
_WITHIN_NAT64 = ip_network("64:ff9b:1::/48")
_COMPATIBLE = ip_network("::/96")


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host as this machine's resolver gives them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"is no host's name: {error}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def reachable(
    host: str, port: int, resolve: Resolve, permitted: Collection[tuple[str, int]] = ()
) -> list[str]:
    """The addresses that may be connected to for a host; those `permitted` are not judged.

    FetchError where the host has no address, or any that is not of the open internet.
    """
    try:
        found = resolve(host, port)
    except OSError as error:
        raise FetchError(f"the host {host!r} cannot be found ({error.strerror or error})") from error
    if not found:
        raise FetchError(f"the host {host!r} cannot be found")
    if (host, port) not in permitted and not all(map(is_open, found)):
        raise FetchError(f"{host!r} is a machine of a private network, and nothing is fetched from those")
    return found


def is_open(address: str) -> bool:
    """Whether a numeric address is one of the open internet; not so are those of this machine, private and local
    networks, groups of machines, and what is reserved, also where an IPv6 address stands for an IPv4 one.

    >>> is_open("93.184.215.14"), is_open("10.0.0.1"), is_open("::ffff:127.0.0.1")
    (True, False, False)
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        inner = _inner(parsed)
        if inner is not None:
            return is_open(str(inner))
        if parsed.is_site_local or parsed in _WITHIN_NAT64 or parsed in _COMPATIBLE:
            return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to `address` end at."""
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour

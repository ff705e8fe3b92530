"""Joining a Ray cluster for as long as an addition lasts, or starting one on this machine.

Owns what Ray is told of its address, and what it is not allowed: no dashboard, no usage statistics, no log lines
between ours. A cluster of our own (`local`) listens on the loopback address, takes a token that nobody else knows and
that is written nowhere, and leaves nothing behind. One that runs already has the rules of whoever started it.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from index.errors import ClusterError
from index.providers import require

_STORE = 512 * 2**20  # bytes of Ray's object store in a cluster of our own
_PATIENCE = 5.0  # seconds
_LOCALHOST = ("localhost", "127.0.0.1", "::1")
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # else what its processes complain of stands on our standard output
}


@contextmanager
def joined(address: str) -> Iterator[None]:
    """Be a part of the cluster at an address: `auto`, `local`, `host:port`.

    A cluster that this process belongs to already is used and not left. ExtraMissing without Ray; ClusterError where
    nothing answers.
    """
    require(f"--ray {address}", "ray", "ray", "pyarrow")
    own = address == "local"
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)} if own else {}
    with (
        _environment(_QUIET | secret),
        TemporaryDirectory(prefix="ibid-ray-", ignore_cleanup_errors=True) as folder,
    ):
        import ray

        if ray.is_initialized():
            yield
            return
        if not own:
            _require_answer(address)
        try:
            with _hushed():
                ray.init(**(_our_own(folder) if own else _anothers(address)), **_silent())
        except Exception as error:  # of many kinds, Ray's own and Python's
            ray.shutdown()
            raise ClusterError(f"No Ray cluster can be used at {address!r}: {error}") from error
        try:
            logging.getLogger("ray").setLevel(logging.ERROR)
            yield
        finally:
            ray.shutdown()


def _our_own(folder: str) -> dict[str, Any]:
    return {
        "address": "local",
        "include_dashboard": False,
        "object_store_memory": _STORE,
        "_node_ip_address": "127.0.0.1",
        "_temp_dir": folder,
    }


def _anothers(address: str) -> dict[str, Any]:
    """Ray looks for a node of its own at this machine's address; a cluster on the loopback address has it there."""
    host = urlsplit(f"//{address}").hostname or ""
    return {"address": address} | ({"_node_ip_address": host} if host.startswith("127.") else {})


def _silent() -> dict[str, Any]:
    return {"log_to_driver": False, "configure_logging": False, "logging_level": logging.ERROR}


def _require_answer(address: str) -> None:
    """ClusterError at once, where Ray would ask for minutes and then end the process."""
    if address == "auto":
        return
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise ClusterError(f"{address!r} is no address of a Ray cluster. Write auto, local or host:port.")
    from ray.util import get_node_ip_address

    if host in _LOCALHOST:
        host = get_node_ip_address()  # type: ignore[no-untyped-call]  # as Ray takes it
    try:
        socket.create_connection((host, port), _PATIENCE).close()
    except OSError as error:
        raise ClusterError(
            f"No Ray cluster answers at {host}:{port}: {error.strerror or error}. Start it with `ray start --head`, "
            "or write local."
        ) from error


@contextmanager
def _hushed() -> Iterator[None]:
    """Nothing on standard error meanwhile: Ray's core says there, past Python, that it will say nothing."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _environment(changed: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

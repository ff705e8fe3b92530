"""A private PostgreSQL and a private Chroma server, for the tests of what stands on them.

Each listens on a free loopback port, keeps its data in a folder of its own and ends with the run. PostgreSQL asks
for a password, as one that strangers can reach would. Fixtures are the run's; a test keeps to a namespace of its
own (`storage`), so that none sees what another left.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from index.settings import StorageSettings

_PATIENCE = 60.0  # seconds until a server must answer


@dataclass
class PostgresServer:
    """A PostgreSQL cluster of one database, `ibid`, owned by the user `ibid`."""

    programs: Path
    folder: Path
    port: int = field(default_factory=lambda: free_port())
    password: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def database(self) -> str:
        """How settings name it, without the password."""
        return f"postgresql+psycopg://ibid@127.0.0.1:{self.port}/ibid"

    @property
    def url(self) -> str:
        """The same with the password."""
        return self.database.replace("ibid@", f"ibid:{quote(self.password)}@", 1)

    def create(self) -> None:
        told = self.folder / "password"
        told.write_text(self.password)
        _hand_over(self.folder, told)
        known = ("--username=ibid", f"--pwfile={told}", "--auth=scram-sha-256")
        self._run("initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", *known)
        self.start()
        environment = os.environ | {"PGPASSWORD": self.password}
        _call(
            [self.programs / "createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "ibid", "ibid"],
            environment,
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off -c shared_buffers=64MB"
        self._run(
            "pg_ctl", "-w", "-t", str(int(_PATIENCE)), "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def stop(self) -> None:
        """Stop it at once, as a power cut would."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        _call([self.programs / program, "-D", self.folder / "data", *arguments], None, _owner())


@dataclass
class ChromaServer:
    """A `chroma run`."""

    folder: Path
    port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = Path(sys.executable).with_name("chroma")
        place = ("--path", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "run", *place],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"ANONYMIZED_TELEMETRY": "FALSE"},
            )
        deadline = time.monotonic() + _PATIENCE
        while not _answers(f"{self.url}/api/v2/heartbeat"):
            told = (self.folder / "log").read_text()
            assert self.process.poll() is None, told
            assert time.monotonic() < deadline, told
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL cluster while the block runs; skips, or fails under CI, where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        reason = "PostgreSQL absent: apt-get install postgresql"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="ibid-postgres-") as folder:
        server = PostgresServer(found[-1].parent, Path(folder))
        server.create()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def chroma_server() -> Iterator[ChromaServer]:
    """A Chroma server while the block runs."""
    with tempfile.TemporaryDirectory(prefix="ibid-chroma-") as folder:
        server = ChromaServer(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The run's PostgreSQL; a test that stops it starts it again."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def chroma() -> Iterator[ChromaServer]:
    """The run's Chroma server; a test that stops it starts it again."""
    with chroma_server() as server:
        yield server


@pytest.fixture
def storage(postgres: PostgresServer, chroma: ChromaServer) -> Callable[[], StorageSettings]:
    """Makes the settings of a place on both servers that nobody has used."""
    return lambda: StorageSettings(
        database=postgres.database,
        password=postgres.password,  # type: ignore[arg-type]
        chroma=chroma.url,
        namespace=f"test_{secrets.token_hex(6)}",
    )


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _owner() -> str | None:
    """Whom PostgreSQL runs as: it refuses the superuser."""
    return "postgres" if os.geteuid() == 0 else None


def _hand_over(*places: Path) -> None:
    owner = _owner()
    if owner:
        for place in places:
            shutil.chown(place, owner)


def _call(command: list[object], environment: dict[str, str] | None = None, user: str | None = None) -> None:
    """Run a program to its end; what a server left running keeps open is no pipe of ours."""
    groups: list[str] | None = [] if user else None
    with tempfile.TemporaryFile() as told:
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
            env=environment,
            user=user,
            extra_groups=groups,
            cwd="/",
            check=False,
        )
        told.seek(0)
        assert done.returncode == 0, told.read().decode(errors="replace")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1):
            return True
    except OSError:
        return False

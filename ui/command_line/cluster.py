"""A whole cluster on this machine: `python -m ui.command_line.cluster FOLDER`, which `make cluster` runs.

PostgreSQL, Chroma, three servers, a process that adds what is laid into a folder, and nginx in front, all on loopback
ports; everything they keep is in FOLDER. It is what configs/compose.yaml starts on Docker, for trying it out and for
tests. Owns the order in which they start and end.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from index.errors import IbidError
from ui.command_line.programs import Chroma, Nginx, Postgres, Program

PRESET = Path(__file__).parents[2] / "configs" / "server.yaml"
NAMES = ("one", "two", "three")
_PATIENCE = 180.0  # seconds until a server must answer


class Cluster:
    """The parts of a running cluster; `address` is that of nginx, `papers` the folder that is watched."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder.resolve()
        self.papers = self.folder / "papers"
        self.address = f"http://127.0.0.1:{port}"
        self.postgres = Postgres(self.folder / "postgres", free_port(), _password(self.folder / "password"))
        self.chroma = Chroma(self.folder / "chroma", free_port())
        self.ports = {name: free_port() for name in NAMES}
        self.replicas = {name: self._replica(name) for name in NAMES}
        self.ingest = self.ibid("ingest", "watch", str(self.papers))
        self.nginx = Nginx(self.folder / "nginx", port, self.ports)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of every Ibid of the cluster, beside those of configs/server.yaml."""
        return {
            "IBID_LIBRARY": str(self.folder / "library"),
            "IBID_STORAGE__DATABASE": self.postgres.database,
            "IBID_STORAGE__PASSWORD": self.postgres.password,
            "IBID_STORAGE__CHROMA": self.chroma.address,
            "IBID_SERVER__HOST": "127.0.0.1",
            "IBID_SERVER__PROXIES": "127.0.0.1",
            "IBID_ACCESS__ADDRESS": self.address,
        }

    def ibid(self, log: str, verb: str, *words: str, **more: str) -> Program:
        """A process of Ibid with the cluster's settings; it is not started."""
        command = [sys.executable, "-m", "ui", verb, "--config", str(PRESET), *words]
        return Program(log, command, self.folder / "logs", os.environ | self.environment | more)

    def _replica(self, name: str) -> Program:
        return self.ibid(
            name, "serve", IBID_SERVER__PORT=str(self.ports[name]), IBID_SERVER__REPLICA=name
        ).ready_at(f"http://127.0.0.1:{self.ports[name]}/ready")

    @contextmanager
    def running(self) -> Iterator[Cluster]:
        """All parts, started in the order in which they need one another, while the block runs."""
        self.papers.mkdir(parents=True, exist_ok=True)
        first, *others = self.replicas.values()
        with ExitStack() as parts:
            for stage in ([self.postgres, self.chroma], [first], [*others, self.ingest], [self.nginx]):
                parts.callback(_end, stage)
                for part in stage:
                    part.start()
                for part in stage:
                    part.wait(_PATIENCE)
            yield self

    @property
    def invitation(self) -> str:
        """The link for the first administrator, where there is nobody yet."""
        said = self.replicas[NAMES[0]].said()
        return next((line.strip() for line in said.splitlines() if "/welcome?token=" in line), "")


def _end(stage: Sequence[Program]) -> None:
    for part in stage:
        part.leave()
    for part in stage:
        part.stop()


def _end_all(told: int, _: object) -> None:
    """Told to end or left by its terminal, as at Ctrl-C: what was started is stopped, since it would live on."""
    signal.signal(told, signal.SIG_IGN)
    sys.exit(128 + told)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _password(place: Path) -> str:
    """The database's password: drawn once, for this user alone to read."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(16))
    return place.read_text()


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--port", default=7860, show_default=True, help="The port of nginx.")
def main(folder: Path, port: int) -> None:
    """Start a cluster on this machine with its data in FOLDER; Ctrl-C ends it."""
    for told in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(told, _end_all)
    try:
        with Cluster(folder, port).running() as cluster:
            click.echo(
                f"Ibid is at {cluster.address}, by servers {', '.join(NAMES)} (Ctrl-C stops them)", err=True
            )
            click.echo(
                f"Papers laid into {cluster.papers} are added; logs are in {folder / 'logs'}", err=True
            )
            if cluster.invitation:
                click.echo(f"Open this once to become the administrator:\n  {cluster.invitation}", err=True)
            signal.pause()
    except KeyboardInterrupt:
        sys.exit(130)
    except IbidError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()

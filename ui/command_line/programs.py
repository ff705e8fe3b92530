"""The programs of a cluster on one machine, each as a process: started, waited for, stopped, killed.

Owns how PostgreSQL, `chroma run` and nginx are told to keep to a folder and a loopback port. Refuses to know what they
are for.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from index.errors import IbidError

_CONFIGS = Path(__file__).parents[2] / "configs"
_LEAVING = 30.0  # seconds that a program has to end before it is killed
_LOOK = 0.05


class Program:
    """One program with a log. IbidError where it ends before it is ready."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        logs: Path,
        environment: Mapping[str, str],
        ready: Callable[[], bool] = lambda: True,
        user: str | None = None,
        farewell: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.command = command
        self.log = logs / f"{name}.log"
        self.environment = environment
        self.ready = ready
        self.user = user
        self.farewell = farewell
        self.process: subprocess.Popen[bytes] | None = None

    def ready_at(self, address: str) -> Program:
        """The same program, which is ready once the address answers well."""
        self.ready = lambda: answers(address)
        return self

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                user=self.user,
                extra_groups=[] if self.user else None,
                start_new_session=True,  # Ctrl-C is for whoever stops them in order
            )

    def wait(self, seconds: float) -> None:
        """Until it is ready."""
        deadline = time.monotonic() + seconds
        while not self.ready():
            if self.process is None or self.process.poll() is not None:
                raise IbidError(
                    f"{self.name} ended before it was ready. {self.log} says:\n{self.said()[-2000:]}"
                )
            if time.monotonic() > deadline:
                raise IbidError(f"{self.name} was not ready within {seconds:.0f} s; see {self.log}.")
            time.sleep(_LOOK)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def kill(self) -> None:
        """As a crash would end it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def leave(self) -> None:
        """Tell it to end; `stop` waits for that."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.farewell)

    def stop(self) -> None:
        """Tell it to end, wait, and kill it where it does not."""
        self.leave()
        if self.process is None:
            return
        try:
            self.process.wait(_LEAVING)
        except subprocess.TimeoutExpired:
            self.kill()


class Postgres(Program):
    """A PostgreSQL of one database, `ibid`, made in its folder when first started."""

    def __init__(self, folder: Path, port: int, password: str) -> None:
        self.folder, self.port, self.password = folder, port, password
        self.database = f"postgresql+psycopg://ibid@127.0.0.1:{port}/ibid"
        # It refuses the superuser; Debian has made a user for it.
        owner = "postgres" if os.geteuid() == 0 else None
        told = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        options = [word for name, value in told.items() for word in ("-c", f"{name}={value}")]
        super().__init__(
            "postgres",
            [_postgres("postgres"), "-D", folder / "data", *options],
            folder.parent / "logs",
            os.environ,
            self._answers,
            owner,
            signal.SIGINT,
        )

    def start(self) -> None:
        if not (self.folder / "data" / "PG_VERSION").exists():
            self._create()
        super().start()

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        environment = os.environ | {"PGPASSWORD": self.password}
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "ibid")
        made = subprocess.run(
            [_postgres("createdb"), *place, "ibid"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode and "already exists" not in made.stderr:
            raise IbidError(f"PostgreSQL's database cannot be made: {made.stderr.strip()}")

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        told = self.folder / "password"
        told.touch(0o600)
        told.write_text(self.password)
        if self.user:
            shutil.chown(self.folder, self.user)
            shutil.chown(told, self.user)
        self.folder.chmod(0o700)
        made = subprocess.run(
            [
                *(_postgres("initdb"), "-D", self.folder / "data", "--username=ibid", f"--pwfile={told}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
            ],
            cwd="/",
            user=self.user,
            extra_groups=[] if self.user else None,
            capture_output=True,
            text=True,
            check=False,
        )
        told.unlink()
        if made.returncode:
            raise IbidError(f"PostgreSQL cannot be set up in {self.folder}: {made.stderr.strip()}")

    def _answers(self) -> bool:
        place = ("-q", "-h", "127.0.0.1", "-p", str(self.port))
        return subprocess.run([_postgres("pg_isready"), *place], check=False).returncode == 0


class Chroma(Program):
    """A `chroma run`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        place = ("--path", folder, "--host", "127.0.0.1", "--port", str(port))
        super().__init__(
            "chroma",
            [Path(sys.executable).with_name("chroma"), "run", *place],
            folder.parent / "logs",
            os.environ | {"ANONYMIZED_TELEMETRY": "FALSE"},
            lambda: answers(f"{self.address}/api/v2/heartbeat"),
        )


class Nginx(Program):
    """nginx as configs/nginx.conf has it, with the addresses of this machine's servers."""

    def __init__(self, folder: Path, port: int, servers: Mapping[str, int]) -> None:
        self.folder, self.port, self.servers = folder, port, servers
        found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        command = [found or _absent("nginx", "nginx-light"), "-p", folder, "-c", folder / "nginx.conf"]
        super().__init__(
            "nginx",
            [*command, "-e", "stderr", "-g", "daemon off;"],
            folder.parent / "logs",
            os.environ,
            self._listens,
        )

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        told = (
            (_CONFIGS / "nginx.conf").read_text(encoding="utf-8").replace("/tmp/ibid-nginx", str(self.folder))
        )
        for name, port in self.servers.items():
            told = told.replace(f"server {name}:7860", f"server 127.0.0.1:{port}")
        told = told.replace("listen 8080;", f"listen 127.0.0.1:{self.port};")
        (self.folder / "nginx.conf").write_text(told, encoding="utf-8")
        super().start()

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


def answers(address: str) -> bool:
    """Whether an address answers, and well."""
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


def _postgres(name: str) -> Path:
    """A program of the newest PostgreSQL that Debian's packages have installed."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return found[-1] if found else _absent("PostgreSQL", "postgresql")


def _absent(what: str, package: str) -> Path:
    raise IbidError(f"{what} is not installed: apt-get install {package}")

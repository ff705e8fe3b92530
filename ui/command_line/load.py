"""Many readers who chat at once with a server, each as the page does it: `make bench-scale`.

Starts `ibid serve` over a library on this machine and asks it over HTTP: a reader joins Gradio's queue, listens until
the answer is whole, reads for a while and asks on. Then few readers ask without a pause, to see whether memory grows.
Owns the readers and their figures. Nothing is asserted: it says something about one machine at one time.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np

from index.schema import Value

_TURNS = 5  # of a conversation, after which a reader begins another
_READY, _PATIENT = 120.0, 120.0  # seconds
_KEPT = 2.0  # seconds that a connection is kept for the next question: the server closes it after five
_SETTLED = 0.1  # of the questions: what caches hold is there after those
_TEXT = ('class=\\"cite', 'class=\\"not-found', "process_completed")
"""What stands in the stream once the reader sees an answer: its first marker, or that there is none."""
_UNASKED: list[Any] = ["", "", [], None, [], [], ""]  # the filter panel, empty


class Load(Value):
    """How much is asked: readers at once for minutes, each reading for about so many seconds; then questions in all."""

    readers: int = 50
    minutes: float = 10.0
    reading: float = 15.0
    questions: int = 10_000
    busy: int = 8
    """Readers who ask without a pause, until `questions` are asked."""


class Asked(NamedTuple):
    """One question: seconds to the first text and to the end, and what went wrong."""

    first: float
    whole: float
    error: str = ""


_UNLIMITED = {"IBID_LIMITS__QUESTIONS_A_MINUTE": "0", "IBID_LIMITS__QUESTIONS_AT_ONCE": "0"}
"""To the server all readers are one user, who would be told to wait."""


class Server(NamedTuple):
    """A server's address, and the process it runs in."""

    address: str
    process: int

    @property
    def megabytes(self) -> float:
        """What its process and all that it started hold of memory now; 0 where the system does not tell."""
        return sum(map(_resident, _family(self.process))) / 2**20


@contextmanager
def serving(library: Path, port: int) -> Iterator[Server]:
    """`ibid serve` over a library, until left."""
    command = [sys.executable, "-m", "ui", "serve", "--library", str(library), "--port", str(port)]
    unlimited, nowhere = os.environ | _UNLIMITED, subprocess.DEVNULL
    with subprocess.Popen(command, env=unlimited, stdout=nowhere, stderr=nowhere) as process:
        server = Server(f"http://127.0.0.1:{port}", process.pid)
        try:
            _wait_for(server.address, process)
            yield server
        finally:
            process.terminate()


async def chat(
    server: Server, questions: Sequence[str], load: Load
) -> tuple[list[Asked], list[tuple[int, float]]]:
    """What became of each question of the two parts, and the memory after so many of them."""
    asked: list[Asked] = []
    memory: list[tuple[int, float]] = []
    limits = httpx.Limits(max_connections=None, keepalive_expiry=_KEPT)
    async with httpx.AsyncClient(base_url=server.address, timeout=_PATIENT, limits=limits) as client:
        event = await _asking(client)
        until = time.monotonic() + 60 * load.minutes
        readers = [_Reader(client, event, questions, number) for number in range(load.readers)]
        await asyncio.gather(*(_unhurried(reader, until, load.reading, asked) for reader in readers))
        paced = len(asked)
        memory.append((paced, server.megabytes))
        print(f"paced: {figures(asked, memory, load)}", file=sys.stderr, flush=True)
        await asyncio.gather(
            *(_busy(reader, load.questions, asked, memory, server) for reader in readers[: load.busy])
        )
    return asked[:paced], memory


class _Reader:
    """One browser tab."""

    def __init__(self, client: httpx.AsyncClient, event: int, questions: Sequence[str], number: int) -> None:
        self.client, self.event = client, event
        self.chance = random.Random(number)
        self.questions = questions
        self.session = f"reader{number:05}"
        self.conversation, self.turns = "", 0

    async def ask(self) -> Asked:
        """Ask the next question, and wait until the answer is whole."""
        if self.turns == _TURNS:
            self.conversation, self.turns = "", 0
        self.turns += 1
        began, first = time.monotonic(), 0.0
        try:
            async for line in self._said(self.chance.choice(self.questions)):
                if not first and any(mark in line for mark in _TEXT):
                    first = time.monotonic() - began
                error = self._heard(json.loads(line))
                if error:
                    return Asked(first, time.monotonic() - began, error)
        except (httpx.HTTPError, ValueError) as error:
            return Asked(first, time.monotonic() - began, f"{type(error).__name__}: {error}")
        return Asked(first, time.monotonic() - began, "" if first else "no answer came")

    async def _said(self, question: str) -> AsyncIterator[str]:
        data = {
            "data": [question, self.conversation, *_UNASKED],
            "fn_index": self.event,
            "session_hash": self.session,
        }
        (await self.client.post("/gradio_api/queue/join", json=data)).raise_for_status()
        heard = self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session})
        async with heard as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    yield line[5:]

    def _heard(self, message: dict[str, Any]) -> str:
        """What a message says went wrong; the conversation that it names is kept."""
        output = message.get("output") or {}
        if message["msg"] != "process_completed":
            return ""
        if not message.get("success"):
            return str(output.get("error") or "not answered")
        data = output["data"]
        if isinstance(data[0], str):
            self.conversation = data[0]
        return "the page says that it failed" if 'role="alert"' in json.dumps(data).replace("\\", "") else ""


async def _unhurried(reader: _Reader, until: float, reading: float, asked: list[Asked]) -> None:
    await asyncio.sleep(reader.chance.uniform(0, reading))
    while time.monotonic() < until:
        asked.append(await reader.ask())
        await asyncio.sleep(reader.chance.uniform(reading / 1.5, reading * 4 / 3))


async def _busy(
    reader: _Reader, most: int, asked: list[Asked], memory: list[tuple[int, float]], server: Server
) -> None:
    while len(asked) < most:
        asked.append(await reader.ask())
        if len(asked) >= memory[-1][0] + max(most // 50, 1):
            memory.append((len(asked), server.megabytes))
            print(f"{len(asked)} questions: {memory[-1][1]:.0f} MB", file=sys.stderr, flush=True)


async def _asking(client: httpx.AsyncClient) -> int:
    """The number of the event by which the page asks."""
    config = (await client.get("/config")).raise_for_status().json()
    names = {each["id"]: each["props"].get("elem_id") for each in config["components"]}
    return next(
        int(event["id"])
        for event in config["dependencies"]
        if any(names.get(target) == "send" for target, _ in event["targets"])
    )


def figures(asked: Sequence[Asked], memory: Sequence[tuple[int, float]], load: Load) -> dict[str, Any]:
    """The figures by name. Memory is held against what it was once all that is kept was there."""
    good = [each for each in asked if not each.error]
    found: dict[str, Any] = {
        "readers": load.readers,
        "seconds of reading": load.reading,
        "questions": len(asked),
        "errors": len(asked) - len(good),
    }
    if good:
        firsts = np.percentile([each.first for each in good], (50, 95))
        found |= {
            "first text p50 s": round(float(firsts[0]), 3),
            "first text p95 s": round(float(firsts[1]), 3),
        }
    settled = [held for number, held in memory if number >= _SETTLED * load.questions and held]
    if settled:
        found |= {
            "memory MB": round(settled[-1]),
            "over questions": memory[-1][0],
            "memory change": f"{settled[-1] / settled[0] - 1:+.1%}",
            "furthest change": f"{max(settled, key=lambda held: abs(held - settled[0])) / settled[0] - 1:+.1%}",
        }
    reasons = {each.error for each in asked if each.error}
    return found | ({"first errors": sorted(reasons)[:5]} if reasons else {})


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _READY
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/config", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit("the server did not come up")


def _family(process: int) -> list[int]:
    """A process and all that it started, directly or not."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Chat with a copy of a library, print the figures, and write them where asked."""
    parser = ArgumentParser(prog="python -m ui.command_line.load", description=__doc__)
    parser.add_argument("library", type=Path, help="a library; a copy of it is served")
    parser.add_argument("--ask", type=Path, required=True, help="questions as JSON lines with a text each")
    parser.add_argument("--port", type=int, default=7979)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    for name, field in Load.model_fields.items():
        kind = float if isinstance(field.default, float) else int
        parser.add_argument(f"--{name}", type=kind, default=field.default)
    chosen = parser.parse_args(arguments)
    load = Load(**{name: getattr(chosen, name) for name in Load.model_fields})
    lines = chosen.ask.read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["text"] for line in lines]
    with tempfile.TemporaryDirectory(dir=chosen.library.parent) as folder:
        library = Path(shutil.copytree(chosen.library, Path(folder) / "library"))
        with serving(library, chosen.port) as server:
            asked, memory = asyncio.run(chat(server, questions, load))
    found = figures(asked, memory, load)
    for name, value in found.items():
        print(f"{name:24}{value}")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

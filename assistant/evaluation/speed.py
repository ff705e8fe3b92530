"""How fast Ibid is here, and how much memory it takes: `make bench`.

Every figure is the median of several rounds, and none is asserted anywhere: it says something about one
machine at one time. Where plain llama-index can be imported, by this Python or by the one named in
`PEER`, it is measured in the same run on the same papers and questions.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import configs
from assistant.engine import Assistant
from assistant.evaluation import peer
from assistant.evaluation.machine import machine_words
from assistant.evaluation.own import draw
from assistant.evaluation.timing import Figures, percentiles
from index.library import Library
from index.settings import IndexSettings
from index.weights import minilm_places

ROUNDS = 5
QUESTIONS = 40


def measure(papers: Sequence[Path], folder: Path, rounds: int = ROUNDS) -> Figures:
    """Ibid's figures on these papers; the libraries made on the way go below `folder`."""
    processes = cold_start(papers, folder / "cold", rounds)  # first, see there
    settings = IndexSettings()
    taken = [_ingestion(papers, folder / str(number), settings) for number in range(rounds)]
    with Library.open(folder / "0", settings) as library:
        assistant = Assistant(library)
        asked = [case.question for case in draw(library, QUESTIONS).cases]
        figures: Figures = {"papers": library.count(), "papers/s": library.count() / median(taken)}
        library.search(asked[0])  # models are loaded before anything is timed
        figures |= percentiles("search", lambda question: library.search(question), asked, rounds)
        figures |= percentiles("answer", lambda question: assistant.ask(question), asked, rounds)
    return figures | processes


def cold_start(papers: Sequence[Path], library: Path, rounds: int) -> Figures:
    """What `ibid ask` takes as a process of its own, and how much memory it and `ibid add` hold at most.

    The peak that Linux tells of a process is at least what its parent held when it started it. So this comes
    before anything is loaded here.
    """
    _, adding = _process("add", *map(str, papers), "--library", str(library))
    with Library.open(library) as opened:
        question = f"What does {opened.papers(limit=1)[0].title} propose?"
    asked = [_process("ask", question, "--library", str(library)) for _ in range(rounds)]
    seconds, asking = (median(values) for values in zip(*asked, strict=True))
    return {"cold ask s": seconds, "memory MB": asking, "adding MB": adding}


def measure_peer(library: Path, folder: Path, rounds: int = ROUNDS) -> Figures | None:
    """Plain llama-index's figures on the papers and questions of a library, where it can be had."""
    python = os.environ.get("PEER") or (sys.executable if _importable() else None)
    if python is None:
        return None
    papers, questions = folder / "papers.jsonl", folder / "questions.jsonl"
    with Library.open(library) as opened:
        documents = [opened.document(paper.id) for paper in opened.papers(limit=opened.count())]
        _write(papers, [{"title": each.paper.title, "text": each.text} for each in documents])
        _write(questions, [{"question": case.question} for case in draw(opened, QUESTIONS).cases])
    model = next(place for place in minilm_places(folder) if (place / "config.json").is_file())
    command = [python, peer.__file__, *map(str, (papers, questions, model, rounds))]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return {"papers": len(documents)} | figures


def table(ours: Figures, theirs: Figures | None) -> str:
    """The figures in lines, side by side where there are two."""
    lines = [f"{'':16}{'ibid':>12}{'llama-index' if theirs else '':>14}"]
    for name, value in ours.items():
        other = f"{theirs[name]:>14.1f}" if theirs and name in theirs else ""
        lines.append(f"{name:16}{value:>12.1f}{other}")
    return "\n".join(lines)


def main(named: Sequence[str]) -> None:
    """Measure on the papers named, or else on the sample papers, and print."""
    papers = [Path(name) for name in named] or [Path(configs.__file__).parent / "sample_papers.txt"]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours = measure(papers, folder)
        theirs = measure_peer(folder / "0", folder)
    print(f"{machine_words()}; medians of {ROUNDS}\n{table(ours, theirs)}")
    if theirs is None:
        print(f"To compare with plain llama-index: {peer.INSTALL}, or name in PEER a Python that has it.")


def _ingestion(papers: Sequence[Path], folder: Path, settings: IndexSettings) -> float:
    """Seconds to read, cut, embed, store and index papers into a new library, its model loaded before."""
    with Library.open(folder, settings) as library:
        library.embedder.query("warm up")
        started = time.perf_counter()
        library.add(list(papers))
        return time.perf_counter() - started


def _process(*words: str) -> tuple[float, float]:
    """Seconds and the most megabytes that one run of `ibid` with these words takes."""
    command = [sys.executable, "-m", "ui", *words]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    held = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return time.perf_counter() - started, held


def _importable() -> bool:
    return bool(find_spec("torch")) and bool(find_spec("sentence_transformers"))


def _write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

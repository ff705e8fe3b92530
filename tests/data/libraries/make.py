"""Makes a library as an earlier state of this repository made it: `make.py CHECKOUT NAME` writes NAME.tar.gz.

Invented papers are added by that state's own command line, a conversation is held, papers are tagged and a question
saved where it can be. Caches are left out: they are made from the catalog.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PAPERS = (
    {
        "title": "Tide Clocks for Harbour Robots",
        "authors": ["Ana Brook", "Iver Dahl"],
        "published": "2025-03-04",
        "organization": "Harbour Lab",
        "comments": 7,
        "abstract": "Robots that clean harbour walls lose their grip when the tide turns. We give each robot a tide "
        "clock (TC), a small recurrent network that predicts the water level one hour ahead. With tide clocks, "
        "robots lost their grip 4 times in 300 dives instead of 61 times. The clock is trained on two weeks of "
        "pressure readings and needs no labels.",
    },
    {
        "title": "Folding Kites from Wind Maps",
        "authors": ["Noor Vale"],
        "published": "2025-05-19",
        "organization": "Kite Works",
        "comments": 2,
        "abstract": "Kites are usually folded by hand after a pattern. We learn folds from wind maps with a graph "
        "network whose nodes are creases. The folded kites stayed in the air for 48 minutes on average. Wind maps of "
        "coarse resolution were enough: ten metres a cell.",
    },
    {
        "title": "A Library of Small Sounds",
        "authors": ["Ana Brook"],
        "published": "2024-11-30",
        "abstract": "We recorded 900 small sounds, such as a pencil being put down, and ask whether models hear them. "
        "A contrastive audio encoder names 71 percent of them. Listeners name 83 percent.",
    },
)
QUESTIONS = ("How often did robots with tide clocks lose their grip?", "does it need labels?")


def main(checkout: Path, name: str) -> None:
    with tempfile.TemporaryDirectory() as work:
        library, papers = Path(work) / "library", Path(work) / "papers.jsonl"
        papers.write_text("".join(json.dumps(paper) + "\n" for paper in PAPERS), encoding="utf-8")
        given = [str(papers)]
        if (checkout / "index" / "originals.py").exists():  # that state shows pages
            given.append(str(_drawn(Path(work) / "lamps.pdf")))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("IBID_")}
        environment |= {"PYTHONPATH": str(checkout), "IBID_LIBRARY": str(library)}

        def run(*command: str, told: str = "") -> None:
            subprocess.run(
                [sys.executable, *command], env=environment, input=told, text=True, check=True, cwd=work
            )

        run("-m", "ui", "add", *given)
        run("-m", "ui", "chat", told="\n".join(QUESTIONS) + "\n")
        run("-c", _TAGGED.format(library=str(library)))
        with sqlite3.connect(library / "catalog.sqlite3") as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            for table in ("records", "contents"):
                if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
                    moved = f"UPDATE {table} SET source = replace(source, ?, '/elsewhere')"
                    connection.execute(moved, (work,))
            connection.commit()
            connection.execute("VACUUM")
        connection.close()
        _pack(library, Path(__file__).with_name(f"{name}.tar.gz"))


_TAGGED = """
from index.library import Library
from index.settings import IndexSettings
with Library.open({library!r}, IndexSettings()) as library:
    if hasattr(library, "tag"):
        library.tag([library.paper("Folding Kites").id], "outdoors")
        from assistant.engine import Assistant
        from assistant.saved_questions import SavedQuestions
        SavedQuestions(Assistant(library)).save("How long did folded kites stay in the air?")
"""


def _drawn(path: Path) -> Path:
    """A one-page PDF."""
    from tests.pdfs import Sheets

    sheets = Sheets(path)
    sheets.line(72, 60, "Lamps That Count Moths", size=18, font="Times-Bold")
    sheets.line(72, 90, "Iver Dahl")
    lines = (
        "Abstract",
        "A street lamp with a camera can count moths at night. We trained a counter on",
        "pictures from 40 lamps. It misses 6 moths in 100 and counts no leaf as a moth.",
        "Lamps that shine amber drew a third of the moths that white lamps drew.",
    )
    sheets.lines(72, 120, lines)
    sheets.save()
    return path


def _pack(library: Path, archive: Path) -> None:
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in [library / "catalog.sqlite3", *sorted(library.glob("files/*/*"))]:
            entry = tarfile.TarInfo(path.relative_to(library).as_posix())
            entry.size = path.stat().st_size
            tar.addfile(entry, io.BytesIO(path.read_bytes()))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])

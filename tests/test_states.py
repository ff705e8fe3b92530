"""A library against a model of it in memory, through whatever is done to it in whatever order."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assistant.citations import faults
from assistant.engine import Assistant
from index import failpoints, probing
from index.errors import DiskTrouble, PaperNotFound
from index.library import Library
from tests.conftest import HashingEmbedder

WORDS = ("kelp", "brass", "violet", "marsh", "ember", "quartz", "heron", "lattice")
STOPPING = (
    "catalog.writing",
    "catalog.written",
    "caches.unsealed",
    "caches.vectors_removed",
    "caches.vectors_written",
    "caches.keywords_written",
    "caches.position_written",
    "caches.position_reached",
    "catalog.marking",
    "aside.noted",
)
LONG = bool(os.environ.get("IBID_LONG"))
numbers = st.integers(0, len(WORDS) - 1)


def _within(arguments: Sequence[str], patience: float) -> tuple[list[str], str]:
    folder, model, fingerprint = arguments
    return list(probing.told(Path(folder), model, fingerprint)), ""


class LibraryMachine(RuleBasedStateMachine):
    """The model is the version that each paper is at, and which are set aside under which mark."""

    @initialize()
    def begin(self) -> None:
        self.asked, probing.asked = probing.asked, _within
        self.folder = Path(tempfile.mkdtemp(prefix="states-"))
        self.model: dict[int, int] = {}
        self.aside: dict[str, dict[int, int]] = {}
        self.library = self._opened()

    def _opened(self) -> Library:
        library = Library.open(self.folder / "library")
        library.embedder = HashingEmbedder()
        return library

    def _write(self, number: int, version: int) -> Path:
        word = WORDS[number]
        text = f"The {word} was measured {version} times. Every {word} stands in {'rows ' * (version % 3)}of its own."
        path = self.folder / f"{word}.jsonl"
        path.write_text(json.dumps({"title": f"On {word.title()}", "abstract": text, "comments": version}))
        return path

    @rule(number=numbers, version=st.integers(1, 9))
    def add_or_update(self, number: int, version: int) -> None:
        held = self.model.get(number)
        report = self.library.add([self._write(number, version)])
        outcome = "added" if held is None else "unchanged" if held == version else "updated"
        assert getattr(report, outcome) == (f"On {WORDS[number].title()}",)
        self.model[number] = version

    @precondition(lambda self: self.model)
    @rule(number=numbers)
    def remove(self, number: int) -> None:
        if number in self.model:
            self.library.remove([f"On {WORDS[number].title()}"])
            del self.model[number]
        else:
            with pytest.raises(PaperNotFound):
                self.library.remove([f"On {WORDS[number].title()}"])

    @precondition(lambda self: self.model)
    @rule(chosen=st.sets(numbers, min_size=1, max_size=3))
    def set_aside(self, chosen: set[int]) -> None:
        there = sorted(chosen & set(self.model))
        if there:
            mark = self.library.set_aside(
                [self.library.paper(f"On {WORDS[number].title()}").id for number in there]
            )
            self.aside[mark] = {number: self.model.pop(number) for number in there}

    @precondition(lambda self: self.aside)
    @rule(data=st.data())
    def bring_back(self, data: st.DataObject) -> None:
        mark = data.draw(st.sampled_from(sorted(self.aside)))
        missing = {n: version for n, version in self.aside.pop(mark).items() if n not in self.model}
        if missing:
            assert self.library.bring_back(mark) == len(missing)
        else:
            with pytest.raises(PaperNotFound):
                self.library.bring_back(mark)
        self.model |= missing

    @rule(number=numbers)
    def search(self, number: int) -> None:
        found = self.library.search(f"On {WORDS[number].title()}", 20)
        assert len({passage.paper.id for passage in found}) == len(found)
        titles = [passage.paper.title for passage in found]
        if number in self.model:
            assert titles[0] == f"On {WORDS[number].title()}"
        assert set(titles) <= {f"On {WORDS[each].title()}" for each in self.model}

    @rule(number=numbers)
    def ask(self, number: int) -> None:
        answer = Assistant(self.library).ask(f"How often was the {WORDS[number]} measured?")
        assert faults(answer, self.library.text) == []
        if number in self.model and answer.citations:
            assert f"measured {self.model[number]} times" in " ".join(each.quote for each in answer.citations)

    @rule()
    def rebuild(self) -> None:
        self.library.rebuild()

    @rule()
    def restart(self) -> None:
        self.library.close()
        self.library = self._opened()

    @rule(number=numbers, place=st.sampled_from(STOPPING))
    def stop_in_the_middle(self, number: int, place: str) -> None:
        """What a kill leaves, without a process for each: an error that nothing catches, and a copy opened anew."""
        version = self.model.get(number, 0) + 1
        os.environ[failpoints.VARIABLE] = f"{place}=error:EIO"
        failpoints.arm()
        try:
            self.library.add([self._write(number, version)])
            stopped = False
        except DiskTrouble:
            stopped = True
        finally:
            del os.environ[failpoints.VARIABLE]
            failpoints.arm()
        shutil.copytree(self.folder / "library", self.folder / "left")
        self.library.close()
        shutil.rmtree(self.folder / "library")
        (self.folder / "left").rename(self.folder / "library")
        self.library = self._opened()
        _ = self.library.caches
        stands = {paper.title: paper.comments for paper in self.library.papers(limit=100)}
        title = f"On {WORDS[number].title()}"
        assert stands.get(title) in ({version, self.model.get(number)} if stopped else {version})
        if stands.get(title) == version:
            self.model[number] = version

    @invariant()
    def the_library_is_the_model(self) -> None:
        held = {paper.title: paper.comments for paper in self.library.papers(limit=100)}
        assert held == {f"On {WORDS[number].title()}": version for number, version in self.model.items()}
        chunks = self.library.catalog.chunk_ids()
        assert self.library.caches.vectors.ids() == chunks
        assert self.library.caches.keywords.ids() == chunks
        assert self.library.catalog.counts()["pending"] == 0

    def teardown(self) -> None:
        self.library.close()
        probing.asked = self.asked
        shutil.rmtree(self.folder)


LibraryMachine.TestCase.settings = settings(
    max_examples=150 if LONG else 4,
    stateful_step_count=40 if LONG else 12,
    deadline=None,
    database=None,
    derandomize=not LONG,
    suppress_health_check=list(HealthCheck),
)
TestLibrary = LibraryMachine.TestCase

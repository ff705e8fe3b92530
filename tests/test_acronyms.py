"""Acronyms: read from texts, kept with their papers, and used in keyword search."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import tantivy

from assistant.evidence import support
from index.acronyms import Acronym, Expansion, Explained, expansions, explained, in_singular
from index.filters import Bounds
from index.library import Library

Open = Callable[..., Library]
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("We train a Process Reward Model (PRM).", "prm", "process reward model"),
        ("Process reward models (PRMs) score steps.", "prm", "process reward model"),
        ("A PRM (process reward model) scores steps.", "prm", "process reward model"),
        ("learning by proximal policy optimization (PPO; Ada et al., 2017)", "ppo", "proximal policy optimization"),
        ("a Mixture-of-Experts (MoE) layer", "moe", "mixture of expert"),
        ("by reinforcement learning with human feedback (RLHF)", "rlhf", "reinforcement learning with human feedback"),
        ("with Low-Rank Adaptation (LoRA)", "lora", "low rank adaptation"),
        ("It helps. Text-to-image (T2I) models paint.", "t2i", "text to image"),
        ("as Monte Carlo\ntree search (MCTS) does", "mcts", "monte carlo tree search"),
    ],
)  # fmt: skip
def test_an_acronym_is_read_with_the_words_it_stands_for(text: str, short: str, long: str) -> None:
    assert explained(text) == [Acronym(short, long)]


@pytest.mark.parametrize(
    "text",
    [
        "The reward grows quickly (ABC).",
        "Our method (see Figure 2) is short.",
        "(PRM) stands alone.",
        "It is trained on images (in 2024).",
        "The end. Reward (PRM) is given.",
        "Some models (we call them Process Reward Models) score.",
        "the posterior (P) of it",
        "the network (N.Y.)",
    ],
)
def test_other_brackets_explain_nothing(text: str) -> None:
    assert explained(text) == []


def table(*rows: tuple[str, str, int]) -> Callable[[Sequence[str]], list[Explained]]:
    return lambda forms: [Explained(Acronym(short, long), papers) for short, long, papers in rows]


KNOWN = table(("prm", "process reward model", 8), ("rm", "reward model", 3), ("age", "added grain effect", 1))


def test_either_form_brings_the_other_and_its_plural() -> None:
    assert expansions("Who trains PRMs?", KNOWN) == [
        Expansion("prms", (("prm", 1.0), ("process reward model", 1.0)))
    ]
    assert expansions("Which process-reward models?", KNOWN) == [
        Expansion("process reward models", (("prm", 1.0), ("prms", 1.0)))
    ]
    assert expansions("Who trains models by reward?", KNOWN) == []


def test_a_word_in_small_letters_is_an_acronym_only_where_no_other_has_capitals() -> None:
    assert [found.typed for found in expansions("who trains a prm?", KNOWN)] == ["prm"]
    assert [found.typed for found in expansions("Does the PRM mind its age?", KNOWN)] == ["prm"]


def test_what_few_papers_mean_is_left_out_and_the_rest_count_by_agreement() -> None:
    rows = (("sr", "success rate", 6), ("sr", "speech recognition", 3), ("sr", "snow removal", 1))
    assert expansions("Who reports SR?", table(*rows)) == [
        Expansion("sr", (("srs", 1.0), ("success rate", 0.6), ("speech recognition", 0.3)))
    ]
    assert expansions("snow removal", table(*rows)) == []


@pytest.mark.parametrize(
    ("text", "singular"),
    [
        ("Do PRMs beat ORMs?", "Do PRM beat ORM?"),
        ("prms, MoEs, GPUs and T2Is", "prm, MoE, GPU and T2I"),
        ("This gas bus passes US classes as CSS.", "This gas bus passes US classes as CSS."),
        ("LoRA's rhythms", "LoRA's rhythms"),
    ],
)
def test_an_acronyms_plural_is_told_from_other_words_that_end_so(text: str, singular: str) -> None:
    assert in_singular(text) == singular


PAPERS = [
    {"id": "explains", "title": "Judging Steps", "abstract": "A kiln plan reward model (KPRM) judges each step."},
    {"id": "long", "title": "Slow Judges", "abstract": "We distil kiln plan reward models into tables."},
    {"id": "short", "title": "Fast Judges", "abstract": "A KPRM is cut to a tenth of its size."},
    {"id": "scattered", "title": "Kilns", "abstract": "The model of a kiln has no plan and sees no reward."},
    {"id": "else", "title": "Glaciers", "abstract": "Steep glaciers forget snowfall sooner than flat ones."},
]  # fmt: skip


@pytest.fixture
def judges(open_library: Open, write_papers: Write) -> Library:
    library = open_library()
    library.add([write_papers("judges.jsonl", *PAPERS)])
    return library


def by_words(library: Library, question: str) -> list[str]:
    """The papers that keyword search finds, best first."""
    return [passage.paper.id for passage in library.passages(question) if "keyword" in passage.found_by]


def test_a_question_with_the_acronym_finds_papers_that_only_say_its_words(judges: Library) -> None:
    assert set(by_words(judges, "What is a KPRM?")) == {"explains", "short", "long"}


def test_a_question_with_the_words_finds_papers_that_only_say_the_acronym(judges: Library) -> None:
    found = by_words(judges, "Who distils kiln plan reward models?")
    assert found[0] == "long"
    assert "short" in found


def test_a_plural_finds_the_singular(judges: Library) -> None:
    assert "short" in by_words(judges, "Are there small KPRMs?")


def test_what_a_removed_or_changed_paper_explained_is_forgotten(judges: Library, write_papers: Write) -> None:
    judges.add([write_papers("judges.jsonl", PAPERS[0] | {"abstract": "It judges each step."}, *PAPERS[1:])])
    assert judges.catalog.acronyms(["kprm"]) == []
    judges.add([write_papers("judges.jsonl", *PAPERS)])
    assert judges.catalog.acronyms(["kprm"]) == [Explained(Acronym("kprm", "kiln plan reward model"), 1)]
    judges.remove(["explains"])
    assert judges.catalog.acronyms(["kprm"]) == []
    assert set(by_words(judges, "What is a KPRM?")) == {"short"}


def test_a_library_made_before_acronyms_were_kept_learns_them_when_opened(
    judges: Library, open_library: Open, tmp_path: Path
) -> None:
    judges.close()
    older = shutil.copytree(judges.folder, tmp_path / "older")
    with sqlite3.connect(older / "catalog.sqlite3") as connection:
        connection.execute("DROP TABLE acronyms")
        connection.execute("DROP TABLE catalog_revision")  # from before revisions had numbers
    connection.close()
    assert set(by_words(open_library(older), "What is a KPRM?")) == {"explains", "short", "long"}


def test_a_keyword_index_without_positions_is_made_anew(
    judges: Library, open_library: Open, tmp_path: Path
) -> None:
    judges.close()
    older = shutil.copytree(judges.folder, tmp_path / "older")
    for kind in ("papers", "chunks"):
        folder = older / "caches-1" / "keywords" / kind
        shutil.rmtree(folder)
        folder.mkdir()
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("text", tokenizer_name="en_stem", index_option="freq")
        tantivy.Index(builder.build(), path=str(folder))
    library = open_library(older)
    assert set(by_words(library, "What is a KPRM?")) == {"explains", "short", "long"}
    assert library.caches.position.folder == "caches-1"  # the vectors stay as they are


def test_an_acronym_of_many_papers_changes_nothing_unless_all_are_found(
    open_library: Open, write_papers: Write
) -> None:
    rest = [
        {"title": f"Part {part}", "abstract": "A KPRM fires." if part % 3 else "It cools."}
        for part in range(9)
    ]
    library = open_library()
    library.add([write_papers("kilns.jsonl", *PAPERS, *rest)])
    keywords, query = library.caches.keywords, "KPRM, tables"
    also = expansions(query, library.catalog.acronyms)
    assert [found.typed for found in also] == ["kprm"]
    assert keywords.best_papers(query, 5, Bounds(), also) == keywords.best_papers(query, 5, Bounds())
    everything = keywords.best_papers(query, 14, Bounds(), also)  # where all are found, none is pushed out
    assert everything != keywords.best_papers(query, 14, Bounds())


@pytest.mark.parametrize(("held", "asked"), [("KVLM", "KVLMs"), ("KVLMs", "KVLM"), ("kvlms", "KVLM")])
def test_number_is_no_reason_to_say_that_no_paper_has_an_acronym(
    held: str, asked: str, open_library: Open, write_papers: Write
) -> None:
    library = open_library()
    one = {
        "title": "Small Judges",
        "abstract": f"We cut each of the {held} of a kiln to a tenth of its size.",
    }
    library.add([write_papers("one.jsonl", one, *PAPERS[3:])])
    question = f"Who cuts {asked}?"
    found = support(question, library.passages(question), library)
    assert found.unknown == ()
    assert found.holds
    quoted = one["abstract"]
    assert held in [quoted[start:end] for start, end in library.matched(question, quoted)]

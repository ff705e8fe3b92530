"""Evaluation: sets are found, measured by known figures, compared, and shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from assistant.citations import Citations
from assistant.engine import Assistant
from assistant.evaluation import ranking
from assistant.evaluation.answers import (
    answer_measures,
    citation_precision,
    citation_recall,
    f1,
    quoted,
    verdict,
)
from assistant.evaluation.compare import compare, interval
from assistant.evaluation.corpora import corpus_library
from assistant.evaluation.evaluate import Evaluation
from assistant.evaluation.own import draw
from assistant.evaluation.ranking import best_place, ranking_measures
from assistant.evaluation.refusal import auroc, refusal_rates, refused_at
from assistant.evaluation.rows import Rows
from assistant.evaluation.run import Evaluator
from assistant.evaluation.schema import Case, CaseSet, Outcome, Row, Run
from assistant.evaluation.sets import find_sets, read_rows
from assistant.evaluation.systems import SYSTEMS, chosen_systems
from assistant.schema import Answer, Sentence, Turn
from assistant.settings import AnswerSettings
from index.database import server_database
from index.errors import ExtraMissing, ReadError, SettingsError
from index.filters import bounds
from index.full_text import FullText
from index.keywords import Keywords
from index.library import Library
from index.rows import Indexed
from index.schema import Chunk, Filters, Paper
from index.settings import IndexSettings
from ui.command_line.charts import Bar, block_bars, svg_bars
from ui.command_line.cli import cli
from ui.command_line.report import figure, html_report, markdown_report, write_report

QUESTIONS = [
    {"qid": "q1", "question": "How are floods forecast from few buoys?", "gold": ["TideNet: Forecasting Sea Levels from Sparse Buoys"], "answer_sentences": ["On three coasts it halves the error of tidal tables."]},  # noqa: E501
    {"qid": "q2", "question": "What do young male warblers sing?", "gold": ["A Grammar of Bird Song"]},
]  # fmt: skip
UNANSWERABLE = [{"qid": "u1", "question": "Who won the yacht race?", "gold": [], "kind": "off-topic"}]
FOLLOWUPS = [
    {"qid": "f1", "turn1": "What does TideNet forecast?", "gold1": [], "turn2": "On how many coasts does it help?", "gold": ["TideNet: Forecasting Sea Levels from Sparse Buoys"], "kind": "same", "standalone": "On how many coasts does TideNet help?"},  # noqa: E501
]  # fmt: skip


def nothing_told(what: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, papers: tuple[dict[str, Any], ...]) -> Path:
    """A folder with a ranking and sets of questions about the six invented papers."""
    root = tmp_path / "sets"
    corpus = [{"id": f"p{n}", "title": p["title"], "text": p["abstract"]} for n, p in enumerate(papers)]
    write_lines(root / "ranked" / "corpus.jsonl", corpus)
    queries = [
        {"id": "1", "text": "sea levels"},
        {"id": "2", "text": "glaciers"},
        {"id": "3", "text": "none"},
    ]
    write_lines(root / "ranked" / "queries.jsonl", queries)
    (root / "ranked" / "qrels_test.tsv").write_text("query-id\tcorpus-id\tscore\n1\tp0\t1\n2\tp5\t1\n")
    write_lines(root / "asked" / "single.jsonl", QUESTIONS)
    write_lines(root / "asked" / "unanswerable.jsonl", UNANSWERABLE)
    write_lines(root / "asked" / "followup.jsonl", FOLLOWUPS)
    return root


@pytest.fixture
def evaluated(folder: Path, library: Library) -> list[Outcome]:
    """What the sets asked of the library come to, under every system."""
    case_sets = find_sets(folder, ["asked"])
    return Evaluation(Assistant(library), SYSTEMS, nothing_told).run(case_sets)


def outcome_of(outcomes: list[Outcome], name: str, system: str = "ibid") -> Outcome:
    return next(each for each in outcomes if (each.name, each.system) == (name, system))


# ---- Sets


def test_sets_are_found_by_what_their_files_hold(folder: Path) -> None:
    found = {case_set.name: case_set for case_set in find_sets(folder)}
    kinds = {name: case_set.kind for name, case_set in found.items()}
    assert kinds == {
        "asked/followup": "conversations",
        "asked/single": "questions",
        "asked/unanswerable": "unanswerable",
        "ranked/test": "retrieval",
    }
    assert [path.name for path in found["ranked/test"].papers] == ["corpus.jsonl"]
    assert found["asked/single"].papers == ()
    assert [case.id for case in found["ranked/test"].cases] == ["1", "2"]  # the third has no judgement


def test_a_folder_of_the_sets_name_beside_them_holds_their_papers(folder: Path) -> None:
    listing = folder.parent / "asked" / "listing.txt"
    listing.parent.mkdir()
    listing.write_text("…", encoding="utf-8")
    assert find_sets(folder, ["asked/single"])[0].papers == (listing,)


def test_judgements_without_papers_of_their_own_take_the_smallest_shared_ones(folder: Path) -> None:
    (folder / "ranked" / "corpus.jsonl").unlink()
    (folder / "papers_small.jsonl").write_text("{}", encoding="utf-8")
    (folder / "papers_large.jsonl").write_text("{}\n{}\n", encoding="utf-8")
    assert [path.name for path in find_sets(folder, ["ranked"])[0].papers] == ["papers_small.jsonl"]


def test_questions_about_passages_are_asked_with_their_papers_title(tmp_path: Path) -> None:
    row = {"question": "What is the seed?", "paper_title": "Lexicons", "gold_ids": ["e1"]}
    write_lines(tmp_path / "paragraphs" / "qa.jsonl", [row])
    case = find_sets(tmp_path)[0].cases[0]
    assert (case.question, case.gold) == ("Lexicons What is the seed?", {"e1": 1})


def test_questions_with_their_passage_and_claims_are_held_to_what_they_are_about(tmp_path: Path) -> None:
    asked = {"id": "1", "question": "who?", "label": "answerable", "gold_ids": ["w1"]}
    claim = {"id": "2", "claim": "It is.", "label": "SUPPORT", "evidence": [], "cited_doc_ids": [7]}
    write_lines(tmp_path / "a" / "qa.jsonl", [asked])
    write_lines(tmp_path / "b" / "claims.jsonl", [claim])
    found = find_sets(tmp_path)
    assert [(each.kind, each.cases[0].scope) for each in found] == [
        ("answerability", ("w1",)),
        ("claims", ("7",)),
    ]


def test_a_limit_keeps_the_first_cases(folder: Path) -> None:
    assert [case.id for case in find_sets(folder, ["asked/single"], limit=1)[0].cases] == ["q1"]


def test_a_set_that_is_not_there_is_named_with_those_that_are(folder: Path) -> None:
    with pytest.raises(ReadError, match=r"no set 'askd' .* Known: asked/followup, asked/single"):
        find_sets(folder, ["askd"])


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="holds no sets to evaluate"):
        find_sets(tmp_path)
    with pytest.raises(ReadError, match="is no folder"):
        find_sets(tmp_path / "absent")


def test_a_broken_line_of_a_set_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"question": "a", "gold": []}\n{"question"\n', encoding="utf-8")
    with pytest.raises(ReadError, match=r"broken\.jsonl line 2 is not JSON"):
        list(read_rows(path))
    (tmp_path / "qrels.tsv").write_text("a\tb\tc\nd\te\tf\n", encoding="utf-8")
    write_lines(tmp_path / "queries.jsonl", [{"id": "d", "text": "e"}])
    with pytest.raises(ReadError, match=r"qrels\.tsv line 2 is not a query, a paper and a whole number"):
        find_sets(tmp_path)


# ---- Measures


def test_ranking_measures_are_those_of_trec_eval() -> None:
    found = ranking_measures({"a": 1, "b": 1}, ["x", "a", "y", "b"])
    expected = (1 / 1.5849625 + 1 / 2.3219281) / (1 + 1 / 1.5849625)
    assert found["nDCG@10"] == pytest.approx(expected)
    assert (found["Recall@1"], found["Recall@5"], found["MRR@10"]) == (0.0, 1.0, 0.5)


def test_what_ranks_below_ten_counts_for_nothing() -> None:
    found = ranking_measures({"a": 1}, [*map(str, range(10)), "a"])
    assert set(found.values()) == {0.0}
    assert set(ranking_measures({"a": 1}, []).values()) == {0.0}


def test_a_paper_that_is_judged_wrong_is_no_right_one() -> None:
    assert best_place({"a": 0, "b": 1}, ["a", "b"]) == 2
    assert best_place({"a": 1}, ["b"]) is None


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "pytrec_eval", None)
    with pytest.raises(ExtraMissing, match=r"'ibid eval' needs an extra: pip install 'ibid\[eval\]'"):
        ranking_measures({"a": 1}, ["a"])


@pytest.fixture(params=["tantivy", "PostgreSQL"])
def keywords(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Keywords]:
    """An empty keyword index of either kind."""
    if request.param == "tantivy":
        yield Keywords.in_folder(tmp_path)
        return
    database = server_database(request.getfixturevalue("storage")())
    yield Keywords(FullText(database, "words_1_chunks"), FullText(database, "words_1_papers"))
    database.dispose()


def test_bm25_alone_ranks_scifact_as_published(keywords: Keywords) -> None:
    """The published nDCG@10 is 0.679 (Pyserini) and 0.687 (bm25s): the harness gives what others get."""
    shared = Path(__file__).parents[1].parent / "shared" / "bench" / "scifact"
    if not shared.is_dir():
        pytest.skip(f"{shared} absent")
    keywords.follow([as_indexed(row) for row in read_rows(shared / "corpus.jsonl.gz")], [])
    (case_set,) = find_sets(shared.parent, ["scifact/test"])
    scores = []
    for case in case_set.cases:
        hits = keywords.best_papers(case.question, 10, bounds(Filters()))
        scores.append(ranking_measures(case.gold, [hit.item for hit in hits])["nDCG@10"])
    assert len(scores) == 300
    assert 0.67 <= sum(scores) / len(scores) <= 0.69


def as_indexed(row: dict[str, Any]) -> Indexed:
    """A paper of one chunk."""
    text, name = row["text"], row["id"]
    paper = Paper(id=name, title=row["title"])
    chunk = Chunk(
        id=name,
        paper_id=name,
        position=0,
        section=None,
        page=None,
        start=0,
        end=len(text),
        text=text,
        tokens=0,
    )
    return Indexed(chunk=chunk, paper=paper, day=None, sources=())


# ---- Answers


def answer_of(*told: tuple[str, tuple[str, ...]]) -> Answer:
    """An answer whose sentences cite the given quotes, all of one paper."""
    paper = Paper(id="p", title="On Tides")
    chunk = Chunk(
        id="c", paper_id="p", position=0, section=None, page=None, start=0, end=99, text="", tokens=1
    )
    citations, sentences = Citations(), []
    for text, quotes in told:
        numbers = tuple(citations.cite(paper, chunk, quote, TEXT.index(quote)) for quote in quotes)
        sentences.append(Sentence(text=text, citations=numbers, support="supported"))
    return Answer(
        question="?",
        standalone="?",
        kind="find",
        answered=True,
        text="",
        sentences=tuple(sentences),
        citations=citations.all,
    )


TEXT = "The error falls by 12% on each coast. Boats were not harmed. The gain is calm."


def test_a_statement_is_supported_by_quotes_that_hold_its_words_and_numbers() -> None:
    first, second = "The error falls by 12% on each coast.", "Boats were not harmed."
    assert citation_recall(answer_of((first, (first,)))) == 1
    assert citation_recall(answer_of((first, (second,)))) == 0
    assert citation_recall(answer_of(("The error falls by 21% on each coast.", (first,)))) == 0
    assert citation_recall(answer_of((first, (first,)), (second, ()))) == 0.5


def test_a_citation_that_supports_nothing_is_not_needed() -> None:
    first, second = "The error falls by 12% on each coast.", "Boats were not harmed."
    assert citation_precision(answer_of((first, (first, second)))) == 0.5
    assert citation_precision(answer_of((f"{first} {second}", (first, second)))) == 1
    assert citation_precision(answer_of((first, ()))) == 0


def test_a_sentence_is_quoted_whatever_its_spacing_and_cut() -> None:
    answer = answer_of(("a", ("Boats were not harmed.", "The error falls by 12% on each coast.")))
    assert quoted(["the ERROR falls by 12 % on each coast"], answer.citations)
    assert quoted(["The error falls by 12% on each coast. Boats were not harmed."], answer.citations)
    assert not quoted(["The gain is calm."], answer.citations)


def test_measures_that_have_no_gold_are_left_out() -> None:
    case = Case(id="1", question="?", gold={"p": 1})
    found = answer_measures(answer_of(("a", ("The gain is calm.",))), case, {"p": 1}, lambda _: TEXT)
    assert "gold sentence quoted" not in found
    assert "F1 of cited" not in found
    assert found["gold cited"] == 1


def test_f1_of_sets() -> None:
    assert f1({"a", "b"}, {"a", "c"}) == 0.5
    assert f1(set(), {"a"}) == 0


@pytest.mark.parametrize(
    ("text", "answered", "said"),
    [
        ("**Supported.** “…” [1]", True, "SUPPORT"),
        ("Contradicted: …", True, "CONTRADICT"),
        ("Nothing in this paper says.", False, "NOT_ENOUGH_INFO"),
        ("The papers are silent.", True, "NOT_ENOUGH_INFO"),
    ],
    ids=["supported", "contradicted", "refused", "neither"],
)
def test_a_verdict_is_read_from_how_the_answer_begins(text: str, answered: bool, said: str) -> None:
    answer = Answer(question="?", standalone="?", kind="verify", answered=answered, text=text)
    assert verdict(answer) == said


# ---- Refusals


def test_auroc_is_the_chance_of_the_right_order() -> None:
    assert auroc([3, 2], [1, 0]) == 1
    assert auroc([1, 1], [1, 1]) == 0.5
    assert auroc([2, 0], [1]) == 0.5


def test_the_rate_of_refusal_spares_nineteen_answerable_ones_in_twenty() -> None:
    answerable = [0.1, *[0.5] * 19]
    assert refused_at(answerable, [0.4, 0.05, 0.6]) == pytest.approx(2 / 3)
    assert refused_at(answerable[1:], [0.4, 0.5]) == 0.5


def test_refusals_have_precision_and_recall() -> None:
    found = refusal_rates([True, False, True], [False, False, True, False])
    assert found["refusal precision"] == 0.75
    assert found["refusal recall"] == 0.75
    assert found["answerable refused"] == pytest.approx(1 / 3)


# ---- Whole evaluations


def test_every_system_ranks_and_ours_answers(evaluated: list[Outcome]) -> None:
    for system in SYSTEMS:
        assert outcome_of(evaluated, "asked/single", system).figures["Recall@10"] == 1
    ours = outcome_of(evaluated, "asked/single")
    assert ours.figures["gold cited"] == 1
    assert ours.figures["faultless"] == 1
    assert ours.values("gold sentence quoted").keys() == {"q1"}
    assert ours.figures["search p50 ms"] > 0
    assert "gold cited" not in outcome_of(evaluated, "asked/single", "bm25").figures


def test_refusals_are_set_against_the_questions_of_the_same_papers(evaluated: list[Outcome]) -> None:
    refused = outcome_of(evaluated, "asked/unanswerable")
    assert refused.figures["AUROC"] == 1
    assert refused.figures["refused"] == 1
    assert refused.figures["refusal recall"] == 1
    assert "AUROC" in outcome_of(evaluated, "asked/unanswerable", "dense").figures


def test_a_second_turn_is_read_after_the_first(evaluated: list[Outcome]) -> None:
    second = outcome_of(evaluated, "asked/followup")
    assert second.figures["Recall@1, same"] == 1
    assert "TideNet" in second.rows[0].question.rpartition("⇒")[2]
    assert {each.system for each in evaluated if each.name == "asked/followup"} == {
        "ibid",
        "ibid, as typed",
        "ibid, rewritten by hand",
    }


class Believing(Assistant):
    """Takes every claim for supported."""

    def ask(self, question: str, turns: Sequence[Turn] = (), filters: Filters = Filters()) -> Answer:
        return (
            super()
            .ask(question, turns, filters)
            .model_copy(update={"answered": True, "text": f"Supported by {len(filters.papers)} paper."})
        )


def test_claims_are_held_to_their_papers_and_counted_by_verdict(library: Library) -> None:
    scope = ("A Grammar of Bird Song",)
    cases = tuple(
        Case(id=label, question="Warblers sing.", label=label, scope=scope)
        for label in ("SUPPORT", "CONTRADICT", "NOT_ENOUGH_INFO")
    )
    claims = CaseSet(name="claims", kind="claims", cases=cases)
    (outcome,) = Evaluation(Believing(library), SYSTEMS, nothing_told).run([claims])
    assert outcome.figures["verdict right"] == pytest.approx(1 / 3)
    assert outcome.confusion == {case.label: {"SUPPORT": 1} for case in cases}
    assert [row.said for row in outcome.misses] == ["Supported by 1 paper."] * 2
    page = html_report(run_of(outcome), [])
    assert "true \\ said" in page


def test_claims_are_never_left_out(library: Library, settings: IndexSettings, tmp_path: Path) -> None:
    claims = CaseSet(name="claims", kind="claims", cases=(Case(id="1", question="?", label="SUPPORT"),))
    evaluator = Evaluator(settings, AnswerSettings(), SYSTEMS, tmp_path, nothing_told)
    evaluator.run([claims], lambda: library)
    run = evaluator.result()
    assert not run.notes
    assert {outcome.name for outcome in run.outcomes} == {"claims"}


def test_a_question_is_held_to_its_own_passage(library: Library) -> None:
    asked = (
        ("What do young male warblers sing?", "answerable"),
        ("Who invented the saxophone?", "unanswerable"),
    )
    cases = tuple(
        Case(id=label, question=question, label=label, scope=("A Grammar of Bird Song",))
        for question, label in asked
    )
    held = CaseSet(name="held", kind="answerability", cases=cases)
    (outcome,) = Evaluation(Assistant(library), SYSTEMS, nothing_told).run([held])
    assert outcome.figures["AUROC"] == 1
    assert outcome.values("refused") == {"unanswerable": 1.0}


def test_a_miss_shows_what_ranked_above(library: Library) -> None:
    gold = library.paper("A Grammar of Bird Song").id
    other = library.paper("Sorting Seeds by Sound").id
    row = Rows(library).ranked(Case(id="1", question="sound", gold={gold: 1}), [other, gold], {})
    assert row.missed
    assert (row.place, row.above) == (2, ("Sorting Seeds by Sound",))


def test_gold_that_is_not_in_the_library_is_missed_and_told(
    library: Library, settings: IndexSettings, tmp_path: Path
) -> None:
    case = Case(id="1", question="sea levels", gold={"A Paper Nobody Wrote": 1})
    evaluator = Evaluator(settings, AnswerSettings(), {"bm25": SYSTEMS["bm25"]}, tmp_path, nothing_told)
    evaluator.ask(library, [CaseSet(name="lost", kind="retrieval", cases=(case,))])
    run = evaluator.result()
    assert run.notes == ("lost: 1 gold paper is not in the library, as 'A Paper Nobody Wrote'",)
    assert run.outcomes[0].figures["Recall@10"] == 0


def test_a_corpus_is_added_once(folder: Path, settings: IndexSettings, tmp_path: Path) -> None:
    (case_set,) = find_sets(folder, ["ranked"])
    for times in range(2):
        heard: list[Any] = []
        with corpus_library(case_set.papers, settings, tmp_path / "work", heard.append) as library:
            assert library.count() == 6
        assert bool(heard) == (times == 0)
    assert len(list((tmp_path / "work").iterdir())) == 1


def test_files_without_papers_are_no_corpus(settings: IndexSettings, tmp_path: Path) -> None:
    write_lines(tmp_path / "corpus.jsonl", [{"id": "1"}])
    with pytest.raises(ReadError, match="no papers in them"):
        corpus_library([tmp_path / "corpus.jsonl"], settings, tmp_path / "work")


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"unknown system 'bm52'. Known: ibid, bm25, dense"):
        chosen_systems(["bm52"])


def test_questions_are_drawn_from_the_papers_without_their_titles(library: Library) -> None:
    drawn = draw(library, 4)
    assert len(drawn.cases) == 4
    assert drawn == draw(library, 4)
    for case in drawn.cases:
        (gold,) = case.gold
        titled = set(library.caches.keywords.stems(library.document(gold).paper.title))
        assert not titled & set(library.caches.keywords.stems(case.question))
    outcome = Evaluation(Assistant(library), {"ibid": SYSTEMS["ibid"]}, nothing_told).run([drawn])[0]
    assert outcome.figures["Recall@5"] == 1


def test_an_empty_library_has_nothing_to_draw_from(open_library: Callable[..., Library]) -> None:
    with pytest.raises(ReadError, match="has no papers to draw questions from"):
        draw(open_library(), 3)


# ---- Comparing


def outcome_with(*values: float) -> Outcome:
    rows = [
        Row(id=str(n), question="?", measures={"Recall@1": value}) for n, value in enumerate(values, start=1)
    ]
    return Outcome(name="s", kind="retrieval", system="ibid", papers=1, rows=tuple(rows))


def run_of(*outcomes: Outcome) -> Run:
    return Run(version="1", machine="a machine", settings={"retrieval.late": "1.0"}, outcomes=outcomes)


def test_a_change_is_sure_where_its_interval_leaves_out_zero() -> None:
    worse, better = outcome_with(*[0.0] * 10), outcome_with(*[1.0] * 9, 0.0)
    (difference,) = compare(run_of(worse), run_of(better))
    assert difference.change == pytest.approx(0.9)
    assert difference.low < 0.9 <= difference.high
    assert difference.sure
    (same,) = compare(run_of(worse), run_of(worse))
    assert not same.sure


def test_questions_are_paired_by_their_names() -> None:
    (difference,) = compare(run_of(outcome_with(1.0, 0.0)), run_of(outcome_with(1.0)))
    assert (difference.cases, difference.change) == (1, 0.0)
    other = outcome_with(1.0).model_copy(update={"system": "bm25"})
    assert compare(run_of(outcome_with(1.0)), run_of(other)) == []


def test_the_interval_is_the_same_every_time() -> None:
    before, after = [0.0, 1.0, 0.5, 0.2], [0.4, 1.0, 0.1, 0.9]
    assert interval(before, after) == interval(before, after)


# ---- Showing


def test_a_report_stands_alone_and_shows_misses(evaluated: list[Outcome], tmp_path: Path) -> None:
    run = run_of(*evaluated)
    page = html_report(run, compare(run, run))
    assert "<svg" in page
    assert "asked/single" in page
    assert not any(outside in page for outside in ("http", "src=", "href="))
    text = markdown_report(run, [])
    assert "| nDCG@10 |" in text
    for name in ("report.html", "report.md"):
        write_report(tmp_path / name, run, [])
        assert (tmp_path / name).stat().st_size > 500


def test_a_report_escapes_what_papers_say() -> None:
    row = Row(id="1", question="<script>alert(1)</script>", gold=("g",), measures={"Recall@1": 0.0})
    outcome = Outcome(name="s", kind="retrieval", system="ibid", papers=1, rows=(row,))
    assert "<script>" not in html_report(run_of(outcome), [])


def test_a_report_of_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no report is written as 'report\.pdf'; name a file that ends"):
        write_report(tmp_path / "report.pdf", run_of(), [])


def test_charts_keep_to_their_width() -> None:
    bars = [Bar("a & b", 0.5), Bar("c", 1.0)]
    drawn = ElementTree.fromstring(svg_bars(bars))
    widths = [float(bar.get("width", 0)) for bar in drawn.iter("rect")]
    assert widths == [210, 420]
    assert block_bars(bars).splitlines()[0].count("█") == 20


def test_figures_are_short() -> None:
    assert (figure(0.12345), figure(32.17), figure(None)) == ("0.123", "32.2", "")


# ---- The verb


@pytest.fixture
def run_verb(library: Library, environment: dict[str, str]) -> Callable[..., Any]:
    """Runs `ibid` with arguments on the library of six papers."""
    library.close()
    return lambda *arguments: CliRunner(env=environment).invoke(cli, [*map(str, arguments)])


def test_the_verb_prints_writes_and_compares(
    run_verb: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    results, report = tmp_path / "run.json", tmp_path / "run.html"
    first = run_verb("eval", folder, "--systems", "ibid,bm25", "--json", results, "--report", report)
    assert first.exit_code == 0, first.output
    assert "ranked/test (2 questions, 6 papers)" in first.output
    run = Run.model_validate_json(results.read_text(encoding="utf-8"))
    assert {outcome.name for outcome in run.outcomes} >= {"ranked/test", "asked/single"}
    assert report.exists()
    again = run_verb("eval", folder, "--sets", "ranked", "--compare", results)
    assert "95 % interval" in again.output


def test_the_verb_draws_questions(run_verb: Callable[..., Any]) -> None:
    done = run_verb("eval", "--make", "3", "--json", "-")
    assert Run.model_validate_json(done.stdout).outcomes[0].name == "own papers"


def test_the_verb_asks_for_a_folder_or_a_number(run_verb: Callable[..., Any], folder: Path) -> None:
    assert run_verb("eval").exit_code == 2
    assert run_verb("eval", folder, "--make", "3").exit_code == 2


def test_a_comparison_with_something_else_is_refused(run_verb: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    done = run_verb("eval", "--make", "3", "--compare", tmp_path / "other.json")
    assert isinstance(done.exception, ReadError)
    assert "is not what `ibid eval --json` writes" in str(done.exception)

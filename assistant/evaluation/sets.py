"""Finding the sets in a folder by what its files hold, whatever they are called.

Owns the formats: rankings as BEIR keeps them (corpus, queries, qrels), and JSON lines of questions,
conversations, claims and passages with questions. Refuses to know libraries and systems.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.evaluation.schema import Case, CaseSet, SetKind
from index.errors import ReadError

Fields = dict[str, Any]

_CORPUS = ("corpus.jsonl", "corpus.jsonl.gz")


def find_sets(folder: Path, wanted: Sequence[str] = (), limit: int | None = None) -> list[CaseSet]:
    """The sets of `folder` and of the folders in it, by name; those of `wanted`, where it names any.

    `limit` keeps the first cases of each.

    A set is called after its folder and file (`scifact/test`); a name without a file means all of that
    folder. Raises ReadError where there is no set, or none of a name.
    """
    if not folder.is_dir():
        raise ReadError(
            f"{str(folder)!r} is no folder. Name one that holds sets; docs/evaluation.md says how."
        )
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    found = [case_set for place in (folder, *inside) for case_set in _sets_in(place, folder)]
    if not found:
        raise ReadError(
            f"{str(folder)!r} holds no sets to evaluate; docs/evaluation.md says what one looks like."
        )
    known = ", ".join(case_set.name for case_set in found)
    for name in wanted:
        if not any(_called(case_set, name) for case_set in found):
            raise ReadError(f"no set {name!r} in {str(folder)!r}. Known: {known}")
    kept = [each for each in found if not wanted or any(_called(each, name) for name in wanted)]
    return [each.model_copy(update={"cases": each.cases[:limit]}) for each in kept]


def _called(case_set: CaseSet, name: str) -> bool:
    return case_set.name == name or case_set.name.startswith(f"{name}/")


def _sets_in(place: Path, folder: Path) -> Iterator[CaseSet]:
    for qrels in sorted(place.glob("qrels*.tsv")):
        if (place / "queries.jsonl").is_file():
            part = qrels.stem.removeprefix("qrels").strip("_-.")
            name = f"{place.name}/{part}" if part else place.name
            cases = tuple(_judged(place / "queries.jsonl", qrels))
            yield CaseSet(name=name, kind="retrieval", cases=cases, papers=_papers(place, folder))
    for path in sorted(place.glob("*.jsonl")):
        rows = [] if path.name in (*_CORPUS, "queries.jsonl") else _rows_of_a_set(path)
        if rows:
            kind = _kind(rows)
            cases = tuple(_READERS[kind](row, str(number)) for number, row in enumerate(rows, 1))
            name = f"{place.name}/{path.stem}"
            yield CaseSet(name=name, kind=kind, cases=cases, papers=_papers(place, folder))


def _papers(place: Path, folder: Path) -> tuple[Path, ...]:
    """A corpus of its own, else text files of a folder of that name beside `folder`, else shared papers.

    Of several shared files the smallest; a set of questions without any is asked of the library at hand.
    """
    own = [place / name for name in _CORPUS if (place / name).is_file()]
    if own:
        return (own[0],)
    listings = tuple(sorted((folder.parent / place.name).glob("*.txt")))
    if listings:
        return listings
    if any(place.glob("qrels*.tsv")):
        shared = sorted(folder.glob("papers*.jsonl*"), key=lambda path: path.stat().st_size)
        return tuple(shared[:1])
    return ()


def _rows_of_a_set(path: Path) -> list[Fields]:
    """The rows of a file whose first row is of a kind we know, else none."""
    rows = read_rows(path)
    first = next(rows, None)
    return [first, *rows] if first is not None and _kind_of(first) else []


def read_rows(path: Path) -> Iterator[Fields]:
    """The objects of a JSON-lines file, packed or not. Raises ReadError naming the line that is none."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ReadError(f"{path} line {number} is not JSON: {error}") from error
            if not isinstance(row, dict):
                raise ReadError(f"{path} line {number} is not an object")
            yield row


def _kind_of(row: Fields) -> SetKind | None:
    if "turn1" in row and "turn2" in row:
        return "conversations"
    if "claim" in row and "label" in row:
        return "claims"
    if "question" not in row:
        return None
    if row.get("label") in ("answerable", "unanswerable"):
        return "answerability"
    if "gold_ids" in row:
        return "retrieval"
    return "questions" if "gold" in row else None


def _kind(rows: Sequence[Fields]) -> SetKind:
    kind = _kind_of(rows[0])
    assert kind is not None, "only rows of a known kind are kept"
    return "unanswerable" if kind == "questions" and not any(row["gold"] for row in rows) else kind


def _judged(queries: Path, qrels: Path) -> Iterator[Case]:
    """The queries that have judgements, in their file's order."""
    gains: dict[str, dict[str, int]] = {}
    for number, line in enumerate(qrels.read_text(encoding="utf-8").splitlines(), 1):
        query, _, rest = line.partition("\t")
        paper, _, gain = rest.rpartition("\t")
        if number == 1 and not gain.strip().lstrip("-").isdigit():
            continue  # the names of the columns
        try:
            gains.setdefault(query, {})[paper] = int(gain)
        except ValueError as error:
            raise ReadError(f"{qrels} line {number} is not a query, a paper and a whole number") from error
    for row in read_rows(queries):
        name = str(row["id"])
        if name in gains:
            yield Case(id=name, question=row["text"], gold=gains[name])


def _name(row: Fields, number: str) -> str:
    return str(row.get("qid", row.get("id", number)))


def _gold(names: Sequence[str]) -> dict[str, int]:
    return dict.fromkeys(map(str, names), 1)


def _question(row: Fields, number: str) -> Case:
    return Case(
        id=_name(row, number),
        question=row["question"],
        gold=_gold(row["gold"]),
        sentences=tuple(row.get("answer_sentences", ())),
        label=row.get("kind", ""),
    )


def _passage_question(row: Fields, number: str) -> Case:
    """A question about one paper, asked with the paper's title, whose passages are the things to find."""
    asked = " ".join(part for part in (row.get("paper_title", ""), row["question"]) if part)
    return Case(id=_name(row, number), question=asked, gold=_gold(row["gold_ids"]))


def _conversation(row: Fields, number: str) -> Case:
    return Case(
        id=_name(row, number),
        question=row["turn2"],
        before=row["turn1"],
        gold=_gold(row["gold"]),
        standalone=row.get("standalone", ""),
        label=row.get("kind", ""),
    )


def _claim(row: Fields, number: str) -> Case:
    spans = tuple(sentence for each in row.get("evidence", ()) for sentence in each.get("sentences", ()))
    return Case(
        id=_name(row, number),
        question=row["claim"],
        sentences=spans,
        label=row["label"],
        scope=tuple(map(str, row.get("cited_doc_ids", ()))),
    )


def _answerable(row: Fields, number: str) -> Case:
    return Case(
        id=_name(row, number),
        question=row["question"],
        label=row["label"],
        scope=tuple(map(str, row.get("gold_ids", ()))),
    )


_READERS = {
    "questions": _question,
    "unanswerable": _question,
    "retrieval": _passage_question,
    "conversations": _conversation,
    "claims": _claim,
    "answerability": _answerable,
}

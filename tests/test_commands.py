"""Slash commands: each becomes the value it means, and a slip is told with its remedy."""

from __future__ import annotations

import re
from datetime import date
from typing import NoReturn

import pytest

from assistant.kinds import claim, kind_of, sides
from index.schema import Filters
from ui.parts.commands import (
    COMMANDS,
    Ask,
    Command,
    CommandError,
    ListPapers,
    SaveAs,
    SetScope,
    StartNew,
    TellScope,
    completions,
    parse,
)
from ui.parts.exports import FORMATS
from ui.parts.scope_line import Holdings

TODAY = date(2025, 7, 15)
KNOWN = ("NVIDIA", "Google", "Google DeepMind", "Institute of Tides and Storms", "Aviary Lab")


def paper(name: str) -> str:
    if name not in ("2106.09685", "LoRA: Low-Rank Adaptation"):
        raise ValueError(f"No paper is called {name!r}.")
    return "2106.09685"


HELD = Holdings(
    organizations=lambda: KNOWN,
    tags=lambda: ("to-read", "Reward models"),
    sources=lambda: ("june.txt", "a folder/my notes.md"),
    paper=paper,
)


def read(text: str) -> Command:
    return parse(text, TODAY, HELD)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("What  drifts? ", Ask(question="What drifts?")),
        ("/etc/passwd is what?", Ask(question="/etc/passwd is what?")),
        ("/compare LoRA, PPO", Ask(question="Compare LoRA, PPO")),
        (" /COMPARE LoRA and PPO", Ask(question="Compare LoRA and PPO")),
        ("/summarise LoRA", Ask(question="Summarize LoRA")),
        ("/verify LoRA halves\nthe cost.", Ask(question="Verify: LoRA halves the cost.")),
        ("/list reward hacking?", Ask(question="Which papers are about reward hacking?")),
        ("/papers", ListPapers()),
        ("/papers reward hacking", ListPapers(words="reward hacking")),
        (
            "/papers reward since 2025 from nvidia",
            ListPapers(words="reward", filters=Filters(since="2025", organizations=("NVIDIA",))),
        ),
        (
            "/papers from NVIDIA reward models",
            ListPapers(words="reward models", filters=Filters(organizations=("NVIDIA",))),
        ),
        ("/papers learning from demonstrations", ListPapers(words="learning from demonstrations")),
        (
            "/scope since June 2025 from NVIDIA",
            SetScope(filters=Filters(since="2025-06", organizations=("NVIDIA",))),
        ),
        ("/scope nvidia", SetScope(filters=Filters(organizations=("NVIDIA",)))),
        (
            "/scope from google deepmind, aviary lab and nvidia last month",
            SetScope(
                filters=Filters(
                    since="2025-06",
                    until="2025-06",
                    organizations=("Google DeepMind", "Aviary Lab", "NVIDIA"),
                )
            ),
        ),
        (
            "/scope from Institute of Tides and Storms with at least 3 comments",
            SetScope(filters=Filters(organizations=("Institute of Tides and Storms",), min_comments=3)),
        ),
        ("/scope 5+ comments", SetScope(filters=Filters(min_comments=5))),
        ("/scope from Google", SetScope(filters=Filters(organizations=("Google", "Google DeepMind")))),
        ("/scope before March 2024", SetScope(filters=Filters(until="2024-02-29"))),
        ("/scope ALL", SetScope()),
        ("/scope none", SetScope()),
        ("/scope", TellScope()),
        ("/scope tag:To-Read", SetScope(filters=Filters(tags=("to-read",)))),
        (
            '/scope tag:"reward  models", tag:to-read since June 2025',
            SetScope(filters=Filters(since="2025-06", tags=("Reward models", "to-read"))),
        ),
        (
            "/scope nvidia source:june.txt source:“a folder/my notes.md” 3 comments",
            SetScope(
                filters=Filters(
                    organizations=("NVIDIA",), sources=("june.txt", "a folder/my notes.md"), min_comments=3
                )
            ),
        ),
        (
            '/scope paper:2106.09685 paper:"LoRA: Low-Rank Adaptation"',
            SetScope(filters=Filters(papers=("2106.09685",))),
        ),
        ("/papers low-rank tag:to-read", ListPapers(words="low-rank", filters=Filters(tags=("to-read",)))),
        ("/export .BIB", SaveAs(form="bib")),
        ("/new", StartNew()),
    ],
)
def test_a_line_becomes_what_it_means(text: str, command: Command) -> None:
    assert read(text) == command


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_can_be_exported(form: str) -> None:
    assert read(f"/export {form}") == SaveAs(form=form)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/sumarize LoRA", "No command is called '/sumarize'. Did you mean /summarize?"),
        ("/comp A, B", "Did you mean /compare?"),
        ("/quit", "No command is called '/quit'. Known: /compare /summarize"),
        ("/", "No command is called '/'. Known: /compare"),
        ("/compare LoRA", "/compare needs to be told what: /compare A, B"),
        ("/verify", "/verify needs to be told what: /verify CLAIM"),
        ("/list ?", "/list needs to be told what: /list TOPIC"),
        ("/export", "/export needs a form. Known: md (Markdown with footnotes)"),
        ("/export pdf", "No export is called 'pdf'. Known: md"),
        ("/scope ,", "/scope needs filters. It takes dates"),
        ("/scope tag:to-reed", "No paper has the tag 'to-reed'; did you mean 'to-read'?"),
        ("/papers source:x", "No paper has the source 'x'; there is june.txt, a folder/my notes.md."),
        ("/scope paper:BERT", "No paper is called 'BERT'."),
        ("/scope since 2025 from Nowhere", "/scope does not understand 'from Nowhere'. It takes dates"),
        ("/scope nvidia blue", "/scope does not understand 'blue'"),
        ("/scope since 2025-13", "2025-13"),
    ],
)
def test_a_slip_is_told_with_its_remedy(text: str, said: str) -> None:
    with pytest.raises(CommandError, match=re.escape(said)):
        read(text)


def test_the_questions_that_commands_spell_are_of_their_kind() -> None:
    def asked(text: str) -> str:
        command = read(text)
        assert isinstance(command, Ask)
        return command.question

    assert kind_of(asked("/compare LoRA, PPO"), papers=2) == "compare"
    assert sides(asked("/compare LoRA, full fine-tuning")) == ("LoRA", "full fine-tuning")
    assert kind_of(asked("/summarize LoRA"), papers=1) == "summarize"
    assert kind_of(asked("/verify LoRA halves the cost")) == "verify"
    assert claim(asked("/verify LoRA halves the cost")) == "LoRA halves the cost"
    assert kind_of(asked("/list reward hacking")) == "list"


def test_what_the_library_holds_is_only_looked_up_where_it_may_be_named() -> None:
    def never(*_: str) -> NoReturn:
        raise AssertionError("looked up")

    for text in ("What drifts?", "/compare A, B", "/papers reward", "/scope since 2025", "/new"):
        parse(text, TODAY, Holdings(never, never, never, never))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("/", [known.name for known in COMMANDS]),
        ("/S", ["summarize", "scope"]),
        ("/new", ["new"]),
        ("/compare A", []),
        ("", []),
        ("new", []),
    ],
)
def test_a_command_is_completed_from_its_beginning(typed: str, offered: list[str]) -> None:
    assert [known.name for known in completions(typed)] == offered


def test_every_command_has_a_line_of_help_and_its_help_is_true() -> None:
    for known in COMMANDS:
        assert known.help
        for example in re.findall(r"/\w+ .+", known.help):
            read(example)

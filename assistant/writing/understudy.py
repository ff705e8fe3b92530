"""A player for the rehearsal server that answers from what it is sent, so that a whole evaluation can run.

`python -m assistant.writing.understudy --port 8099` plays a faithful model: it keeps to the prompts and writes
the sentences of the passages that share most words with the question. `--careless` makes it a bad one: it adds
numbers, names, quotes, markers and links of its own, and JSON that is broken. Neither understands anything:
what they are good for is to show what each step costs, and that nothing careless is shown.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from threading import Event
from typing import Literal

from assistant.grounds import meaningful
from assistant.models.rehearsal.schema import Asked, Scripted
from assistant.models.rehearsal.server import Rehearsal, play
from index.sentences import sentences

Role = Literal["rewrite", "judge", "summary", "order", "mend", "support", "write"]

NAME = "understudy"
_SIGNS: dict[Role, str] = {
    "rewrite": '"readings"',
    "judge": '"covered"',
    "summary": '"relevance"',
    "order": "in order of how well",
    "mend": "did not pass its check",
    "support": "Do the passages support",
    "write": "Answer the question",
}
_PASSAGE = re.compile(r"<passage \w+ number=\d+[^\n]*>\n(.*?)\n</passage", re.DOTALL)
_QUESTION = re.compile(r"(?:^|\n)(?:The last q|Q)uestion: (.*)")
_WRITTEN = 4  # sentences
_CARELESS = (
    " It gains 93.7% on XqzBench [1]. “We never wrote this in any paper” [2]. It is described elsewhere [99]. "
    "See [the site](http://example.invalid/x) and ![it](http://example.invalid/y) [1]."
)


def role(asked: Asked) -> Role:
    """Which of the prompts a request is."""
    return next(name for name, sign in _SIGNS.items() if sign in asked.messages[0].text)


def passages(asked: Asked) -> list[str]:
    """The texts of the passages that a request sends, in the order of their numbers."""
    return _PASSAGE.findall(asked.prompt)


def question(asked: Asked) -> str:
    """The question that a request is about."""
    found = _QUESTION.findall(asked.prompt)
    return found[-1] if found else ""


def faithful(asked: Asked) -> str:
    """A reply that keeps to the prompt."""
    replies: dict[Role, Callable[[], str]] = {
        "rewrite": lambda: json.dumps({"question": question(asked), "searches": [question(asked)]}),
        "judge": lambda: '{"covered": [true], "searches": []}',
        "summary": lambda: f'{{"summary": "", "relevance": {min(10, 3 * _shared(asked, asked.prompt))}}}',
        "order": lambda: " > ".join(f"[{number}]" for number in _ranked(asked)),
        "mend": lambda: "DROP",
        "support": lambda: "partly",
        "write": lambda: " ".join(f"{text} [{number}]" for number, text in _best(asked)),
    }
    return replies[role(asked)]()


def careless(asked: Asked) -> str:
    """A reply that does not."""
    if role(asked) in ("write", "mend"):
        return faithful(asked) + _CARELESS
    return "Sure! {'covered': [" if role(asked) in ("rewrite", "judge") else "[7] > [99]"


def main(arguments: Sequence[str] | None = None, until: Event | None = None) -> int:
    """Play until interrupted, or until the event is set."""
    parser = argparse.ArgumentParser(prog="python -m assistant.writing.understudy", description=__doc__)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--careless", action="store_true", help="break every rule")
    told = parser.parse_args(arguments)
    player = careless if told.careless else faithful

    def script(asked: Asked) -> Scripted:
        """Without counts of its own, so that what is sent and written is counted as it is."""
        return Scripted(text=player(asked), prompt_tokens=None, completion_tokens=None)

    server = Rehearsal(script, models=(NAME,), port=told.port)
    return play(server, f"--llm {server.spec('openai', NAME)}", until)


def _best(asked: Asked) -> list[tuple[int, str]]:
    """The sentences that share most words with the question, with their passages' numbers."""
    found = [
        (_shared(asked, text[start:end]), number, text[start:end])
        for number, text in enumerate(passages(asked), start=1)
        for start, end in sentences(text)
    ]
    best = sorted(found, key=lambda each: (-each[0], each[1]))[:_WRITTEN]
    return [(number, text) for _, number, text in best]


def _ranked(asked: Asked) -> list[int]:
    texts = passages(asked)
    return sorted(range(1, len(texts) + 1), key=lambda number: -_shared(asked, texts[number - 1]))


def _shared(asked: Asked, text: str) -> int:
    wanted = {word.casefold() for word in meaningful(question(asked))}
    return len(wanted & {word.casefold() for word in meaningful(text)})


if __name__ == "__main__":
    sys.exit(main())

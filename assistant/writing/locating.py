"""Where words that a model puts in quotation marks stand in a text: exactly, folded, or nearly.

Pure. Nearly means that at least nine tenths of the words agree in order; what is found is always the text's own
span, so that a quote is shown as the paper has it or not at all. A model is never sent the characters that nobody
sees (`index.invisible`), so a quote is looked for in what it was sent.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from index.invisible import seen, visible

Span = tuple[int, int]

ALIGNED = 0.9  # the share of words that must agree
_SHORTEST = 3  # words; fewer in quotation marks are a term, not a quote
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"|„([^“”]+)[“”]|«([^»]+)»")
_WORD = re.compile(r"\w+")


def quotes(text: str) -> list[Span]:
    """The spans between quotation marks that are long enough to be quotes."""
    found = []
    for match in _QUOTED.finditer(text):
        group = match.lastindex or 0
        if len(_WORD.findall(match[group])) >= _SHORTEST:
            found.append(match.span(group))
    return found


def locate(quote: str, text: str) -> Span | None:
    """The span of `text` that a quote is taken from; None where no span agrees well enough."""
    position = text.find(quote)
    if position >= 0:
        return position, position + len(quote)
    shown, places = seen(text)
    span = _locate(visible(quote), shown)
    return (places[span[0]], places[span[1] - 1] + 1) if span else None


def _locate(quote: str, text: str) -> Span | None:
    position = text.find(quote) if quote else -1
    if position >= 0:
        return position, position + len(quote)
    wanted = [word.group().casefold() for word in _WORD.finditer(quote)]
    there = [word.span() for word in _WORD.finditer(text)]
    words = [text[start:end].casefold() for start, end in there]
    if not wanted:
        return None
    run = _run(wanted, words) or _nearly(wanted, words)
    return (there[run[0]][0], there[run[1] - 1][1]) if run else None


def _run(wanted: list[str], words: list[str]) -> Span | None:
    """The first run of `words` that is `wanted`."""
    for start in range(len(words) - len(wanted) + 1):
        if words[start : start + len(wanted)] == wanted:
            return start, start + len(wanted)
    return None


def _nearly(wanted: list[str], words: list[str]) -> Span | None:
    """The run of as many words that agrees best, where it agrees enough."""
    best, found = ALIGNED, None
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    known = set(wanted)
    for start in range(max(len(words) - len(wanted) + 1, 0)):
        window = words[start : start + len(wanted)]
        if sum(word in known for word in window) < ALIGNED * len(wanted):
            continue
        matcher.set_seq1(window)
        if (agreement := matcher.ratio()) >= best:
            best, found = agreement, (start, start + len(wanted))
            if agreement == 1.0:
                break
    return found

"""Characters that nobody can see: finding them, saying so, and taking them out.

Owns which characters show nothing, where each of them has work to do (a joiner in Persian, in Hindi or in an emoji,
a mark of direction in Arabic, a soft hyphen within a word), and how the others are told: spelled out, as ⟨U+200B⟩.
Pure. Refuses to change what is stored: a text keeps every character that its file has. What is sent to a language
model goes through `visible` or `seen`, since a model reads what a person cannot.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from index.layout import Layout
from index.schema import Document, Notice

Span = tuple[int, int]

_TAGS = "\U000e0000-\U000e007f"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINERS = "\u200c\u200d"
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202c\u2066-\u2069"
_NEVER_SENT = (  # joiners and selectors aside, which shape letters and emoji where they belong
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{_NEVER_SENT}{_JOINERS}\ufe00-\ufe0f]+")
_NOT_SENT = re.compile(
    f"[{_NEVER_SENT}]|(?<=[{_SELECTORS}])[{_SELECTORS}]|[{_SELECTORS}](?=[{_SELECTORS}])|[{_JOINERS}]{{2,}}"
    rf"|(?<=[A-Za-z0-9])[{_JOINERS}\ufe00-\ufe0d]|[{_JOINERS}](?=[A-Za-z0-9])"
)
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")  # England, Scotland, Wales
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
)  # Thai, Khmer, …
_MOST_KINDS = 6  # kinds of characters that one notice counts
_EXAMPLE = 24  # characters on either side of an example
_SPELLED = 200  # characters of a hidden message that are told


def visible(text: str) -> str:
    """The text without characters that show nothing: of no width, tags, and those that turn the order around.

    Joiners and variation selectors stay where they shape a letter or an emoji, and go where they stand in a row
    or beside Latin letters and digits.
    """
    return _NOT_SENT.sub("", text)


def seen(text: str) -> tuple[str, list[int]]:
    """`visible(text)`, and for each of its characters the place in `text` that it has."""
    places: list[int] = []
    position = 0
    for match in _NOT_SENT.finditer(text):
        places.extend(range(position, match.start()))
        position = match.end()
    places.extend(range(position, len(text)))
    return "".join(text[place] for place in places), places


def hidden(text: str) -> list[Span]:
    """The runs of characters that show nothing and have no work to do where they stand, in order."""
    flags = {position for match in _FLAG.finditer(text) for position in range(match.start() + 1, match.end())}
    right_to_left = _RIGHT_TO_LEFT.search(text) is not None
    return [
        span
        for match in _INVISIBLE.finditer(text)
        if (span := match.span())[0] not in flags and not _at_work(text, *span, right_to_left)
    ]


def spelled(text: str) -> str:
    """The text with each character that shows nothing as its number in Unicode: `ri⟨U+200B⟩se`."""
    return re.sub(_INVISIBLE, lambda run: "".join(f"⟨U+{ord(each):04X}⟩" for each in run.group()), text)


def notices_of(document: Document) -> tuple[Notice, ...]:
    """What a document's title and text hide, in at most two notices: words that tags spell, and all else."""
    found = [*_notices(document.paper.title, None), *_notices(document.text, document)]
    kinds = {notice.text.partition(":")[0]: notice for notice in reversed(found)}
    return tuple(reversed(kinds.values()))


def _notices(text: str, document: Document | None) -> Iterator[Notice]:
    spans = hidden(text)
    messages = [span for span in spans if _message(text[slice(*span)])]
    others = [span for span in spans if not _message(text[slice(*span)])]
    if messages:
        told = " … ".join(_message(text[slice(*span)]) for span in messages[:20])
        told = told if len(told) <= _SPELLED else f"{told[:_SPELLED]}…"
        yield _notice(f"tag characters, which nobody sees, spell: “{told}”", messages[0], document)
    if others:
        counts = Counter(character for start, end in others for character in text[start:end])
        kinds = ", ".join(
            f"⟨U+{ord(each):04X}⟩ {_name(each)} ×{n}" for each, n in counts.most_common(_MOST_KINDS)
        )
        more = f" and {len(counts) - _MOST_KINDS} other kinds" if len(counts) > _MOST_KINDS else ""
        example = _example(text, others[0])
        yield _notice(
            f"characters that nobody can see: {kinds}{more}; as in “{example}”", others[0], document
        )


def _notice(text: str, span: Span, document: Document | None) -> Notice:
    return Notice(kind="invisible characters", text=text, page=_page(span[0], document))


def _page(offset: int, document: Document | None) -> int | None:
    if document is None:
        return None
    if document.layout:
        return Layout.unpacked(document.layout).page_at(offset)
    return next((each.page for each in document.sections if each.start <= offset < each.end), None)


def _at_work(text: str, start: int, end: int, right_to_left: bool) -> bool:
    """Whether a run of invisible characters does what such characters are there for, or at least hides nothing."""
    run, before, after = text[start:end], text[start - 1 : start], text[end : end + 1]
    first, single, inside = run[0], end - start == 1, before.isalnum() and after.isalnum()
    if first in "\u202d\u202e" or re.search(f"[{_TAGS}\u202d\u202e\u206a-\u206f\ufff9-\ufffb]", run):
        return False
    if re.fullmatch(f"[{_DIRECTIONS}]+", run):
        return right_to_left or (not inside and end - start <= 2)
    if re.fullmatch(f"[{_SELECTORS}]\u200d?", run):
        return bool(before.strip()) and not re.match(r"[A-Za-z\u00c0-\u052f]", before)
    if re.fullmatch(f"[{_JOINERS}]", run):
        return _shapes(before) or _shapes(after)
    if first == "\u00ad":
        return single and (before.isalpha() or not after.isalpha())
    if first in "\u115f\u1160\u3164\uffa0":
        return single and bool(re.search("[\u1100-\u11ff\uac00-\ud7ff]", before + after))
    if re.fullmatch("[\u2061-\u2064]", run):
        return True
    if re.fullmatch("[\u200b\u2060\ufeff]{1,3}", run):
        return not inside or bool(_UNSPACED.match(before) or _UNSPACED.match(after))
    return single and ord(first) in (*range(0x180B, 0x180F), 0x034F, 0x17B4, 0x17B5) and _shapes(before)


def _shapes(neighbour: str) -> bool:
    """Whether a character is one that joiners act on: of a script that joins its letters, or an emoji."""
    return (
        bool(neighbour)
        and ord(neighbour) >= 0x0300
        and not re.match("[\u0370-\u052f\u2000-\u206f]", neighbour)
    )


def _message(run: str) -> str:
    """What a run's tag characters spell in ASCII; empty where it has none that spell."""
    return "".join(chr(ord(each) - 0xE0000) for each in run if 0xE0020 <= ord(each) <= 0xE007E).strip()


def _name(character: str) -> str:
    return unicodedata.name(character, "unassigned").lower()


def _example(text: str, span: Span) -> str:
    start, end = span
    around = text[max(start - _EXAMPLE, 0) : min(end, start + 8) + _EXAMPLE]
    return spelled(" ".join(around.split()))

"""LaTeX source as one text: parts put in where they are asked for, comments dropped, macros of its own expanded.

Owns the limits: parts come from the file's own folder and from nowhere else, five deep; macros grow a text to a few
times its size at most. Refuses to know what any command means but those that put parts in or define others.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from index.errors import ReadError
from index.readers.files import Noted, name_of, read_noted
from index.schema import Notice

LARGEST = 8_000_000  # characters, with all parts
MOST_PARTS = 200
MOST_BRACES = 100  # within each other
DEEPEST = 5  # parts in parts
LONGEST_ARGUMENT = 10_000  # characters between two braces: one that never closes is looked for no further
_GROWTH = 4  # times the source's size that macros may make of it
_ROUNDS = 8  # macros in macros
_MOST_MACROS = 500
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*(?:\n[ \t]*(?!\n)|$)?", re.MULTILINE)
_LEFT_OUT = re.compile(r"\\begin\{comment\}.*?\\end\{comment\}|\\iffalse\b.*?\\fi\b", re.DOTALL)
_INPUT = re.compile(r"\\(?:input|include|subfile)\s*(?:\{\s*([^{}\n]{1,300}?)\s*\}|\s([\w./-]{1,300}))")
_BIBLIOGRAPHY = re.compile(r"\\(?:bibliography\s*\{[^{}]*\}|printbibliography\b(?:\[[^\]]*\])?)")
_DEFINITION = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|DeclareRobustCommand|DeclareMathOperator)\*?\s*"
    r"(?:\{\s*\\(?P<braced>[A-Za-z@]+)\s*\}|\\(?P<bare>[A-Za-z@]+))\s*"
    r"(?:\[(?P<count>\d)\])?\s*(?:\[(?P<default>[^\[\]{}]{0,200})\])?\s*(?=\{)"
    r"|\\def\s*\\(?P<defined>[A-Za-z@]+)(?P<parameters>(?:#\d)*)\s*(?=\{)"
)
_OPENING = re.compile(r"\s*\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_OPTION = re.compile(r"\s*\[((?:[^\[\]{}]|\{[^{}]*\}){0,500})\]")
_BLANK = re.compile(r"[ \t]*(?:\n[ \t]*(?!\s))?")
_CONTROL_WORD = re.compile(r"\\[A-Za-z]+$")
_KEPT = frozenset({  # what the reader knows better than the paper's own definition does
    "title", "author", "date", "section", "subsection", "subsubsection", "paragraph", "chapter", "caption", "label",
    "ref", "cite", "citep", "citet", "footnote", "item", "bibitem", "abstract", "maketitle", "begin", "end", "input",
    "thanks", "and", "appendix", "par",
})  # fmt: skip


class Macro(NamedTuple):
    """A command that a source defines: how many arguments it takes, what its first one is by default, what it gives."""

    arguments: int
    default: str | None
    body: str


def read_source(path: Path) -> Noted:
    """The whole source that a file begins, with its parts in it and without comments. ReadError as for any text."""
    noted = read_noted(path)
    folder = path.resolve().parent
    text, missing = _with_parts(noted.text, folder, path.stem)
    if (depth := deepest(text)) > MOST_BRACES:
        raise ReadError(
            f"{name_of(path)!r} opens {depth:,} braces within each other, more than any paper does"
        )
    notices = list(noted.notices)
    if missing:
        named = ", ".join(f"'{name}'" for name in missing[:5]) + (" …" if len(missing) > 5 else "")
        told = f"the source asks for parts that are not beside it, which were not read: {named}"
        notices.append(Notice(kind="not read", text=told))
    return Noted(text, tuple(notices))


def without_comments(text: str) -> str:
    return _LEFT_OUT.sub("", _COMMENT.sub(r"\1", text))


def argument(text: str, start: int, most: int = LONGEST_ARGUMENT) -> tuple[str, int] | None:
    """What stands between the braces that open at or after `start`, and where they end; None where none do."""
    opening = _OPENING.match(text, start)
    if opening is None:
        return None
    depth = 0
    for brace in _BRACE.finditer(text, opening.end() - 1, min(len(text), opening.end() + most)):
        if brace.group() == "{":
            depth += 1
        elif brace.group() == "}":
            depth -= 1
            if not depth:
                return text[opening.end() : brace.start()], brace.end()
    return None


def deepest(text: str) -> int:
    """How many braces stand within each other at most, closed or not."""
    depth = most = 0
    for brace in _BRACE.finditer(text):
        if brace.group() == "{":
            depth += 1
            most = max(most, depth)
        elif brace.group() == "}":
            depth = max(depth - 1, 0)
    return most


def option(text: str, start: int) -> tuple[str, int]:
    """What stands in brackets at `start`, and where they end; nothing where none open there."""
    match = _OPTION.match(text, start)
    return (match[1], match.end()) if match else ("", start)


def expanded(text: str) -> str:
    """The text with the commands that it defines replaced by what they stand for, and without the definitions."""
    macros, text = _macros(text)
    if not macros:
        return text
    names = "|".join(sorted(map(re.escape, macros), key=len, reverse=True))
    use = re.compile(rf"\\({names})(?![A-Za-z@])")
    most = len(text) * _GROWTH + 100_000
    for _ in range(_ROUNDS):
        grown = _once(text, use, macros, most)
        if grown is None or grown == text:
            break
        text = grown
    return text


def _with_parts(text: str, folder: Path, stem: str) -> tuple[str, list[str]]:
    """The text with its parts, read at most `MOST_PARTS` times, and the names of those that are not there."""
    missing: list[str] = []
    left = [MOST_PARTS]

    def put_in(match: re.Match[str]) -> str:
        name = (match[1] or match[2]).strip().strip('"')
        part = _part(folder, name, (".tex", "")) if left[0] > 0 else None
        left[0] -= 1
        if part is None:
            missing.append(name)
        return f"\n{without_comments(part)}\n" if part is not None else ""

    text = without_comments(text)
    for _ in range(DEEPEST):
        if not _INPUT.search(text):
            break
        text = _bounded(_INPUT.sub(put_in, text))
    text = _INPUT.sub("", text)
    if "\\begin{thebibliography}" not in text and _BIBLIOGRAPHY.search(text):
        references = _part(folder, stem, (".bbl",))
        if references is not None:
            before, after = _BIBLIOGRAPHY.split(text, maxsplit=1)
            text = f"{before}\n{without_comments(references)}\n{after}"
    return _bounded(text), missing


def _bounded(text: str) -> str:
    if len(text) > LARGEST:
        raise ReadError(
            f"the source comes to more than {LARGEST // 10**6} million characters with its parts; split it"
        )
    return text


def _part(folder: Path, name: str, endings: tuple[str, ...]) -> str | None:
    """The text of a part in the folder or below it; None where it is elsewhere, absent or no text."""
    for ending in endings:
        try:
            file = (folder / f"{name}{ending}").resolve()
            if file.is_relative_to(folder) and file.is_file():
                return read_noted(file).text
        except (ReadError, OSError, ValueError):
            continue
    return None


def _macros(text: str) -> tuple[dict[str, Macro], str]:
    macros: dict[str, Macro] = {}
    kept, position = [], 0
    for match in _DEFINITION.finditer(text):
        if match.start() < position or len(macros) >= _MOST_MACROS:
            continue
        found = argument(text, match.end())
        if found is None:
            continue
        name = match["braced"] or match["bare"] or match["defined"]
        count = int(match["count"] or 0) if match["defined"] is None else len(match["parameters"] or "") // 2
        operator = "DeclareMathOperator" in match.group()
        body = f"\\operatorname{{{found[0]}}}" if operator else found[0]
        if name not in _KEPT and f"\\{name}" not in body:
            macros[name] = Macro(count, match["default"], body)
        kept.append(text[position : match.start()])
        position = found[1]
    return macros, "".join([*kept, text[position:]])


def _once(text: str, use: re.Pattern[str], macros: dict[str, Macro], most: int) -> str | None:
    """The text with each use of a macro replaced once; None where that makes too much of it."""
    pieces, position, size = [], 0, 0
    while match := use.search(text, position):
        given, end = _given(text, match.end(), macros[match[1]])
        body = _filled(macros[match[1]].body, given)
        before = text[position : match.start()]
        body, end = _joined(body, text, end, bool(given))
        pieces += [before, body]
        size += len(before) + len(body)
        if size > most:
            return None
        position = end
    grown = "".join([*pieces, text[position:]])
    return grown if len(grown) <= most else None


def _given(text: str, start: int, macro: Macro) -> tuple[list[str], int]:
    """The arguments that stand behind a macro's name, and where they end."""
    given: list[str] = []
    if macro.default is not None and macro.arguments:
        written, end = option(text, start)
        given.append(written if end > start else macro.default)
        start = end
    while len(given) < macro.arguments:
        found = argument(text, start)
        if found is None:
            break
        given.append(found[0])
        start = found[1]
    return given, start


def _joined(body: str, text: str, end: int, given: bool) -> tuple[str, int]:
    """What a macro gives as it joins what follows: spaces behind its name count for nothing, as in TeX."""
    if text.startswith("{}", end) and not given:
        return body.removesuffix("\\xspace"), end + 2
    if body.endswith("\\xspace"):
        return body.removesuffix("\\xspace"), end
    if not given:
        end = _BLANK.match(text, end).end()  # type: ignore[union-attr]
    parted = _CONTROL_WORD.search(body) and text[end : end + 1].isalpha()
    return f"{body} " if parted else body, end


def _filled(body: str, given: list[str]) -> str:
    """A macro's body with its arguments in their places; one that was not given is nothing."""
    by_number = dict(enumerate(given, 1))
    return re.sub(r"#(\d)", lambda number: by_number.get(int(number[1]), ""), body)

"""One LaTeX file: its title, authors and date, and its body as blocks.

Owns which commands and environments make headings, tables, captions and references. The body is gone through once,
from one structural command to the next; what stands between is running text (`inline`). A file without
`\\begin{document}` is a part of something else and is read as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path

from index.dates import parse_date
from index.errors import ReadError
from index.readers.blocks import Block, Heading, document, table
from index.readers.facts import Fields
from index.readers.files import name_of, stem_of
from index.readers.latex.inline import Numbers, plain
from index.readers.latex.source import argument, expanded, option, read_source
from index.readers.markup import plain_text
from index.schema import Document, Unreadable

_LEVELS = {
    "part": 1,
    "chapter": 1,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "subparagraph": 6,
}
_STEP = re.compile(
    r"\\(?P<level>part|chapter|(?:sub){0,2}section|(?:sub)?paragraph)\*?(?![A-Za-z])"
    r"|\\begin\s*\{(?P<name>[A-Za-z]+)(?P<star>\*?)\}|\\(?P<abstract>abstract)\s*(?=\{)"
    r"|(?P<item>\\item(?![A-Za-z]))|(?P<gap>\n[ \t]*\n|\\par(?![A-Za-z])|\\newpage\b|\\clearpage\b)"
)
_FLOATS = {
    "figure": "Figure", "wrapfigure": "Figure", "SCfigure": "Figure", "subfigure": "", "minipage": "", "table": "Table",
    "wraptable": "Table", "sidewaystable": "Table", "longtable": "Table", "algorithm": "Algorithm",
}  # fmt: skip
_TABULAR = re.compile(r"\\begin\s*\{(tabularx?|tabulary|longtable|array|tblr|NiceTabular)(\*?)\}")
_SKIPPED = frozenset({"tikzpicture", "comment", "filecontents", "CCSXML", "pspicture", "picture", "axis"})
_VERBATIM = frozenset({"verbatim", "lstlisting", "minted", "Verbatim", "alltt"})
_MATH = frozenset(
    {"equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "flalign", "alignat"}
)
_ROW_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot|centering|small|footnotesize)\b"
    r"|\\(?:cmidrule|cline|specialrule|addlinespace|arrayrulecolor)\s*(?:\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\})*"
)
_SPAN = re.compile(r"\\multicolumn\s*\{\s*(\d{1,2})\s*\}\s*\{[^{}]*\}")
_NUMBERED = re.compile(
    r"\\(?P<level>(?:sub){0,2}section|chapter)(?![A-Za-z*])|\\begin\s*\{(?P<begin>[A-Za-z]+)\*?\}"
    r"|\\end\s*\{(?P<end>[A-Za-z]+)\*?\}|\\(?P<caption>caption)(?![A-Za-z*])|(?P<appendix>\\appendix\b)"
    r"|\\label\s*\{(?P<label>[^{}]{1,200})\}"
)
_BIBITEM = re.compile(r"\\bibitem(?![A-Za-z])")
_AUTHOR_END = re.compile(
    r"\\and\b|\\And\b|\\AND\b|\\qquad\b|\\quad\b|\\\\|,|;|\n[ \t]*\n|\\hspace\*?\{[^{}]*\}| and "
)
_NO_NAME = re.compile(
    r"@|\d|university|institut|department|laborator|school|college|research|academy|\binc\b|http|centre|center\b|faculty"
    r"|corresponding|equal|google|microsoft|\bmeta\b|nvidia|openai|deepmind|\busa\b|china|germany|\buk\b",
    re.IGNORECASE,
)
_LONGEST_NAME = 60
_LONGEST_COMMAND = 200_000  # characters of a list of authors
_MOST_TRIES = 5  # commands without an argument that closes, after which none is looked for
_MOST_AUTHORS = 3_000


def read_tex(path: Path) -> Iterator[Document | Unreadable]:
    """The one paper of a LaTeX source; ReadError where it holds no text."""
    noted, source = read_source(path), name_of(path)
    preamble, begun, body = noted.text.partition("\\begin{document}")
    if not begun:
        yield plain_text(noted.text, path).model_copy(update={"notices": noted.notices})
        return
    whole = expanded(f"{preamble}{begun}{body.partition(chr(92) + 'end{document}')[0]}")
    preamble, _, body = whole.partition("\\begin{document}")
    numbers = Numbers(_labels(body), _keys(body))
    try:
        title = _title(whole) or stem_of(path)
        yield document(
            _fields(whole), _blocks(body, numbers), title=title, source=source, notices=noted.notices
        )
    except ValueError as error:
        raise ReadError(f"{source!r} {error}") from error


# The body


def _blocks(body: str, numbers: Numbers) -> Iterator[Heading | Block]:
    yield from _Reader(body, numbers).blocks()


class _Reader:
    """Goes through a body once; `counts` are the figures, tables and algorithms so far."""

    def __init__(self, body: str, numbers: Numbers) -> None:
        self._body = body
        self._numbers = numbers
        self._counts: dict[str, int] = {}
        self._endless: set[str] = set()  # environments that no end was found for: not looked for again

    def blocks(self) -> Iterator[Heading | Block]:
        body, position, begun = self._front_taken_out(), 0, 0
        while step := _STEP.search(body, position):
            if step["name"] in _MATH:
                position = self._end_of(body, step) or step.end()
                continue
            yield from self._text(body[begun : step.start()])
            if step["level"]:
                end = self._heading_end(body, step)
                yield from self._heading(body, step)
            elif step["name"]:
                end = yield from self._environment(body, step)
            elif step["abstract"]:
                found = argument(body, step.end())
                yield from self._abstract(found[0] if found else "")
                end = found[1] if found else step.end()
            else:
                end = option(body, step.end())[1] if step["item"] else step.end()
            begun = position = end
        yield from self._text(body[begun:])

    def _front_taken_out(self) -> str:
        """The body without title, authors and date, which are facts and no text."""
        body = self._body
        for command in (
            "title",
            "author",
            "date",
            "affil",
            "address",
            "institute",
            "email",
            "affiliation",
            "thanks",
        ):
            body = _without(body, command)
        return re.sub(
            r"\\(?:maketitle|tableofcontents|appendix|noindent|centering|bigskip|medskip|smallskip)\b",
            " ",
            body,
        )

    def _text(self, tex: str) -> Iterator[Block]:
        if tex.strip():
            text, notes = plain(tex, self._numbers)
            yield from (Block(part) for part in (text, *notes) if part)

    def _heading_end(self, body: str, step: re.Match[str]) -> int:
        _, end = option(body, step.end())
        found = argument(body, end)
        return found[1] if found else step.end()

    def _heading(self, body: str, step: re.Match[str]) -> Iterator[Heading]:
        _, end = option(body, step.end())
        found = argument(body, end)
        if found:
            yield Heading(plain(found[0], self._numbers)[0].rstrip(" ."), _LEVELS[step["level"]])

    def _end_of(self, body: str, step: re.Match[str]) -> int | None:
        """Where an environment ends, its inner ones of the same name with it; None where it never does."""
        name = f"{step['name']}{step['star']}"
        if name in self._endless:
            return None
        marks = re.compile(rf"\\(begin|end)\s*\{{{re.escape(name)}\}}")
        depth = 0
        for mark in marks.finditer(body, step.start()):
            depth += 1 if mark[1] == "begin" else -1
            if not depth:
                return mark.end()
        self._endless.add(name)
        return None

    def _environment(self, body: str, step: re.Match[str]) -> Generator[Heading | Block, None, int]:
        """The blocks of an environment that is read as a whole; returns where reading goes on."""
        name = step["name"]
        whole = (
            name in _FLOATS
            or name in _SKIPPED
            or name in _VERBATIM
            or name in ("abstract", "thebibliography")
        )
        whole = whole or _TABULAR.match(step.group()) is not None
        end = self._end_of(body, step) if whole and name != "minipage" else None
        if end is None:
            return option(body, step.end())[1]
        inner = body[step.end() : body.rfind("\\end", step.end(), end)]
        if name == "abstract":
            yield from self._abstract(inner)
        elif name == "thebibliography":
            yield Heading("References", 2)
            yield from self._references(inner)
        elif name in _VERBATIM:
            yield Block(inner[option(inner, 0)[1] :].strip("\n"))
        elif name in _FLOATS or _TABULAR.match(step.group()):
            yield from self._float(
                name, step.group() + inner if name not in _FLOATS or name == "longtable" else inner
            )
        return end

    def _abstract(self, tex: str) -> Iterator[Heading | Block]:
        yield Heading("Abstract", 2)
        for paragraph in re.split(r"\n[ \t]*\n|\\par\b", tex):
            yield from self._text(paragraph)
        yield Heading("", 2)

    def _references(self, tex: str) -> Iterator[Block]:
        for number, item in enumerate(_BIBITEM.split(tex)[1:], 1):
            _, end = option(item, 0)
            found = argument(item, end)
            text = plain(item[found[1] if found else end :].replace("\\newblock", " "), self._numbers)[0]
            if text:
                yield Block(f"[{number}] {text}", "references")

    def _float(self, name: str, tex: str) -> Iterator[Block]:
        """A table with its caption, or the caption of a figure; an algorithm's steps as text."""
        captions = list(self._captions(name, tex))
        found = _TABULAR.search(tex)
        if found:
            yield table(" ".join(captions), self._rows(tex, found))
            return
        yield from (Block(caption, "caption") for caption in captions)
        if _FLOATS.get(name) == "Algorithm":
            yield from self._text(_without(tex, "caption"))

    def _captions(self, name: str, tex: str) -> Iterator[str]:
        position, kind = 0, _FLOATS.get(name, "")
        while (span := _command(tex, "caption", position)) is not None:
            text = plain(tex[span[1] : span[2] - 1], self._numbers)[0]
            position = span[2]
            if kind:
                self._counts[kind] = self._counts.get(kind, 0) + 1
                text = f"{kind} {self._counts[kind]}: {text}"
            yield text

    def _rows(self, tex: str, found: re.Match[str]) -> Iterator[list[str]]:
        end = tex.rfind("\\end", found.end())
        inner = _without(tex[found.end() : end if end > 0 else len(tex)], "caption")
        inner = inner[option(inner, 0)[1] :]
        for _ in range(2 if found[1] in ("tabularx", "tabulary") or found[2] else 1):
            column = argument(inner, 0)
            inner = inner[column[1] :] if column else inner
        for row in re.split(r"\\\\(?:\[[^\[\]]{0,30}\])?|\\tabularnewline\b", _ROW_RULES.sub("", inner)):
            yield [text for cell in re.split(r"(?<!\\)&", row) for text in self._cell(cell)]

    def _cell(self, tex: str) -> list[str]:
        span = _SPAN.search(tex)
        return [plain(_SPAN.sub("", tex), self._numbers)[0], *[""] * (int(span[1]) - 1 if span else 0)]


# Numbers and facts


def _labels(body: str) -> dict[str, str]:
    """The number that each label of a section, a figure, a table or an algorithm stands for."""
    sections, counts, appendix = [0, 0, 0], dict[str, int](), False
    labels: dict[str, str] = {}
    kind, current, formula = "", "", False
    for match in _NUMBERED.finditer(body):
        if match["level"]:
            level = min(match["level"].count("sub"), 2)
            sections[level] += 1
            sections[level + 1 :] = [0] * (2 - level)
            first = chr(64 + min(sections[0], 26)) if appendix else str(sections[0])
            current = ".".join([first, *map(str, sections[1 : level + 1])])
        elif match["begin"]:
            kind = _FLOATS.get(match["begin"]) or kind
            formula = formula or match["begin"] in _MATH
        elif match["end"]:
            kind = "" if _FLOATS.get(match["end"]) else kind
            formula = formula and match["end"] not in _MATH
        elif match["caption"] and kind:
            counts[kind] = counts.get(kind, 0) + 1
            current = str(counts[kind])
        elif match["appendix"]:
            sections, appendix = [0, 0, 0], True
        elif match["label"] and current and not formula:
            labels.setdefault(match["label"].strip(), current)
    return labels


def _keys(body: str) -> dict[str, str]:
    """The number of each entry in the list of references, by its key."""
    keys: dict[str, str] = {}
    for number, match in enumerate(_BIBITEM.finditer(body), 1):
        _, end = option(body, match.end())
        found = argument(body, end)
        if found:
            keys.setdefault(found[0].strip(), str(number))
    return keys


def _title(text: str) -> str:
    for command in ("title", "icmltitle", "Title"):
        if (span := _command(text, command)) is not None:
            return plain(text[span[1] : span[2] - 1])[0]
    return ""


def _fields(text: str) -> Fields:
    return {"authors": _authors(text), "published": _date(text)}


def _authors(text: str) -> list[str]:
    names: list[str] = []
    position = 0
    while (span := _command(text, "(?:icml)?author", position)) is not None and len(names) < _MOST_AUTHORS:
        names += _names(text[span[1] : span[2] - 1])
        position = span[2]
    return list(dict.fromkeys(names))


def _names(tex: str) -> list[str]:
    """The names in one author command: what stands in the first line of each author, and looks like a name."""
    tex = re.sub(r"\$[^$]{0,80}\$|\\(?:textsuperscript|footnotemark|inst|affil|orcidlink|email|texttt|url)\b\s*"
                 r"(?:\[[^\[\]]*\])?(?:\{[^{}]*\})?", " ", _without(tex, "thanks"))  # fmt: skip
    names = []
    for author in re.split(r"\\and\b|\\And\b|\\AND\b", tex):
        for part in _AUTHOR_END.split(author):
            name = plain(part)[0].strip(" *†‡§¶∗.,")
            if 1 < len(name.split()) <= 6 and len(name) <= _LONGEST_NAME and not _NO_NAME.search(name):
                names.append(name)
    return names


def _date(text: str) -> str:
    span = _command(text, "date")
    try:
        return parse_date(plain(text[span[1] : span[2] - 1])[0]) if span else ""
    except ValueError:
        return ""


def _command(text: str, name: str, position: int = 0) -> tuple[int, int, int] | None:
    """Where a command begins, where its argument does, and where that ends behind its brace; None without one."""
    for tried, match in enumerate(re.compile(rf"\\{name}\*?(?![A-Za-z@])").finditer(text, position)):
        _, end = option(text, match.end())
        found = argument(text, end, _LONGEST_COMMAND)
        if found:
            return match.start(), found[1] - 1 - len(found[0]), found[1]
        if tried == _MOST_TRIES:
            break
    return None


def _without(tex: str, command: str) -> str:
    """The text without a command and its argument, wherever it stands."""
    pieces, position = [], 0
    while (span := _command(tex, command, position)) is not None:
        pieces.append(tex[position : span[0]])
        position = span[2]
    return "".join([*pieces, tex[position:]])

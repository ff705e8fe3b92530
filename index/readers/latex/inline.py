"""Running LaTeX as plain text: accents as letters, commands by what they print, formulas as they are written.

pylatexenc knows the commands of every paper's kind; what it fails on loses its commands and keeps its words. What
refers elsewhere is given by its number where that is known. Bounded: nothing nests deeper here than is sane.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import NamedTuple

from pylatexenc.latex2text import LatexNodes2Text

from index.readers.blocks import squeezed
from index.readers.latex.source import argument, deepest, option

_LONGEST = 20_000  # characters of a paragraph that is parsed
_DEEPEST = 40  # braces in braces
_MATH = re.compile(
    r"\$\$(?P<apart>.+?)\$\$|(?<!\\)\$(?P<within>[^$]+?)(?<!\\)\$|\\\((?P<round>.+?)\\\)|\\\[(?P<square>.+?)\\\]"
    r"|\\begin\{(?P<name>equation|align|gather|multline|eqnarray|displaymath|math|flalign|alignat)(?P<star>\*?)\}"
    r"(?P<body>.+?)\\end\{(?P=name)(?P=star)\}",
    re.DOTALL,
)
_IN_MATH = re.compile(r"\\(?:label|tag)\s*\{[^{}]*\}|\\(?:nonumber|notag)\b")
_CITE = re.compile(
    r"~?\\(?:[Cc]ite|citep|citet|citealp|citealt|[Pp]arencite|[Tt]extcite|autocite|citeauthor|citeyear|footcite|nocite"
    r"|citeyearpar)\*?\s*((?:\[[^\[\]]{0,200}\]\s*){0,2})\{([^{}]{1,2000})\}"
)
_REF = re.compile(r"\\(eqref|(?:[Cc]|auto|page|name|v)?ref)\*?\s*\{([^{}]{1,200})\}")
_DROPPED = re.compile(
    r"\\(?:label|vspace|hspace|includegraphics|color|pagestyle|thispagestyle|setlength|addtolength|setcounter|index"
    r"|bibliographystyle|bibliography|usepackage|resizebox|scalebox|input|include|markboth|fontsize|vskip|hskip"
    r"|definecolor|hypersetup|renewcommand|newcommand|captionsetup|looseness|rule|cmidrule|cline|rowcolor|cellcolor"
    r"|columncolor|graphicspath|geometry|addcontentsline)\*?(?![A-Za-z])\s*(?:\([^()]*\))?"
    r"(?:\s?\[[^\[\]]{0,300}\])*(?:\s?\{[^{}]{0,300}\})*"
)
_SECOND = re.compile(r"\\(?:textcolor|colorbox|href|hyperref|multirow|parbox|raisebox|adjustbox)\b\*?")
_FIRST = re.compile(r"\\(?:url|path|nolinkurl)\s*\{([^{}]{0,1000})\}")
_NOTE = re.compile(r"\\(?:footnote|footnotetext|thanks|marginpar)(?![A-Za-z])")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[^{}]{0,60}\}(?:\s?\[[^\[\]]{0,200}\])?")
_COMMAND = re.compile(r"\\(?:[A-Za-z@]+\*?(?:\s?\[[^\[\]]{0,200}\])?|.)", re.DOTALL)
_SPACED = re.compile(r"\\\\\*?(?:\[[^\[\]]{0,30}\])?|(?<!\\)~")
_PLACE = re.compile("\x02(\\d+)\x03")
_TEXT = LatexNodes2Text(math_mode="text", strict_latex_spaces=False, keep_comments=False)

logging.getLogger("pylatexenc").addHandler(logging.NullHandler())


class Numbers(NamedTuple):
    """What labels and keys stand for: `fig:tide` the figure 3, `pascal1654` the reference 12."""

    labels: Mapping[str, str] = {}
    keys: Mapping[str, str] = {}


def plain(tex: str, numbers: Numbers = Numbers()) -> tuple[str, list[str]]:
    """A paragraph as plain text, and the notes that stand in it."""
    formulas: list[str] = []
    tex, notes = _without_notes(tex)
    tex = _MATH.sub(lambda match: _placed(_formula(match), formulas), tex)
    text = _unplaced(_words(_referring(tex, numbers)), formulas)
    return squeezed(text), [words for note in notes if (words := plain(note, numbers)[0])]


def _formula(match: re.Match[str]) -> str:
    """A formula between dollars, on one line."""
    within = match["within"] or match["round"]
    tex = within or match["apart"] or match["square"] or match["body"] or ""
    tex = squeezed(_IN_MATH.sub("", tex))
    if match["name"] in ("align", "gather", "eqnarray", "flalign", "alignat") and (
        "&" in tex or "\\\\" in tex
    ):
        tex = f"\\begin{{aligned}}{tex}\\end{{aligned}}"
    if not tex:
        return ""
    return f"${tex}$" if within else f" $${tex}$$ "


def _placed(formula: str, formulas: list[str]) -> str:
    formulas.append(formula)
    return f"\x02{len(formulas) - 1}\x03"


def _unplaced(text: str, formulas: list[str]) -> str:
    return _PLACE.sub(lambda match: formulas[int(match[1])] if int(match[1]) < len(formulas) else "", text)


def _without_notes(tex: str) -> tuple[str, list[str]]:
    notes: list[str] = []
    pieces, position = [], 0
    while match := _NOTE.search(tex, position):
        _, end = option(tex, match.end())
        found = argument(tex, end)
        pieces.append(tex[position : match.start()])
        if found is None:
            position = match.end()
            continue
        notes.append(_NOTE.sub("", found[0]))
        position = found[1]
    return "".join([*pieces, tex[position:]]), notes


def _referring(tex: str, numbers: Numbers) -> str:
    """The text with what refers elsewhere as numbers, links as their words, and without what prints nothing."""
    tex = _CITE.sub(lambda match: _cited(match, numbers), tex)
    tex = _REF.sub(lambda match: _referred(match, numbers), tex)
    tex = _FIRST.sub(lambda match: re.sub(r"([_#%&$~^])", r"\\\1", match[1].replace("\\", "")), tex)
    tex = _DROPPED.sub("", tex)
    pieces, position = [], 0
    while match := _SECOND.search(tex, position):
        pieces.append(tex[position : match.start()])
        position, held = match.end(), ""
        for _ in range(3):
            _, position = option(tex, position)
            found = argument(tex, position)
            if found is None:
                break
            held, position = found
        pieces.append(held)
    return "".join([*pieces, tex[position:]])


def _cited(match: re.Match[str], numbers: Numbers) -> str:
    if "nocite" in match.group():
        return ""
    keys = [key.strip() for key in match[2].split(",") if key.strip()]
    return f" [{', '.join(numbers.keys.get(key, key) for key in keys)}]".replace("_", "\\_")


def _referred(match: re.Match[str], numbers: Numbers) -> str:
    labels = [label.strip() for label in match[2].split(",")]
    known = ", ".join(numbers.labels.get(label, label) for label in labels).replace("_", "\\_")
    return f"({known})" if match[1] == "eqref" else known


def _words(tex: str) -> str:
    tex = _SPACED.sub(" ", tex)
    tex = _ENVIRONMENT.sub(" ", tex)
    if "\\" not in tex and not re.search(r"[{}`'-]", tex):
        return tex
    if len(tex) > _LONGEST or deepest(tex) + tex.count("\\frac") // 4 > _DEEPEST:
        return _stripped(tex)
    try:
        return str(_TEXT.latex_to_text(tex))
    except Exception:  # noqa: BLE001 - it fails in many ways on what is not quite LaTeX
        return _stripped(tex)


def _stripped(tex: str) -> str:
    return re.sub(r"[{}]", "", _COMMAND.sub(" ", tex))

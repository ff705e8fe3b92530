"""Untrusted text to harmless LaTeX.

Owns escaping and which formulas are let through. A title may come from anywhere, and what it says is
typeset on the machine of whoever cites it: a formula with a command beyond the usual mathematics, with
which TeX could read or write files, is printed as it is spelled.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
# BibTeX counts each brace, also one behind a backslash: one too few, and a title could end its field.
_BRACES = {r"\{": r"\lbrace ", r"\}": r"\rbrace "}
_MATH = re.compile(r"\$(?!\s)(?:\\.|[^$\\{}]|\{[^{}$]*\})+(?<!\s)\$(?!\d)")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_ESCAPED = re.compile(r"\\[,;:! %#&_{}|]")  # spacing and signs: harmless, whatever follows
_PAIR = re.compile(r"\\.")
_UNSAFE = re.compile(
    r"\^\^|[%#&~\\@]"
)  # TeX reads ^^5c as a backslash, % to the end; some parsers @x{ as an entry
_LISTED = """
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho
varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon
Phi Psi Omega frac dfrac tfrac sqrt binom sum prod int oint lim limsup liminf max min sup inf arg argmax
argmin log ln exp sin cos tan det dim ker Pr mathbb mathcal mathbf mathrm mathit mathsf mathtt mathfrak
boldsymbol bm text textbf textit textrm operatorname hat widehat bar overline underline tilde widetilde
vec dot ddot times cdot cdots ldots dots div pm mp ast star circ bullet oplus otimes odot leq le geq ge
neq ne approx sim simeq equiv propto ll gg in notin subset subseteq supset cup cap setminus emptyset
forall exists neg land lor to gets rightarrow leftarrow Rightarrow Leftarrow leftrightarrow mapsto
uparrow downarrow infty partial nabla ell Re Im hbar dagger prime angle perp parallel mid vert Vert lvert
rvert lVert rVert langle rangle lfloor rfloor lceil rceil left right big Big quad qquad top bot
"""
_MATHEMATICS = frozenset(_LISTED.split())


def latex(text: str) -> str:
    """The text with LaTeX's special characters escaped; balanced `$…$` of usual mathematics stays as it is."""
    text = " ".join("".join(c for c in text if unicodedata.category(c) != "Cc" or c.isspace()).split())
    pieces, done = [], 0
    for match in _MATH.finditer(text):
        if _is_mathematics(match.group()[1:-1]):
            formula = _PAIR.sub(lambda pair: _BRACES.get(pair.group(), pair.group()), match.group())
            pieces += [escape(text[done : match.start()]), formula]
            done = match.end()
    return "".join([*pieces, escape(text[done:])])


def escape(text: str) -> str:
    """The text with every special character escaped, dollars too."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def verbatim(address: str) -> str:
    """A URL or a DOI, which LaTeX reads verbatim, as a rule: what would end the field or could be read as a command
    is encoded, as UTF-8 where it is none of ASCII."""
    return "".join(quote(c, safe="") if c in '{}\\^"' or _unseen(c) else c for c in address)


def _unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


def _is_mathematics(formula: str) -> bool:
    if _depth(_PAIR.sub("", formula)) != 0:
        return False
    if not set(_COMMAND.findall(formula)) <= _MATHEMATICS:
        return False
    return _UNSAFE.search(_ESCAPED.sub("", _COMMAND.sub("", formula))) is None


def _depth(formula: str) -> int:
    """How many braces are left open; below 0 where one closes what none opened."""
    depth = 0
    for character in formula:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return depth
    return depth

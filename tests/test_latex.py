"""LaTeX source becomes a paper: its parts put together, its macros expanded, its formulas kept."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from index.errors import ReadError
from index.readers import read
from index.schema import Document, PartKind

PAPER = r"""\documentclass[twocolumn]{article} % a comment
\usepackage{amsmath}
\newcommand{\ours}{TideNet}
\newcommand{\pair}[2][x]{\langle #1, #2\rangle}
\DeclareMathOperator{\argmax}{arg\,max}
\title[Short]{\ours: Tides from \emph{Buoys}\thanks{Funded.}}
\author{Ada Lovelace\textsuperscript{1} \and Jos\'e N\'u\~nez$^{2}$ \\ University of the Sea \\
\texttt{jose@sea.example}
\And Alan Turing}
\date{March 5, 2024}
\begin{document}
\maketitle
\begin{abstract}
We forecast tides with \ours\ at 5\% error---``twice'' as well.
\end{abstract}
\section{Introduction}\label{sec:intro}
Tides rise~\citep[see][p.~3]{pascal,euler}. As Section~\ref{sec:storms} and Table~\ref{tab:errors} show,
$\pair{y} \le \argmax_i x_i$.\footnote{And they
fall.} We minimise
\begin{equation}\label{eq:loss}
  L = \sum_i (h_i - \hat{h}_i)^2, % the loss
\end{equation}
where \(h_i\) is a height; see \url{https://sea.example/a_b} and \href{http://x.example}{our page}.

A second paragraph \cite{unknown_key}.
\begin{itemize}
\item First \textbf{item}
\item Second
\end{itemize}
\subsection*{Storms}\label{sec:storms}
Storms push water.
\begin{table*}[t]\centering\small
\caption{Errors of \ours{} in cm.}\label{tab:errors}
\begin{tabular}{l|cc}\toprule
Model & \multicolumn{2}{c}{Error} \\ \midrule
\textbf{TideNet} & 4.2 & $\pm 0.1$ \\
Old \& slow & & 9.9 \\ \bottomrule
\end{tabular}
\end{table*}
\begin{figure}\includegraphics[width=\linewidth]{x.png}\caption{A buoy.}\label{fig:b}\end{figure}
\begin{verbatim}
a = 1
  b = 2
\end{verbatim}
See Figure~\ref{fig:b}.
\begin{thebibliography}{9}
\bibitem[Pascal(1654)]{pascal} B.~Pascal. \newblock \emph{On water}. 1654.
\bibitem{euler} L. Euler.
\end{thebibliography}
\appendix
\section{Data}
More buoys.
\end{document}
Nothing here.
"""


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def only(path: Path) -> Document:
    (found,) = read(path)
    assert isinstance(found, Document)
    return found


def body(folder: Path, text: str, preamble: str = "") -> Document:
    whole = (
        f"\\documentclass{{article}}{preamble}\\title{{T}}\n\\begin{{document}}\n{text}\n\\end{{document}}"
    )
    return only(written(folder, "a.tex", whole))


def parts(document: Document) -> list[tuple[str | None, PartKind, str]]:
    return [(each.name, each.kind, document.text[each.start : each.end]) for each in document.sections]


def test_a_source_gives_facts_sections_tables_captions_formulas_and_references(tmp_path: Path) -> None:
    document = only(written(tmp_path, "a.tex", PAPER))
    paper = document.paper
    assert (paper.title, paper.published) == ("TideNet: Tides from Buoys", "2024-03-05")
    assert paper.authors == ("Ada Lovelace", "José Núñez", "Alan Turing")
    assert paper.abstract == "We forecast tides with TideNet at 5% error—“twice” as well."
    assert parts(document) == [
        ("Abstract", "text", paper.abstract),
        (
            "Introduction",
            "text",
            "Tides rise [1, 2]. As Section 1 and Table 1 show, "
            r"$\langle x, y\rangle \le \operatorname{arg\,max}_i x_i$. "
            r"We minimise $$L = \sum_i (h_i - \hat{h}_i)^2,$$ where $h_i$ is a height; "
            "see https://sea.example/a_b and our page.\n\nAnd they fall."
            "\n\nA second paragraph [unknown_key].\n\nFirst item\n\nSecond",
        ),
        ("Storms", "text", "Storms push water."),
        (
            "Storms",
            "table",
            "Table 1: Errors of TideNet in cm.\n\nModel | Error\n\nTideNet | 4.2 | $\\pm 0.1$\n\nOld & slow | | 9.9",
        ),
        ("Storms", "caption", "Figure 1: A buoy."),
        ("Storms", "text", "a = 1\n  b = 2\n\nSee Figure 1."),
        ("References", "references", "[1] B. Pascal. On water. 1654.\n\n[2] L. Euler."),
        ("Data", "text", "More buoys."),
    ]


def test_parts_in_the_folder_are_put_in_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "paper" / "parts").mkdir(parents=True)
    written(tmp_path, "secret.tex", "SECRET")
    written(tmp_path, "paper/parts/one.tex", "First part. % \\input{../secret}\n\\input parts/two")
    written(tmp_path, "paper/parts/two.tex", "Second part. \\input{main}")
    (tmp_path / "paper" / "link.tex").symlink_to(tmp_path / "secret.tex")
    written(
        tmp_path, "paper/main.bbl", "\\begin{thebibliography}{1}\\bibitem{a} A. Pascal.\\end{thebibliography}"
    )
    main = written(
        tmp_path,
        "paper/main.tex",
        "\\begin{document}\\input{parts/one}\\include{../secret}\\input{/etc/passwd}\\input{link}\\input{gone}"
        "\\input{\\jobname}\\cite{a}\\bibliography{refs}\\end{document}",
    )
    document = only(main)
    assert "First part." in document.text
    assert "Second part." in document.text
    assert "[1] A. Pascal." in document.text
    assert "SECRET" not in document.text
    assert "root:" not in document.text
    (notice,) = document.notices
    assert (notice.kind, "'../secret', '/etc/passwd', 'link', 'gone'" in notice.text) == ("not read", True)


def test_a_part_of_a_source_is_read_as_text(tmp_path: Path) -> None:
    document = only(written(tmp_path, "a.tex", "On tides\n\nThey \\emph{rise}. % so\n"))
    assert (document.paper.title, document.text) == ("On tides", "They \\emph{rise}.")


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"50\% of \$5 \& a\_b \#1 100\,km", "50% of $5 & a_b #1 100 km"),
        (r"na\"{\i}ve \ss{} \O{} \'{e}t\'e {\L}\'od\'z", "naïve ß Ø été Łódź"),
        (r"\textcolor{red}{Red} \emph{\textbf{both}} {\bf old} {\it it}", "Red both old it"),
        (r"a\\[2pt]b", "a b"),
        (r"\[ x^2 \] and $$y$$", "$$x^2$$ and $$y$$"),
        (
            r"\begin{align*} a &= b \\ c &= d \end{align*}",
            r"$$\begin{aligned}a &= b \\ c &= d\end{aligned}$$",
        ),
        (r"\begin{theorem}[Main] It holds.\end{theorem}", "It holds."),
        (r"\unknown{words} stay", "words stay"),
        (r"An \href{only one", "An"),
        ("السلام 👩\u200d🔬 e\u0323\u0301 \U000e0041", "السلام 👩\u200d🔬 e\u0323\u0301 \U000e0041"),
    ],
)
def test_running_text_reads_as_it_prints(tmp_path: Path, tex: str, text: str) -> None:
    assert body(tmp_path, tex).text.startswith(text)


def test_macros_of_macros_are_expanded_within_limits(tmp_path: Path) -> None:
    preamble = (
        r"\newcommand{\a}{tide}\def\b#1{\a s of #1}\newcommand\c{\b{water}}\newcommand{\loop}{\loop\loop}"
    )
    assert body(tmp_path, r"The \c{} rise \loop.", preamble).text == "The tides of water rise ."
    grown = "".join(
        f"\\newcommand{{\\m{chr(98 + n)}}}{{{chr(92)}m{chr(97 + n)} " * 1 + f"\\m{chr(97 + n)}}}"
        for n in range(20)
    )
    assert len(body(tmp_path, r"Words \mu.", "\\newcommand{\\ma}{xxxxxxxxxx}" + grown).text) < 10**6


HOSTILE = {
    "braces": "{" * 100_000 + "x",
    "nested": "\\emph{" * 20_000 + "x" + "}" * 20_000,
    "fractions": "$" + "\\frac{" * 20_000 + "x$",
    "open environments": "\\begin{figure}" * 20_000 + "x",
    "many environments": "".join(f"\\begin{{e{chr(97 + n % 26)}}}" for n in range(50_000)) + "x",
    "nested figures": "\\begin{figure}" * 3_000 + "\\caption{x}" + "\\end{figure}" * 3_000,
    "open title": "\\title{" * 20_000,
    "open footnotes": "\\footnote{" * 20_000 + "x",
    "captions": "\\begin{figure}" + "\\caption{x}" * 20_000 + "\\end{figure}",
    "one line": "word " * 1_000_000,
    "dollars": "$" * 100_001,
    "sections": "\\section{a} b " * 20_000,
    "cites": "\\cite{" + "a," * 900 + "b} " * 2_000,
    "table": "\\begin{tabular}{ll}" + "a & b \\\\ " * 20_000 + "\\end{tabular}",
    "bibliography": "\\begin{thebibliography}{1}" + "\\bibitem{a} b " * 20_000 + "\\end{thebibliography}",
    "brackets": "\\section[" * 20_000 + "x",
    "percent": "%" * 500_000 + "\nx",
    "open definitions": "\\newcommand{\\x}{" * 20_000 + "x",
    "open macros": "\\newcommand{\\x}[1]{#1}" + "\\x{" * 20_000,
    "open links": "\\href{a}{" * 20_000,
    "definitions": "\\newcommand{\\x}" * 20_000 + "x",
    "places": "\x02" + "9" * 50 + "\x03 \x020\x03 x",
    "items": "\\item " * 100_000 + "x",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sources_end_in_papers_or_reasons_in_time(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "a.tex", f"\\begin{{document}}{HOSTILE[name]}\\end{{document}}")
    began = time.monotonic()
    with suppress(ReadError):
        for each in read(path):
            assert isinstance(each, Document)
            each.model_dump_json()
    assert time.monotonic() - began < 8


def test_a_long_source_is_read_in_time(tmp_path: Path) -> None:
    start, _, rest = PAPER.partition("\\section{Introduction}")
    inner, _, end = rest.partition("\\begin{thebibliography}")
    whole = start + ("\\section{Introduction}" + inner) * 210 + "\\begin{thebibliography}" + end
    assert len(whole) > 200_000
    began = time.monotonic()
    document = only(written(tmp_path, "a.tex", whole))
    assert time.monotonic() - began < 5
    assert sum(each.kind == "table" for each in document.sections) == 210


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\\begin{document}\\maketitle\\end{document}", "holds no text"),
        ("\\begin{document}" + "\\emph{" * 200, "opens 200 braces within each other"),
        (b"%PDF-1.4", "it begins as a PDF does"),
        ("", "is empty"),
    ],
)
def test_a_source_of_no_use_says_why(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        list(read(written(tmp_path, "a.tex", text)))

"""What the terminal and the page both say about an answer, as plain text and Markdown.

Owns the wording of dates, bylines, strengths and references, and an answer as text to take away. Knows
nothing of HTML (see `markup`) and nothing of colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from assistant.plain import as_markdown
from assistant.schema import Answer, Citation, FoundPassage, Step, Turn
from index.dates import date_words
from index.schema import Filters, Paper

_ALIKE = 0.4  # cosine of a passage that is plainly about what was asked
_CLOSE = 0.6  # of one that says nearly what was asked
_NAMED = 3  # papers of a scope that are named one by one
_RETRIEVERS = {"dense": "by meaning", "keyword": "by words"}


def counted(number: int, noun: str) -> str:
    """`1 paper`, `1,302 papers`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def authors_words(paper: Paper) -> str:
    """`A. Author, B. Author and 4 more`, or `6 authors` where only their number is known."""
    if not paper.authors:
        return counted(paper.author_count, "author") if paper.author_count else ""
    if len(paper.authors) <= 3:
        return ", ".join(paper.authors)
    return f"{', '.join(paper.authors[:2])} and {len(paper.authors) - 2} more"


def byline(paper: Paper) -> str:
    """The known ones of organisation, authors, date and comments: `NVIDIA · 6 authors · 19 Jun 2025`."""
    comments = counted(paper.comments, "comment") if paper.comments else ""
    facts = (paper.organization or "", authors_words(paper), date_words(paper.published), comments)
    return " · ".join(fact for fact in facts if fact)


def version_words(paper: Paper) -> str:
    """What tells a paper from another version of it: its date, and where it was published or lies."""
    facts = (date_words(paper.published), f"DOI {paper.doi}" if paper.doi else "")
    arxiv = f"arXiv {paper.arxiv_id}" if paper.arxiv_id else ""
    return " · ".join(fact for fact in (*facts, arxiv) if fact) or paper.title


def strength(passage: FoundPassage) -> str:
    """How well a passage matched, from its ranks and its likeness: there is no honest percentage to show."""
    ranks = sorted(passage.found_by.values())
    if len(ranks) > 1 and ranks[-1] <= 3 and passage.similarity >= _ALIKE:
        return "strong match"
    if ranks and ranks[0] <= 3 and passage.similarity >= _ALIKE / 2:
        return "good match"
    return "possible match"


def ranks_words(passage: FoundPassage) -> str:
    """The raw ranks: `by meaning: rank 1 · by words: rank 3 · together: rank 1`."""
    ranks = [f"{_RETRIEVERS.get(name, name)}: rank {rank}" for name, rank in passage.found_by.items()]
    return " · ".join([*ranks, f"together: rank {passage.rank}"])


def passage_of(citation: Citation, passages: Sequence[FoundPassage]) -> FoundPassage | None:
    """The retrieved passage that holds the citation's quote, where one does."""
    for passage in passages:
        around = passage.paper.id == citation.paper.id and passage.start <= citation.start < passage.end
        if around and citation.quote in passage.text:
            return passage
    return None


def coverage_words(answer: Answer) -> str:
    """`3 papers cited of 8 found · 0.1 s · extractive`, and the tokens and dollars that a model took."""
    parts = [f"{counted(answer.coverage.cited, 'paper')} cited of {answer.coverage.relevant:,} found"]
    if "total" in answer.seconds:
        parts.append(f"{answer.seconds['total']:.1f} s")
    return " · ".join([*parts, engine_words(answer.engine), *spent_words(answer.usage)])


def engine_words(engine: str) -> str:
    """What readers call what writes: the model's name, without its provider and address."""
    return engine.partition(":")[2].partition("@")[0] or engine


def spent_words(usage: Mapping[str, float]) -> list[str]:
    """`1,234 tokens`, `$0.0012`: what models took, as far as it is known."""
    tokens = int(usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0))
    words = [counted(tokens, "token")] if tokens else []
    return [*words, dollars(usage["cost"])] if "cost" in usage else words


def conversation_spent(turns: Sequence[Turn]) -> str:
    """What models took for a whole conversation, as `spent_words`; empty where none did."""
    used = [turn.answer.usage for turn in turns if turn.answer.usage]
    names = set.intersection(*(set(usage) for usage in used)) if used else set()
    return " · ".join(spent_words({name: sum(usage[name] for usage in used) for name in names}))


def step_words(step: Step) -> str:
    """`rewrite 0.4 s, 320 tokens`."""
    taken = [f"{step.name} {step.seconds:.1f} s"]
    if step.tokens:
        taken.append(counted(step.tokens, "token"))
    if step.cost is not None:
        taken.append(dollars(step.cost))
    return ", ".join(taken)


def dollars(cost: float) -> str:
    """An amount with as many digits as tell something: `$1.25`, `$0.0012`."""
    return f"${cost:.2f}" if cost >= 0.1 or not cost else f"${cost:.4f}"


def unsupported(answer: Answer) -> list[str]:
    """The sentences that no citation carries, as the answer's text has them."""
    lone = (s.text for s in answer.sentences if s.support == "unsupported" and answer.answered)
    return [text if text in answer.text else as_markdown(text) for text in lone]


def nothing_found(papers: int) -> str:
    """The headline of an answer that the papers do not hold."""
    return f"Nothing in {'this paper' if papers == 1 else f'these {papers:,} papers'} says"


def remarks(answer: Answer) -> str:
    """What a refusal says beyond its headline and its list of nearest papers, which the page draws itself."""
    paragraphs = [paragraph.strip() for paragraph in answer.text.split("\n\n")]
    drawn = ("Nothing in th", "Nearest, not used")
    return "\n\n".join(p for p in paragraphs if p and not p.startswith(drawn))


def reference(citation: Citation) -> str:
    """`[1] Title. NVIDIA, 19 Jun 2025. p. 4. https://…` on one line."""
    paper = citation.paper
    page = f"p. {citation.page}." if citation.page else ""
    pieces = [f"[{citation.number}]", credit(paper), page, paper.url or paper.doi or ""]
    return " ".join(piece for piece in pieces if piece)


def credit(paper: Paper) -> str:
    """`Title. NVIDIA, 19 Jun 2025.`"""
    who = ", ".join(p for p in (authors_words(paper), paper.organization, date_words(paper.published)) if p)
    title = paper.title if paper.title.endswith((".", "?", "!")) else f"{paper.title}."
    return f"{title} {who}." if who else title


def references(answer: Answer) -> str:
    """One line per citation, in order; empty where nothing is cited."""
    return "\n".join(reference(citation) for citation in answer.citations)


def answer_text(turn: Turn) -> str:
    """The answer's Markdown to take away, with the end of a stopped one marked."""
    answer = turn.answer
    if not answer.answered and not answer.text:
        return f"{nothing_found(answer.scope.papers)}."
    return f"{answer.text} [stopped]" if turn.stopped else answer.text


def with_references(turn: Turn) -> str:
    """The answer, then its references, each followed by the words it is cited for."""
    if not turn.answer.citations:
        return answer_text(turn)
    lines = [f"{reference(c)}\n    “{' '.join(c.quote.split())}”" for c in turn.answer.citations]
    return f"{answer_text(turn)}\n\nReferences\n\n" + "\n".join(lines)


def cited_papers(answers: Sequence[Answer]) -> tuple[Paper, ...]:
    """Every paper cited in the answers, once, in the order of first citation."""
    return tuple({c.paper.id or c.paper.title: c.paper for a in answers for c in a.citations}.values())


def scope_words(filters: Filters, titles: Mapping[str, str] = {}) -> list[tuple[str, str]]:
    """Each filter in force as (part, words): `("since", "since Jun 2025")`.

    A part is a field of `Filters`, with the value after a colon where the field holds several. `titles`
    are those of papers by id; papers are counted where they are many, or a title is not told.
    """
    words: list[tuple[str, str]] = []
    if filters.since:
        words.append(("since", f"since {date_words(filters.since)}"))
    if filters.until:
        words.append(("until", f"until {date_words(filters.until)}"))
    words += [(f"organizations:{name}", name) for name in filters.organizations]
    if filters.min_comments:
        words.append(("min_comments", f"at least {counted(filters.min_comments, 'comment')}"))
    words += [(f"sources:{name}", f"from {name}") for name in filters.sources]
    words += [(f"tags:{name}", f"tagged {name}") for name in filters.tags]
    words += _paper_words("papers", filters.papers, titles, "", "chosen paper")
    words += _paper_words("excluded", filters.excluded, titles, "without ", "paper")
    return words


def _paper_words(
    field: str, papers: Sequence[str], titles: Mapping[str, str], before: str, noun: str
) -> list[tuple[str, str]]:
    if 0 < len(papers) <= _NAMED and all(paper in titles for paper in papers):
        return [(f"{field}:{paper}", f"{before}{titles[paper]}") for paper in papers]
    return [(field, f"{before}{counted(len(papers), noun)}")] if papers else []


def day_words(moment: str, today: date) -> str:
    """`Today`, `Yesterday`, `Last 7 days` or the month, for an ISO moment; in the time zone of this machine."""
    day = datetime.fromisoformat(moment).astimezone().date()
    age = (today - day).days
    if age <= 1:
        return "Yesterday" if age == 1 else "Today"
    return "Last 7 days" if age <= 7 else date_words(day.isoformat()[:7])


def likeness_words(passage: FoundPassage) -> str:
    """How alike question and passage are to the model, with the cosine: `close in meaning (cosine 0.52)`."""
    levels = (
        (_CLOSE, "very close in meaning"),
        (_ALIKE, "close in meaning"),
        (_ALIKE / 2, "related in meaning"),
    )
    word = next((word for least, word in levels if passage.similarity >= least), "far in meaning")
    return f"{word} (cosine {passage.similarity:.2f})"

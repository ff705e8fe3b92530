"""The list of papers as HTML: what it is searched and narrowed by, the table, its pages, what is chosen.

Pure: values in, escaped HTML out. Every link is an address of the page, so that it works without the
script too; `data-do` tells the script what it may do instead. What is chosen and what stands in the fields
is the script's business: it reads the fields from the address.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.dates import date_words
from index.listing import Field, Listed, Listing, Order
from index.lookup import LibraryFacts
from index.schema import Paper
from ui.library.address import Address, Part, changed, to_paper, write
from ui.parts import scope
from ui.parts.markup import escape, mathematics
from ui.parts.render import authors_words, counted, scope_words

PAGE = 50  # papers
OFFERED = 200  # organisations and sources to choose from; others can be typed
_PARTS: tuple[tuple[Part, str], ...] = (("papers", "Papers"), ("map", "Map"), ("add", "Add papers"))
_COLUMNS: tuple[tuple[str, Field, bool], ...] = (  # head, order, whether it descends at first
    ("Paper", "title", False),
    ("Organisation", "organization", False),
    ("Date", "date", True),
    ("Authors", "authors", False),
    ("Comments", "comments", True),
    ("Source", "source", False),
    ("State", "added", True),
)


def parts(address: Address) -> str:
    """The parts of the page as links, the one shown marked."""
    here = "" if address.paper else address.part
    links = "".join(
        f'<li><a href="{escape(write(Address(part=part)))}" data-do="show"'
        f"{_current(part == here)}>{name}</a></li>"
        for part, name in _PARTS
    )
    return f'<nav class="parts" aria-label="Parts of the library"><ul>{links}</ul></nav>'


def controls(facts: LibraryFacts) -> str:
    """The search field and the filters, empty; the script writes into them what the address says."""
    fields = (
        _field("since", "Since", 'placeholder="June 2025"'),
        _field("until", "Until", 'placeholder="2025-12"'),
        _field("organization", "Organisation", 'list="known-organizations"'),
        _field("comments", "Minimum comments", 'inputmode="numeric" pattern="[0-9]*"'),
        _field("source", "Source", 'list="known-sources"'),
        _field("tag", "Tag", 'list="known-tags"'),
        _orders(),
    )
    known = (("organizations", facts.organizations), ("sources", facts.sources), ("tags", facts.tags))
    lists = "".join(
        f'<datalist id="known-{name}">{_options(choices[:OFFERED])}</datalist>' for name, choices in known
    )
    return (
        '<form class="finder" role="search" data-do="none"><label class="sr-only" for="find">Search papers</label>'
        '<input type="search" id="find" data-field="q" autocomplete="off" '
        'placeholder="Search titles, authors and texts…">'
        '<button type="button" class="quiet-button" id="fields-button" data-do="fields" aria-expanded="false" '
        f'aria-controls="fields">Filters</button></form><div class="fields" id="fields">{"".join(fields)}</div>{lists}'
    )


def papers(address: Address, listing: Listing, advice: tuple[str, str, int] | None = None) -> str:
    """The papers that an address shows, as a table with its pages; or why there is none."""
    bar = _bar(address, listing)
    if not listing.total:
        return f"{bar}{_nothing(address, advice)}"
    return f"{bar}{_table(address, listing.entries)}{_pages(address, listing.total)}"


def trouble(words: str) -> str:
    return f'<div class="library-trouble" role="alert">{escape(words)}</div>'


def empty() -> str:
    """What stands for the list while the library holds nothing."""
    return (
        '<div class="nothing" id="no-papers"><h2>This library holds no papers yet</h2>'
        "<p>Add a saved listing, notes, or records of papers.</p>"
        f'<a class="quiet-button" href="{escape(write(Address(part="add")))}" data-do="show">Add papers</a></div>'
    )


def chosen_bar() -> str:
    """What can be done with chosen papers; the script shows it and says how many they are."""
    return (
        '<div class="chosen-bar" id="chosen-bar" role="group" aria-label="Chosen papers" hidden>'
        '<span class="count" id="chosen-count"></span>'
        '<button type="button" class="action primary" data-do="ask-chosen">Ask these</button>'
        '<form class="tagger" data-do="none"><label class="sr-only" for="tag-name">Tag</label>'
        '<input id="tag-name" list="known-tags" placeholder="Tag…" autocomplete="off" maxlength="60">'
        '<button type="button" class="action" data-do="tag">Add tag</button>'
        '<button type="button" class="action" data-do="untag">Remove tag</button></form>'
        '<button type="button" class="action" data-do="export">Export BibTeX</button>'
        '<button type="button" class="action" data-do="export-csv">Export CSV</button>'
        '<button type="button" class="action danger" data-do="remove-chosen">Remove</button>'
        '<button type="button" class="action" data-do="choose-none">Clear</button></div>'
    )


def removed(papers: int, title: str, mark: str) -> str:
    """What was removed, and the way back."""
    what = f"“{escape(title)}”" if papers == 1 else counted(papers, "paper")
    return (
        f'<div class="notice" role="status"><span dir="auto">{what} removed.</span>'
        f'<button type="button" class="link-button" id="undo" data-do="undo-removal" data-mark="{escape(mark)}">'
        "Undo</button>"
        '<button type="button" class="link-button" data-do="close-notice">Close</button></div>'
    )


def told(words: str) -> str:
    """A thing done, or one that could not be."""
    return (
        f'<div class="notice" role="status"><span dir="auto">{escape(words)}</span>'
        '<button type="button" class="link-button" data-do="close-notice">Close</button></div>'
    )


def tag_links(tags: Sequence[str]) -> str:
    return "".join(
        f'<a class="tag" dir="auto" href="{escape(_only_tag(tag))}" data-do="show" '
        f'title="Papers tagged {escape(tag)}">{escape(tag)}</a>'
        for tag in tags
    )


# The bar above the table


def _bar(address: Address, listing: Listing) -> str:
    chips = "".join(_chip(address, part, words) for part, words in scope_words(address.filters))
    if address.words.strip():
        href = escape(changed(address, words=""))
        chips = _removable(href, f"“{address.words.strip()}”", "search") + chips
    everything = (
        f'<button type="button" class="link-button" data-do="choose-all">Choose all {listing.total:,}</button>'
        if listing.total
        else ""
    )
    ordered = (
        f'<span class="quiet">the {listing.ordered:,} best matches in order</span>' if listing.ordered else ""
    )
    return (
        f'<div class="list-bar">{chips}<span class="count" id="list-count">{counted(listing.total, "paper")}</span>'
        f"{ordered}{everything}</div>"
    )


def _chip(address: Address, part: str, words: str) -> str:
    left = scope.without(address.filters, part)
    return _removable(escape(changed(address, filters=left)), words, "filter")


def _removable(href: str, words: str, kind: str) -> str:
    return (
        f'<a class="chip" href="{href}" data-do="show" aria-label="Remove {kind}: {escape(words)}">'
        f'<span dir="auto">{escape(words)}</span><span aria-hidden="true">×</span></a>'
    )


def _nothing(address: Address, advice: tuple[str, str, int] | None) -> str:
    way = f'<a class="quiet-button" href="{escape(write(Address()))}" data-do="show">Show all papers</a>'
    if advice is not None:
        part, words, papers = advice
        href = escape(changed(address, filters=scope.without(address.filters, part)))
        way = (
            f'<a class="quiet-button" id="drop-advice" href="{href}" data-do="show">'
            f"Drop “{escape(words)}” for {counted(papers, 'paper')}</a>{way}"
        )
    return f'<div class="nothing"><h2>No paper matches</h2>{way}</div>'


# The table


def _table(address: Address, entries: Sequence[Listed]) -> str:
    heads = "".join(_head(address, *column) for column in _COLUMNS)
    rows = "".join(_row(address, entry) for entry in entries)
    every = '<input type="checkbox" id="choose-page" aria-label="Choose all papers on this page">'
    return (
        '<div class="table-frame" tabindex="0" role="region" aria-label="Table of papers">'
        '<table class="papers"><caption class="sr-only">Papers of the library</caption>'
        f'<thead><tr><td class="choice">{every}</td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _head(address: Address, name: str, field: Field, descends: bool) -> str:
    order = address.order or (Order() if not address.words.strip() else None)
    here = order is not None and order.field == field
    descending = not order.descending if here and order else descends
    href = escape(changed(address, order=Order(field=field, descending=descending)))
    sense = ("descending" if order.descending else "ascending") if here and order else "none"
    arrow = {"descending": " ↓", "ascending": " ↑", "none": ""}[sense]
    return (
        f'<th scope="col" aria-sort="{sense}"><a href="{href}" data-do="show">{name}'
        f'<span aria-hidden="true">{arrow}</span></a></th>'
    )


def _row(address: Address, entry: Listed) -> str:
    paper = entry.paper
    title = escape(paper.title)
    box = (
        f'<input type="checkbox" class="choose" data-paper="{escape(paper.id)}" aria-label="Choose: {title}">'
    )
    name = mathematics(paper.title)
    if entry.ready:
        name = f'<a href="{escape(to_paper(paper.id))}" data-do="show">{name}</a>'
    cells = (
        ("organization", _organization(paper)),
        ("date", escape(date_words(paper.published))),
        ("authors", escape(authors_words(paper))),
        ("comments", "" if paper.comments is None else f"{paper.comments:,}"),
        ("source", f'<span title="{escape(paper.source)}">{escape(paper.source)}</span>'),
        ("state", "ready" if entry.ready else "being indexed"),
    )
    told = "".join(f'<td class="{kind}" dir="auto">{value}</td>' for kind, value in cells)
    tags = f'<div class="tags">{tag_links(entry.tags)}</div>' if entry.tags else ""
    return (
        f'<tr data-paper="{escape(paper.id)}"><td class="choice">{box if entry.ready else ""}</td>'
        f'<th scope="row" dir="auto">{name}{tags}</th>{told}</tr>'
    )


def _organization(paper: Paper) -> str:
    if not paper.organization:
        return ""
    filters = Address().filters.model_copy(update={"organizations": (paper.organization,)})
    return (
        f'<a href="{escape(write(Address(filters=filters)))}" data-do="show">{escape(paper.organization)}</a>'
    )


def _only_tag(tag: str) -> str:
    return write(Address(filters=Address().filters.model_copy(update={"tags": (tag,)})))


def _pages(address: Address, total: int) -> str:
    last = -(-total // PAGE)
    page = min(address.page, last)
    first, end = (page - 1) * PAGE + 1, min(page * PAGE, total)

    def step(number: int, name: str, mark: str) -> str:
        if not 1 <= number <= last:
            return f'<span class="step off">{name}</span>'
        href = escape(changed(address, page=number))
        return f'<a class="step" id="{mark}-page" href="{href}" data-do="show" rel="{mark}">{name}</a>'

    return (
        '<nav class="pages" aria-label="Pages of the list">'
        f"{step(page - 1, 'Previous', 'prev')}<span>{first:,}–{end:,} of {total:,}</span>"
        f"{step(page + 1, 'Next', 'next')}</nav>"
    )


def _field(name: str, label: str, more: str) -> str:
    return (
        f'<label class="field"><span>{label}</span>'
        f'<input type="text" data-field="{name}" autocomplete="off" {more}></label>'
    )


def _orders() -> str:
    """The orders to choose from where the table has no heads: each as its head would put it first."""
    options = "".join(
        f'<option value="{"-" if descends else ""}{field}">{head}</option>'
        for head, field, descends in _COLUMNS
    )
    return (
        '<label class="field order"><span>Order by</span>'
        f'<select data-field="sort"><option value="">Best or newest</option>{options}</select></label>'
    )


def _options(choices: Sequence[tuple[str, int]]) -> str:
    return "".join(f'<option value="{escape(name)}">{papers:,}</option>' for name, papers in choices)


def _current(here: bool) -> str:
    return ' aria-current="true"' if here else ""

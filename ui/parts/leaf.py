"""The way to a page's picture, from wherever a page number is shown.

Pure: values in, escaped HTML out. The script opens it in a dialog with the words boxed (see assets/leaf.js); opened
otherwise, the link leads to the picture alone.
"""

from __future__ import annotations

from urllib.parse import quote

from ui.parts.markup import escape


def leaf_link(paper_id: str, title: str, page: int, start: int, end: int, words: str = "") -> str:
    """A link to a page of a paper on which `[start, end)` of its text is to be boxed; `words` are what it says."""
    shown = words or f"p. {page}"
    return (
        f'<a class="leaf-link" href="{escape(picture(paper_id, page))}" target="_blank" data-do="leaf" '
        f'data-paper="{escape(paper_id)}" data-page="{page}" data-start="{start}" data-end="{end}" '
        f'aria-label="{escape(shown)}: show the page of {escape(title)}">{escape(shown)}</a>'
    )


def picture(paper_id: str, page: int) -> str:
    """The address of a page's picture, relative to the pages of the application."""
    return f"papers/{quote(paper_id, safe='')}/pages/{page}.png"

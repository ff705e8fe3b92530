"""The icons of the page.

Owns how one is shown; their shapes are one sprite, `assets/icons.svg`, which stands in the page once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

ASSETS = Path(__file__).parents[1] / "assets"


def icon(name: str) -> str:
    """An icon without a name of its own: what it stands in says what it does."""
    return f'<svg class="icon" aria-hidden="true" focusable="false"><use href="#icon-{name}"></use></svg>'


def icon_button(action: str, name: str, label: str) -> str:
    """A button that is an icon; `label` is its accessible name."""
    return (
        f'<button type="button" class="icon-button" id="{action}-button" data-do="{action}" aria-label="{label}" '
        f'title="{label}">{icon(name)}</button>'
    )


@cache
def sprite() -> str:
    return (ASSETS / "icons.svg").read_text(encoding="utf-8")

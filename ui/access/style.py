"""The style sheet of the door's pages: the application's colours and type, without Gradio and without a script."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ASSETS = Path(__file__).parents[1] / "assets"


@cache
def style() -> str:
    """The style sheet; light or dark is as the system has it."""
    light, dark = _colours((ASSETS / "app.css").read_text(encoding="utf-8"))
    rules = (ASSETS / "access.css").read_text(encoding="utf-8")
    return (
        f":root {{ color-scheme: light dark;{light}}}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{{dark}}} }}\n{rules}"
    )


def _colours(sheet: str) -> tuple[str, str]:
    """What the application's style sheet names its colours and type by, light and dark."""
    light, dark = (
        re.findall(rf"^{name},[^{{]*\{{([^}}]*)\}}", sheet, re.MULTILINE)[0] for name in (":root", r"\.dark")
    )
    return light, dark

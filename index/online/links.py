"""The PDFs that a CSL record names: a job of the sandbox, and its asking.

Owns the field `link`, which registries add to CSL. Refuses to know whether a PDF is to be had.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from index.errors import ReadError
from index.sandbox.limits import Limits
from index.sandbox.pool import lent

_MOST = 3


def links_to_pdf(record: Path, limits: Limits) -> list[str]:
    """The addresses of PDFs that a record names as such, each once, the first few; none where it cannot be read."""
    job = f"{say_links.__module__}:{say_links.__name__}"
    try:
        with lent(limits) as sandbox:
            said = [frame.content for frame in sandbox.run(job, str(record.absolute()))]
    except ReadError:
        return []
    return [url.decode("utf-8", "replace") for url in said[:_MOST]]


def say_links(record: str) -> Iterator[tuple[str, bytes]]:
    """A sandbox's job: those addresses."""
    fields = json.loads(Path(record).read_bytes())
    links = fields.get("link") if isinstance(fields, dict) else None
    named = [
        link.get("URL")
        for link in (links if isinstance(links, list) else [])
        if isinstance(link, dict) and link.get("content-type") == "application/pdf"
    ]
    for url in list(dict.fromkeys(url for url in named if isinstance(url, str)))[:_MOST]:
        yield "l", url.encode("utf-8", "replace")

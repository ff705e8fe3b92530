"""Counting cl100k tokens with tiktoken, offline.

tiktoken fetches its encodings over the network; llama-index-core bundles the file, so tiktoken is
pointed at that folder before it is asked.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktoken import Encoding


@cache
def _encoding() -> Encoding:
    package = importlib.util.find_spec("llama_index.core")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "_static" / "tiktoken_cache"
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(bundled))
    import tiktoken

    return tiktoken.get_encoding("cl100k_base")


def count_tokens(texts: Sequence[str]) -> list[int]:
    """The number of cl100k tokens of each text; special-token spellings count as plain text."""
    encoding = _encoding()
    return [len(encoding.encode_ordinary(text)) for text in texts]

"""Files that came by the browser, while they are needed.

Owns their folder in the library's own, `uploads`, which nothing serves. Each lies there under a hash of its bytes
and its name, so that the same file given again is the same source to the library. Refuses to know when a file is
needed no more: who added it says so. What a server that died left there goes when the next one starts, unless
another server over the same library is running.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from index.checksums import digest_of
from index.readers import xml
from index.readers.daily_papers import is_listing

_LONGEST_NAME = 100  # characters
_RIS = re.compile(r"TY {0,2}- ?[A-Z]+[ \t]*\r?\n")
_XML = re.compile(r"<\?xml\s")
_ROOT = re.compile(r"<(?:[A-Za-z][\w.-]*:)?([A-Za-z][\w.-]*)[\s/>]")
_BIBTEX = re.compile(r"(?:%[^\n]*\n|\s)*@[A-Za-z]+\s*[{(]")


class Uploads:
    """The files given to one library by the browser and not added yet."""

    def __init__(self, library: Path) -> None:
        self.folder = library / "uploads"
        self._mine = FileLock(library / "uploads.lock", timeout=0, thread_local=False, is_singleton=False)
        with suppress(Timeout):
            self._mine.acquire()  # until this server ends
            shutil.rmtree(self.folder, ignore_errors=True)

    def place_of_file(self, path: Path, name: str) -> Path:
        """Where a file belongs that lies somewhere for the moment."""
        return self._place(digest_of(path), safe_name(name))

    def place_of_text(self, text: str) -> Path:
        """Where a text belongs that was pasted."""
        return self._place(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(), pasted_name(text))

    def _place(self, digest: str, name: str) -> Path:
        folder = self.folder / digest[:16]
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name

    def drop(self, place: Path) -> None:
        """Delete a file; nothing happens where there is none."""
        place.unlink(missing_ok=True)
        with suppress(OSError):  # another name of the same bytes lies there too
            place.parent.rmdir()


def safe_name(name: str) -> str:
    """The file's own name without folders, and without characters that some file system refuses."""
    plain = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", re.split(r"[/\\]", name)[-1]).strip(" .-")
    if len(plain) <= _LONGEST_NAME:
        return plain or "file"
    endings = "".join(Path(plain).suffixes[-2:])[-20:]
    return plain[: _LONGEST_NAME - len(endings)] + endings


def pasted_name(text: str) -> str:
    """A file's name for what was pasted: the ending of what it looks like, and a text's first words."""
    start = text.lstrip("\ufeff \t\r\n")
    first = start.partition("\n")[0]
    if start.startswith("{"):
        return "pasted.jsonl" if first.rstrip().endswith("}") else "pasted.json"
    if start.startswith("["):
        return "pasted.json"
    if _BIBTEX.match(start):
        return "pasted.bib"
    if _RIS.match(start):
        return "pasted.ris"
    if kind := _markup_ending(start):
        return f"pasted{kind}"
    if is_listing(text):
        return "pasted listing.txt"
    words = re.sub(r"[^\w -]+", "", first)[:60].strip()
    ending = ".md" if start.startswith(("# ", "---\n")) else ".txt"
    return f"{words or 'pasted'}{ending}"


def _markup_ending(start: str) -> str:
    """The ending of XML by what it is of; empty for a text that only begins with a tag."""
    if not start.startswith("<"):
        return ""
    root = _ROOT.search(start)
    name = root[1] if root else ""
    if name == "RDF":
        return ".rdf"
    return ".xml" if name in xml.WHOLE or name in xml.LISTS or _XML.match(start) else ""

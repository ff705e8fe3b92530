"""Every error Ibid raises on purpose.

    IbidError
    ├── SettingsError          a value or a name in the configuration is wrong
    ├── ExtraMissing           an optional package is needed and not installed
    ├── WeightsError           a model's files are absent or are not the ones they should be
    ├── EmbedderError          a model that embeds cannot be reached, or refused to
    ├── ClusterError           a Ray cluster cannot be reached, or failed
    ├── RerankerError          a model that reranks cannot be had or reached, or refused to
    ├── ReadError              a file cannot be read into papers
    │   ├── FetchError         what an address names cannot be fetched
    │   ├── NoPapers           it can be read, and holds none
    │   └── NoTextLayer        it is pictures of pages, without their words
    ├── PaperNotFound          no paper answers to that name
    ├── NotAllowed             whoever asks may not do that
    └── LibraryError           the library on disk cannot be used as asked
        ├── DiskTrouble        the disk that it lies on is full, or fails
        ├── LibraryLocked      another process is writing to it
        └── EmbedderMismatch   its vectors were made by another model

Each message says what happened, with the value, and what to do next. Errors of other libraries are
translated where they enter, `from` the original.
"""

from __future__ import annotations


class IbidError(Exception):
    """Base of the tree; catching it catches everything Ibid raises on purpose."""


class SettingsError(IbidError):
    """A value or a name in the configuration is wrong."""


class ExtraMissing(IbidError):
    """An optional package is needed and not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what!r} needs an extra: pip install 'ibid[{extra}]'")


class WeightsError(IbidError):
    """A model's files are absent or are not the ones they should be."""


class EmbedderError(IbidError):
    """A model that embeds cannot be reached, or refused to."""


class ClusterError(IbidError):
    """A Ray cluster cannot be reached, or failed."""


class RerankerError(IbidError):
    """A model that reranks cannot be had or reached, or refused to."""


class ReadError(IbidError):
    """A file cannot be read into papers."""


class FetchError(ReadError):
    """What an address names cannot be fetched; `status` is what its server answered, where it did."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class NoPapers(ReadError):
    """The file can be read, and holds no papers."""


class NoTextLayer(ReadError):
    """The file is pictures of pages, without their words."""


class PaperNotFound(IbidError):
    """No paper answers to that name."""


class NotAllowed(IbidError):
    """Whoever asks may not do that."""


class LibraryError(IbidError):
    """The library on disk cannot be used as asked."""


class DiskTrouble(LibraryError):
    """The disk that the library lies on is full, or fails."""


class LibraryLocked(LibraryError):
    """Another process is writing to the library."""


class EmbedderMismatch(LibraryError):
    """The library's vectors were made by another model."""

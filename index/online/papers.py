"""Papers by their addresses: which protocol each is fetched by, and what becomes of one that fails.

Owns that one bad address never stops the others. Refuses to know the protocols, and what is done with the files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from index.errors import FetchError
from index.online.addresses import Address
from index.online.arxiv import fetch_arxiv
from index.online.doi import fetch_doi
from index.online.fetch import Client, host_of
from index.online.schema import Fetched
from index.online.web import fetch_url
from index.reading import limits_of
from index.schema import Unreadable
from index.settings import OnlineSettings, ReadingSettings


class Online:
    """Fetches papers as the settings allow. One serves a whole process, so that hosts have their pauses.

    Example:

        for found in Online(OnlineSettings()).fetch(address_of("arxiv:2402.08714"), folder):
            print(found)
    """

    def __init__(
        self,
        settings: OnlineSettings,
        reading: ReadingSettings = ReadingSettings(),
        permit: Collection[tuple[str, int]] = (),
        **of_client: Any,
    ) -> None:
        """The hosts that the settings name may be of a private network, as a mirror is, and so may those of `permit`.

        What servers answer is read as `reading` says for any file. `of_client` goes to the `Client`.
        """
        self.settings = settings
        self._limits = limits_of(reading)
        named = {host_of(base) for base in (settings.arxiv, settings.doi)}
        self._client = Client(settings.contact, settings.pause, {*named, *permit}, **of_client)

    def fetch(self, address: Address, folder: Path) -> Iterator[Fetched | Unreadable]:
        """Download what an address names into `folder`: files to be read, and what was not to be had, and why."""
        try:
            if not self.settings.allow:
                raise FetchError(
                    "is not fetched, because online.allow is false; set it to true, or save the paper and add its file"
                )
            yield from self._fetched(address, folder)
        except FetchError as error:
            yield Unreadable(place=address.shown, reason=str(error))

    def _fetched(self, address: Address, folder: Path) -> Iterator[Fetched | Unreadable]:
        if address.kind == "arxiv":
            return fetch_arxiv(self._client, self.settings.arxiv, address.name, folder, self._limits)
        if address.kind == "doi":
            return fetch_doi(self._client, self.settings.doi, address.name, folder, self._limits)
        return fetch_url(self._client, address.name, folder)

"""Who works on which library: what the pages and the programs' doors do, made for one user over one library.

A page is built once and serves everybody, so each of its events asks here in whose room it happens, by the user
that stands in its request and the library they chose. Owns the rooms that are open; what may happen in one follows
from the library, which was opened for its user alone.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any

from starlette.requests import HTTPConnection

from assistant.accounts.schema import LOCAL, User
from assistant.engine import Assistant
from assistant.libraries import MINE, SHARED, Libraries, Name
from index.errors import NotAllowed
from index.library import Library
from ui.access.cookies import LIBRARY
from ui.access.identified import USER
from ui.chat.actions import Chat
from ui.digest.actions import Digests
from ui.library.actions import Desk
from ui.library.adding import Adding
from ui.parts.reader import Reader
from ui.programs.openai_api import ChatApi
from ui.programs.operations import Programs

_MOST = 200  # rooms
_IDLE = 1800.0  # seconds after which a room that nobody is in may be closed


class Room:
    """All that one user does in one library."""

    def __init__(
        self, user: User, name: Name, names: tuple[Name, ...], assistant: Assistant, adding: Adding
    ) -> None:
        """`names` are those of all the user's libraries."""
        library = assistant.library
        reader = Reader(name=user.name, libraries=names, library=name)
        self.user = user
        self.name = name
        self.library = library
        self.assistant = assistant
        self.adding = adding
        self.chat = Chat(library, assistant, adding, reader)
        self.desk = Desk(library, assistant, adding, reader)
        self.digests = Digests(library, assistant, reader=reader)
        self.programs = Programs(library, assistant)
        self.chat_api = ChatApi(assistant)
        self.used = time.monotonic()

    @property
    def busy(self) -> bool:
        """Whether somebody looks or something is under way."""
        return self.chat.busy or (self.name == MINE and self.adding.active)


class Rooms:
    """The rooms of a server's users. Safe to share between threads."""

    def __init__(self, assistant: Assistant) -> None:
        """`assistant` answers from the shared library; others are made like it."""
        self._assistant = assistant
        self._libraries = Libraries(assistant.library)
        self._adding = Adding(
            assistant.library
        )  # one thread adds to the shared library, whoever gave the file
        self._guard = threading.Lock()
        self._rooms: OrderedDict[tuple[str, Name], Room] = OrderedDict()

    def of(self, request: Any) -> Room:
        """The room of whoever sent a request, Gradio's or Starlette's; NotAllowed where that is nobody.

        None is a call that came by no request, from this machine's own user.
        """
        if request is None:
            return self.room(LOCAL)
        connection = HTTPConnection(getattr(request, "request", request).scope)
        user = connection.scope.get(USER)
        if user is None:
            raise NotAllowed("Sign in first: your session has ended.")
        return self.room(user, connection.headers.get("ibid-library") or connection.cookies.get(LIBRARY, ""))

    def room(self, user: User, wanted: str = "") -> Room:
        """A user's room in the library they want, or in their first one where they have none of that name."""
        names = self._libraries.names(user)
        name = next((each for each in names if each == wanted), names[0])
        with self._guard:
            room = self._rooms.get((user.id, name))
            if room is None or room.user != user:  # who is an administrator may change
                room = self._rooms[user.id, name] = self._made(user, name)
            room.used = time.monotonic()
            self._rooms.move_to_end((user.id, name))
            self._close_idle()
            return room

    def forget(self, user: User) -> None:
        """Delete what is a user's own, who is being removed."""
        with self._guard:
            for key in [key for key in self._rooms if key[0] == user.id]:
                del self._rooms[key]
            self._libraries.forget(user)

    def close(self) -> None:
        with self._guard:
            self._rooms.clear()
            self._libraries.close()

    @property
    def shared(self) -> Library:
        """The library that all share."""
        return self._libraries.shared

    def _made(self, user: User, name: Name) -> Room:
        library: Library = self._libraries.of(user, name)
        adding = self._adding if name == SHARED else Adding(library)
        own = self._assistant if library is self._assistant.library else self._assistant.over(library)
        return Room(user, name, self._libraries.names(user), own, adding)

    def _close_idle(self) -> None:
        """Close rooms that nobody has been in for long, where there are too many."""
        old = time.monotonic() - _IDLE
        for key in list(self._rooms)[: max(0, len(self._rooms) - _MOST)]:
            room = self._rooms[key]
            if room.used < old and not room.busy:
                del self._rooms[key]
                if room.name == MINE:
                    self._libraries.let_go(room.user.id)

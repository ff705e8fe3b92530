"""Which libraries a user of a server has, and what they may do with each.

Every server has one library that all share; with accounts each user has another of their own. This is where a
library is opened for somebody, so nothing above can reach into another's: a personal library is found by the id of
the user who asks, and the shared one is handed to those who may only read it so that every change is refused.
Owns where they lie: in a folder, or on a server's databases under a namespace of their own. Refuses to know who is
signed in.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Literal

from assistant.accounts.schema import LOCAL, User
from assistant.conversation import Conversations
from assistant.engine import Assistant
from assistant.saved_questions import SavedQuestions
from index.database import schemas
from index.deletion import delete_library
from index.library import Library
from index.settings import IndexSettings

Name = Literal["shared", "mine"]
SHARED: Name = "shared"
MINE: Name = "mine"
_PEOPLE = "people"
_ID = re.compile(r"[a-z0-9]{1,32}")


class Libraries:
    """The shared library, which the caller opens and closes, and those of single users. Safe among threads."""

    def __init__(self, shared: Library) -> None:
        self.shared = shared
        self._guard = threading.Lock()
        self._open: dict[str, Library] = {}

    def names(self, user: User) -> tuple[Name, ...]:
        """The libraries that a user has, the one to begin with first."""
        return (SHARED,) if user == LOCAL else (SHARED, MINE)

    def of(self, user: User, name: Name) -> Library:
        """A library as the user has it; `LibraryError` where it cannot be opened."""
        if user == LOCAL:
            return self.shared
        if name == SHARED:
            return self.shared.seen_by(user.id, may_change=user.admin)
        return self.own(user.id).seen_by(user.id)

    def own(self, user_id: str) -> Library:
        """A user's own library, whole, as who looks after the server has it."""
        with self._guard:
            if user_id not in self._open:
                self._open[user_id] = self.shared.beside(self._folder(user_id), self._settings(user_id))
            return self._open[user_id]

    def people(self) -> list[str]:
        """The ids of the users who have a library of their own by now, in order."""
        found = {path.name for path in (self.shared.folder / _PEOPLE).glob("*")}
        begin = self._namespace("")
        found |= {name.removeprefix(begin) for name in schemas(self.shared.catalog.engine, begin)}
        return sorted(name for name in found if _ID.fullmatch(name))

    def let_go(self, user_id: str) -> None:
        """Close a user's own library; it opens again when it is next asked for."""
        with self._guard:
            library = self._open.pop(user_id, None)
        if library is not None:
            library.close()

    def forget(self, user: User) -> None:
        """Delete a user's own library, and what they asked and saved in the shared one."""
        self.let_go(user.id)
        Conversations(self.shared.seen_by(user.id)).forget_all()
        SavedQuestions(Assistant(self.shared.seen_by(user.id))).forget_all()
        delete_library(self._folder(user.id), self._settings(user.id).storage)

    def close(self) -> None:
        """Close all but the shared library."""
        for user_id in list(self._open):
            self.let_go(user_id)

    def _folder(self, user_id: str) -> Path:
        if not _ID.fullmatch(user_id):
            raise ValueError(f"{user_id!r} is no user's id")
        return self.shared.folder / _PEOPLE / user_id

    def _settings(self, user_id: str) -> IndexSettings:
        settings = self.shared.settings
        storage = settings.storage
        if not (storage.database or storage.chroma):
            return settings
        own = storage.model_copy(update={"namespace": self._namespace(user_id)})
        return settings.model_copy(update={"storage": own})

    def _namespace(self, user_id: str) -> str:
        namespace = self.shared.settings.storage.namespace
        return f"{namespace}_of_{user_id}" if namespace else f"of_{user_id}"

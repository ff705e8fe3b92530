"""Where the caches of one library are kept, and which of them are in use.

Owns the choice between a folder and servers, for each of the two caches, and the note of the change that both have
reached: `caches.json` in the folder, or a fact of the catalog where both caches are on servers and so several machines
follow one note. Refuses to know what is written into caches and when.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from pydantic import Field
from sqlalchemy import Engine, delete, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from index.database import is_server
from index.errors import LibraryError
from index.failpoints import reached
from index.full_text import FullText
from index.keywords import Keywords
from index.schema import Value
from index.settings import StorageSettings
from index.tables import facts
from index.vectors import ChromaServer, Vectors, collections, drop_collection

_NAME = re.compile(r"caches-(\d+)")
_POSITION = "caches"  # the fact


class Position(Value):
    """Which caches are in use, by the name of their folder, and the change they have reached."""

    folder: str = Field(pattern=r"^caches-[0-9]+$")
    change: int


class Place:
    """Both caches' places, for the library in `folder` whose catalog is in that database."""

    def __init__(self, folder: Path, storage: StorageSettings, engine: Engine) -> None:
        self.folder = folder
        self._engine = engine if is_server(engine) else None
        self._chroma = storage.chroma
        self._token = storage.chroma_token
        self._namespace = storage.namespace or "public"

    @property
    def shared(self) -> bool:
        """Whether other machines may use the same caches."""
        return bool(self._chroma) and self._engine is not None

    @property
    def in_folder(self) -> bool:
        """Whether both caches are files of this machine, which a killed process or a disk may damage."""
        return not self._chroma and self._engine is None

    def vectors(self, name: str, model: str, fingerprint: str) -> Vectors:
        """The vectors of the caches of that name, made where there are none."""
        inside = self.folder / name / "chroma"
        return Vectors(self._server(name) if self._chroma else inside, model, fingerprint)

    def keywords(self, name: str) -> Keywords:
        """The words of the caches of that name, made where there are none."""
        if self._engine is None:
            return Keywords.in_folder(self.folder / name / "keywords")
        return Keywords(*(FullText(self._engine, table) for table in _tables(name)))

    def names(self) -> list[str]:
        """The names of all caches that there are, in use or left by a rebuild, oldest first."""
        found = {path.name for path in self.folder.glob("caches-[0-9]*")}
        if self._chroma:
            found |= {name.split(".")[2] for name in collections(self._server(""))}
        if self._engine is not None:
            known = (re.match(r"words_(\d+)_", table) for table in inspect(self._engine).get_table_names())
            found |= {f"caches-{match[1]}" for match in known if match}
        return sorted((name for name in found if _NAME.fullmatch(name)), key=_number)

    def drop(self, name: str) -> None:
        """Forget the caches of that name."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        if self._chroma:
            server = self._server(name)
            for collection in collections(server):
                drop_collection(server, collection)
        self.drop_words(name)

    def drop_words(self, name: str) -> None:
        """Forget the words of the caches of that name."""
        if self._engine is None:
            shutil.rmtree(self.folder / name / "keywords", ignore_errors=True)
            return
        for table in _tables(name):
            FullText(self._engine, table).drop()

    def stored(self) -> Position | None:
        """The position as it was last noted; None where it was not, or is lost."""
        try:
            return Position.model_validate_json(self._noted())
        except (OSError, ValueError):
            return None

    def note(self, position: Position) -> None:
        """Note the position, on the disk when this returns."""
        if self.shared:
            self._note_fact(position.model_dump_json())
            return
        replaced = self.folder / "caches.json.new"
        with replaced.open("w") as file:
            json.dump(position.model_dump(), file)
            file.flush()
            os.fsync(file.fileno())
        reached("caches.position_written")
        replaced.replace(self.folder / "caches.json")

    def _server(self, name: str) -> ChromaServer:
        named = f"{name}." if name else ""
        return ChromaServer(url=self._chroma, token=self._token, prefix=f"ibid.{self._namespace}.{named}")

    def _noted(self) -> str:
        if not self.shared:
            return (self.folder / "caches.json").read_text()
        assert self._engine is not None
        with self._engine.connect() as connection:
            return connection.scalar(select(facts.c.value).where(facts.c.key == _POSITION)) or ""

    def _note_fact(self, value: str) -> None:
        assert self._engine is not None
        try:
            with self._engine.begin() as connection:
                connection.execute(delete(facts).where(facts.c.key == _POSITION))
                connection.execute(insert(facts).values(key=_POSITION, value=value))
        except DBAPIError as error:
            raise LibraryError(f"How far the caches are could not be noted: {error.orig}") from error


def next_name(names: list[str]) -> str:
    """The name of caches that come after all of these."""
    return f"caches-{max(map(_number, names), default=0) + 1}"


def _tables(name: str) -> tuple[str, str]:
    """The tables of the chunks' and of the papers' words."""
    return f"words_{_number(name)}_chunks", f"words_{_number(name)}_papers"


def _number(name: str) -> int:
    match = _NAME.fullmatch(name)
    assert match, f"{name!r} is no name of caches"
    return int(match[1])

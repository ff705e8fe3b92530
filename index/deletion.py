"""Deleting a whole library: its folder, and what it keeps on servers."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import create_engine

from index.database import drop_schema, server_database
from index.errors import LibraryError
from index.lock import lock_of
from index.places import Place
from index.settings import StorageSettings


def delete_library(folder: Path, storage: StorageSettings) -> None:
    """Delete the library in a folder, which nobody has open; nothing happens where there is none.

    LibraryLocked where somebody writes to it, LibraryError where something of it could not be deleted.
    """
    if not (storage.database or folder.exists()):
        return
    folder.mkdir(parents=True, exist_ok=True)
    engine = server_database(storage) if storage.database else create_engine("sqlite://")
    try:
        with lock_of(folder, engine).writing("ibid, deleting the library"):
            place = Place(folder, storage, engine)
            for name in place.names():
                place.drop(name)
        if storage.database:
            drop_schema(engine, storage.namespace)
        shutil.rmtree(folder)
    except OSError as error:
        raise LibraryError(f"{folder} could not be deleted: {error.strerror}. Delete it by hand.") from error
    finally:
        engine.dispose()

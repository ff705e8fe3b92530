"""A database's errors, told by their kind to whoever watches.

Owns the kinds. Changes nothing about what becomes of an error: whoever asked the database still gets it.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError


def tell_errors(engine: Engine, told: Callable[[str], None]) -> None:
    """Have `told` called with the kind of each error that the database answers with from now on."""

    @event.listens_for(engine, "handle_error")
    def tell(context: ExceptionContext) -> None:
        told(_kind(context.sqlalchemy_exception))


def _kind(error: BaseException | None) -> str:
    if isinstance(error, OperationalError | InterfaceError):
        return "connection"
    return "integrity" if isinstance(error, IntegrityError) else "other"

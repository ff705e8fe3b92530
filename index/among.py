"""Being one of many values, however many: databases take only so many parameters in one statement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

_FEW = 1000  # values up to which each is a parameter of its own


class _Each(GenericFunction[Any]):
    """The values of a JSON list, as rows."""

    type = Text()
    inherit_cache = True
    name = "each_value"


@compiles(_Each, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **given)})"


@compiles(_Each, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **given)} AS json))"


def among(column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """What holds where the column has one of the values."""
    if len(values) <= _FEW:
        return column.in_(values)
    each = _Each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(each.c.value))

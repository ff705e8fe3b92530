"""The operations as Gradio endpoints: `/search`, `/ask`, `/papers`, `/add` and `/fetch`, for `gradio_client`.

Gradio takes an endpoint's types from a function's signature and knows typed dictionaries, not pydantic;
so each operation is wrapped in a function that carries its types in that form. Everything else on the page
is private to it.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from functools import reduce
from operator import or_
from types import UnionType
from typing import Any, TypedDict, Union, get_args, get_origin, get_type_hints

import gradio as gr
from gradio.context import LocalContext
from gradio.events import api

from index.errors import IbidError
from index.schema import Value
from ui.parts.wiring import trouble_words
from ui.programs.operations import Programs

ProgramsOf = Callable[[Any], Programs]


def declare(programs_of: ProgramsOf) -> None:
    """Add the endpoints to the `gr.Blocks` that is open; `programs_of` tells by a request whose library is meant."""
    for operation in (Programs.search, Programs.ask, Programs.papers):
        api(endpoint(operation, programs_of), api_name=operation.__name__)
    for writing in (Programs.add, Programs.fetch):  # one at a time
        api(endpoint(writing, programs_of), api_name=writing.__name__, concurrency_limit=1)


def endpoint(operation: Callable[..., Value], programs_of: ProgramsOf) -> Callable[..., Any]:
    """The operation as Gradio takes one: JSON in, JSON out, and errors that the caller is shown."""
    hints = {name: plain(hint, name == "return") for name, hint in get_type_hints(operation).items()}

    def call(*arguments: Any) -> Any:
        try:
            return operation(programs_of(LocalContext.request.get(None)), *arguments).model_dump(mode="json")
        except IbidError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:  # noqa: BLE001  (Gradio would print it, with whatever it holds)
            raise gr.Error(trouble_words(error), print_exception=False) from None

    _, *taken = inspect.signature(operation).parameters.items()
    parameters = [
        parameter.replace(annotation=hints[name], default=_jsonable(parameter.default))
        for name, parameter in taken
    ]
    told: Any = call
    told.__name__, told.__doc__, told.__annotations__ = operation.__name__, operation.__doc__, hints
    told.__signature__ = inspect.Signature(parameters, return_annotation=hints["return"])
    return call


def plain(hint: Any, complete: bool) -> Any:
    """The type with typed dictionaries in place of values and lists in place of tuples.

    `complete` says that every field is there, as in all that is given back.
    """
    origin, parts = get_origin(hint), get_args(hint)
    if inspect.isclass(hint) and issubclass(hint, Value):
        fields = {name: plain(field.annotation, complete) for name, field in hint.model_fields.items()}
        make: Any = TypedDict
        return make(hint.__name__, fields, total=complete)
    if origin in (Union, UnionType):
        return reduce(or_, (plain(part, complete) for part in parts))
    if origin is tuple:  # JSON has no other sequence; those of the contract hold one type each
        return types.GenericAlias(list, (plain(parts[0], complete),))
    return hint


def _jsonable(default: Any) -> Any:
    return list(default) if isinstance(default, tuple) else default

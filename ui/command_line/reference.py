"""The reference pages, written from the code: `python -m ui.command_line.reference docs`.

Owns `docs/cli.md` (every verb's `--help`) and `docs/settings.md` (every setting). They are kept in the
repository so that they can be read without installing anything; a test holds them to the code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from platformdirs import user_data_path
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from ui.command_line.cli import cli
from ui.settings import Settings, known_settings

_WIDTH = 100
_DATA_FOLDER = Path("~/.local/share/ibid")
_TYPES: dict[Any, str] = {
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    Path | None: "path",
    int | None: "whole number",
    float | None: "number",
    bool: "true or false",
    SecretStr: "secret",
}
_LIMITS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_WRITTEN = "<!-- Written by `make docs` from the code; change the code, not this page. -->"


def pages() -> dict[str, str]:
    """Each reference page's file name with its text."""
    return {"cli.md": cli_page(), "settings.md": settings_page()}


def cli_page() -> str:
    """Every verb's `--help`, as Markdown."""
    parts = [
        "# Command line",
        _WRITTEN,
        "Data goes to standard output, words for people go to standard error. The exit status is 0 when the "
        "work is done, 1 when some of it failed, 2 when the command was badly used, 130 when it was "
        "interrupted. `python -m ui` is the same command.",
        *(f"## {name}\n\n```text\n{text}\n```" for name, text in helps().items()),
    ]
    return "\n\n".join(parts) + "\n"


def helps() -> dict[str, str]:
    """The `--help` of the command itself, of each verb and of those below it, 100 columns wide, by full name."""
    return dict(_helps(_context(cli, "ibid")))


def _helps(context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, context.get_help()
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            below = context.command.get_command(context, name)
            if below is not None:
                yield from _helps(_context(below, name, context))


def settings_page() -> str:
    """Every setting with its type, default, environment variable and purpose, as Markdown tables."""
    parts = [
        "# Settings",
        _WRITTEN,
        "A setting has its default unless a layer above sets it: the file named by `--config` (YAML, see "
        "`configs/`), then the environment, then a flag. `ibid config` shows each value and the layer that "
        "set it. A name that no setting has is an error, in every layer.\n\n"
        "Folders are shown as on Linux; elsewhere the system's own place for an application's data is used.",
        *(_group(title, about, names) for title, about, names in _groups()),
    ]
    return "\n\n".join(parts) + "\n"


def write(folder: Path) -> None:
    """Write every reference page into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def _context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    settings: dict[str, Any] = dict(command.context_settings) | {"terminal_width": _WIDTH}
    return click.Context(command, info_name=name, parent=parent, **settings)


def _groups() -> Iterator[tuple[str, str, list[str]]]:
    """Title, purpose and setting names: first those without a group, then group by group."""
    names = list(known_settings())
    yield "General", "", [name for name in names if "." not in name]
    for group in dict.fromkeys(name.partition(".")[0] for name in names if "." in name):
        about = Settings.model_fields[group].description or ""
        yield group, about, [name for name in names if name.startswith(f"{group}.")]


def _group(title: str, about: str, names: list[str]) -> str:
    rows = [
        "| setting | type | default | environment | what for |",
        "|---|---|---|---|---|",
        *(_row(name) for name in names),
    ]
    return "\n".join([f"## {title}", "", *([about, ""] if about else []), *rows])


def _row(name: str) -> str:
    field, about = _field(name), known_settings()[name]
    variable = "IBID_" + name.upper().replace(".", "__")
    return f"| `{name}` | {_type(field)} | `{_default(field)}` | `{variable}` | {about} |"


def _field(name: str) -> FieldInfo:
    *groups, last = name.split(".")
    model: Any = Settings
    for group in groups:
        model = model.model_fields[group].annotation
    field: FieldInfo = model.model_fields[last]
    return field


def _type(field: FieldInfo) -> str:
    kind = _kind(field.annotation)
    limits = [
        f"{words} {getattr(limit, name):g}"
        for limit in field.metadata
        for name, words in _LIMITS.items()
        if hasattr(limit, name)
    ]
    return ", ".join([kind, *limits])


def _kind(annotation: Any) -> str:
    """A setting's type in words; of a choice, what there is to choose from."""
    if get_origin(annotation) is Literal:
        *choices, last = get_args(annotation)
        return f"{', '.join(choices)} or {last}"
    return _TYPES.get(annotation, str(annotation))


def _default(field: FieldInfo) -> str:
    """The default as one would write it; a folder of this user's data is shown under a neutral home."""
    default, data = field.default, user_data_path("ibid")
    if isinstance(default, Path) and default.is_relative_to(data):
        return (_DATA_FOLDER / default.relative_to(data)).as_posix()
    return "" if default is None else str(default)


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))

"""A scripted server to try Ibid against: `python -m assistant.models.rehearsal --port 8099 script.yaml`.

The script is YAML: a list of replies in order, each a text or the fields of `Scripted`. Without one the server
says back what it was asked. It speaks every dialect at once; `--dialect` chooses the one it tells how to use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import get_args

import yaml
from pydantic import ValidationError

from assistant.models.rehearsal.schema import Asked, Dialect, Line, Script, Scripted
from assistant.models.rehearsal.server import Rehearsal, play
from index.errors import SettingsError


def read_script(file: Path) -> list[Line]:
    """The replies of a script; raises SettingsError for a file that is none."""
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
        lines = found if isinstance(found, list) else []
        script = [line if isinstance(line, str) else Scripted.model_validate(line) for line in lines]
    except OSError as error:
        raise SettingsError(f"The script {file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        raise SettingsError(f"The script {file} is not one: {error}") from error
    if not script:
        raise SettingsError(f"The script {file} must be a list of replies, each a text or fields of one.")
    return script


def main(arguments: Sequence[str] | None = None, until: Event | None = None) -> int:
    """Serve until interrupted, or until the event is set."""
    parser = argparse.ArgumentParser(prog="python -m assistant.models.rehearsal", description=__doc__)
    parser.add_argument("script", type=Path, nargs="?", help="a YAML list of replies")
    parser.add_argument("--dialect", choices=get_args(Dialect), default="openai")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--model", default="rehearsal", help="the model's name")
    told = parser.parse_args(arguments)
    try:
        script: Script = read_script(told.script) if told.script else _echo
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    server = Rehearsal(script, models=(told.model,), port=told.port)
    return play(server, f"IBID_LLM__WRITE={server.spec(told.dialect, told.model)}", until)


def _echo(asked: Asked) -> str:
    return f"You asked: {asked.messages[-1].text}" if asked.messages else "You asked nothing."


if __name__ == "__main__":
    sys.exit(main())

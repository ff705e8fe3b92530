"""The examples of docs/programs.md do what they say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from ui.command_line.cli import cli

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^##+ ([^\n]+)\n(?:(?!^#).)*?```python\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE)

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_each_way_from_python_has_an_example() -> None:
    assert [name for name, _ in BLOCKS] == ["Python", "llama-index", "gradio_client", "OpenAI's client"]


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_an_example_runs_and_quotes_the_paper(
    name: str, block: str, server: Any, environment: dict[str, str], sample_folder: Path, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "configs" / "sample_papers.txt", tmp_path / "listing.txt")
    shutil.copytree(sample_folder, tmp_path / "library")
    done = subprocess.run(
        [sys.executable, "-c", block.replace("http://127.0.0.1:7860", server.address)],
        cwd=tmp_path,
        env=environment | {"XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if name == "gradio_client":
        server.library.remove(["LoRA in short"])
    assert done.returncode == 0, done.stderr
    assert "LoRA freezes the pre-trained weights" in done.stdout


def test_the_client_configuration_starts_a_verb_that_there_is() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    (started,) = json.loads(block)["mcpServers"].values()
    verb, *options = started["args"]
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    assert {"--library"} == {option for option in options if option.startswith("--")}
    assert any("--library" in parameter.opts for parameter in command.params)

"""The documentation says what the code does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from ui.command_line.reference import helps, pages, write
from ui.settings import Configuration, known_settings

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PACKAGES = ("index", "assistant", "ui")


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


# ---- Reference pages


@pytest.mark.parametrize("name", list(pages()))
def test_a_reference_page_is_in_step_with_the_code(name: str) -> None:
    kept = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert kept == pages()[name], f"docs/{name} is out of step: run `make docs`"


def test_reference_pages_are_written_where_asked(tmp_path: Path) -> None:
    write(tmp_path / "new")
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()} == pages()


def test_reference_pages_do_not_depend_on_the_machine() -> None:
    home = str(Path.home())
    assert not any(home in text for text in pages().values() if home != "/")


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert documented == list(known_settings())


def test_every_variable_documented_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("IBID_")]:
        monkeypatch.delenv(variable)
    found = {setting.name: setting.value for setting in Configuration().all()}
    defaults = {name: "" if value is None else value for name, value in found.items()}
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, variable in re.findall(r"^\| `([^`]+)` \|.*\| `(IBID_\w+)` \|", page, re.MULTILINE):
        monkeypatch.setenv(variable, str(defaults[name]))
    assert {setting.layer for setting in Configuration().all()} == {"environment"}


# ---- README


def test_the_readme_names_every_verb_and_no_other() -> None:
    verbs = {name.split()[1] for name in helps() if name != "ibid"}
    named = set(re.findall(r"^\| `ibid (\w+)", readme(), re.MULTILINE))
    assert named == verbs


def test_the_readmes_tree_has_a_line_for_every_file() -> None:
    (tree,) = re.findall(r"```text\n(index/.*?)```", readme(), re.DOTALL)
    folders: list[str] = []
    listed = set()
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name = line.split()[0]
        folders[depth:] = [name]
        assert len(line.split()) > 1, f"{name} has no description"
        if name.endswith(".py"):
            listed.add("".join(folders))
    there = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert listed == there


def test_the_readmes_python_runs(tmp_path: Path, environment: dict[str, str]) -> None:
    shutil.copy(ROOT / "configs" / "sample_papers.txt", tmp_path / "listing.txt")
    blocks = re.findall(r"```python\n(.*?)```", readme(), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        done = subprocess.run(
            [sys.executable, "-c", block],
            cwd=tmp_path,
            env=environment | {"XDG_DATA_HOME": str(tmp_path)},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "LoRA" in done.stdout or "384" in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    local = [target for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in local if not (page.parent / target.partition("#")[0]).exists()] == []


# ---- Presets


PRESETS = sorted(set((ROOT / "configs").glob("*.yaml")) - {ROOT / "configs" / "prices.yaml"})


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.name)
def test_a_preset_loads_and_says_what_it_is_for(preset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("IBID_")]:
        monkeypatch.delenv(variable)
    default, chosen = Configuration().settings, Configuration(preset).settings
    assert preset.read_text(encoding="utf-8").startswith("# ")
    assert (chosen == default) == (preset.name == "offline.yaml")


# ---- Dependencies


def declared() -> set[str]:
    """Every package that pyproject.toml names, in lower case."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *(each for group in project["dependency-groups"].values() for each in group),
    ]
    return {re.match(r"[A-Za-z0-9._-]+", each)[0].lower() for each in asked}  # type: ignore[index]


def test_every_dependency_is_explained_and_nothing_else_is() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if "|" in line
    ]
    cells = [row[-3:] for row in rows if row[-3] not in ("package", "---")]
    assert {row[0] for row in cells} == declared()
    assert all(why and licence for _, why, licence in cells)


def test_nothing_installed_is_under_a_licence_that_binds_its_users() -> None:
    bound = []
    for found in distributions():
        said = found.metadata
        licence = said.get("License-Expression") or " ".join(
            [
                *(c for c in said.get_all("Classifier", []) if c.startswith("License")),
                (said.get("License") or "")[:80],
            ]
        )
        if re.search(r"\bA?GPL|GNU (Affero )?General Public", licence) and "LGPL" not in licence:
            bound.append(f"{said['Name']}: {licence}")
    assert bound == []

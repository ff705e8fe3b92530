"""What stands where. The direction of imports is import-linter's to check: `make layers`."""

from __future__ import annotations

import subprocess
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {".ci", "assistant", "configs", "docs", "index", "tests", "ui"}
FILES = {
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements.lock",
}


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: which files belong to the project is not known")
    return [Path(name) for name in listed.stdout.split("\0") if name]


def test_the_top_level_holds_what_it_should_and_nothing_else() -> None:
    found = tracked()
    assert {path.parts[0] for path in found if len(path.parts) > 1} <= FOLDERS
    assert {path.name for path in found if len(path.parts) == 1} <= FILES


def test_tests_lie_flat_and_are_no_package() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))
    assert [path for path in (ROOT / "tests").rglob("test_*.py") if path.parent != ROOT / "tests"] == []


def test_every_package_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    there = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for folder in ("index", "assistant", "ui", "configs")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert set(project["tool"]["setuptools"]["packages"]) == there


def test_files_that_are_no_python_are_installed_too() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for package, patterns in project["tool"]["setuptools"]["package-data"].items():
        folder = ROOT / package
        carried = {path for pattern in patterns for path in folder.glob(pattern)}
        there = {
            path
            for path in folder.rglob("*")
            if path.is_file() and path.suffix not in (".py", ".pyc") and "__pycache__" not in path.parts
        }
        assert carried == there
    assert files("configs").joinpath("sample_papers.txt").is_file()


def test_every_module_says_what_it_owns() -> None:
    silent = [
        path.as_posix()
        for path in tracked()
        if path.suffix == ".py" and not (ROOT / path).read_text(encoding="utf-8").lstrip().startswith('"""')
    ]
    assert silent == []

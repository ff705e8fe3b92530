"""What operators are told is so: programs take the examples that are for them, and the figures are all there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ui.settings import Configuration
from ui.watch import metrics
from ui.watch.state import State

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def example(kind: str, holding: str) -> str:
    """The example of a kind that holds the words."""
    return next(block for block in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) if holding in block)


def test_the_settings_of_the_example_are_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in [name for name in os.environ if name.startswith("IBID_")]:
        monkeypatch.delenv(variable)
    (tmp_path / "ibid.yaml").write_text(example("yaml", "access:"))
    settings = Configuration(tmp_path / "ibid.yaml").settings
    assert settings.access.login
    assert settings.watch.metrics == "token"


def test_every_variable_that_is_named_is_a_setting() -> None:
    from ui.settings import known_settings

    known = {"IBID_" + name.upper().replace(".", "__") for name in known_settings()}
    assert set(re.findall(r"IBID_[A-Z_]+", PAGE)) <= known


def test_nginx_takes_the_example(tmp_path: Path) -> None:
    nginx, openssl = shutil.which("nginx") or shutil.which("/usr/sbin/nginx"), shutil.which("openssl")
    if nginx is None or openssl is None:
        reason = "nginx or openssl absent: apt-get install nginx-light openssl"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=papers.example.org"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    servers = example("nginx", "proxy_pass").replace("/etc/ssl/ibid", str(tmp_path))
    servers = servers.replace("listen 443", "listen 127.0.0.1:14443").replace(
        "listen 80;", "listen 127.0.0.1:14480;"
    )
    temporary = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{servers}}}\n"
    )
    done = subprocess.run([nginx, "-t", "-c", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_figure_is_documented_and_every_documented_one_exists() -> None:
    told = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for source in (metrics.REGISTRY, State(list))
        for family in source.collect()
    }
    rows = [line for line in PAGE.splitlines() if line.startswith("| `ibid_")]
    documented = {name for row in rows for name in re.findall(r"`(ibid_\w+)`", row.split("|")[1])}
    assert documented == {name for name in told if name.startswith("ibid_")}
    (routes,) = re.findall(r"route: ([^;]+);", PAGE)
    assert tuple(routes.split(", ")) == metrics.ROUTES


def test_every_figure_of_an_alert_exists() -> None:
    rules = yaml.safe_load(example("yaml", "alert:"))["groups"][0]["rules"]
    known = {
        f"{f.name}{end}"
        for s in (metrics.REGISTRY, State(list))
        for f in s.collect()
        for end in ("", "_total", "_bucket")
    }
    named = {name for rule in rules for name in re.findall(r"\b((?:ibid|process)_\w+)", rule["expr"])}
    assert named - known == set()

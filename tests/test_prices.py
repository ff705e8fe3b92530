"""Prices: the table that comes along, the user's own above it, and what a call costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.models.prices import SHIPPED, Price, find_price, read_prices
from assistant.models.registry import BUILT_IN
from assistant.models.spec import read_spec
from index.errors import SettingsError


def test_the_table_that_comes_along_names_providers_that_there_are() -> None:
    table = read_prices(SHIPPED)
    assert set(table) <= set(BUILT_IN)
    assert all(price.completion > price.prompt > 0 for rows in table.values() for price in rows.values())


def test_a_million_tokens_cost_their_price() -> None:
    price = Price(prompt=2, completion=10)
    assert price.cost(1_000_000, 0) == 2
    assert price.cost(500, 200) == pytest.approx(0.003)


@pytest.mark.parametrize("date", ["", "-2025-08-07", "-20250807", "-latest"])
def test_a_name_with_a_date_takes_the_row_without_it(date: str) -> None:
    assert find_price(read_spec(f"openai:gpt-5-mini{date}")) == find_price(read_spec("openai:gpt-5-mini"))


def test_a_name_without_a_row_has_no_price() -> None:
    assert find_price(read_spec("openai:gpt-5-mini-turbo")) is None
    assert find_price(read_spec("ollama:gpt-5-mini")) is None


def test_the_users_rows_go_first_and_leave_the_rest(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "openai:\n  gpt-5-mini: {prompt: 1, completion: 2}\n"
        "openai-compatible:\n  meta/llama: {prompt: 0, completion: 0}\n"
    )
    assert find_price(read_spec("openai:gpt-5-mini"), own) == Price(prompt=1, completion=2)
    assert find_price(read_spec("openai:gpt-5-nano"), own) == find_price(read_spec("openai:gpt-5-nano"))
    free = find_price(read_spec("openai-compatible:meta/llama@https://host/v1"), own)
    assert free is not None
    assert free.cost(1000, 1000) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("openai: [", "is not YAML"),
        ("- openai", "must hold providers, and under each its models"),
        ("openai: 3", "must hold providers, and under each its models"),
        ("openai:\n  m: 3", "openai: m: 3; write {prompt: …, completion: …} in US dollars"),
        ("openai:\n  m: {prompt: -1, completion: 1}", "in US dollars per million tokens"),
    ],
)
def test_a_table_of_another_form_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(SettingsError, match=reason):
        read_prices(tmp_path / "own.yaml")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_prices(tmp_path / "none.yaml")

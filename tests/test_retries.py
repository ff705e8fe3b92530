"""How long to wait before a request is sent again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assistant.models.retries import Patience, retry_seconds

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def test_waits_double_up_to_the_most_and_then_end() -> None:
    patience = Patience(5, first=1, most=6, chance=lambda: 1.0)
    assert [patience.wait(failed) for failed in range(1, 7)] == [1, 2, 4, 6, 6, None]


def test_chance_shortens_a_wait_to_no_less_than_half() -> None:
    assert Patience(1, first=2, chance=lambda: 0.0).wait(1) == 1
    assert 1 <= (Patience(1, first=2).wait(1) or 0) <= 2


def test_what_the_server_says_goes_before() -> None:
    patience = Patience(2, first=1, now=lambda: NOW)
    assert patience.wait(1, "7") == 7
    assert patience.wait(2, "Sat, 21 Nov 2026 12:00:30 GMT") == 30
    assert patience.wait(3, "7") is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("1.5", 1.5),
        ("-3", 0),
        ("Sat, 21 Nov 2026 12:02:00 GMT", 120),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        (None, None),
    ],
)
def test_the_header_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_seconds(header, NOW) == seconds

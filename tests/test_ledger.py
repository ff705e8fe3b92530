"""What was spent, and that a day's limit holds, in one process and across several."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from assistant.models.ledger import Ledger
from assistant.models.model import load_model
from assistant.models.rehearsal.schema import Scripted
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.schema import Message, ModelError, Usage
from assistant.models.settings import ModelSettings
from index.errors import SettingsError

ASKED = [Message(role="user", text="Do glaciers forget?")]


@pytest.fixture
def settings(tmp_path: Path) -> ModelSettings:
    """A model at $1000 a million tokens of prompt, so that the seven of the scripted server cost $0.007."""
    prices = tmp_path / "prices.yaml"
    prices.write_text(yaml.safe_dump({"openai-compatible": {"rehearsal": {"prompt": 1000, "completion": 0}}}))
    return ModelSettings(
        file=tmp_path / "models.sqlite", prices=prices, cache=False, daily_limit=0.01, retries=0, seconds=20
    )


def test_a_days_limit_stops_before_any_request(settings: ModelSettings) -> None:
    with Rehearsal(["One.", "Two.", "Three."]) as server:
        model = load_model(server.spec("openai"), settings)
        assert [model.ask(ASKED).usage.cost for _ in range(2)] == [0.007, 0.007]
        with pytest.raises(
            ModelError, match=r"was not asked: \$0\.01 of the \$0\.01 a day are spent\. Ask again tomorrow"
        ) as caught:
            model.ask(ASKED)
        assert caught.value.fault == "spent"
        assert len(server.asked) == 2
    assert Ledger(settings.file, None).spent() == pytest.approx(0.014)


def test_a_reply_out_of_the_cache_is_free_when_the_limit_is_reached(settings: ModelSettings) -> None:
    keeping = settings.model_copy(update={"cache": True, "daily_limit": 0.001})
    with Rehearsal(["One."]) as server:
        model = load_model(server.spec("openai"), keeping)
        assert model.ask(ASKED).usage.cost == 0.007
        assert model.ask(ASKED).usage.cost == 0.0
        with pytest.raises(ModelError, match="was not asked"):
            model.ask([Message(role="user", text="Another?")])


def test_what_failed_costs_what_was_read_and_written(settings: ModelSettings) -> None:
    lines = [Scripted(fault="server"), Scripted(text="one two three", fault="cut", prompt_tokens=None)]
    with Rehearsal(lines) as server:
        model = load_model(server.spec("openai"), settings)
        for expected in (0.0, 0.008):  # refused, then estimated from the prompt's eight tokens
            with pytest.raises(ModelError):
                model.ask(ASKED)
            assert Ledger(settings.file, None).spent() == pytest.approx(expected)


def test_a_call_under_way_counts_for_the_most_it_may_cost(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.sqlite", 1.0)
    entry = ledger.begin("m", 1.5)
    with pytest.raises(ModelError, match=r"\$1\.50 of the \$1\.00"):
        ledger.begin("m", 0.1)
    ledger.end(entry, Usage(cost=0.2))
    assert ledger.begin("m", 0.1) is not None


def test_each_day_is_its_own(tmp_path: Path) -> None:
    days = iter(["2026-11-20", "2026-11-20", "2026-11-21"])
    ledger = Ledger(tmp_path / "l.sqlite", 1.0, today=lambda: next(days))
    ledger.end(ledger.begin("m", 2.0), Usage(cost=2.0))
    with pytest.raises(ModelError, match="was not asked"):
        ledger.begin("m", 2.0)
    assert ledger.begin("m", 2.0) is not None
    assert (ledger.spent("2026-11-20"), ledger.spent("2026-11-21")) == (2.0, 2.0)


def test_a_model_whose_cost_nobody_knows_cannot_be_held_to_a_limit(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-x")
    with pytest.raises(SettingsError, match="daily_limit is set, and no price is known for 'anthropic:new'"):
        load_model("anthropic:new", settings)
    load_model("anthropic:new", settings.model_copy(update={"daily_limit": None}))
    load_model("ollama:qwen3:8b", settings)  # on this machine, where nothing is paid
    Ledger(settings.file, 0.0).begin("ollama:qwen3:8b", None)


def test_a_ledger_that_cannot_be_read_stops_only_what_depends_on_it(tmp_path: Path) -> None:
    (tmp_path / "l.sqlite").write_text("not a database, and longer than a header of one would be" * 20)
    assert Ledger(tmp_path / "l.sqlite", None).begin("m", 1.0) is None
    Ledger(tmp_path / "l.sqlite", None).end(None, Usage())
    with pytest.raises(ModelError, match="what was spent today cannot be read from") as caught:
        Ledger(tmp_path / "l.sqlite", 1.0).begin("m", 1.0)
    assert caught.value.fault == "spent"


SPENDER = """
import sys
from pathlib import Path
from assistant.models.ledger import Ledger
from assistant.models.schema import ModelError, Usage
ledger, made = Ledger(Path(sys.argv[1]), 0.5), 0
for _ in range(20):
    try:
        ledger.end(ledger.begin("m", 0.125), Usage(cost=0.125))
        made += 1
    except ModelError:
        pass
print(made)
"""


def test_processes_share_the_limit(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SPENDER, str(tmp_path / "l.sqlite")]
    root = Path(__file__).parents[1]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(3)]
    made = [int(process.communicate()[0]) for process in running]
    assert sum(made) == 4

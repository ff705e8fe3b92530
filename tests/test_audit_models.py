"""`ibid doctor --llm`: whether the models that the settings name answer, in one line each."""

from __future__ import annotations

from pathlib import Path

from assistant.audit import examine_models
from assistant.models.rehearsal.server import Rehearsal
from assistant.models.settings import ModelSettings


def test_models_that_answer_hold(tmp_path: Path) -> None:
    with Rehearsal(["yes"], models=("large", "small")) as server:
        told = {"write": server.spec("openai", "large"), "judge": server.spec("ollama", "small")}
        writes, judges = examine_models(ModelSettings(file=tmp_path / "models.sqlite", **told))
    assert (writes.check, writes.holds) == ("the model that writes answers", True)
    assert (judges.check, judges.holds) == ("the model that judges answers", True)
    assert "tokens" in writes.seen


def test_a_model_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with Rehearsal(["yes"], models=("large",)) as server:
        settings = ModelSettings(file=tmp_path / "models.sqlite", write=server.spec("openai", "lost"))
        (found,) = examine_models(settings)
    assert not found.holds
    assert "large" in found.seen
    assert "\n" not in found.seen


def test_that_no_model_is_named_is_a_finding(tmp_path: Path) -> None:
    (found,) = examine_models(ModelSettings())
    assert not found.holds
    assert "llm.write" in found.remedy

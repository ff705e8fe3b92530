"""Nobody reaches what is another's: every route, event, service and endpoint by every role, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.settings import EmbeddingSettings, IndexSettings
from ui.command_line import access_matrix
from ui.command_line.access_matrix import Matrix, attempts, table, tried
from ui.command_line.access_trial import Trial, event, trial
from ui.gate import watchers

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def made(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    settings = IndexSettings(embedding=EmbeddingSettings(models=models))
    with trial(tmp_path_factory.mktemp("trial") / "library", settings) as started:
        yield started


def test_nothing_crosses_from_one_user_to_another(made: Trial) -> None:
    matrix = tried(made)
    assert matrix.crossed == [], table(matrix)
    assert sum(tally.tried for tally in matrix.tallies.values()) > 2000
    # The looking works: to the owner all of it was shown.
    assert set(matrix.seen) == {"paper", "conversation", "shared conversation", "saved question"}
    for kind in ("events", "services", "owned routes", "closed routes"):
        stranger = matrix.tallies[kind, "anonymous"]
        assert stranger.tried > 0
        assert kind == "closed routes" or stranger.refused == stranger.tried


def test_a_gate_that_does_not_look_whose_things_are_is_caught(
    made: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchers, "_own", lambda so: None)
    matrix = Matrix(stored=made.fingerprints())
    other = made.roles["other"]
    for kind, name, attempt in attempts(made, other):
        if name.startswith("LibraryPage._give"):
            access_matrix.look(made, matrix, other, kind, name, attempt)
    assert any("changed the upload" in one for one in matrix.crossed)


def test_what_comes_of_an_event_reaches_its_session_alone(made: Trial) -> None:
    session = "abcdefgh"
    said = event(made, made.roles["owner"].client(made.address), "ChatPage._new", session)
    assert said.status == 200
    other = made.roles["other"].client(made.address)
    for path in (
        f"/gradio_api/queue/data?session_hash={session}",
        f"/gradio_api/heartbeat/{session}",
        f"/gradio_api/call/ask/{said.event_id}",
    ):
        assert other.get(path).json() == {"detail": "That is not yours to use."}
    stop = {"session_hash": session, "event_id": said.event_id, "fn_index": 0}
    assert other.post("/gradio_api/cancel", json=stop).status_code == 403
    assert other.post("/gradio_api/cancel", json=stop | {"session_hash": "mine"}).status_code == 403
    assert other.post("/gradio_api/reset", json={"event_id": said.event_id}).status_code == 403
    program = made.roles["owner's token"].client(made.address)
    assert program.get(f"/gradio_api/call/ask/{said.event_id}").status_code == 403

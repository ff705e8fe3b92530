"""In whose room a request is answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.requests import Request

from assistant.accounts.schema import LOCAL, User
from assistant.engine import Assistant
from index.errors import NotAllowed
from index.library import Library
from ui import rooms as rooms_module
from ui.access.identified import USER
from ui.rooms import Rooms

ANN = User(id="a1", name="Ann", admin=False)
BEN = User(id="b2", name="Ben", admin=False)


@pytest.fixture
def rooms(library: Library) -> Iterator[Rooms]:
    opened = Rooms(Assistant(library))
    yield opened
    opened.close()


def request_of(user: User | None, **headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": named, USER: user})


def test_without_accounts_all_requests_are_in_one_room(rooms: Rooms, library: Library) -> None:
    room = rooms.of(request_of(LOCAL))
    assert room is rooms.of(None)
    assert room.library is library
    assert room.desk.adding is room.chat.services.coming.adding


def test_a_request_of_nobody_has_no_room(rooms: Rooms) -> None:
    with pytest.raises(NotAllowed, match="Sign in first"):
        rooms.of(request_of(None))


def test_a_user_is_in_the_library_that_their_cookie_or_header_names(rooms: Rooms, library: Library) -> None:
    assert rooms.of(request_of(ANN)).name == "shared"
    mine = rooms.of(request_of(ANN, cookie="ibid_library=mine"))
    assert (mine.name, mine.library.folder) == ("mine", library.folder / "people" / "a1")
    assert rooms.of(request_of(ANN, ibid_library="mine")) is mine
    assert rooms.of(request_of(ANN, cookie="ibid_library=../b2")).name == "shared"


def test_two_users_of_one_library_have_rooms_of_their_own(rooms: Rooms) -> None:
    ann, ben = rooms.of(request_of(ANN)), rooms.of(request_of(BEN))
    assert ann.chat is not ben.chat
    assert (ann.library.reader, ben.library.reader) == ("a1", "b2")
    assert ann.library.embedder is ben.library.embedder
    assert ann.library.caches is ben.library.caches


def test_a_member_made_administrator_may_change_the_shared_library_at_once(rooms: Rooms) -> None:
    assert not rooms.of(request_of(ANN)).library.may_change
    assert rooms.of(request_of(ANN.model_copy(update={"admin": True}))).library.may_change
    assert not rooms.of(request_of(ANN)).library.may_change


def test_rooms_that_nobody_is_in_are_closed_where_there_are_too_many(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_module, "_MOST", 1)
    monkeypatch.setattr(rooms_module, "_IDLE", -1.0)
    left = rooms.of(request_of(ANN, cookie="ibid_library=mine"))
    rooms.of(request_of(BEN))
    again = rooms.of(request_of(ANN, cookie="ibid_library=mine"))
    assert again is not left
    assert again.library.count() == 0


def test_who_goes_takes_rooms_and_library_along(rooms: Rooms) -> None:
    folder = rooms.of(request_of(ANN, cookie="ibid_library=mine")).library.folder
    rooms.forget(ANN)
    assert not folder.exists()

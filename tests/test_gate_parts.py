"""The gate's parts: belongings, pace, bodies, questions, headers."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from ui.gate import bodies, headers, questions
from ui.gate.belongings import Claims, Holdings
from ui.gate.pace import Pace
from ui.gate.refused import Refused

# ---- Whose is what


def test_a_name_belongs_to_whoever_used_it_first() -> None:
    claims = Claims()
    assert claims.claim("ada", "s1")
    assert claims.claim("ada", "s1")
    assert not claims.claim("bob", "s1")
    assert claims.claim("bob", "s2")


def test_nobody_can_make_the_server_forget_what_is_anothers() -> None:
    claims = Claims(most=10)
    claims.claim("ada", "hers")
    assert all(claims.claim("bob", f"b{number}") for number in range(1000))
    assert not claims.claim("bob", "hers")
    assert claims.claim("eve", "b0")  # his oldest is free again, his newest is not
    assert not claims.claim("eve", "b999")


def test_what_was_given_to_two_is_held_by_both_and_by_no_third() -> None:
    holdings = Holdings(most=2)
    holdings.give("ada", "a file")
    holdings.give("bob", "a file")
    assert holdings.holds("ada", "a file")
    assert holdings.holds("bob", "a file")
    assert not holdings.holds("eve", "a file")
    holdings.give("ada", "two")
    holdings.give("ada", "three")
    assert holdings.of("ada") == ["two", "three"]


# ---- How often


def never(event: str) -> bool:
    return False


def test_a_minutes_questions_may_come_at_once_and_then_one_by_one() -> None:
    now = [0.0]
    pace = Pace(20, 0, lambda: now[0])

    def ask(user: str = "ada") -> None:
        with pace.asking(user, never):
            pass

    for _ in range(20):
        ask()
    with pytest.raises(
        Refused, match=r"20 questions within a minute, which is the most. Ask again in 3 s"
    ) as no:
        ask()
    assert (no.value.status, no.value.after) == (429, pytest.approx(3.0))
    ask("bob")
    now[0] = 3.0
    ask()
    with pytest.raises(Refused, match="within a minute"):
        ask()
    now[0] = 100.0
    for _ in range(20):
        ask()


def test_questions_at_once_are_counted_until_their_events_are_over() -> None:
    pace, going = Pace(0, 2), {"one", "two"}
    for event in ("one", "two"):
        with pace.asking("ada", going.__contains__):
            pace.began("ada", event)
    with (
        pytest.raises(Refused, match="2 questions of yours are being answered") as no,
        pace.asking("ada", going.__contains__),
    ):
        pass
    assert no.value.status == 429
    with pace.asking("bob", going.__contains__):
        pass
    going.remove("one")
    with pace.asking("ada", going.__contains__):
        pass


def test_without_limits_anything_goes() -> None:
    pace = Pace(0, 0)
    for _ in range(100):
        with pace.asking("ada", never):
            pass


# ---- Bodies


def sent(*pieces: bytes) -> Any:
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return receive


def scope(**named: str) -> dict[str, Any]:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()]
    return {"type": "http", "method": "POST", "headers": given}


def test_a_body_is_read_whole_and_received_again() -> None:
    async def twice() -> tuple[bytes, Any]:
        receive = sent(b'{"a"', b": 1}")
        body = await bodies.read(scope(), receive, 100)
        return body, await bodies.again(body, receive)()

    body, again = asyncio.run(twice())
    assert body == again["body"] == b'{"a": 1}'


@pytest.mark.parametrize("stated", [{"content_length": "101"}, {}, {"content_length": "5"}], ids=str)
def test_a_body_beyond_the_limit_is_refused_whatever_it_states(stated: dict[str, str]) -> None:
    with pytest.raises(Refused, match=r"A request may have 0.1 kB; this one has more") as no:
        asyncio.run(bodies.read(scope(**stated), sent(b"x" * 60, b"x" * 60), 100))
    assert no.value.status == 413


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.01)
    with pytest.raises(Refused, match="did not arrive within") as no:
        asyncio.run(bodies.read(scope(), sent(), 100))
    assert no.value.status == 408


def test_json_however_deep_is_refused_and_not_a_crash() -> None:
    for body in (b"[" * 100_000, b"{", b"\xff\xfe", b""):
        with pytest.raises(Refused, match="not JSON"):
            bodies.parsed(body)


def form(files: int, size: int = 10) -> bytes:
    part = (
        b'--B\r\nContent-Disposition: form-data; name="files"; filename="f"\r\n\r\n' + b"x" * size + b"\r\n"
    )
    return part * files + b"--B--\r\n"


@pytest.mark.parametrize("piece", [1, 7, 100_000])
@pytest.mark.parametrize("files", [20, 21])
def test_the_files_of_an_upload_are_counted_however_it_is_cut(piece: int, files: int) -> None:
    whole = form(files)

    async def pass_all() -> Refused | None:
        cut = [whole[at : at + piece] for at in range(0, len(whole), piece)]
        upload = bodies.Upload(scope(content_type="multipart/form-data; boundary=B"), sent(*cut), 1000, 20)
        for _ in cut:
            await upload()
        return upload.refused

    refused = asyncio.run(pass_all())
    assert (refused is None) == (files == 20)


def test_an_upload_beyond_all_limits_is_refused_before_it_comes() -> None:
    with pytest.raises(Refused, match="in 2 files") as no:
        bodies.Upload(scope(content_length="500000"), sent(), 1000, 2)
    assert no.value.status == 413


# ---- What is asked


@pytest.mark.parametrize(
    ("name", "body", "texts", "answers"),
    [
        ("ChatPage._ask", {"data": ["why?", "c1"]}, ("why?",), True),
        ("ChatPage._ask", {"data": ["/scope cs.LG"]}, ("/scope cs.LG",), False),
        ("ChatPage._ask", {"data": [None]}, ("",), True),
        ("ChatPage._ask", {}, ("",), True),
        ("ChatPage._run", {"event_data": {"do": "ask", "question": "q"}}, ("q",), True),
        ("ChatPage._run", {"event_data": {"do": "open", "conversation": "c"}}, (), False),
        ("ChatPage._run", {"event_data": "ask"}, (), False),
        ("DigestPage._save", {"event_data": {"question": "q", "n": 1}}, ("q",), False),
        ("ask", {"data": ["q", ["before"], None]}, ("q", "before"), True),
        ("ask", {"question": "q", "before": ["b"], "filters": {}}, ("q", "b"), True),
        ("search", {"data": ["words", 10]}, ("words",), False),
        ("papers", {"data": ["words"]}, (), False),
        ("LibraryPage._show", {"data": ["?q=x"]}, (), False),
    ],
)
def test_an_events_questions_are_found(
    name: str, body: dict[str, Any], texts: tuple[str, ...], answers: bool
) -> None:
    assert questions.of_event(name, body) == questions.Asked(texts=texts, answers=answers)


def test_a_completions_questions_are_its_users_messages() -> None:
    parts = [{"type": "text", "text": "two "}, {"type": "text", "text": "parts"}, "odd"]
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "one"},
        {"role": "user", "content": parts},
    ]
    assert questions.of_completion({"messages": messages}).texts == ("one", "two parts")
    for odd in (None, [], {"messages": 3}, {"messages": [3]}):
        assert questions.of_completion(odd).texts == ()


def test_a_tools_questions_are_found_in_a_batch_too() -> None:
    call = {
        "method": "tools/call",
        "params": {"name": "ask", "arguments": {"question": "q", "before": ["b"]}},
    }
    assert questions.of_mcp([{"method": "ping"}, call]) == questions.Asked(texts=("q", "b"), answers=True)
    assert questions.of_mcp({"method": "tools/list"}) == questions.Asked()


def test_a_question_may_have_so_many_characters_and_no_more() -> None:
    questions.hold(questions.Asked(texts=("é" * 8000,)), 8000)
    with pytest.raises(Refused, match=r"may have 8,000 characters; this one has 8,001") as no:
        questions.hold(questions.Asked(texts=("é" * 8001,)), 8000)
    assert no.value.status == 413
    questions.hold(questions.Asked(texts=("é" * 8001,)), 0)


# ---- Headers


def test_a_page_gets_a_number_for_its_scripts_and_loses_its_base() -> None:
    html = b'<base href="./" /><script>1</script><script type="module" src="x"></script><p>&lt;script></p>'
    told = headers.with_nonce(html, "N").decode()
    assert told.count('nonce="N"') == 2
    assert "<base" not in told


def test_no_policy_lets_inline_scripts_or_other_hosts_in() -> None:
    told = headers.policy(("'nonce-N'", "'unsafe-eval'"))
    scripts = re.search(r"script-src ([^;]*)", told)
    assert scripts is not None
    assert scripts[1] == "'self' 'nonce-N' 'unsafe-eval'"
    assert "script-src-attr 'none'" in told
    assert not re.search(r"https?:|\*|(?<!style-src 'self' )'unsafe-inline'", told)
    for rule in ("frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'", "object-src 'none'"):
        assert rule in told

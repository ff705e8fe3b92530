"""The Gradio endpoints, called by gradio_client over HTTP."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from gradio.queueing import Queue
from gradio_client import Client
from gradio_client.exceptions import AppError

from assistant.schema import Answer
from index.outcomes import AddReport
from ui.programs.operations import BadRequest, Programs
from ui.programs.results import PaperList, Results

# Gradio leaves sockets to the garbage collector, its client an executor's thread.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[Client]:
    opened = Client(server.address, verbose=False, analytics_enabled=False)
    yield opened
    opened.close()


@pytest.fixture
def programs(sample_library: Any) -> Programs:
    from assistant.engine import Assistant

    return Programs(sample_library, Assistant(sample_library))


def ibid(environment: dict[str, str], *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "ui", *words], env=environment, capture_output=True, check=True
    )
    return json.loads(done.stdout)


# ---- What there is


def test_four_endpoints_are_public_and_the_page_is_not(client: Client) -> None:
    told = client.view_api(return_format="dict", print_info=False, all_endpoints=True)
    assert set(told["named_endpoints"]) == {"/search", "/ask", "/papers", "/add", "/fetch"}
    assert told["unnamed_endpoints"] == {}


@pytest.mark.parametrize(
    ("endpoint", "returned"),
    [("/search", Results), ("/ask", Answer), ("/papers", PaperList), ("/add", AddReport)],
    ids=str,
)
def test_an_endpoint_tells_every_field_of_what_it_returns(
    client: Client, endpoint: str, returned: Any
) -> None:
    told = client.view_api(return_format="dict", print_info=False)["named_endpoints"][endpoint]
    (shape,) = [one["type"] for one in told["returns"]]
    assert list(shape["properties"]) == list(returned.model_fields) == shape["required"]
    assert told["description"]


def test_the_types_reach_into_what_is_nested(client: Client) -> None:
    told = client.view_api(return_format="dict", print_info=False)["named_endpoints"]["/ask"]
    citation = told["returns"][0]["type"]["properties"]["citations"]["items"]["properties"]
    assert citation["number"] == {"type": "integer"}
    assert citation["paper"]["properties"]["authors"] == {"type": "array", "items": {"type": "string"}}
    filters = told["parameters"][2]
    assert not filters["parameter_has_default"] or filters["parameter_default"] is None
    assert "required" not in json.dumps(filters["type"])


# ---- The same objects as the command line's


def timeless(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"seconds": sorted(answer["seconds"])}


def test_ask_returns_the_object_that_the_command_prints(
    client: Client, server: Any, environment: dict[str, str]
) -> None:
    question, scope = "What does LoRA propose?", {"since": "2020", "organizations": ["Microsoft"]}
    printed = ibid(
        environment | {"IBID_LIBRARY": str(server.library.folder)},
        *("ask", "--json", question, "--since", "2020", "--organization", "Microsoft"),
    )
    given = client.predict(question, [], scope, api_name="/ask")
    assert given["citations"]
    assert timeless(given) == timeless(printed)


def test_search_returns_the_object_that_the_command_prints(
    client: Client, server: Any, environment: dict[str, str]
) -> None:
    printed = ibid(
        environment | {"IBID_LIBRARY": str(server.library.folder)},
        *("search", "--json", "-k", "3", "learning from human feedback"),
    )
    given = client.predict("learning from human feedback", 3, api_name="/search")
    assert len(given["results"]) == 3
    assert given == printed


def test_a_follow_up_is_read_after_the_questions_before_it(client: Client) -> None:
    answer = client.predict(
        "Does it make passage search efficient?", ["What does ColBERT propose?"], api_name="/ask"
    )
    assert answer["standalone"] == "Does ColBERT make passage search efficient?"


def test_papers_are_listed_by_words_and_scope(client: Client) -> None:
    listed = client.predict(words="scaling laws", filters={"organizations": ["OpenAI"]}, api_name="/papers")
    assert {paper["title"] for paper in listed["papers"]} == {
        "Scaling Laws for Reward Model Overoptimization",
        "Scaling Laws for Neural Language Models",
    }
    assert listed["in_scope"] > 2


def test_a_scope_names_papers_by_title(client: Client) -> None:
    scope = {"papers": ["Scaling Laws for Neural"]}
    (found,) = client.predict("reward", 5, scope, api_name="/search")["results"]
    assert found["paper"]["title"] == "Scaling Laws for Neural Language Models"


# ---- Adding


def test_what_is_added_is_found_and_sent_again_takes_its_own_place(client: Client, server: Any) -> None:
    first = client.predict("bees.md", "# Bee Dances\n\nBees dance to tell where nectar is.", api_name="/add")
    second = client.predict(
        "bees.md", "# Bee Dances\n\nBees dance in the dark to tell where nectar is found.", api_name="/add"
    )
    assert (first["added"], second["updated"]) == (["Bee Dances"], ["Bee Dances"])
    (found,) = client.predict("where nectar is", 1, {"sources": ["bees.md"]}, api_name="/search")["results"]
    assert found["passage"]["text"] == "Bees dance in the dark to tell where nectar is found."
    assert list((server.library.folder / "received").iterdir()) == []
    server.library.remove(["Bee Dances"])


def test_a_packed_file_is_sent_as_base64(client: Client, server: Any) -> None:
    packed = gzip.compress(b'{"title": "Moth Maps", "abstract": "Moths steer by the moon."}\n')
    report = client.predict("m.jsonl.gz", base64.b64encode(packed).decode(), "base64", api_name="/add")
    assert report["added"] == ["Moth Maps"]
    server.library.remove(["Moth Maps"])


def test_an_entry_that_cannot_be_used_is_in_the_report(client: Client) -> None:
    report = client.predict("some.jsonl", "{broken\n", api_name="/add")
    assert report["failed"][0]["place"] == "some.jsonl line 1"
    assert "not JSON" in report["failed"][0]["reason"]


# ---- Errors


@pytest.mark.parametrize(
    ("endpoint", "given", "said"),
    [
        ("/ask", {"question": "  "}, "question = '  ': is empty"),
        ("/search", {"query": "x", "k": 0}, "k = 0: input should be greater than or equal to 1"),
        (
            "/search",
            {"query": "x", "filters": {"snice": "2025"}},
            "filters.snice is not a filter; known: papers",
        ),
        ("/search", {"query": "x", "filters": {"since": "soon"}}, "'soon' is not a date"),
        ("/search", {"query": "x", "filters": {"papers": ["None Such"]}}, "No paper is called 'None Such'"),
        ("/papers", {"filters": {"sources": "a.txt"}}, "filters.sources = 'a.txt': input should be a list"),
        ("/add", {"name": "a.md", "content": "%", "encoding": "base64"}, "content is not base64"),
        ("/add", {"name": "/etc/hosts", "content": "x"}, "name = '/etc/hosts': must be a file's name alone"),
        ("/add", {"name": "..", "content": "x"}, "is no file name"),
        ("/fetch", {"address": "arxiv:2402.08714"}, "online.programs is false"),
        ("/add", {"name": "a\nb.md", "content": "x"}, "must be a file's name alone"),
    ],
    ids=lambda value: str(value).encode("ascii", "replace").decode()[:40],
)
def test_a_bad_request_is_told_what_is_wrong(
    client: Client, endpoint: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(AppError) as told:
        client.predict(**given, api_name=endpoint)
    assert said in str(told.value)


def test_a_file_on_the_server_cannot_be_named(client: Client, server: Any) -> None:
    file = {"path": str(server.library.folder / "catalog.sqlite3"), "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(httpx.HTTPStatusError, match="403 Forbidden"):
        client.predict("notes.md", file, api_name="/add")


# ---- Reading a paper


def test_a_papers_text_is_read_in_parts(programs: Programs) -> None:
    whole = programs.paper("LoRA: Low-Rank Adaptation of Large Language Models")
    part = programs.paper(whole.paper.id, start=10, length=25)
    assert (part.start, part.end, part.length) == (10, 35, whole.length)
    assert part.text == whole.text[10:35]
    assert programs.paper(whole.paper.id, start=whole.length + 5).text == ""


def test_arguments_are_checked_however_they_are_passed(programs: Programs) -> None:
    wrong: list[Callable[[], Any]] = [
        lambda: programs.paper("LoRA", -1),
        lambda: programs.paper("LoRA", start=-1),
    ]
    for call in wrong:
        with pytest.raises(BadRequest, match=r"^start = -1: input should be"):
            call()


def test_half_a_character_is_refused_and_not_stored(programs: Programs) -> None:
    with pytest.raises(BadRequest, match=r"^content = .*half of a surrogate pair"):
        programs.add("a.md", "half \ud800 of one")


def test_an_event_has_no_table_made_of_those_before(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    compute = Queue._get_df
    monkeypatch.setattr(Queue, "_get_df", lambda *told: (made.append(told), compute(told[-1]))[1])
    client.predict("reward models", api_name="/search")
    assert not made

"""A planted secret goes to the server that it is for, and appears nowhere else: no log, file, page or error has it."""

from __future__ import annotations

import io
import json
import logging
import smtplib
import tarfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from assistant.conversation import Conversations
from assistant.conversation_tables import KEPT
from assistant.engine import Assistant
from assistant.generative import Models
from assistant.models.model import load_model
from assistant.models.offered import offered
from assistant.models.schema import Message, ModelError
from assistant.models.settings import ModelSettings
from assistant.schema import Turn
from assistant.settings import WritingSettings
from index.backup import back_up
from index.errors import IbidError, SettingsError
from index.library import Library
from index.secrets import hidden, learn, learn_words
from index.settings import StorageSettings
from ui.command_line.cli import cli
from ui.parts.exports import FORMATS, export
from ui.settings import Configuration, Settings, known_settings
from ui.watch.logs import logging_to
from ui.watch.settings import WatchSettings

KEY = "planted-key/0+123=9\"'é"
PLANTED = "PLANTED-5e4d-secret"
QUESTION = "What does Self-RAG propose?"
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def secret_settings() -> list[str]:
    """The dotted names of all settings that hold a secret."""

    def value(name: str) -> object:
        found: object = Settings.model_construct()
        for part in name.split("."):
            found = getattr(found, part)
        return found

    return [name for name in known_settings() if isinstance(value(name), SecretStr)]


def variable(name: str) -> str:
    return "IBID_" + name.upper().replace(".", "__")


class Echo(BaseHTTPRequestHandler):
    """Answers each request with an error that repeats what it was sent, the key too."""

    status = 401

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = f"no: {dict(self.headers.items())}"
        body = json.dumps({"error": {"message": told, "type": "invalid_request_error"}}).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Repeated", self.headers.get("Authorization", ""))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def echoing(status: int = 401) -> Iterator[str]:
    handler = type("Bound", (Echo,), {"status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def told(error: BaseException) -> str:
    """All that is printed of an error."""
    chain: list[BaseException] = [error]
    while (cause := _cause(chain[-1])) is not None:
        chain.append(cause)
    said = (f"{one!r} {one} {getattr(one, 'body', '')}" for one in chain)
    return "".join([*traceback.format_exception(error), *said])


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.fixture
def everything() -> Iterator[io.StringIO]:
    """What is logged at the lowest level, by all packages."""
    stream, root = io.StringIO(), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    with logging_to(WatchSettings(logs="json", level="debug"), stream):
        yield stream
    root.setLevel(before)


# ---- The last line


@pytest.mark.parametrize(
    "form",
    [
        KEY, f"Authorization: Bearer {KEY}", json.dumps({"key": KEY}), repr({"key": KEY}), f"a?key={KEY}",
        "planted-key%2F0%2B123%3D9%22%27%C3%A9", "planted-key/0%2B123%3D9%22%27%C3%A9",
        "cGxhbnRlZC1rZXkvMCsxMjM9OSIn" + "w6k=",
    ],
)  # fmt: skip
def test_a_known_secret_is_hidden_in_each_form_that_libraries_spell_it_in(form: str) -> None:
    learn_words(KEY)
    shown = hidden(f"before {form} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert "…" in shown
    assert "0+123" not in shown
    assert "123" not in shown


def test_what_nobody_told_is_hidden_by_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hidden("GET postgresql+psycopg://ibid:s3cret@db/ibid") == "GET postgresql+psycopg://…@db/ibid"
    assert hidden("{'authorization': 'Bearer abc.def-ghi'}") == "{'authorization': 'Bearer …'}"
    monkeypatch.setenv("SOME_API_KEY", PLANTED)
    assert hidden(f"no {PLANTED}") == "no …"
    monkeypatch.setenv("SOME_API_KEY", "on")
    assert hidden("go on") == "go on"


def test_secrets_are_learned_from_settings_at_any_depth() -> None:
    learn(Settings.model_validate({"storage": {"password": "deep-down-secret"}}))
    assert hidden("deep-down-secret") == "…"


# ---- Settings


def test_every_secret_is_set_in_the_environment_alone_and_shown_by_no_verb(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = secret_settings()
    assert {"llm.key", "digest.smtp_password", "storage.password", "storage.chroma_token", "watch.token"} <= {
        *names
    }
    for number, name in enumerate(names):
        monkeypatch.setenv(variable(name), f"{PLANTED}-{number}")
    for arguments in (["config"], ["config", "--json"]):
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0
        assert all(name in done.output for name in names)
        assert PLANTED not in done.output
    for name in names:
        file = tmp_path / "config.yaml"
        group, _, last = name.partition(".")
        file.write_text(f"{group}:\n  {last}: {PLANTED}\n")
        with pytest.raises(
            SettingsError, match=rf"{name} may not be set in .* set {variable(name)}"
        ) as refused:
            Configuration(file)
        assert PLANTED not in told(refused.value)


@pytest.mark.parametrize(
    "text",
    [f"llm: {{key: {PLANTED}", f"llm:\n  key: '{PLANTED}", f"llm:\n\tkey: {PLANTED}", f"key: @{PLANTED}"],
    ids=range(4),
)
def test_a_file_that_is_not_yaml_is_refused_without_its_words(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"is not YAML from line \d on") as refused:
        Configuration(tmp_path / "config.yaml")
    assert PLANTED not in told(refused.value)


def test_a_value_that_is_refused_is_quoted_only_where_it_is_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IBID_STORAGE__PASSWORD", PLANTED)
    monkeypatch.setenv("IBID_STORAGE__NAMESPACE", "Not This")
    with pytest.raises(SettingsError, match=r"storage.namespace = 'Not This' \(environment\)") as refused:
        Configuration()
    assert PLANTED not in told(refused.value)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("database", f"postgresql+psycopg://ibid:{PLANTED}@db/ibid"),
        ("chroma", f"http://ibid:{PLANTED}@chroma:8000"),
    ],
)
def test_an_address_with_a_password_in_it_is_refused(
    name: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"IBID_STORAGE__{name.upper()}", address)
    with pytest.raises(SettingsError, match="holds a password; set IBID_STORAGE__") as refused:
        Configuration()
    assert PLANTED not in told(refused.value)
    assert StorageSettings(database="postgresql+psycopg://ibid@db/ibid").database


# ---- Databases and mail servers


def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    tmp_path: Path, free_port: int, everything: io.StringIO
) -> None:
    pytest.importorskip("psycopg", reason="the extra 'server' is not installed")
    from index.settings import IndexSettings

    address = f"postgresql+psycopg://ibid@127.0.0.1:{free_port}/ibid"
    storage = StorageSettings(database=address, password=PLANTED)
    with pytest.raises(IbidError, match="cannot be used") as refused:
        Library.open(tmp_path / "library", IndexSettings(storage=storage)).close()
    assert PLANTED not in told(refused.value)
    assert PLANTED not in everything.getvalue()


def test_a_mail_server_that_repeats_the_password_is_told_without_it(
    monkeypatch: pytest.MonkeyPatch, everything: io.StringIO
) -> None:
    from email.message import EmailMessage

    from ui.digest.letter import NotSent, send
    from ui.settings import DigestSettings

    monkeypatch.setenv("IBID_DIGEST__SMTP_PASSWORD", PLANTED)
    settings = DigestSettings(
        smtp_host="127.0.0.1", smtp_user="ada", smtp_password=PLANTED, smtp_security="none",
        sender="ibid@example.org", recipients="me@example.org",
    )  # fmt: skip

    class Repeating:
        def __init__(self, failing: Callable[[str], Exception]) -> None:
            self.failing = failing

        def __enter__(self) -> Repeating:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def login(self, user: str, password: str) -> None:
            raise self.failing(password)

    failures: tuple[Callable[[str], Exception], ...] = (
        lambda password: smtplib.SMTPAuthenticationError(535, f"bad {password}".encode()),
        lambda password: smtplib.SMTPException(f"cannot log in with {password}"),
    )
    for failing in failures:
        monkeypatch.setattr("ui.digest.letter._connected", lambda _, failing=failing: Repeating(failing))
        with pytest.raises(NotSent) as refused:
            send(EmailMessage(), settings)
        assert PLANTED not in str(refused.value)
        logging.getLogger("ui.digest").warning("not sent", exc_info=refused.value)
    assert '"not sent"' in everything.getvalue()
    assert PLANTED not in everything.getvalue()


# ---- Model servers


SPECS = ("openai-compatible:m@{}/v1", "anthropic:m@{}", "ollama:m@{}")


@pytest.mark.parametrize("status", [401, 400, 429, 500])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.partition(":")[0])
def test_a_model_server_that_repeats_the_key_is_told_without_it(
    spec: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everything: io.StringIO
) -> None:
    for name in ("ANTHROPIC_API_KEY", "OLLAMA_API_KEY"):
        monkeypatch.setenv(name, PLANTED)
    settings = ModelSettings(key=PLANTED, file=tmp_path / "m.sqlite", retries=0, seconds=20)
    with echoing(status) as address:
        for call in (
            lambda: load_model(spec.format(address), settings).ask([Message(role="user", text="One?")]),
            lambda: offered(spec.format(address), settings),
        ):
            with pytest.raises(ModelError) as refused:
                call()
            assert PLANTED not in told(refused.value)
            logging.getLogger("assistant").warning("failed", exc_info=refused.value)
    assert '"failed"' in everything.getvalue()
    assert PLANTED not in everything.getvalue()
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and PLANTED.encode() in path.read_bytes()
    ]


def test_an_answer_of_a_failing_model_leaves_the_key_in_no_page_file_export_backup_or_log(
    chat_library: Library,
    serving: Callable[..., AbstractContextManager[str]],
    tmp_path: Path,
    everything: io.StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    settings = ModelSettings(
        write="openai-compatible:m@{}/v1", key=PLANTED, file=tmp_path / "m.sqlite", retries=0, seconds=20
    )
    with echoing() as address:
        llm = settings.model_copy(update={"write": settings.write.format(address)})
        assistant = Assistant(chat_library, models=Models.load(llm, WritingSettings()))
        watch = WatchSettings(metrics="loopback", token=PLANTED)
        shown = []
        with (
            serving(chat_library, assistant=assistant, watch=watch) as home,
            httpx.Client(timeout=60) as client,
        ):
            body = {"model": f"ibid:{assistant.engine}", "messages": [{"role": "user", "content": QUESTION}]}
            shown.append(client.post(f"{home}/v1/chat/completions", json=body).raise_for_status().text)
            for path in ("/", "/library", "/digest", "/config", "/metrics", "/ready"):
                answer = client.get(home + path)
                shown.append(f"{answer.headers} {answer.text}")
        shown += _page(assistant)
    conversations = Conversations(chat_library)
    kept = conversations.create()
    kept = conversations.append(kept.id, Turn(question=QUESTION, answer=assistant.ask(QUESTION)))
    assert kept.turns[0].answer.steps
    shown += [export(kept, form).text for form in FORMATS]
    shown += [everything.getvalue(), *capfd.readouterr()]
    assert not [text[:200] for text in shown if PLANTED in text]
    archive, _ = back_up({"": chat_library}, KEPT, tmp_path / "backup.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")
    assert (tmp_path / "unpacked" / "catalog.sqlite3").is_file()
    files = [*chat_library.folder.rglob("*"), *tmp_path.rglob("*")]
    assert not [path for path in files if path.is_file() and PLANTED.encode() in path.read_bytes()]


def _page(assistant: Assistant) -> list[str]:
    """What the chat page shows of a question whose model failed, and of one that broke in a way nobody foresaw."""
    from index.schema import Filters
    from ui.chat.run import Progress, Run
    from ui.chat.thread_view import live

    def broken(stop: object) -> Iterator[Any]:
        raise RuntimeError(f"server said {{'Authorization': 'Bearer {PLANTED}'}}")

    learn_words(PLANTED)
    told = []
    for begin in (lambda stop: assistant.stream(QUESTION, stop=stop), broken):
        run = Run(Progress(question=QUESTION, number=1), Filters(), begin, lambda turn: None)
        told += [live(progress) + progress.model_dump_json() for progress in run.follow()]
    assert "RuntimeError" in told[-1]
    return told

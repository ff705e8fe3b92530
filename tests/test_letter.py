"""Digests by e-mail: the message, and a mail server that takes it, or does not."""

from __future__ import annotations

import base64
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant.digest import Digest, Noted, Topic, Wish
from assistant.saved_questions import Outcome, SavedQuestion
from index.errors import SettingsError
from index.schema import Paper
from ui.digest.forms import Edition
from ui.digest.letter import NotSent, letter, mark, send
from ui.settings import DigestSettings

SETTINGS = DigestSettings(
    smtp_host="127.0.0.1",
    smtp_security="none",
    sender="Ibid <ibid@example.org>",
    recipients="one@example.org, Two <two@example.org>",
)


def edition(title: str = "A Grammar of Bird Song", wish: Wish = Wish()) -> Edition:
    paper = Paper(id="p1", title=title, published="2025-06-19")
    noted = Noted(paper=paper, arrived="2025-06-20T08:00:00+00:00")
    topics = (Topic(name="", papers=(noted,)),)
    return Edition(digest=Digest(wish=wish, since="2025-06-14", total=1, topics=topics))


@dataclass
class MailServer:
    """Enough of RFC 5321 to take one message: what was said to it, and the message."""

    port: int
    said: list[str] = field(default_factory=list)
    data: bytes = b""

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.data, policy=policy.default)  # type: ignore[return-value]


Serve = Callable[..., MailServer]


@pytest.fixture
def mail_server() -> Iterator[Serve]:
    """Starts servers that take one connection each; `refuse` names the commands that are not taken."""
    threads: list[threading.Thread] = []
    listeners: list[socket.socket] = []

    def start(
        refuse: tuple[str, ...] = (), offers: str = "AUTH PLAIN", **secure: ssl.SSLContext
    ) -> MailServer:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        server = MailServer(port=listener.getsockname()[1])
        thread = threading.Thread(target=_serve_one, args=(listener, server, refuse, offers, secure))
        thread.start()
        threads.append(thread)
        return server

    yield start
    for listener, thread in zip(listeners, threads, strict=True):
        if thread.is_alive():  # nobody came, or somebody left: wake it
            listener.close()
        thread.join(10)
        listener.close()


def _serve_one(
    listener: socket.socket,
    server: MailServer,
    refuse: tuple[str, ...],
    offers: str,
    secure: dict[str, ssl.SSLContext],
) -> None:
    try:
        connection, _ = listener.accept()
        if "tls" in secure:
            connection = secure["tls"].wrap_socket(connection, server_side=True)
        _converse(connection, server, refuse, offers, secure.get("starttls"))
    except OSError:  # the client left, as it may
        pass


def _converse(
    connection: socket.socket,
    server: MailServer,
    refuse: tuple[str, ...],
    offers: str,
    tls: ssl.SSLContext | None,
) -> None:
    with connection, connection.makefile("rwb") as lines:

        def reply(words: str) -> None:
            lines.write(f"{words}\r\n".encode())
            lines.flush()

        if not isinstance(connection, ssl.SSLSocket) or not server.said:
            reply("220 ready")  # once, and not again after STARTTLS
        while line := lines.readline():
            words = line.decode().strip()
            verb = words.split(" ")[0].split(":")[0].upper()
            server.said.append(words)
            if any(words.upper().startswith(each) for each in refuse):
                reply("535 no" if verb == "AUTH" else "550 not here")
            elif verb == "EHLO":
                reply("250-hello\r\n250-8BITMIME\r\n250 " + ("STARTTLS" if tls else offers))
            elif verb == "STARTTLS" and tls is not None:
                reply("220 go on")
                wrapped = tls.wrap_socket(connection, server_side=True)
                _converse(wrapped, server, refuse, offers, None)
                return
            elif verb == "DATA":
                reply("354 go on")
                body = b""
                while (part := lines.readline()) != b".\r\n":
                    body += part[1:] if part.startswith(b"..") else part
                server.data = body
                reply("250 taken")
            elif verb == "QUIT":
                reply("221 bye")
                return
            else:
                reply("235 in" if verb == "AUTH" else "250 fine")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate of 127.0.0.1's own, and what a server shows it with."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl absent")
    folder = tmp_path_factory.mktemp("certificate")
    shown, key = folder / "shown.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", shown],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(shown, key)
    return shown, context


def at(server: MailServer, **changes: object) -> DigestSettings:
    return SETTINGS.model_copy(update={"smtp_port": server.port} | changes)


# ---- The message


def test_a_message_has_the_digest_as_text_and_as_html() -> None:
    message = letter(edition(), SETTINGS)
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "**A Grammar of Bird Song**" in text.get_content()
    assert '<b dir="auto">A Grammar of Bird Song</b>' in html.get_content()
    assert message["Subject"] == "What is new – 1 paper added since 14 Jun 2025"
    assert message["To"] == "one@example.org, Two <two@example.org>"


def test_the_subject_tells_of_changed_answers() -> None:
    came = (Paper(id="p2", title="T"),)
    changed = Outcome(question=SavedQuestion(id="q", question="Q?"), came=came, new=("p2",))
    message = letter(edition().model_copy(update={"questions": (changed,)}), SETTINGS)
    assert message["Subject"].endswith("; 1 answer has changed")


@pytest.mark.parametrize(
    "hostile", ["x\r\nBcc: evil@example.org", "x\nSubject: y", "x\x00\x0b\u2028y", "=?utf-8?q?a?="]
)
def test_no_word_becomes_a_header(hostile: str) -> None:
    message = letter(edition(hostile, Wish(topic=hostile, organizations=(hostile,))), SETTINGS)
    read = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert set(read.keys()) == {
        "Subject", "From", "To", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert len(read.get_all("Subject", [])) == 1
    assert "\n" not in read["Subject"]


@pytest.mark.parametrize("name", ["sender", "recipients"])
@pytest.mark.parametrize(
    "written", ["", "nobody", "a@example.org\r\nBcc: x@example.org", "a@example.org, , x", "ü@example.org"]
)
def test_what_is_no_address_is_refused_by_the_settings_name(name: str, written: str) -> None:
    with pytest.raises(SettingsError, match=rf"^digest\.{name} "):
        letter(edition(), SETTINGS.model_copy(update={name: written}))


def test_a_digest_is_sent_from_one_address() -> None:
    both = SETTINGS.model_copy(update={"sender": "a@example.org, b@example.org"})
    with pytest.raises(SettingsError, match=r"digest\.sender must be one address"):
        letter(edition(), both)


def test_the_same_news_is_the_same_letter_a_day_later_and_other_news_another() -> None:
    one = edition()
    later = one.model_copy(update={"digest": one.digest.model_copy(update={"since": "2025-06-15"})})
    assert mark(one, SETTINGS) == mark(later, SETTINGS)
    assert letter(one, SETTINGS)["Message-ID"] == letter(later, SETTINGS)["Message-ID"]
    others = [
        mark(one, SETTINGS.model_copy(update={"recipients": "else@example.org"})),
        mark(edition(wish=Wish(topic="x")), SETTINGS),
    ]
    assert mark(one, SETTINGS) not in others


# ---- Sending


def test_a_mail_server_takes_the_message(mail_server: Serve) -> None:
    server = mail_server()
    send(letter(edition("Größe ≥ 3"), SETTINGS), at(server))
    assert [line for line in server.said if line.startswith(("mail", "rcpt", "MAIL", "RCPT"))][1:] == [
        "rcpt TO:<one@example.org>",
        "rcpt TO:<two@example.org>",
    ]
    assert "Größe ≥ 3" in server.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_password_travels_over_a_secure_connection_alone(
    security: str,
    mail_server: Serve,
    certificate: tuple[Path, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    server = mail_server(**{security: context})
    settings = at(server, smtp_security=security, smtp_user="me", smtp_password=SecretStr("s3cret"))
    send(letter(edition(), settings), settings)
    (login,) = [line for line in server.said if line.startswith("AUTH PLAIN ")]
    assert base64.b64decode(login.split()[2]) == b"\0me\0s3cret"
    if security == "starttls":
        assert server.said.index("STARTTLS") < server.said.index(login)
    assert server.data


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    security: str, mail_server: Serve, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    server = mail_server(**{security: certificate[1]})
    with pytest.raises(NotSent, match=rf"No secure connection .*digest\.smtp_security, now {security}"):
        send(letter(edition(), SETTINGS), at(server, smtp_security=security))
    assert server.data == b""


def test_a_server_without_starttls_is_sent_nothing(mail_server: Serve) -> None:
    server = mail_server()
    with pytest.raises(NotSent, match=r"did not take the digest: .*STARTTLS"):
        send(letter(edition(), SETTINGS), at(server, smtp_security="starttls"))
    assert server.data == b""


def test_a_refused_login_names_what_to_check_and_not_the_password(mail_server: Serve) -> None:
    server = mail_server(refuse=("AUTH",))
    settings = at(server, smtp_user="me", smtp_password=SecretStr("s3cret"))
    with pytest.raises(
        NotSent, match=r"refused the login of 'me' \(535\).*IBID_DIGEST__SMTP_PASSWORD"
    ) as told:
        send(letter(edition(), settings), settings)
    assert "s3cret" not in f"{told.value!r} {settings!r}"


def test_a_recipient_who_is_refused_is_named(mail_server: Serve) -> None:
    server = mail_server(refuse=("RCPT TO:<TWO@",))
    with pytest.raises(NotSent, match=r"not for two@example\.org"):
        send(letter(edition(), SETTINGS), at(server))


def test_a_server_that_is_not_there_is_told(free_port: int) -> None:
    settings = SETTINGS.model_copy(update={"smtp_port": free_port})
    with pytest.raises(NotSent, match=rf"127\.0\.0\.1:{free_port} did not take the digest"):
        send(letter(edition(), settings), settings)


def test_without_a_server_nothing_is_sent() -> None:
    with pytest.raises(SettingsError, match=r"set digest\.smtp_host"):
        send(letter(edition(), SETTINGS), SETTINGS.model_copy(update={"smtp_host": ""}))

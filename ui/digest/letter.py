"""A digest as an e-mail, and sending it.

Owns the message, as text and as HTML, and the way to a mail server (RFC 5321, over TLS unless told
otherwise). Header values are single lines of checked addresses and cleaned words, so that nothing a paper or
a setting holds becomes a header of its own.
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.policy import SMTP

from index.errors import IbidError, SettingsError
from index.secrets import hidden
from ui.digest.forms import Edition, as_html, as_markdown, summary, title
from ui.parts.markup import clean
from ui.settings import DigestSettings

_PATIENCE = 30  # seconds that a mail server may take for an answer
_LONGEST = 150  # characters of a subject


class NotSent(IbidError):
    """The mail server could not be reached, or would not take the message."""


class PartlySent(NotSent):
    """The mail server took the message, but not for everyone."""


def letter(edition: Edition, settings: DigestSettings) -> EmailMessage:
    """The edition as a message; one edition to the same people is the same message, by its Message-ID.

    SettingsError where sender or recipients are wanting, or are no addresses.
    """
    sender, recipients = _people(settings)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject(edition)
    message["From"] = sender
    message["To"] = recipients
    message["Message-ID"] = f"<{mark(edition, settings)}@{sender.domain.encode('idna').decode()}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(as_markdown(edition))
    message.add_alternative(as_html(edition), subtype="html")
    return message


def subject(edition: Edition) -> str:
    """One line: what it is about, and how much there is of it."""
    changed = len(edition.changed)
    answers = f"; {changed} {'answer has' if changed == 1 else 'answers have'} changed" if changed else ""
    line = " ".join(clean(f"{title(edition.digest)} – {summary(edition.digest)}{answers}").split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def mark(edition: Edition, settings: DigestSettings) -> str:
    """What tells one letter from another: the papers, what is quoted, the changed answers, to whom.

    The day that the period begins on is no part of it: the same news a day later is the same letter.
    """
    wish = edition.digest.wish
    told = [
        *(settings.sender, settings.recipients, wish.by, wish.topic, *wish.organizations),
        *sorted(noted.paper.id for noted in edition.digest.papers),
        *sorted(one.quote for one in edition.digest.citations),
        *(f"{one.question.id} {one.asked}" for one in edition.changed),
        *(f"{one.question.id} {one.error}" for one in edition.questions or () if one.error),
    ]
    return hashlib.sha256("\n".join(told).encode("utf-8", "replace")).hexdigest()[:32]


def send(message: EmailMessage, settings: DigestSettings) -> None:
    """Send a message. SettingsError where no server is set, NotSent where it does not work out."""
    _require_server(settings)
    server = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        with _connected(settings) as connection:
            if settings.smtp_user:
                connection.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            refused = connection.send_message(message)
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent(
            f"The mail server {server} refused the login of {settings.smtp_user!r} ({error.smtp_code}): check "
            "digest.smtp_user and IBID_DIGEST__SMTP_PASSWORD."
        ) from error
    except ssl.SSLError as error:
        raise NotSent(
            f"No secure connection to the mail server {server}: {error.reason or error}. Check "
            f"digest.smtp_security, now {settings.smtp_security}, and digest.smtp_port."
        ) from error
    except (OSError, smtplib.SMTPException, MessageError) as error:
        raise NotSent(
            f"The mail server {server} did not take the digest: {hidden(str(error))}. Check digest.smtp_host, "
            "digest.smtp_port and digest.smtp_security."
        ) from error
    if refused:
        raise PartlySent(f"The mail server {server} took the digest, but not for {', '.join(refused)}.")


def check(settings: DigestSettings) -> None:
    """SettingsError where no letter could be sent with these settings, whoever the server is."""
    _require_server(settings)
    _people(settings)


def _require_server(settings: DigestSettings) -> None:
    if not settings.smtp_host:
        raise SettingsError(
            "No mail server is set: set digest.smtp_host, digest.sender and digest.recipients."
        )


def _connected(settings: DigestSettings) -> smtplib.SMTP:
    host, port = settings.smtp_host, settings.smtp_port
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=ssl.create_default_context())
    connection = smtplib.SMTP(host, port, timeout=_PATIENCE)
    if settings.smtp_security == "starttls":
        try:
            connection.starttls(context=ssl.create_default_context())
        except BaseException:
            connection.close()
            raise
    return connection


def _people(settings: DigestSettings) -> tuple[Address, tuple[Address, ...]]:
    """Who sends, and to whom."""
    sender = _addresses("digest.sender", settings.sender)
    if len(sender) != 1:
        raise SettingsError(f"digest.sender must be one address, not {settings.sender!r}.")
    return sender[0], _addresses("digest.recipients", settings.recipients)


def _addresses(name: str, written: str) -> tuple[Address, ...]:
    """The addresses that a setting holds; SettingsError where it holds none, or something else."""
    if re.search(r"[\x00-\x1f\x7f]", written):
        raise SettingsError(f"{name} must be on one line, not {written!r}.")
    header = SMTP.header_factory("To", written)
    found = header.addresses if isinstance(header, AddressHeader) else ()
    if not found or header.defects or not all(one.username and one.domain for one in found):
        raise SettingsError(
            f"{name} = {written!r} must hold addresses, as name@example.org, with commas between."
        )
    return tuple(found)

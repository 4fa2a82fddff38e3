"""Handing letters to the outside: a mail server, or in development a folder that `/dev/mail` shows."""

import os
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from portal.core.errors import PortalError
from portal.outbox.models import Letter


class Refused(PortalError):
    """The mail server will never take this letter (a 5xx answer)."""


class Mailer(Protocol):
    """Takes one message or raises: `Refused` for good, `OSError` or `smtplib.SMTPException` for now."""

    def send(self, message: EmailMessage, recipient: str) -> None: ...


@dataclass(frozen=True)
class FolderMailer:
    """Writes each message to a file; the development mailbox."""

    folder: Path

    def send(self, message: EmailMessage, recipient: str) -> None:
        del recipient
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(str(message["Message-ID"]))
        temporary = path.with_suffix(".part")
        temporary.write_bytes(message.as_bytes())
        temporary.replace(path)

    def path(self, message_id: str) -> Path:
        """The file that holds this message once it is delivered."""
        return self.folder / f"{message_id.strip('<>').partition('@')[0]}.eml"


@dataclass(frozen=True)
class SmtpMailer:
    """A mail server: `smtp://` with STARTTLS where offered (always when a password is given), `smtps://` for TLS."""

    url: str = field(repr=False)
    sender: str
    timeout: float = 20.0

    def send(self, message: EmailMessage, recipient: str) -> None:
        parts = urlsplit(self.url)
        host, user, password = parts.hostname or "", unquote(parts.username or ""), unquote(parts.password or "")
        try:
            with self._connect(parts.scheme, host, parts.port, needs_tls=bool(user)) as server:
                if user:
                    server.login(user, password)
                server.send_message(message, from_addr=self.sender, to_addrs=[_in_ascii(recipient)])
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise (Refused(f"refused with {codes[0]}") if all(code >= 500 for code in codes) else error) from error
        except smtplib.SMTPResponseException as error:
            raise (Refused(f"refused with {error.smtp_code}") if error.smtp_code >= 500 else error) from error

    def _connect(self, scheme: str, host: str, port: int | None, *, needs_tls: bool) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if scheme == "smtps":
            return smtplib.SMTP_SSL(host, port or 465, timeout=self.timeout, context=context)
        server = smtplib.SMTP(host, port or 587, timeout=self.timeout)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif needs_tls:
            server.close()
            raise smtplib.SMTPNotSupportedError("the mail server offers no STARTTLS, so no password is sent")
        return server


def make_message(letter: Letter, *, sender: str) -> EmailMessage:
    """The message of a letter, plain text in UTF-8; machine-made, so that no machine answers it (RFC 3834)."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = _in_ascii(letter.recipient)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = letter.message_id
    message["Content-Language"] = letter.language
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.reply_to:
        message["Reply-To"] = letter.reply_to
    for name, value in letter.headers.items():
        message[name] = value
    message.set_content(letter.body)
    return message


def _in_ascii(address: str) -> str:
    """With its host as every mail server knows it (RFC 5891): `xn--bcher-kva.example` for `bücher.example`."""
    name, at, host = address.rpartition("@")
    try:
        return f"{name}{at}{host.encode('idna').decode()}"
    except UnicodeError:
        return address


def mailbox(folder: Path) -> list[Path]:
    """The messages of the development mailbox, newest first."""
    return sorted(folder.glob("*.eml"), key=os.path.getmtime, reverse=True)

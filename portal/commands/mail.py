"""`portal mail`: messages from the mail server."""

import sys
from functools import partial

import click

from portal.casework.files import Filing
from portal.casework.incoming import MOST_BYTES, take_in
from portal.casework.letters import Sender
from portal.casework.mail import read_heading, read_mail
from portal.casework.models import MailMark
from portal.casework.polling import mail_hosts
from portal.casework.stores import store_of
from portal.commands.house import current_settings, writing
from portal.core import clock
from portal.core.errors import Invalid
from portal.core.secrets import Keys


@click.group()
def mail() -> None:
    """Take in messages."""


@mail.command("receive")
@click.option("--to", "recipients", multiple=True, help="A recipient as the envelope names it; may be repeated.")
def receive_mail(*, recipients: tuple[str, ...]) -> None:
    """Read one message from standard input.

    It joins the request named in its subject, when its requester sent it; else it waits in the tray of the school
    whose address (its short name @ this portal's host) it was sent to, or in the central tray. One that is larger than
    25 MB ends with an error, so that the mail server returns it to its sender.
    """
    raw = sys.stdin.buffer.read(MOST_BYTES + 1)
    is_too_large = len(raw) > MOST_BYTES
    settings = current_settings()
    keys = Keys(settings.secret_keys)
    states = take_in(
        partial(writing, "incoming mail"),
        read_heading(raw, MailMark.TOO_LARGE) if is_too_large else read_mail(raw),
        to=recipients,
        hosts=mail_hosts(settings),
        sender=Sender(settings.base_url, keys),
        filing=Filing(store_of(settings), keys, has_scanner=bool(settings.clamd)),
        now=clock.now(),
    )
    for state in states:
        click.echo(state.value)
    if is_too_large:
        raise Invalid("This message is larger than 25 MB: it is not kept, and the tray only says that it came.")

"""`portal mail`: messages from the mail server."""

import sys

import click

from portal.casework.files import Filing
from portal.casework.incoming import MOST_BYTES, receive
from portal.casework.letters import Sender
from portal.casework.polling import mail_hosts
from portal.casework.stores import store_of
from portal.commands.house import current_settings, writing
from portal.core import clock
from portal.core.secrets import Keys


@click.group()
def mail() -> None:
    """Take in messages."""


@mail.command("receive")
@click.option("--to", "recipients", multiple=True, help="A recipient as the envelope names it; may be repeated.")
def receive_mail(*, recipients: tuple[str, ...]) -> None:
    """Read one message from standard input.

    It joins the request named in its subject, when its requester sent it; else it waits in the tray of the school
    whose address (its short name @ this portal's host) it was sent to, or in the central tray.
    """
    raw = sys.stdin.buffer.read(MOST_BYTES + 1)
    settings = current_settings()
    keys = Keys(settings.secret_keys)
    filing = Filing(store_of(settings), keys, has_scanner=bool(settings.clamd))
    sender = Sender(settings.base_url, keys)
    with writing("incoming mail") as session:
        row = receive(
            session, raw, to=recipients, hosts=mail_hosts(settings), sender=sender, filing=filing, now=clock.now()
        )
        state = row.state.value
    click.echo(state)

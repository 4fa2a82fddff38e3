"""`portal secrets`: rotating the secret key."""

import click

from portal.commands.house import current_settings, writing
from portal.core.secrets import Keys
from portal.lifecycle.renewal import renew_everything


@click.group()
def secrets() -> None:
    """The keys under which codes and files are kept."""


@secrets.command()
def renew() -> None:
    """Encrypt everything afresh under the first key of PORTAL_SECRET_KEY; the others can then be taken away."""
    with writing("renewing secrets") as session:
        click.echo(f"{renew_everything(session, Keys(current_settings().secret_keys))} values renewed")

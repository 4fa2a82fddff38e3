"""`portal secrets`: rotating the secret key."""

import click

from portal.casework.incoming import renew_mail
from portal.commands.house import current_settings, writing
from portal.core.secrets import Keys
from portal.lifecycle.renewal import renew_everything


@click.group()
def secrets() -> None:
    """The keys under which codes and files are kept."""


@secrets.command()
def renew() -> None:
    """Encrypt everything afresh under the first key of PORTAL_SECRET_KEY; the others can then be taken away."""
    keys = Keys(current_settings().secret_keys)
    with writing("renewing secrets") as session:
        renewed, after = renew_everything(session, keys), 0
    while True:
        with writing("renewing secrets") as session:
            found = renew_mail(session, keys, after=after)
        if found is None:
            break
        renewed, after = renewed + 1, found
    click.echo(f"{renewed} values renewed")

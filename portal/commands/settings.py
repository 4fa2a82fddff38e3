"""`portal settings`: every setting and what it means."""

import click

from portal.settings import DOCUMENTATION


@click.command()
def settings() -> None:
    """List the settings that the environment may give."""
    for name, meaning in DOCUMENTATION.items():
        click.echo(f"{name}\n    {meaning}")

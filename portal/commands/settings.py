"""`portal settings`: every setting and what it means."""

import click

from portal.commands.house import current_settings
from portal.commands.serve import check
from portal.settings import DOCUMENTATION


@click.command()
@click.option("--check", "checks", is_flag=True, help="Say whether the portal would start with those of this shell.")
def settings(*, checks: bool) -> None:
    """List the settings that the environment may give."""
    if checks:
        check(current_settings())
        click.echo("The portal would start with these settings.")
        return
    for name, meaning in DOCUMENTATION.items():
        click.echo(f"{name}\n    {meaning}")

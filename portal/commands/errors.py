"""How the command line says what is wrong: one line on standard error, exit status 2."""

import sys
from typing import Any

import click

from portal.core.errors import PortalError


class PortalGroup(click.Group):
    """A group whose commands may raise `PortalError` like any other code."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        try:
            return super().invoke(ctx)
        except PortalError as error:
            click.echo(f"portal: {error}", err=True)
            sys.exit(2)

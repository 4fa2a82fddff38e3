"""How the command line finds its commands, and says what is wrong: one line on standard error, exit status 2."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from portal.core.errors import PortalError


class LoadingGroup(click.Group):
    """A group whose `places`, `module:name` in `portal.commands` by command, are loaded when they are asked for.

    Somebody who asks the clock should not wait for the web to be loaded.
    """

    def __init__(self, *arguments: Any, places: Mapping[str, str] | None = None, **options: Any) -> None:  # noqa: ANN401 - click's signature
        super().__init__(*arguments, **options)
        self.places = places or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.places})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.places:
            return super().get_command(ctx, cmd_name)
        module, _, name = self.places[cmd_name].partition(":")
        found: click.Command = getattr(import_module(f"portal.commands.{module}"), name)
        return found


class PortalGroup(LoadingGroup):
    """Commands may raise `PortalError` like any other code."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        try:
            return super().invoke(ctx)
        except PortalError as error:
            click.echo(f"portal: {error}", err=True)
            sys.exit(2)

"""`portal cases`: open requests from a list kept elsewhere."""

import sys
from pathlib import Path

import click

from portal.casework.intake import open_case
from portal.casework.letters import Sender
from portal.casework.spreadsheet import read_cases
from portal.commands.house import current_settings, named_school, writing
from portal.core import clock
from portal.core.secrets import Keys
from portal.identity.permissions import SYSTEM
from portal.tenancy.queries import public_school


@click.group()
def cases() -> None:
    """Bring open requests over."""


@cases.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--school", "slug", required=True, help="The school's short name.")
@click.option("--dry-run", is_flag=True, help="Check every line; change nothing.")
def import_cases(*, file: Path, slug: str, dry_run: bool) -> None:
    """Take the open requests of FILE (CSV in UTF-8) over: all lines or none. Nobody is written to.

    Columns: received, kind, name; and about, email, telephone, details where there are any.
    """
    now, settings = clock.now(), current_settings()
    found, wrong = read_cases(file.read_bytes(), now=now)
    for error in wrong:
        click.echo(str(error), err=True)
    if wrong:
        click.echo(f"Nothing is taken over: {len(wrong)} of {len(found) + len(wrong)} lines are wrong.", err=True)
        sys.exit(2)
    sender = Sender(settings.base_url, Keys(settings.secret_keys))
    with writing("requests from a list") as session:
        school = public_school(session, named_school(session, slug).slug)
        for line, request in found:
            if dry_run:
                click.echo(f"line {line}: would be taken over")
                continue
            case = open_case(session, SYSTEM, school, request, sender=sender, now=now).case
            due = case.due_on.isoformat() if case.due_on else "-"
            click.echo(f"line {line}: {case.reference}, answer by {due}")

"""`portal cases`: open requests from a list kept elsewhere."""

import sys
from pathlib import Path

import click

from portal.casework.bringing import bring_over
from portal.casework.letters import Sender
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
@click.option("--dry-run", is_flag=True, help="Try every line; change nothing.")
def import_cases(*, file: Path, slug: str, dry_run: bool) -> None:
    """Take the open requests of FILE (CSV or .xlsx) over: all lines or none. Nobody is written to.

    Columns: received, kind, name; and about, email, telephone, details where there are any.
    """
    content, settings = file.read_bytes(), current_settings()
    sender = Sender(settings.base_url, Keys(settings.secret_keys))
    with writing("requests from a list") as session:
        school = public_school(session, named_school(session, slug).slug)
        done = bring_over(session, SYSTEM, school, content, is_trial=dry_run, sender=sender, now=clock.now())
    for error in done.wrong:
        click.echo(str(error), err=True)
    if done.wrong:
        total = len(done.wrong) + len(done.brought)
        click.echo(f"Nothing is taken over: {len(done.wrong)} of {total} lines are wrong.", err=True)
        sys.exit(2)
    for each in done.brought:
        told = f"{each.reference}," if each.reference else "would be taken over,"
        click.echo(f"line {each.line}: {told} answer by {each.due_on.isoformat() if each.due_on else '-'}")

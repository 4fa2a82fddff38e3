"""`portal init`: bring the database up to date, load the tenant packs, make the demonstration."""

from datetime import date, datetime, time

import click

from portal import tables  # noqa: F401 - makes every table known
from portal.casework.letters import Sender
from portal.commands.house import current_settings, print_json
from portal.core import clock
from portal.core.database import Database
from portal.core.errors import SettingsError
from portal.core.secrets import Keys
from portal.identity.queries import people_in
from portal.lifecycle.demo import CastMember, add_cast, read_cast
from portal.lifecycle.demo_calendar import add_demo_checks, add_demo_terms
from portal.lifecycle.demo_cases import add_demo_cases
from portal.lifecycle.demo_findings import add_demo_findings
from portal.lifecycle.demo_notices import answer_in_the_past
from portal.lifecycle.demo_schools import add_invented_schools
from portal.lifecycle.packs.load import load_packs
from portal.lifecycle.postcodes import add_made_up_postcodes
from portal.lifecycle.schema import migrate
from portal.notices.background import NoticeWork
from portal.notices.changes import note_first_versions
from portal.tenancy.queries import service
from portal.tenancy.scope import every_tenant

_PORTAL = ".venv/bin/portal"
"""The command as it is typed in the folder of the code: it is on nobody's PATH."""


@click.command()
@click.option("--demo", is_flag=True, help="Load the demonstration: invented schools, people and requests.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def init(*, demo: bool, as_json: bool) -> None:
    """Set up or update the database and load `tenants/`. Safe to repeat: nothing that a person changed is replaced."""
    settings = current_settings()
    if demo and settings.is_production:
        raise SettingsError("PORTAL_ENV: the demonstration does not belong into production.")
    keys = Keys(settings.secret_keys)
    _say("1/3 bringing the database up to date", quiet=as_json)
    migrate(settings)
    database = Database(settings.database_url)
    _say("2/3 loading the tenant packs", quiet=as_json)
    cast: list[CastMember] = []
    now = clock.now()
    with database.transaction() as session, every_tenant(session, "portal init"):
        report = load_packs(session, settings.tenants_dir, now=_beginning(clock.today()) if demo else now)
        if demo:
            _say("3/3 making the demonstration", quiet=as_json)
            add_invented_schools(session, settings.tenants_dir / "demo", now=_beginning(clock.today()))
            add_demo_terms(session, settings.tenants_dir / "demo", today=clock.today())
            add_demo_checks(session, settings.tenants_dir / "demo", now=now)
            add_made_up_postcodes(session, settings.tenants_dir / "demo" / "postcodes.csv", now=now)
            service(session).is_demonstration = True
            cast = read_cast(settings.tenants_dir, keys)
            add_cast(session, cast, keys, now=now)
            add_demo_cases(
                session, settings.tenants_dir / "demo", sender=Sender(settings.base_url, keys), today=clock.today()
            )
            answer_in_the_past(session, now=now)
            add_demo_findings(session, settings.tenants_dir / "demo", now=now, today=clock.today())
        note_first_versions(session, now=now)
        is_staffed = bool(people_in(session, [service(session).id]))
    _seal(database, quiet=as_json)
    database.dispose()
    if as_json:
        print_json({"base_url": settings.base_url, "people": [member.as_dict() for member in cast]})
        return
    for line in report.lines():
        click.echo(f"    {line}")
    _print_cast(settings.base_url, cast)
    if not is_staffed:
        click.echo(f"The central team is empty. Its first person: {_PORTAL} person invite ADDRESS --role administrator")


def _seal(database: Database, *, quiet: bool) -> None:
    """Do the notices' background work now, so that nobody meets a notice without its version."""
    work = NoticeWork(database, size=500)
    while work.step(now=clock.now()):
        if not quiet:
            click.echo(".", nl=False)
    if not quiet:
        click.echo()


def _beginning(today: date) -> datetime:
    """The start of the school year before this one: the demonstration has a past to look at."""
    year = today.year - (2 if today.month < 9 else 1)
    return clock.from_london(date(year, 9, 1), time.min)


def _print_cast(base_url: str, cast: list[CastMember]) -> None:
    click.echo(f"\nThe portal: {base_url}\nSign in at  {base_url}/sign-in")
    if not cast:
        return
    click.echo(f"Letters     {base_url}/dev/mail\n\nThe cast (codes: an authenticator app, or `{_PORTAL} code NAME`):")
    rows = [(member.name, member.role, member.tenant, member.email, member.password) for member in cast]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(f"  {'  '.join(cells)}".rstrip())


def _say(line: str, *, quiet: bool) -> None:
    if not quiet:
        click.echo(line)

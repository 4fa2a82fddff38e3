"""`portal directory`: the councils, on any date."""

import sys
from datetime import date, datetime
from pathlib import Path

import click

from portal.commands.house import current_settings, named_school, print_json, reading, writing
from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.core.errors import Invalid
from portal.directory.archives import open_public_file
from portal.directory.book import Answer
from portal.directory.link_states import link_states
from portal.directory.queries import authority_row, council_at, council_by_code, council_of, read_book
from portal.identity.permissions import SYSTEM
from portal.lifecycle.link_checks import check_links, new_checker
from portal.lifecycle.order_text import read_order
from portal.lifecycle.postcodes import import_postcodes
from portal.lifecycle.succession import district_names, orders, plan_written


@click.group()
def directory() -> None:
    """Councils: whose they are, their links, their successions, postcodes."""


@directory.command()
@click.option("--school", help="A school's address in the portal: the council where the child goes to school.")
@click.option("--authority", help="A council's code: three figures (DfE) or nine characters (GSS).")
@click.option("--postcode", help="A postcode or postcode district: the council where the child lives.")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="The day, such as 2028-04-01; today by default.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def resolve(
    *, school: str | None, authority: str | None, postcode: str | None, on: datetime | None, as_json: bool
) -> None:
    """Say which council answers, with its names, links and contacts as of that day.

    `attends` is the council of the school, `lives` that of the postcode; `--authority` stands for whichever of the
    two is not given otherwise. A council that cannot be told has a null key and its candidates.
    """
    if not (school or authority or postcode):
        raise Invalid("Give --school, --authority or --postcode.")
    day = on.date() if on else clock.today()
    with reading("portal directory resolve") as session:
        answers = _answers(session, school, authority, postcode, day)
    if as_json:
        print_json({relation: answer.as_dict() if answer else None for relation, answer in answers.items()})
        return
    for relation, answer in answers.items():
        if answer is not None:
            click.echo(f"{relation}: {_words(answer)}")


@directory.command("import-postcodes")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_postcodes_file(file: Path, *, as_json: bool) -> None:
    """Load the statistics office's postcode file (NSPL or ONSPD, any year), plain or in its zip archive."""
    with open_public_file(file, "") as (_, size):
        total = size
    with click.progressbar(length=total, label="Reading", file=sys.stderr) as bar:
        seen = 0

        def progress(read: int) -> None:
            nonlocal seen
            bar.update(read - seen)
            seen = read

        with writing("portal directory import-postcodes") as session:
            found = import_postcodes(session, SYSTEM, file, now=clock.now(), progress=progress)
    if as_json:
        skipped = [{"line": one.line, "reason": one.reason} for one in found.skipped]
        print_json(
            {
                "rows": found.rows,
                "english": found.english,
                "terminated": found.terminated,
                "elsewhere": found.elsewhere,
                "unplaced": found.unplaced,
                "skipped": skipped,
            }
        )
        return
    for one in found.skipped:
        click.echo(f"line {one.line}: {one.reason}", err=True)
    click.echo(
        f"{found.english} postcodes in {len(found.table.districts)} districts; {found.unplaced} of no place; "
        f"{len(found.skipped)} lines skipped"
    )


@directory.command()
@click.option("--broken", is_flag=True, help="Only links that lead nowhere, or not to what they promise.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def links(*, broken: bool, as_json: bool) -> None:
    """List the councils' links of today with what the last check found, the worst first."""
    with reading("portal directory links") as session:
        states = [state for state in link_states(session, clock.today()) if state.is_broken or not broken]
        lines = [state.as_dict() for state in states]
    if as_json:
        print_json(lines)
        return
    for line in lines:
        click.echo(f"{line['outcome'] or 'not checked':24} {line['name']:40} {line['kind']:10} {line['url']}")


@directory.command("check-links")
@click.option("--authority", "key", help="Only this council's links, by its key in the directory.")
@click.option("--limit", type=click.IntRange(1, 1000), default=60, show_default=True, help="At most so many links.")
def check_links_now(*, key: str | None, limit: int) -> None:
    """Look at the links now, those not seen for longest first: one visit a second a site, by the sites' own rules."""
    settings = current_settings()
    database = Database(settings.database_url)
    with reading("portal directory check-links") as session:
        only = authority_row(session, key).id if key else None
    reports = check_links(
        database, new_checker(settings), today=clock.today(), before=clock.now(), limit=limit, authority_id=only
    )
    database.dispose()
    for report in reports:
        click.echo(f"{report.outcome:24} {report.url}")


@directory.group()
def succession() -> None:
    """Orders that replace councils on a day."""


_ORDER = """\b
An order as TOML:
  on = 2028-04-01
  title = "Greater Essex"
  [[moves]]
  from = "essex"
  to = "North Essex"
  districts = ["Braintree", "E07000071"]
  [[moves]]
  from = "883"
  to = "South Essex"
"""


@succession.command(epilog=_ORDER)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(file: Path, *, as_json: bool) -> None:
    """Say what an order (TOML or JSON) would do: schools, notices, links, open questions. Changes nothing.

    Councils are named by key, name or code, districts by name or code; a council that is not there yet is a new one.
    A council that goes over whole needs no districts; one that stays for some moves to itself.

    Ends with status 2 where the order could not be made: a gap, a cycle, a council that is replaced twice.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read as UTF-8 text.") from error
    with reading("portal directory succession plan") as session:
        order = read_order(text, read_book(session), district_names(session))
        found = plan_written(session, order)
        report = found.as_dict()
    if as_json:
        print_json(report)
    else:
        moves = [f"  {move['school']}: {move['from']} > {move['to']}" for move in report["moves"]]
        click.echo("\n".join([f"{report['title']}, {report['on']}", *moves]))
        click.echo(f"{len(moves)} schools move, {len(report['staying'])} stay, {len(report['undecided'])} undecided")
    if report["problems"]:
        raise Invalid(" ".join(report["problems"]))


@succession.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_orders(*, as_json: bool) -> None:
    """List the orders, made ones and drafts."""
    with reading("portal directory succession list") as session:
        lines = [{"on": row.on.isoformat(), "title": row.title, "status": row.status} for row in orders(session)]
    if as_json:
        print_json(lines)
        return
    for line in lines:
        click.echo(f"{line['on']}  {line['status']:6} {line['title']}")


def _answers(
    session: PortalSession, school: str | None, authority: str | None, postcode: str | None, day: date
) -> dict[str, Answer | None]:
    attends = council_of(session, named_school(session, school).id, day) if school else None
    lives = council_at(session, postcode, day) if postcode else None
    if authority:
        named = council_by_code(session, authority, day)
        attends, lives = attends or named, lives or named
    return {"attends": attends, "lives": lives}


def _words(answer: Answer) -> str:
    if answer.council is not None:
        council = answer.council
        lines = [council.name, *(f"  {link.kind}: {link.url}" for link in council.links)]
        return "\n".join([*lines, *(f"  {one.kind}: {one.value}" for one in council.contacts)])
    names = ", ".join(council.name for council in answer.candidates)
    return f"cannot be told ({answer.doubt or 'several'}): {names or 'no candidate'}"

"""`portal directory`: the councils, on any date."""

import sys
from datetime import date, datetime
from pathlib import Path

import click

from portal.commands.house import print_json, reading, writing
from portal.core import clock
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.directory.archives import open_public_file
from portal.directory.book import Answer
from portal.directory.queries import council_at, council_by_code, council_of, school_slug
from portal.identity.permissions import SYSTEM
from portal.lifecycle.postcodes import import_postcodes


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
        print_json({"rows": found.rows, "english": found.english, "terminated": found.terminated, "skipped": skipped})
        return
    for one in found.skipped:
        click.echo(f"line {one.line}: {one.reason}", err=True)
    click.echo(
        f"{found.english} postcodes in {len(found.table.districts)} districts; {len(found.skipped)} lines skipped"
    )


def _answers(
    session: PortalSession, school: str | None, authority: str | None, postcode: str | None, day: date
) -> dict[str, Answer | None]:
    attends = council_of(session, school_slug(session, school).id, day) if school else None
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

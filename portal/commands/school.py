"""`portal school`: look at the schools of this installation; `schools.py` changes them."""

import click

from portal.commands.house import print_json, reading
from portal.lifecycle.overview import SchoolLine, school_lines


@click.group()
def school() -> None:
    """Look at the schools that are here.

    It changes nothing. `portal schools` brings schools in from the national register.
    """


@school.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_schools(*, as_json: bool) -> None:
    """List all schools with their kind, council and trust."""
    with reading("portal school list") as session:
        lines = school_lines(session)
    if as_json:
        print_json([line.as_dict() for line in lines])
        return
    for line in lines:
        click.echo(_row(line))


def _row(line: SchoolLine) -> str:
    return f"{line.slug:50} {line.kind:12} {line.authority:35} {line.trust}".rstrip()

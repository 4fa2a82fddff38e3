"""`portal schools`: many schools at once, from the national register."""

import sys
from pathlib import Path

import click

from portal.commands.house import print_json, reading, writing
from portal.core import clock
from portal.core.database import PortalSession
from portal.directory.archives import open_public_file
from portal.identity.permissions import SYSTEM
from portal.lifecycle.register_import import ImportReport, Order, import_register


@click.group()
def schools() -> None:
    """Bring schools in from the national register.

    It adds, changes and closes many at once. `portal school` shows those that are here.
    """


@schools.command("import-gias")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--links", type=click.Path(path_type=Path), help="The register's file of links: who followed whom.")
@click.option(
    "--authority", "authorities", multiple=True, metavar="CODE", help="Only this council's schools (DfE code)."
)
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
@click.option("--live", is_flag=True, help="Give new schools public pages at once; otherwise they are prepared first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: counts, and a line for each school under `details`.")
def import_gias(
    *, file: Path, links: Path | None, authorities: tuple[str, ...], dry_run: bool, live: bool, as_json: bool
) -> None:
    """Bring our schools up to date with `edubasealldata*.csv` of Get Information About Schools (or its zip archive).

    Schools that converted keep their tenant and history; schools that the file does not hold are left alone.
    """
    order = Order(file, links, frozenset(authorities), is_dry_run=dry_run, goes_live=live)
    with open_public_file(file, "edubase") as (_, size):
        total = size
    with click.progressbar(length=total, label="Reading", file=sys.stderr) as bar:
        if dry_run:
            with reading("portal schools import-gias --dry-run") as session:
                report = _run(session, order, bar)
        else:
            with writing("portal schools import-gias") as session:
                report = _run(session, order, bar)
    if as_json:
        print_json(report.as_dict())
        return
    for line in report.details:
        click.echo(f"{line.kind:10} {line.urn:7} {line.name} {line.note}".rstrip())
    for skipped in report.skipped:
        click.echo(f"line {skipped['line']}: {skipped['reason']}", err=True)
    click.echo(_summary(report))


def _run(session: PortalSession, order: Order, bar: "click._termui_impl.ProgressBar[int]") -> ImportReport:
    seen = 0

    def progress(read: int) -> None:
        nonlocal seen
        bar.update(read - seen)
        seen = read

    return import_register(session, SYSTEM, order, today=clock.today(), now=clock.now(), progress=progress)


def _summary(report: ImportReport) -> str:
    counts = f"{report.created} created, {report.updated} updated, {report.converted} converted, {report.closed} closed"
    return (
        f"{counts}, {len(report.skipped)} lines skipped{' (dry run: nothing was changed)' if report.is_dry_run else ''}"
    )

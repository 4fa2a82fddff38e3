"""`portal bench inbox`: each view of the inbox over many cases."""

import sys
from dataclasses import asdict

import click

from portal.casework.bench import Timing, fill, measure
from portal.commands.bench import bench
from portal.commands.house import current_settings, print_json
from portal.core import clock
from portal.core.database import Database
from portal.lifecycle.schema import migrate
from portal.tenancy.scope import every_tenant

__all__ = ["bench"]


@bench.command("inbox")
@click.option("--cases", default=100_000, show_default=True, type=click.IntRange(10, 5_000_000))
@click.option("--schools", default=3_200, show_default=True, type=click.IntRange(1, 100_000))
@click.option(
    "--runs", default=100, show_default=True, type=click.IntRange(20, 10_000), help="How often each is asked."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench_inbox(*, cases: int, schools: int, runs: int, as_json: bool) -> None:
    """Fill the configured database, which must be empty, and time every view beside a hand-written statement."""
    settings = current_settings()
    migrate(settings)
    database = Database(settings.database_url)
    with (
        click.progressbar(length=cases, label="Filling", file=sys.stderr) as bar,
        database.transaction() as session,
        every_tenant(session, "portal bench inbox"),
    ):
        fill(session, cases=cases, schools=schools, now=clock.now(), tick=bar.update)
    with database.transaction() as session:
        session.run_text("ANALYZE")
    with database.session() as session:
        found = list(measure(session, now=clock.now(), runs=runs))
    database.dispose()
    if as_json:
        print_json({"cases": cases, "schools": schools, "views": [asdict(each) for each in found]})
        return
    click.echo(f"{'':8}{'milliseconds':12}{'p50':>8}{'p95':>8}{'by hand p50':>14}{'p95':>8}")
    for each in found:
        click.echo(_line(each))


def _line(each: Timing) -> str:
    own = f"{each.p50:>8.2f}{each.p95:>8.2f}"
    return f"{each.reader:8}{each.view:12}{own}{each.by_hand_p50:>14.2f}{each.by_hand_p95:>8.2f}"

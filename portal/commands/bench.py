"""`portal bench`: measured figures beside what they should be."""

import sys

import click

from portal.commands.fanout import fanout
from portal.commands.house import print_json, reading
from portal.core import clock
from portal.lifecycle.import_editions import authority_names, library_editions
from portal.notices.importing.bench import Bench, table
from portal.notices.importing.bench import bench as run_bench
from portal.notices.importing.editions import newest_first


@click.group()
def bench() -> None:
    """Measure the portal."""


bench.add_command(fanout)


@bench.command("import")
@click.option("--notices", default=60, show_default=True, type=click.IntRange(1, 5000), help="How many made notices.")
@click.option("--seed", default=1, show_default=True, help="The first made notice's number.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench_import(*, notices: int, seed: int, as_json: bool) -> None:
    """Import made notices with known answers; print precision and recall for each class."""
    with reading("portal bench import") as session:
        editions = [one for one in library_editions(session, now=clock.now()) if not one.reference]
        authorities = authority_names(session)
    with click.progressbar(length=notices, label="Importing", file=sys.stderr) as bar:
        found = run_bench(
            newest_first(editions), authorities, notices=notices, first_seed=seed, tick=lambda: bar.update(1)
        )
    if as_json:
        print_json(_as_dict(found))
        return
    click.echo(table(found))


def _as_dict(found: Bench) -> dict[str, object]:
    return {
        "notices": found.notices,
        "classes": {
            name: {"expected": expected, "precision": round(precision, 4), "recall": round(recall, 4)}
            for name, expected, precision, recall in found.rows()
        },
        "clauses": [found.clauses_right, found.clauses_asked],
        "authorities": [found.authorities_right, found.authorities_asked],
        "facts": [found.facts_right, found.facts_asked],
        "not_reconstructed": found.not_reconstructed,
    }

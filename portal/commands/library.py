"""`portal library`: editions of the shared wording that are only there to compare with."""

from datetime import datetime
from pathlib import Path

import click

from portal.commands.documents import read_document
from portal.commands.house import print_json, writing
from portal.core import clock
from portal.identity.permissions import SYSTEM
from portal.lifecycle.library_import import import_reference
from portal.notices.importing.blocks import reconstruct
from portal.notices.importing.template import Template


@click.group()
def library() -> None:
    """Import templates that schools may have copied."""


@library.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--release", "name", required=True, help="The name of the reference edition, such as igs-template.")
@click.option("--effective", type=click.DateTime(["%Y-%m-%d"]), help="When it was issued, such as 2021-09-01.")
@click.option("--reconstruct", "is_reconstructed", is_flag=True, help="Print the document again; keep nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: clauses, placeholders, council lines.")
def import_library(*, file: Path, name: str, effective: datetime | None, is_reconstructed: bool, as_json: bool) -> None:
    """Split the template FILE into clauses and keep it as a reference edition.

    Its clauses take the keys of ours where they match. It helps to align schools' notices and is never in force until
    somebody publishes it.
    """
    blocks = read_document(file)
    if is_reconstructed:
        click.echo(reconstruct(blocks), nl=False)
        return
    with writing("portal library import") as session:
        found = import_reference(
            session, SYSTEM, blocks, name=name, effective_from=effective.date() if effective else None, now=clock.now()
        )
    if as_json:
        print_json(found.template.as_json())
        return
    click.echo("\n".join(_summary(found.template, is_new=found.is_new)))


def _summary(template: Template, *, is_new: bool) -> list[str]:
    kept = "kept as a reference edition" if is_new else "is here already"
    lines = [f"{template.edition.name}: {len(template.edition.clauses)} clauses, {kept}"]
    lines += [f"  new clause   {key}" for key in template.new_keys]
    lines += [f"  placeholder  {gap.text} -> {gap.fact or 'unknown'}" for gap in template.placeholders]
    return lines + [f"  council      {line.authority}  {line.text}" for line in template.councils]

"""`portal notice lint`: what is wrong with a notice, where, why, and how to mend it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from portal.commands.documents import read_document
from portal.commands.house import named_school, print_json, reading
from portal.core import clock
from portal.core.errors import Invalid
from portal.lifecycle.linting import Inspector
from portal.notices.lint.findings import Finding
from portal.tenancy.queries import PUBLIC_STATUSES, schools


@click.command("lint")
@click.argument("slug", required=False)
@click.option("--all", "is_all", is_flag=True, help="Every school; each finding then names its school.")
@click.option("--library", "is_library", is_flag=True, help="The shared wording in force.")
@click.option("--file", "file", type=click.Path(path_type=Path), help="Any document: .txt .html .docx .md .pdf.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def lint_notice(*, slug: str | None, is_all: bool, is_library: bool, file: Path | None, as_json: bool) -> None:
    """Check the notice of the school SLUG, of every school, the shared wording, or a document.

    Waived findings are left out. The exit status is 0 whatever is found.
    """
    if sum(map(bool, (slug, is_all, is_library, file))) != 1:
        raise Invalid("Give one of: a school's address, --all, --library, --file.")
    blocks = read_document(file) if file else ()
    with reading("portal notice lint") as session:
        inspector = Inspector(session, now=clock.now())
        if slug:
            rows = _rows(inspector.school(named_school(session, slug)).standing)
        elif is_library:
            rows = _rows(inspector.library().standing)
        elif file:
            rows = _rows(inspector.document(blocks, file.name))
        else:
            found = [school for school in schools(session) if school.status in PUBLIC_STATUSES]
            with click.progressbar(length=len(found), label="Checking", file=sys.stderr) as bar:
                rows = []
                for school, checked in inspector.schools(found):
                    rows += [{"school": school.slug, **row} for row in _rows(checked.standing)]
                    bar.update(1)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(_line(row))


def _rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [finding.as_json() for finding in findings]


def _line(row: dict[str, Any]) -> str:
    place = ":".join(str(part) for part in (row.get("school"), row["clause"], row["line"]) if part)
    words = f"\n         “{row['text']}”" if row["text"] else ""
    fix = f"\n         {row['fix']['old']} -> {row['fix']['new']}" if row["fix"] else ""
    return f"{row['severity']:8} {row['rule']} {place}\n         {row['message']} ({row['source']}){words}{fix}"

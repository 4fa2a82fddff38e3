"""`portal notice import`: a school's own document beside the library; only a report until it is applied."""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import click

from portal.commands.documents import read_document
from portal.commands.house import named_school, print_json, reading, writing
from portal.commands.progress import progress
from portal.core import clock
from portal.core.errors import Invalid
from portal.identity.permissions import SYSTEM
from portal.lifecycle.bring_notice import Comparison, bring, choose
from portal.lifecycle.import_apply import apply_import
from portal.lifecycle.import_folder import FileReport, Register, as_csv, report_file
from portal.lifecycle.import_plan import SCHOOL_FACTS, Choices, Step
from portal.notices.importing.blocks import Block, reconstruct
from portal.notices.importing.report import Report


@click.command("import")
@click.argument("slug", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Many files, each named after its school."
)
@click.option("--report", "table", type=click.Path(path_type=Path, dir_okay=False), help="Where the folder's CSV goes.")
@click.option("--apply", "is_applied", is_flag=True, help="Change the school's notice; otherwise only report.")
@click.option("--replace-facts", is_flag=True, help="With --apply: the document's contacts replace those known.")
@click.option("--reconstruct", "is_reconstructed", is_flag=True, help="Print the document again from its blocks.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_notice(
    *, slug: str | None, file: Path | None, folder: Path | None, table: Path | None, is_applied: bool,
    replace_facts: bool, is_reconstructed: bool, as_json: bool,
) -> None:  # fmt: skip
    """Compare FILE, the notice that the school SLUG has today, with every edition of the shared wording.

    With --folder, every .txt, .html, .docx, .md and .pdf file of a folder; a file is taken for the school whose address
    it is named after, else for the one whose name stands in it.
    """
    if folder is not None:
        _folder(folder, table, is_applied=is_applied, as_json=as_json)
        return
    if not slug or file is None:
        raise Invalid("Give the school's address and a file, or --folder.")
    blocks = read_document(file)
    if is_reconstructed:
        with reading("portal notice import") as session:
            named_school(session, slug)
        click.echo(reconstruct(blocks), nl=False)
    elif is_applied:
        _apply(slug, file, blocks, replace_facts=replace_facts, as_json=as_json)
    else:
        with reading("portal notice import") as session:
            school = named_school(session, slug)
            comparison = Comparison(session, now=clock.now())
            report = comparison.for_school(comparison.report(blocks), school)
        _show(report, [], as_json=as_json)


def _apply(slug: str, file: Path, blocks: tuple[Block, ...], *, replace_facts: bool, as_json: bool) -> None:
    now = clock.now()
    with writing("portal notice import") as session:
        school = named_school(session, slug)
        comparison = Comparison(session, now=now)
        report = comparison.for_school(comparison.report(blocks), school)
        run = bring(session, SYSTEM, school, blocks, document=file.name, now=now, report=report)
        if replace_facts:
            choose(session, SYSTEM, school, run, Choices({}, frozenset(SCHOOL_FACTS), frozenset()), seen=run.version)
        steps = apply_import(session, SYSTEM, school, run, now=now)
    _show(report, steps, as_json=as_json)


def _show(report: Report, steps: list[Step], *, as_json: bool) -> None:
    if as_json:
        told: dict[str, Any] = report.as_json()
        print_json({**told, "applied": [step.as_json() for step in steps]} if steps else told)
        return
    for entry in report.entries:
        words = entry.block.text if len(entry.block.text) <= 60 else f"{entry.block.text[:59]}…"
        click.echo(f"{entry.kind:10} {entry.clause or '-':26} {words}")
        if entry.note:
            click.echo(f"{'':37} {entry.note}")
    click.echo(f"\n{report.accounted} of {report.total} blocks accounted for")
    for key in report.missing:
        click.echo(f"missing    {key}")
    for key, value in report.facts.items():
        click.echo(f"{key:20} {value}")
    for step in steps:
        click.echo(f"{step.deed:10} {step.key:26} {step.why}".rstrip())


def _folder(folder: Path, table: Path | None, *, is_applied: bool, as_json: bool) -> None:
    paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if not paths:
        raise Invalid(f"{folder}: there are no files in this folder.")
    with progress(paths, "Reading") as bar:
        lines = _applied(bar) if is_applied else _reported(bar)
    if table is not None:
        table.write_text(as_csv(lines), encoding="utf-8-sig", newline="")
    if as_json:
        print_json([line.as_dict() for line in lines])
    elif table is None:
        click.echo(as_csv(lines), nl=False)
    counts = Counter(bool(line.problem) for line in lines)
    for line in lines:
        if line.warning:
            click.echo(f"{line.file}: {line.warning}", err=True)
    click.echo(f"{counts[False]} files read, {counts[True]} with a problem", err=True)


def _reported(paths: Iterable[Path]) -> list[FileReport]:
    now = clock.now()
    with reading("portal notice import --folder") as session:
        comparison, register = Comparison(session, now=now), Register(session)
        return [
            report_file(session, SYSTEM, path.name, partial(read_document, path), comparison, register, now=now)
            for path in paths
        ]


def _applied(paths: Iterable[Path]) -> list[FileReport]:
    """One transaction for each file, so that others can write meanwhile and a broken-off run keeps what is done."""
    lines = []
    with reading("portal notice import --folder") as session:
        comparison, register = Comparison(session, now=clock.now()), Register(session)
    for path in paths:
        with writing("portal notice import --folder") as session:
            lines.append(
                report_file(
                    session,
                    SYSTEM,
                    path.name,
                    partial(read_document, path),
                    comparison,
                    register,
                    now=clock.now(),
                    is_applied=True,
                )
            )
    return lines

"""Many schools' notices at once: whose each file is, and one line of a table about each."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any

from portal.core.database import PortalSession
from portal.core.errors import Invalid, PortalError
from portal.core.i18n import N_
from portal.core.text import neutral_cell, slugify
from portal.identity.permissions import Actor
from portal.lifecycle.bring_notice import Comparison, bring, report_of
from portal.lifecycle.import_apply import apply_import
from portal.lifecycle.import_plan import Deed
from portal.notices.importing.blocks import Block
from portal.notices.importing.report import Class, Report
from portal.notices.models import ImportRun
from portal.tenancy.models import Tenant
from portal.tenancy.queries import schools
from portal.tenancy.scope import tenant_scope

NO_SCHOOL = N_("No school has this file’s name as its address, and none has the name that stands in it.")
COLUMNS = (
    "file",
    "school",
    "blocks",
    "accounted",
    *(kind.value for kind in Class),
    "facts",
    "missing_keys",
    "problem",
    "warning",
)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file; `school` is an address, '' where nobody knows whose it is."""

    file: str
    school: str = ""
    blocks: int = 0
    accounted: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    deeds: dict[str, int] = field(default_factory=dict)
    problem: str = ""
    warning: str = ""
    run_id: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "school": self.school,
            "blocks": self.blocks,
            "accounted": self.accounted,
            "classes": self.classes,
            "facts": self.facts,
            "missing": list(self.missing),
            "applied": self.deeds,
            "problem": self.problem,
            "warning": self.warning,
        }


class Register:
    """Schools by address and by name, to tell whose a file is."""

    def __init__(self, session: PortalSession) -> None:
        found = schools(session)
        self._files: dict[int, str] = {}
        self._by_slug = {school.slug: school for school in found}
        names = Counter(slugify(school.name) for school in found)
        self._by_name = {slugify(school.name): school for school in found if names[slugify(school.name)] == 1}

    def note(self, file: str, school: Tenant | None) -> str:
        """A warning where an earlier file was taken for the same school."""
        if school is None:
            return ""
        first = self._files.setdefault(school.id, file)
        return (
            "" if first == file else N_("Another file before it is for this school, too: %(file)s.") % {"file": first}
        )

    def school_of(self, file: str, report: Report) -> Tenant | None:
        stem = slugify(PurePath(file).stem)
        named = slugify(report.facts.get("school.name", ""))
        return self._by_slug.get(stem) or self._by_name.get(stem) or self._by_name.get(named)


def report_file(
    session: PortalSession, actor: Actor, file: str, read: Callable[[], tuple[Block, ...]], comparison: Comparison,
    register: Register, *, now: datetime, is_kept: bool = False, is_applied: bool = False,
) -> FileReport:  # fmt: skip
    """One file read, compared and, where wanted, kept as a report or applied. A bad file is a line of the table."""
    try:
        report = comparison.report(read())
    except Invalid as refused:
        return FileReport(file, problem=refused.message)
    school = register.school_of(file, report)
    if school is not None:
        report = comparison.for_school(report, school)
    line = replace(_line(file, school, report), warning=register.note(file, school))
    if school is None or not (is_kept or is_applied):
        return line
    try:
        with tenant_scope(session, school.id):
            return _brought(session, actor, school, line, report, now=now, is_applied=is_applied)
    except PortalError as refused:
        return FileReport(file, school.slug, problem=str(refused))


def as_csv(lines: Iterable[FileReport]) -> str:
    """A table that opens in a spreadsheet; no cell is taken for a formula."""
    written = io.StringIO(newline="")
    table = csv.writer(written)
    deeds = [deed.value for deed in Deed]
    table.writerow([*COLUMNS, *(f"applied_{deed}" for deed in deeds)])
    for line in lines:
        counts = [line.classes.get(kind.value, 0) for kind in Class]
        facts = "; ".join(f"{key}={value}" for key, value in line.facts.items())
        cells = [line.file, line.school, line.blocks, line.accounted, *counts, facts, " ".join(line.missing)]
        table.writerow(
            [
                neutral_cell(cell)
                for cell in [*cells, line.problem, line.warning, *(line.deeds.get(deed, 0) for deed in deeds)]
            ]
        )
    return written.getvalue()


def run_line(school: Tenant, run: ImportRun) -> FileReport:
    """The line of a report that was kept, with what applying it did."""
    line = _line(run.document, school, report_of(run))
    deeds = Counter(row["deed"] for row in run.result.get("deeds", ()))
    return replace(line, deeds=dict(deeds), run_id=run.id)


def _line(file: str, school: Tenant | None, report: Report) -> FileReport:
    classes = Counter(entry.kind.value for entry in report.entries)
    classes[Class.MISSING.value] = len(report.missing)
    return FileReport(
        file,
        school.slug if school else "",
        report.total,
        report.accounted,
        dict(classes),
        dict(report.facts),
        report.missing,
        problem="" if school else NO_SCHOOL,
    )


def _brought(
    session: PortalSession, actor: Actor, school: Tenant, line: FileReport, report: Report, *,
    now: datetime, is_applied: bool,
) -> FileReport:  # fmt: skip
    blocks = tuple(entry.block for entry in report.entries)
    run = bring(session, actor, school, blocks, document=line.file, now=now, report=report)
    steps = apply_import(session, actor, school, run, now=now) if is_applied else []
    return replace(line, deeds=dict(Counter(step.deed.value for step in steps)), run_id=run.id)

"""The check over all schools and of the shared wording: where things stand, and one fix for all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import Conflict
from portal.core.limits import ROWS_PER_PAGE
from portal.identity.permissions import Action, may
from portal.lifecycle.linting import Checked, Inspector
from portal.lifecycle.mending import can_mend, draft_mended_library, mend
from portal.notices.lint.findings import RANK, Finding, Severity
from portal.tenancy.models import Tenant
from portal.tenancy.queries import PUBLIC_STATUSES, schools
from portal.web.door import Audience, Door
from portal.web.public.page_cache import pages as page_cache
from portal.web.school.check import SEVERITIES
from portal.web.session import desk

pages = Door("check", __name__, audience=Audience.CENTRAL)
LOOK_SECONDS, MEND_SECONDS = 2.0, 8.0
REASON = "checking schools' notices"


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule over all schools; `example` is one finding of it, `mendable` how many can be mended at once."""

    example: Finding
    titles: Mapping[str, str]
    schools: Sequence[Tenant]
    mendable: int


@pages.page("/check", may=Action.READ_NOTICE, cross_tenant=REASON)
def check() -> ResponseReturnValue:
    inspector = _inspector()
    found, total = _everything(inspector, LOOK_SECONDS)
    counts = [(school, Counter(one.severity for one in checked.standing)) for school, checked in found]
    worst = sorted((row for row in counts if row[1]), key=_badness)
    is_clean = [not row[1][Severity.ERROR] and not row[1][Severity.WARNING] for row in counts]
    return render_template(
        "central/check/check.html", rules=_by_rule(found), worst=worst[:ROWS_PER_PAGE], total=total, seen=len(found),
        clean=sum(is_clean), library=inspector.library(), severities=SEVERITIES, kinds=list(Severity),
        may_mend=may(desk.actor, Action.EDIT_RELEASE, desk.place),
    )  # fmt: skip


@pages.page("/check/mending", may=Action.EDIT_RELEASE, methods=("POST",), cross_tenant=REASON)
def mending() -> ResponseReturnValue:
    rule = request.form.get("rule", "")
    clauses = touched = 0
    found, total = _everything(_inspector(), MEND_SECONDS)
    for school, checked in found:
        chosen = [one for one in checked.standing if one.rule == rule and can_mend(checked, one)]
        try:
            changed = mend(desk.session, desk.actor, school, checked, chosen, now=desk.now) if chosen else 0
        except Conflict:
            changed = 0
        clauses, touched = clauses + changed, touched + bool(changed)
    page_cache().forget()
    flash(_("Mended %(clauses)s clauses in %(schools)s schools.", clauses=clauses, schools=touched), "success")
    if len(found) < total:
        flash(
            _("%(seen)s of %(total)s schools are checked so far. Go on and press again.", seen=len(found), total=total)
        )
    return redirect(url_for(".check"))


@pages.page("/check/drafting", may=Action.EDIT_RELEASE, methods=("POST",), cross_tenant=REASON)
def drafting() -> ResponseReturnValue:
    drafts = draft_mended_library(desk.session, desk.actor, _inspector().library(), now=desk.now)
    if not drafts:
        flash(_("There was nothing to mend."), "info")
        return redirect(url_for(".check"))
    flash(_("A draft of the shared wording is mended. Read it, then publish it for all schools."), "success")
    if len(drafts) > 1:
        return redirect(url_for("central_library.library"))
    return redirect(url_for("central_library.release", name=drafts[0].name))


def _inspector() -> Inspector:
    return Inspector(desk.session, now=desk.now, shelf=page_cache().shelf(desk.session))


def _everything(inspector: Inspector, seconds: float) -> tuple[list[tuple[Tenant, Checked]], int]:
    """What is checked within so many seconds, and how many schools there are.

    A finding is kept with what it depends on, so the next look begins where this one ended.
    """
    public = [school for school in schools(desk.session) if school.status in PUBLIC_STATUSES]
    found: list[tuple[Tenant, Checked]] = []
    started = perf_counter()
    for row in inspector.schools(public):
        found.append(row)
        if perf_counter() - started > seconds:
            break
    return found, len(public)


def _by_rule(found: Sequence[tuple[Tenant, Checked]]) -> list[RuleLine]:
    by_rule: dict[str, list[tuple[Tenant, Checked, Finding]]] = {}
    for school, checked in found:
        for finding in checked.standing:
            by_rule.setdefault(finding.rule, []).append((school, checked, finding))
    lines = [
        RuleLine(
            rows[0][2],
            rows[0][1].titles,
            list({school.id: school for school, _, _ in rows}.values()),
            sum(can_mend(checked, finding) for _, checked, finding in rows),
        )
        for rows in by_rule.values()
    ]
    return sorted(lines, key=lambda line: (RANK[line.example.severity], -len(line.schools), line.example.rule))


def _badness(row: tuple[Tenant, Counter[Severity]]) -> tuple[int, int, str]:
    return (-row[1][Severity.ERROR], -row[1][Severity.WARNING], row[0].name)

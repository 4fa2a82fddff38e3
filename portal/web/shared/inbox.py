"""The inbox that school and DPO team share; each door's guard decides who, the scope decides whose rows."""

import csv
from io import StringIO

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.casework.actions import assign
from portal.casework.exporting import HEADINGS, export_rows
from portal.casework.inbox import (
    COLUMNS,
    VIEWS,
    Column,
    Filters,
    Page,
    View,
    as_query,
    counts,
    from_query,
    page,
    with_view,
)
from portal.casework.kinds import KINDS, WAITING, outcome
from portal.casework.queries import WORKING, case_by_reference
from portal.casework.views import views_of
from portal.core.clock import london
from portal.core.errors import Invalid, NotFound
from portal.core.text import neutral_cell
from portal.identity.permissions import Action, may
from portal.identity.queries import people_in
from portal.lifecycle.overview import councils_by_id, trusts_by_id
from portal.tenancy.models import TenantKind
from portal.web.door import Audience, Door
from portal.web.forms.inbox import BulkForm, FilterForm, ViewForm
from portal.web.session import desk
from portal.web.shared.beside import beside, is_central

pages = Door("inbox", __name__, audience=Audience.SCHOOL)
COUNTED = (View.ALL, View.MINE, View.SCHOOL, View.DPO, View.REQUESTER, View.WEEK, View.OVERDUE, View.UNASSIGNED)


@pages.page("/cases", may=Action.LIST_CASES)
def inbox() -> ResponseReturnValue:
    filters = _filters()
    today = london(desk.now).date()
    after, before = request.args.get("after", ""), request.args.get("before", "")
    found = page(desk.session, desk.actor, filters, now=desk.now, after=after, before=before)
    endpoint = beside("case.case")
    shows_more = filters.has_more or "more" in request.args
    councils = councils_by_id(desk.session, on=today) if is_central() and shows_more else {}
    trusts = trusts_by_id(desk.session) if is_central() and shows_more else {}
    columns = [column for column in Column if column not in _hidden()]
    form = FilterForm(
        formdata=None, data={**as_query(filters), "sort": filters.order.value, "columns": filters.columns}
    )
    form.offer(columns, trusts=trusts, councils=councils)
    return render_template(
        "shared/inbox/inbox.html",
        page=found,
        filters=filters,
        form=form,
        shows_more=shows_more,
        may_choose_place=is_central() and not shows_more,
        columns=[column for column in columns if column in filters.columns],
        headings={column: _(text) for column, text in COLUMNS.items()},
        councils=councils,
        trusts=trusts,
        bulk=_bulk_form() if may(desk.actor, Action.ASSIGN_CASE, desk.place) else None,
        tabs=_tabs(filters, {} if is_central() else counts(desk.session, desk.actor, COUNTED, now=desk.now)),
        now=desk.now,
        kinds={kind: _(text) for kind, text in KINDS.items()},
        waiting={state: _(text) for state, text in WAITING.items()},
        endings=_endings(found),
        links={line.id: url_for(endpoint, reference=line.reference) for line in found.lines},
        query=as_query(filters),
        may_record=may(desk.actor, Action.OPEN_CASE, desk.place),
        may_export=may(desk.actor, Action.EXPORT_CASES, desk.place),
        ask_href=_ask(),
        holidays_href=_holidays(),
        keeping=ViewForm(formdata=None),
        kept=_kept(),
        record_href=url_for(beside("case.record")),
        before_href=_inbox(filters, before=found.before) if found.before else "",
        after_href=_inbox(filters, after=found.after) if found.after else "",
    )


@pages.page("/cases/export.csv", may=Action.EXPORT_CASES, writes=True, sudo=True)
def export() -> ResponseReturnValue:
    rows = export_rows(desk.session, desk.actor, _filters(), place=desk.place, now=desk.now)
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([_(heading) for heading in HEADINGS])
    writer.writerows([neutral_cell(cell) for cell in row] for row in rows)
    headers = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": 'attachment; filename="requests.csv"'}
    return "\ufeff" + text.getvalue(), 200, headers


@pages.page("/cases/assignments", may=Action.ASSIGN_CASE, methods=("POST",))
def assignments() -> ResponseReturnValue:
    form = BulkForm()
    if form.person.data is None:
        flash(_("Choose who works on the ticked requests."), "problem")
        return redirect(_inbox(_filters()))
    shown, wanted = form.shown(), form.person.data or None
    done, missed, refused = 0, [], []
    for reference in (form.cases.data or [])[:100]:
        try:
            case = case_by_reference(desk.session, desk.actor, reference, to_change=True)
            if case.assignee_id not in {shown.get(reference, 0) or None, wanted}:
                missed.append(reference)
                continue
            assign(desk.session, desk.actor, case, wanted, now=desk.now)
        except NotFound:
            continue
        except Invalid:
            refused.append(reference)
        else:
            done += 1
    if refused:
        flash(_("That person may not see %(references)s.", references=", ".join(refused)), "problem")
    if missed:
        words = _("Somebody else gave these to somebody meanwhile, so they are left as they are: %(cases)s.")
        flash(words % {"cases": ", ".join(missed)}, "problem")
    flash(ngettext("%(num)d request was given.", "%(num)d requests were given.", done), "success" if done else "info")
    return redirect(_inbox(_filters()))


def _filters() -> Filters:
    """What the address chose; boxes that were ticked come as several values of one name."""
    return from_query({**request.args, "columns": ",".join(request.args.getlist("columns"))})


def _hidden() -> set[Column]:
    """Columns that would say the same in every row of this door."""
    if is_central():
        return set()
    is_trust = desk.tenant is not None and desk.tenant.kind is TenantKind.TRUST
    return {Column.TRUST, Column.COUNCIL} if is_trust else {Column.TRUST, Column.COUNCIL, Column.SCHOOL}


def _endings(found: Page) -> dict[int, str]:
    ends = {line.id: outcome(line.kind, line.outcome) for line in found.lines if line.outcome}
    return {line.id: _(end.label) if (end := ends.get(line.id)) else "" for line in found.lines}


def _tabs(filters: Filters, numbers: dict[View, int]) -> list[tuple[str, str, bool]]:
    def label(view: View) -> str:
        return f"{_(VIEWS[view])} ({numbers[view]})" if numbers.get(view) else _(VIEWS[view])

    return [
        (label(view), _inbox(with_view(filters, view)), view is filters.view and not filters.words) for view in VIEWS
    ]


def _inbox(filters: Filters, **cursor: str) -> str:
    return url_for(".inbox", **{**as_query(filters), **cursor})


def _holidays() -> str:
    allowed = is_central() and may(desk.actor, Action.EDIT_HOLIDAYS, desk.place)
    return url_for("central_holidays.holidays") if allowed else ""


def _kept() -> list[tuple[str, str, str]]:
    return [
        (name, _inbox(filters), url_for(".forget", view_id=number))
        for number, name, filters in views_of(desk.session, desk.actor, desk.place)
    ]


def _ask() -> str:
    allowed = not is_central() and may(desk.actor, Action.ASK_DPO, desk.place)
    return url_for("school_asking.question") if allowed else ""


def _bulk_form() -> BulkForm:
    form = BulkForm(formdata=None)
    tenants = [desk.place.tenant_id, desk.place.service_id, *([desk.place.trust_id] if desk.place.trust_id else [])]
    people = {person.id: person.name for person, held in people_in(desk.session, tenants) if held.role in WORKING}
    form.person.choices = [(0, _("Nobody")), *people.items()]
    return form

"""Orders that replace councils: entering one, its dry run, a second person's yes."""

from collections import Counter

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.clock import london
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.directory.queries import read_book
from portal.identity.permissions import Action, may
from portal.identity.queries import names
from portal.lifecycle.order_text import WrittenOrder, read_lines, read_undecided, shown, shown_codes
from portal.lifecycle.overview import school_names
from portal.lifecycle.succession import (
    approve_order,
    change_order,
    district_names,
    enter_order,
    move_draft,
    order_by_id,
    orders,
    plan_entered,
    succession_of,
    withdraw_order,
)
from portal.web.door import Audience, Door
from portal.web.forms.councils import KINDS, DraftForm, OrderForm
from portal.web.session import desk

pages = Door("successions", __name__, audience=Audience.CENTRAL)


@pages.page("/successions", may=Action.READ_DIRECTORY)
def successions() -> ResponseReturnValue:
    may_edit = may(desk.actor, Action.EDIT_DIRECTORY, desk.place)
    return render_template("central/successions/successions.html", orders=orders(desk.session), may_edit=may_edit)


@pages.page("/successions/<int:order_id>", may=Action.READ_DIRECTORY)
def order(order_id: int) -> ResponseReturnValue:
    row = order_by_id(desk.session, order_id)
    found = plan_entered(desk.session, row)
    counts = Counter((one.origin, one.target) for one in found.plan.moves)
    touched = [one.school for one in found.plan.moves] + [one.school for one in found.plan.undecided]
    people = {one for one in (row.entered_by, row.made_by) if one is not None}
    districts = district_names(desk.session)
    return render_template(
        "central/successions/order.html",
        row=row,
        found=found,
        lines=shown(found.succession, found.book, districts),
        undecided=[districts.get(code, code) for code in row.undecided],
        counts=sorted((found.name(origin), found.name(target), number) for (origin, target), number in counts.items()),
        schools=school_names(desk.session, touched),
        people=names(desk.session, people),
        kinds=dict(KINDS),
        is_past=row.on < london(desk.now).date(),
        may_edit=may(desk.actor, Action.EDIT_DIRECTORY, desk.place),
        may_approve=may(desk.actor, Action.APPROVE_DIRECTORY, desk.place),
    )


@pages.page(
    "/successions/new", may=Action.EDIT_DIRECTORY, methods=("GET", "POST"), cross_tenant="planning a succession"
)
def new() -> ResponseReturnValue:
    form = OrderForm()
    if form.validate_on_submit():
        try:
            row = enter_order(desk.session, desk.actor, _written(form), now=desk.now)
        except Invalid as error:
            _show(error, form)
        else:
            flash(_("Entered as a draft. Somebody else approves it."), "success")
            return redirect(url_for(".order", order_id=row.id))
    status = 422 if any(field.errors for field in form) else 200
    return render_template("central/successions/new.html", form=form, row=None), status


@pages.page(
    "/successions/<int:order_id>/edit", may=Action.EDIT_DIRECTORY, methods=("GET", "POST"),
    cross_tenant="planning a succession",
)  # fmt: skip
def edit(order_id: int) -> ResponseReturnValue:
    row = order_by_id(desk.session, order_id)
    found, names_ = succession_of(desk.session, row), district_names(desk.session)
    book = read_book(desk.session)
    form = DraftForm(
        title=row.title, on=row.on, moves="\n".join(shown(found, book, names_)),
        codes="\n".join(shown_codes(found, book)),
        source=row.source, undecided=", ".join(names_.get(code, code) for code in row.undecided),
    )  # fmt: skip
    if form.validate_on_submit():
        try:
            move_draft(desk.session, desk.actor, row, form.on.data or row.on)
            undecided = read_undecided(form.undecided.data or "", names_)
            change_order(desk.session, desk.actor, row, _written(form, undecided), now=desk.now)
        except Invalid as error:
            _show(error, form)
        else:
            flash(_("Saved as a draft. Somebody else approves it."), "success")
            return redirect(url_for(".order", order_id=order_id))
    return render_template("central/successions/new.html", form=form, row=row), form.status


@pages.page("/successions/<int:order_id>/withdraw", may=Action.EDIT_DIRECTORY, methods=("POST",))
def withdraw(order_id: int) -> ResponseReturnValue:
    withdraw_order(desk.session, desk.actor, order_by_id(desk.session, order_id), now=desk.now)
    flash(_("Withdrawn. It changes nothing, and can be taken up again."), "success")
    return redirect(url_for(".order", order_id=order_id))


def _written(form: OrderForm, undecided: tuple[str, ...] = ()) -> WrittenOrder:
    return read_lines(
        form.moves.data or "", read_book(desk.session), district_names(desk.session),
        on=form.on.data or london(desk.now).date(), title=form.title.data or "", source=form.source.data or "",
        codes=form.codes.data or "", undecided=undecided,
    )  # fmt: skip


def _show(error: Invalid, form: OrderForm) -> None:
    field = form[error.field] if error.field in {"title", "codes", "undecided"} else form.moves
    where = _("Line %(line)s: ", line=error.line) if error.line else ""
    field.errors = [where + _(error.message)]
    g.must_roll_back = True


@pages.page(
    "/successions/<int:order_id>/approve", may=Action.APPROVE_DIRECTORY, methods=("POST",),
    cross_tenant="a succession of councils",
)  # fmt: skip
def approve(order_id: int) -> ResponseReturnValue:
    row = order_by_id(desk.session, order_id)
    try:
        approve_order(
            desk.session, desk.actor, row, today=london(desk.now).date(), now=desk.now,
            corrects=request.form.get("corrects") == "yes",
        )  # fmt: skip
    except (Invalid, Forbidden, Conflict) as error:
        flash(_(str(error)), "problem")
    else:
        flash(_("Approved. From its day on, notices name the new councils."), "success")
    return redirect(url_for(".order", order_id=order_id))

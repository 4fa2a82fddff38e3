"""Orders that replace councils: entering one, its dry run, a second person's yes."""

from collections import Counter

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.clock import london
from portal.core.errors import Forbidden, Invalid
from portal.directory.queries import read_book
from portal.identity.permissions import Action, may
from portal.identity.queries import names
from portal.lifecycle.order_text import read_lines, shown
from portal.lifecycle.overview import school_names
from portal.lifecycle.succession import (
    approve_order,
    district_names,
    enter_order,
    order_by_id,
    orders,
    plan_entered,
)
from portal.web.door import Audience, Door
from portal.web.forms.councils import KINDS, OrderForm
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
        may_approve=may(desk.actor, Action.APPROVE_DIRECTORY, desk.place),
    )


@pages.page(
    "/successions/new", may=Action.EDIT_DIRECTORY, methods=("GET", "POST"), cross_tenant="planning a succession"
)
def new() -> ResponseReturnValue:
    form = OrderForm()
    if form.validate_on_submit():
        try:
            written = read_lines(
                form.moves.data or "", read_book(desk.session), district_names(desk.session),
                on=form.on.data or london(desk.now).date(), title=form.title.data or "", source=form.source.data or "",
            )  # fmt: skip
            row = enter_order(desk.session, desk.actor, written, now=desk.now)
        except Invalid as error:
            field = form.title if error.field == "title" else form.moves
            where = _("Line %(line)s: ", line=error.line) if error.line else ""
            field.errors = [where + _(error.message)]
        else:
            flash(_("Entered as a draft. Somebody else approves it."), "success")
            return redirect(url_for(".order", order_id=row.id))
    status = 422 if any(field.errors for field in form) else 200
    return render_template("central/successions/new.html", form=form), status


@pages.page(
    "/successions/<int:order_id>/approve", may=Action.APPROVE_DIRECTORY, methods=("POST",),
    cross_tenant="a succession of councils",
)  # fmt: skip
def approve(order_id: int) -> ResponseReturnValue:
    row = order_by_id(desk.session, order_id)
    try:
        approve_order(desk.session, desk.actor, row, today=london(desk.now).date(), now=desk.now)
    except (Invalid, Forbidden) as error:
        flash(_(str(error)), "problem")
    else:
        flash(_("Approved. From its day on, notices name the new councils."), "success")
    return redirect(url_for(".order", order_id=order_id))

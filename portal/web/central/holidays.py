"""Bank holidays: a proclaimed one is one more day here, and open requests move."""

from datetime import date

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.casework.holidays import add_bank_holiday, bank_holidays, remove_bank_holiday
from portal.core.clock import london
from portal.core.errors import Invalid, NotFound
from portal.identity.permissions import Action, may
from portal.web.door import Audience, Door
from portal.web.forms.cases import NothingForm
from portal.web.forms.holidays import HolidayForm
from portal.web.session import desk

pages = Door("holidays", __name__, audience=Audience.CENTRAL)
REASON = "bank holidays"


@pages.page("/holidays", may=Action.EDIT_HOLIDAYS, methods=("GET", "POST"), cross_tenant=REASON)
def holidays() -> ResponseReturnValue:
    form = HolidayForm()
    if form.validate_on_submit() and form.day.data is not None:
        try:
            moved = add_bank_holiday(
                desk.session, desk.actor, desk.place, form.day.data, form.name.data or "", now=desk.now
            )
        except Invalid as error:
            g.must_roll_back = True
            form.day.errors = [_(error.message)]
        else:
            _say(moved)
            return redirect(url_for(".holidays"))
    found = bank_holidays(desk.session, since=london(desk.now).date())
    page = render_template(
        "central/holidays/holidays.html", form=form, holidays=found, nothing=NothingForm(formdata=None),
        may_list_cases=may(desk.actor, Action.LIST_CASES, desk.place),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@pages.page("/holidays/<name>/removal", may=Action.EDIT_HOLIDAYS, methods=("POST",), cross_tenant=REASON)
def removal(name: str) -> ResponseReturnValue:
    try:
        day = date.fromisoformat(name)
    except ValueError as error:
        raise NotFound("There is no such day.") from error
    _say(remove_bank_holiday(desk.session, desk.actor, desk.place, day, now=desk.now))
    return redirect(url_for(".holidays"))


def _say(moved: int) -> None:
    flash(ngettext("Saved. %(num)d open request moved.", "Saved. %(num)d open requests moved.", moved), "success")

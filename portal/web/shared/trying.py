"""Doing what a form of a case says; or showing it again, undone, with what was typed and what stands against it."""

from collections.abc import Callable

from flask import g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from portal.casework.models import Case
from portal.core.errors import Conflict, Invalid
from portal.web.session import desk


def tried(
    form: Form, found: Case, verb: Callable[[], None], page: Callable[[Conflict | None], str]
) -> ResponseReturnValue | None:
    """Do it; or, undone, the same page with what was typed and what is wrong or what the others wrote."""
    try:
        verb()
    except Invalid as error:
        desk.session.rollback()
        field = form._fields.get(error.field or "")
        if field is None:
            form.form_errors.append(_(error.message))
        else:
            field.errors = [_(error.message)]
        return page(None), 422
    except Conflict as problem:
        desk.session.rollback()
        if "seen" in form:
            form["seen"].data = str(found.last_sequence)
        g.must_roll_back = True
        return page(problem), 409
    return None

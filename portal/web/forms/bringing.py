"""Bringing open requests over from a list: the file, and, once it was tried, the word to take it over."""

from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField

from portal.web.forms.fields import LineField, OnceField, PortalForm, at_most
from portal.web.texts import later as _


class ListForm(PortalForm):
    school = LineField(_("Which school?"), description=_("Its full name."), validators=[at_most(200)])
    file = FileField(
        _("The list"),
        description=_("An Excel workbook (.xlsx) or CSV, up to 1 megabyte."),
        validators=[FileRequired(_("Choose the file."))],
    )


class TakeListForm(PortalForm):
    """`sealed` is the list that was tried, so that no other is taken over."""

    key = OnceField()
    sealed = HiddenField()

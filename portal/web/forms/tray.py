"""What a message in the tray is: a new request, part of one there is, or nothing of the kind."""

from wtforms import BooleanField

from portal.web.forms.fields import LineField, PortalForm, at_most, required
from portal.web.forms.recording import RecordForm
from portal.web.texts import later as _


class MailForm(RecordForm):
    """The form that records a request, filled from a message."""


class JoinForm(PortalForm):
    """`sure` is asked for where the request is somebody else's than the message seems to be."""

    is_doubtful = False
    sure = BooleanField(_("It belongs there all the same"))
    reference = LineField(
        _("Reference of the request it belongs to"), validators=[required(_("Enter the reference.")), at_most(20)]
    )

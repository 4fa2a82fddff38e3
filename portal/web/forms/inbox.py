"""Finding in the inbox, and giving several requests to somebody at once."""

from wtforms import SelectField, SelectMultipleField

from portal.casework.kinds import KINDS
from portal.core.limits import SEARCH_LENGTH
from portal.web.forms.fields import LineField, NameField, PortalForm, at_most
from portal.web.texts import later as _


class FilterForm(PortalForm):
    """Read from the address: it changes nothing, so it needs no token."""

    class Meta:
        csrf = False

    q = LineField(_("Reference, name or words"), validators=[at_most(SEARCH_LENGTH)])
    kind = SelectField(
        _("Kind"), choices=[("", _("All kinds")), *((kind.value, _(label)) for kind, label in KINDS.items())]
    )
    older = SelectField(
        _("Received"),
        choices=[("", _("At any time")), ("14", _("More than 14 days ago")), ("30", _("More than 30 days ago"))],
    )


class ViewForm(PortalForm):
    name = NameField(_("Name of this view"), validators=[at_most(80)])


class BulkForm(PortalForm):
    cases = SelectMultipleField(_("Requests"), validate_choice=False)
    person = SelectField(_("Give the ticked ones to"), coerce=int, validate_choice=False)

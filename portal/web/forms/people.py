"""Inviting people and changing what they may do."""

from wtforms import SelectField

from portal.core.limits import EMAIL_LENGTH
from portal.web.forms.fields import (
    NAME,
    AddressField,
    NameField,
    PortalForm,
    ReplacingForm,
    at_most,
    email_address,
    required,
)
from portal.web.texts import later as _


class InvitationForm(PortalForm):
    name = NameField(_("Name"), validators=[required(_("Enter the person’s name.")), NAME])
    email = AddressField(
        _("E-mail address"),
        description=_("Their own work address, not a shared mailbox: it is how they prove who they are."),
        validators=[required(_("Enter an e-mail address.")), at_most(EMAIL_LENGTH), email_address],
    )
    role = SelectField(_("Role"))


class RoleForm(ReplacingForm):
    role = SelectField(_("Role"))

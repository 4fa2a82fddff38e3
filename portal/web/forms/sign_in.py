"""Signing in: password first, then the code."""

from wtforms import PasswordField

from portal.core.limits import EMAIL_LENGTH, PASSWORD_LENGTH
from portal.web.forms.fields import AddressField, LineField, PortalForm, at_most, required
from portal.web.texts import later as _


class SignInForm(PortalForm):
    email = AddressField(
        _("E-mail address"), validators=[required(_("Enter your e-mail address.")), at_most(EMAIL_LENGTH)]
    )
    password = PasswordField(_("Password"), validators=[required(_("Enter your password.")), at_most(PASSWORD_LENGTH)])


class CodeForm(PortalForm):
    code = LineField(
        _("Code"),
        description=_("The six digits that your authenticator app shows now."),
        validators=[required(_("Enter the six digits.")), at_most(20)],
    )

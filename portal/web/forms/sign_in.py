"""Signing in, setting up how to sign in, proving oneself again."""

from wtforms import HiddenField, PasswordField

from portal.core.limits import EMAIL_LENGTH, PASSWORD_LENGTH
from portal.web.forms.fields import AddressField, LineField, NameField, PortalForm, at_most, email_address, required
from portal.web.texts import later as _


class SignInForm(PortalForm):
    email = AddressField(
        _("E-mail address"), validators=[required(_("Enter your e-mail address.")), at_most(EMAIL_LENGTH)]
    )
    password = PasswordField(_("Password"), validators=[required(_("Enter your password.")), at_most(PASSWORD_LENGTH)])


class CodeForm(PortalForm):
    code = LineField(
        _("Code"),
        description=_("The six digits that your authenticator app shows now, or one of your printed recovery codes."),
        validators=[required(_("Enter the code.")), at_most(24)],
    )


class NewAuthenticatorForm(PortalForm):
    code = LineField(
        _("Code"),
        description=_("The six digits that the app shows now."),
        validators=[required(_("Enter the code.")), at_most(12)],
    )


class PasskeyForm(PortalForm):
    """What the browser's passkey dialogue answers; filled in by passkeys.js."""

    credential = HiddenField()


class ForgottenForm(PortalForm):
    email = AddressField(
        _("E-mail address"),
        validators=[required(_("Enter your e-mail address.")), at_most(EMAIL_LENGTH), email_address],
    )


class MailedCodeForm(PortalForm):
    code = LineField(
        _("Code from the e-mail"),
        description=_("Eight digits. They work for ten minutes, in this browser only."),
        validators=[required(_("Enter the code.")), at_most(12)],
    )


class NewPasswordForm(PortalForm):
    password = PasswordField(
        _("New password"),
        description=_("12 characters or more. Three or four words that have nothing to do with each other work well."),
        validators=[required(_("Enter a password.")), at_most(PASSWORD_LENGTH)],
    )


class ResetForm(NewPasswordForm):
    code = LineField(
        _("Code from your authenticator app"),
        description=_("Or one of your printed recovery codes."),
        validators=[required(_("Enter the code.")), at_most(24)],
    )


class PasskeyNameForm(PortalForm):
    name = NameField(
        _("What do you call it?"),
        description=_("So that you know it again, such as “Office computer” or “Blue key”."),
        validators=[required(_("Give it a name.")), at_most(60)],
    )
    credential = HiddenField()


class NothingForm(PortalForm):
    """A button."""

"""Saying that a link is wrong; proposing, naming and reaching councils."""

from wtforms import DateField, RadioField, SelectField
from wtforms.validators import DataRequired

from portal.core.limits import ADDRESS_LENGTH, EMAIL_LENGTH, TELEPHONE_LENGTH
from portal.web.forms.fields import (
    NAME,
    AddressField,
    LineField,
    LongField,
    NameField,
    PortalForm,
    ReplacingForm,
    TelephoneField,
    at_most,
    email_address,
    optional,
    required,
    telephone_number,
)
from portal.web.texts import later as _

KINDS = (
    ("main", _("Main privacy notice")),
    ("pupil", _("Privacy notice for pupils or education")),
    ("child", _("Privacy notice for children")),
    ("officer", _("Data protection officer")),
    ("request", _("Make a request")),
    ("complaint", _("Complain")),
)


class WrongLinkForm(PortalForm):
    url = RadioField(_("Which link is wrong?"), validators=[optional()], default="")
    message = LongField(
        _("What is wrong with it?"),
        description=_("Please do not write about yourself or a child: this goes to the team that keeps the links."),
        validators=[DataRequired(_("Say in a few words what is wrong.")), at_most(1000)],
    )


class ProposalForm(PortalForm):
    kind = SelectField(_("What the page is"), choices=KINDS)
    url = LineField(
        _("Address of the page"),
        validators=[required(_("Enter the address of the page.")), at_most(1000)],
    )
    reason = LongField(_("Why (optional)"), validators=[optional(), at_most(1000)])


class AuthorityNameForm(PortalForm):
    name = NameField(_("Official name"), validators=[required(_("Enter the official name.")), NAME])
    short_name = NameField(_("Short name"), validators=[required(_("Enter a short name.")), at_most(100)])
    valid_from = DateField(
        _("First day of this name"),
        description=_("For example, 1 4 2028."),
        format="%d %m %Y",
        validators=[required(_("Enter the day."))],
    )


class AuthorityContactsForm(ReplacingForm):
    email = AddressField(
        _("E-mail address of the data protection officer"),
        validators=[optional(), at_most(EMAIL_LENGTH), email_address],
    )
    telephone = TelephoneField(
        _("Telephone number"), validators=[optional(), at_most(TELEPHONE_LENGTH), telephone_number]
    )
    address = LongField(_("Postal address"), validators=[optional(), at_most(ADDRESS_LENGTH)])


class OrderForm(PortalForm):
    title = NameField(_("Title of the order"), validators=[required(_("Enter a title.")), NAME])
    on = DateField(
        _("First day of the new councils"),
        description=_("For example, 1 4 2028."),
        format="%d %m %Y",
        validators=[required(_("Enter the day."))],
    )
    moves = LongField(
        _("Who is replaced by whom"),
        description=_(
            "One line for each move: council > new council: district, district. A council that moves whole needs no "
            "districts."
        ),
        validators=[required(_("Enter the moves.")), at_most(20_000)],
    )
    source = LongField(_("Where this is from"), validators=[optional(), at_most(1000)])

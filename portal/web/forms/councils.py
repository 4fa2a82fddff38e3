"""Saying that a link is wrong; proposing, naming and reaching councils."""

from wtforms import BooleanField, DateField, RadioField, SelectField
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


COUNCIL_KINDS = (
    ("county", _("County council")),
    ("unitary", _("Unitary council")),
    ("metropolitan", _("Metropolitan borough")),
    ("london", _("London borough")),
)
_DAY = _("For example, 1 4 2028.")


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
        description=_DAY,
        format="%d %m %Y",
        validators=[required(_("Enter the day."))],
    )
    corrects = BooleanField(_("That day is past: this corrects the directory, and past notices stay as they were"))


class AuthorityFields:
    """What a council is besides its dated names and codes."""

    kind = SelectField(_("Kind"), choices=COUNCIL_KINDS)
    region = LineField(
        _("Region"),
        description=_("Two letters: EM, EE, LN, NE, NW, SE, SW, WM or YH."),
        validators=[required(_("Enter the region.")), at_most(4)],
    )
    website = LineField(_("Website"), validators=[optional(), at_most(500)])


class AuthorityDetailsForm(AuthorityFields, ReplacingForm):
    pass


class NewAuthorityForm(AuthorityFields, PortalForm):
    name = NameField(_("Official name"), validators=[required(_("Enter the official name.")), NAME])
    short_name = NameField(_("Short name"), validators=[required(_("Enter a short name.")), at_most(60)])
    dfe = LineField(_("DfE code"), description=_("Three figures, such as 881."), validators=[optional(), at_most(3)])
    gss = LineField(
        _("GSS code"),
        description=_("E and eight figures, such as E10000012."),
        validators=[optional(), at_most(9)],
    )
    valid_from = DateField(
        _("First day"),
        description=_("Empty: it has always been there."),
        format="%d %m %Y",
        validators=[optional()],
    )


class AuthorityCodeForm(PortalForm):
    scheme = RadioField(
        _("Which code?"),
        choices=[("dfe", _("DfE code: three figures, such as 881")), ("gss", _("GSS code, such as E10000012"))],
        default="gss",
    )
    code = LineField(_("Code"), validators=[required(_("Enter the code.")), at_most(9)])
    valid_from = DateField(
        _("First day of this code"),
        description=_("Empty: the council has always had it. The code before it ends on this day."),
        format="%d %m %Y",
        validators=[optional()],
    )


class DistrictsForm(ReplacingForm):
    districts = LongField(
        _("Its districts"),
        description=_("One a line, with its GSS code: E07000066 Basildon. An order that splits the council needs all."),
        validators=[optional(), at_most(5000)],
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
        description=_DAY,
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
    codes = LongField(
        _("Codes of the new councils"),
        description=_("One line for each council: council: 951, E06000066. They can be added later."),
        validators=[optional(), at_most(5000)],
    )
    source = LongField(_("Where this is from"), validators=[optional(), at_most(1000)])


class DraftForm(OrderForm, ReplacingForm):
    """A draft may name nobody yet; its open districts are a line each."""

    moves = LongField(
        _("Who is replaced by whom"),
        description=_(
            "One line for each move: council > new council: district, district. A council that moves whole needs no "
            "districts."
        ),
        validators=[optional(), at_most(20_000)],
    )
    undecided = LongField(
        _("Districts without a new council yet"),
        description=_("By name or code, separated by commas. The order cannot be approved while there are any."),
        validators=[optional(), at_most(5000)],
    )

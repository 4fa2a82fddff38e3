"""Adding a school, and the facts a school keeps of itself."""

from wtforms import BooleanField, SelectField

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

LAWS = (
    ("maintained", _("Maintained by the council (community, voluntary, foundation or nursery school)")),
    ("academy", _("Academy or free school")),
    ("special", _("Special school maintained by the council")),
    ("independent", _("Independent school")),
)


class SchoolForm(PortalForm):
    name = NameField(_("Name of the school"), validators=[required(_("Enter the school’s name.")), NAME])
    law = SelectField(
        _("Kind of school"), description=_("It decides which rights and time limits apply."), choices=LAWS
    )
    authority = SelectField(_("Council"), description=_("The council with education duties where the school lies."))
    trust = SelectField(_("Trust"), description=_("For an academy: the trust is then the controller."))
    town = NameField(_("Town"), validators=[optional(), at_most(100)])
    postcode = NameField(_("Postcode"), validators=[optional(), at_most(8)])
    email = AddressField(
        _("E-mail address of the office"),
        validators=[required(_("Enter the office’s e-mail address.")), at_most(EMAIL_LENGTH), email_address],
    )
    telephone = TelephoneField(
        _("Telephone number of the office"),
        validators=[required(_("Enter the office’s telephone number.")), at_most(TELEPHONE_LENGTH), telephone_number],
    )
    is_another = BooleanField(_("It is another school"))


class SchoolDetailsForm(ReplacingForm):
    name = NameField(
        _("Name of the school"),
        description=_("Its old web address goes on leading to it."),
        validators=[required(_("Enter the school’s name.")), NAME],
    )
    law = SelectField(
        _("Kind of school"), description=_("It decides which rights and time limits apply."), choices=LAWS
    )
    trust = SelectField(_("Trust"), description=_("For an academy: the trust is then the controller."))


class FactsForm(ReplacingForm):
    email = AddressField(
        _("E-mail address of the office"),
        validators=[required(_("Enter the office’s e-mail address.")), at_most(EMAIL_LENGTH), email_address],
    )
    telephone = TelephoneField(
        _("Telephone number of the office"),
        validators=[required(_("Enter the office’s telephone number.")), at_most(TELEPHONE_LENGTH), telephone_number],
    )
    address = LongField(_("Postal address"), validators=[optional(), at_most(ADDRESS_LENGTH)])
    website = LineField(_("Website"), validators=[optional(), at_most(300)])
    controller = NameField(
        _("Controller"),
        description=_("The body that decides about the information: the governing body, or the trust of an academy."),
        validators=[required(_("Name the controller: the law wants it in the notice.")), NAME],
    )

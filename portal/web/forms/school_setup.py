"""What a school arranges for itself."""

from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, SelectMultipleField

from portal.core.limits import EMAIL_LENGTH
from portal.web.forms.fields import (
    NAME,
    AddressField,
    LineField,
    LongField,
    NameField,
    ReplacingForm,
    at_most,
    email_address,
    optional,
)
from portal.web.languages import LANGUAGES
from portal.web.texts import later as _


class ResponsibleForm(ReplacingForm):
    contact = NameField(
        _("Contact for data protection"), description=_("Whom the DPO team asks first."), validators=[optional(), NAME]
    )
    contact_email = AddressField(
        _("E-mail address of the contact"), validators=[optional(), at_most(EMAIL_LENGTH), email_address]
    )
    siro = NameField(
        _("Senior information risk owner"), description=_("Often the head teacher."), validators=[optional(), NAME]
    )
    champion = NameField(
        _("Information champion"), description=_("One to three people of the office."), validators=[optional(), NAME]
    )
    governor = NameField(_("Governor for information"), validators=[optional(), NAME])
    chair = NameField(_("Chair of governors"), validators=[optional(), NAME])


class LanguagesForm(ReplacingForm):
    languages = SelectMultipleField(
        _("Languages of our notice"),
        description=_("English is always there. A translation that nobody has checked says so."),
        choices=[(one.code, one.name) for one in LANGUAGES.values()],
    )


class BrandingForm(ReplacingForm):
    colour = LineField(
        _("Our colour"),
        description=_("Like #1d5c3a, dark enough for white words. Empty: the portal’s own."),
        validators=[optional(), at_most(7)],
    )
    crest = FileField(_("Our crest"), description=_("A PNG or JPEG picture of at most 150 kB."))
    no_crest = BooleanField(_("Show no crest"))


class TermsForm(ReplacingForm):
    terms = LongField(
        _("Terms"),
        description=_("One a line: first day - last day, such as 2/9/2026 - 23/10/2026. Half terms are two terms."),
        validators=[optional(), at_most(5000)],
    )
    days = LongField(
        _("INSET days"), description=_("One a line, such as 4/1/2027."), validators=[optional(), at_most(5000)]
    )


class HolidaysForm(ReplacingForm):
    person = SelectField(
        _("Who looks at requests in the holidays"),
        description=_("The time limits go on. Nobody: the DPO team is told instead."),
        coerce=int,
    )


class HostForm(ReplacingForm):
    host = LineField(
        _("The school’s own web address"),
        description=_("Such as privacy.school.sch.uk; its name must already lead to this portal."),
        validators=[optional(), at_most(253)],
    )

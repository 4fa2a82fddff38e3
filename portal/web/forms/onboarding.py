"""Taking schools on: from the register, by upload, one by one; and what the central team keeps of a school."""

from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, IntegerField, RadioField, SelectField, SelectMultipleField

from portal.core.limits import EMAIL_LENGTH, TELEPHONE_LENGTH
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
from portal.web.languages import LANGUAGES
from portal.web.texts import later as _

_DAY = _("For example, 31 8 2027.")


class UploadForm(PortalForm):
    file = FileField(
        _("The register’s file"),
        description=_(
            "`edubasealldata` from Get Information About Schools. Send the zip archive: the plain file is too big."
        ),
        validators=[FileRequired(_("Choose the file."))],
    )
    purpose = RadioField(
        _("What for"),
        choices=[
            ("import", _("Bring our schools up to date, and add those that are new")),
            ("refresh", _("Only keep it for searching, to take schools on one at a time")),
        ],
        default="import",
    )
    authorities = LineField(
        _("Only these councils"),
        description=_("Their DfE codes, separated by commas, such as 881, 882. Empty: every school in the file."),
        validators=[optional(), at_most(600)],
    )


class SuccessorForm(PortalForm):
    outcome = RadioField(
        _("What became of it?"),
        choices=[
            ("continues", _("It goes on under another number, for example as an academy")),
            ("merged", _("It became part of another school")),
            ("ended", _("No school took over")),
        ],
        validators=[required(_("Say what became of it."))],
    )
    successor = RadioField(_("Which school took over?"), validators=[optional()])
    urn = LineField(_("Or its number in the register (URN)"), validators=[optional(), at_most(10)])


class EntrantForm(PortalForm):
    email = AddressField(
        _("E-mail address of the office"),
        description=_("The register does not say it."),
        validators=[required(_("Enter the office’s e-mail address.")), at_most(EMAIL_LENGTH), email_address],
    )
    telephone = TelephoneField(
        _("Telephone number of the office"), validators=[optional(), at_most(TELEPHONE_LENGTH), telephone_number]
    )
    authority = SelectField(_("Council"))
    trust = SelectField(_("Trust"), description=_("For an academy: the trust is then the controller."))
    languages = SelectMultipleField(
        _("Languages of its notice"), choices=[(one.code, one.name) for one in LANGUAGES.values()], default=["en"]
    )


class FirstMemberForm(PortalForm):
    name = NameField(_("Name"), validators=[required(_("Enter the name.")), NAME])
    email = AddressField(
        _("E-mail address"),
        validators=[required(_("Enter the e-mail address.")), at_most(EMAIL_LENGTH), email_address],
    )
    role = RadioField(
        _("Role"),
        choices=[("head", _("Head teacher")), ("office", _("Office")), ("editor", _("Editor of the notice"))],
        default="head",
    )


class CouncilForm(ReplacingForm):
    authority = SelectField(_("Council"))
    district = SelectField(_("District"), description=_("Decides which new council a school gets when one is split."))
    from_day = DateField(
        _("From which day"), description=_DAY, format="%d %m %Y", validators=[required(_("Enter the day."))]
    )


class PackageForm(ReplacingForm):
    name = LineField(_("What the school bought"), validators=[optional(), at_most(200)])
    renewal = DateField(_("Renewal date"), description=_DAY, format="%d %m %Y", validators=[optional()])
    officer = SelectField(_("Named officer"), coerce=int)


class TimeForm(PortalForm):
    on = DateField(_("Day"), description=_DAY, format="%d %m %Y", validators=[required(_("Enter the day."))])
    minutes = IntegerField(_("Minutes"), validators=[required(_("Enter the minutes."))])
    what = LineField(_("What for"), validators=[required(_("Say what for.")), at_most(200)])


class RecordsForm(ReplacingForm):
    records = LongField(
        _("Where the school’s records are now"),
        description=_("The public page says this in place of the school’s pages."),
        validators=[required(_("Say where the records are.")), at_most(1000)],
    )


class CloseForm(RecordsForm):
    on = DateField(
        _("Last day"),
        description=_("Today or a day that is past, for example 31 8 2026. The school closes at once."),
        format="%d %m %Y",
        validators=[required(_("Enter the day."))],
    )

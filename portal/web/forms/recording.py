"""Writing down what reached the school by other ways, asking the DPO, and reporting a breach."""

from datetime import date, datetime, time
from typing import Any, cast

from flask_babel import gettext
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField
from wtforms.validators import InputRequired, ValidationError

from portal.casework.kinds import CHANNELS, KINDS, Relationship
from portal.casework.models import CaseKind, Channel
from portal.core.clock import from_london, london
from portal.core.errors import Invalid
from portal.core.limits import ADDRESS_LENGTH, EMAIL_LENGTH, TELEPHONE_LENGTH
from portal.web.forms.fields import (
    MESSAGE,
    NAME,
    AddressField,
    LineField,
    LongField,
    NameField,
    OnceField,
    PortalForm,
    TelephoneField,
    at_most,
    email_address,
    required,
    telephone_number,
)
from portal.web.texts import later as _

_WAYS = (Channel.PHONE, Channel.IN_PERSON, Channel.LETTER, Channel.EMAIL)


class WhenForm(PortalForm):
    """A day, and a time where it counts by the hour."""

    received_on = DateField(
        _("When did anyone at school first receive this?"),
        description=_("Also if it was a holiday, and whoever received it."),
        format="%d %m %Y",
        validators=[InputRequired(_("Enter the day."))],
    )
    received_time = LineField(
        _("At what time? (only for a breach)"),
        description=_("For example 14:30. The 72 hours count from then."),
        validators=[at_most(5)],
    )

    @property
    def counts_hours(self) -> bool:
        """Whether the clock runs by the hour, so that the time must be known."""
        return False

    def received_at(self, now: datetime) -> datetime:
        """The instant; noon where no time matters, or `now` if today's noon has not come. Raises `Invalid`."""
        day, typed = cast("date", self.received_on.data), self.received_time.data
        if typed:
            return from_london(day, clock_time(typed))
        noon = from_london(day, time(12))
        return min(noon, now) if day == london(now).date() else noon

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - what WTForms takes
        """A breach counts by the hour, so its time must be known."""
        untyped: Any = super()
        is_right = bool(untyped.validate(extra_validators))
        if self.counts_hours and not self.received_time.data and not self.received_time.errors:
            self.received_time.errors = [
                gettext("Enter the time, as well as you know it: the 72 hours count from then.")
            ]
            return False
        return is_right

    def validate_received_time(self, field: LineField) -> None:
        if not field.data or self.received_on.data is None:
            return
        try:
            from_london(self.received_on.data, clock_time(field.data))
        except Invalid as error:
            raise ValidationError(error.message) from error


WHOM = {
    Relationship.SELF: _("The person who asks"),
    Relationship.CHILD: _("Their child, or a child they look after"),
    Relationship.OTHER: _("Somebody they act for"),
}
"""Whom a request is about, as its readers at school say it; the requester says "me" and "my child"."""


class RecordForm(WhenForm):
    @property
    def counts_hours(self) -> bool:
        return bool(self.kind.data == CaseKind.BREACH)

    key = OnceField()
    read_back = HiddenField()
    school = LineField(_("Which school?"), description=_("Its full name."), validators=[at_most(200)])
    channel = RadioField(
        _("How did it come?"),
        choices=[(way.value, _(CHANNELS[way])) for way in _WAYS],
        validators=[InputRequired(_("Choose how it came."))],
    )
    kind = SelectField(_("What do they want?"), choices=[(kind.value, _(text)) for kind, text in KINDS.items()])
    requester_name = NameField(_("Who asks?"), validators=[required(_("Enter their name.")), NAME])
    relationship = SelectField(
        _("Whom is it about?"),
        choices=[(one.value, text) for one, text in WHOM.items()],
    )
    subject_name = NameField(_("Name of the child or other person"), validators=[NAME])
    details = LongField(
        _("What exactly did they say?"), validators=[required(_("Write down what they said.")), MESSAGE]
    )
    email = AddressField(_("E-mail address"), validators=[at_most(EMAIL_LENGTH), email_address])
    telephone = TelephoneField(_("Telephone number"), validators=[at_most(TELEPHONE_LENGTH), telephone_number])
    address = LongField(_("Postal address"), validators=[at_most(ADDRESS_LENGTH)])
    contact_notes = LongField(_("What should we not do?"), validators=[at_most(1000)])
    about_head = BooleanField(
        _("It is a complaint about the head teacher"),
        description=_("Then only the chair of governors or the trust, and the DPO team, can see it."),
    )

    def validate_about_head(self, field: BooleanField) -> None:
        if field.data and self.kind.data != CaseKind.COMPLAINT:
            raise ValidationError(_("Only a complaint can be about the head teacher: choose “Complaint” above."))

    def validate_subject_name(self, field: NameField) -> None:
        if self.relationship.data != "self" and not field.data:
            raise ValidationError(_("Enter whom it is about."))


class QuestionForm(PortalForm):
    key = OnceField()
    kind = RadioField(
        _("What is it?"),
        choices=[
            (CaseKind.QUESTION.value, _("A question")),
            (CaseKind.ADVICE.value, _("Advice on an app, a supplier, the police or a solicitor")),
        ],
        default=CaseKind.QUESTION.value,
    )
    details = LongField(_("Your question"), validators=[required(_("Write your question.")), MESSAGE])
    is_confidential = BooleanField(
        _("Only the DPO team may know that I asked"),
        description=_("Then nobody at school sees it, not even the head teacher."),
    )


class BreachForm(WhenForm):
    counts_hours = True

    key = OnceField()
    details = LongField(
        _("What happened?"),
        description=_(
            "What was lost, sent or seen, about whom, and what has been done. Leave out the information itself."
        ),
        validators=[required(_("Say what happened.")), MESSAGE],
    )
    received_on = DateField(
        _("When did anyone at school first know of it?"),
        description=_("Also if it was a holiday, and whoever it was."),
        format="%d %m %Y",
        validators=[InputRequired(_("Enter the day."))],
    )
    received_time = LineField(
        _("At what time?"),
        description=_("For example 14:30. The 72 hours count from then."),
        validators=[at_most(5)],
    )
    requester_name = NameField(_("Your name"), validators=[required(_("Enter your name.")), NAME])
    email = AddressField(_("Your e-mail address"), validators=[at_most(EMAIL_LENGTH), email_address])
    telephone = TelephoneField(_("Your telephone number"), validators=[at_most(TELEPHONE_LENGTH), telephone_number])


def clock_time(text: str) -> time:
    try:
        return time.fromisoformat(text if len(text) == len("14:30") else f"0{text}")
    except ValueError as error:
        raise Invalid("Enter a time like 14:30.") from error

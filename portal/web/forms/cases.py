"""Forms of a case: the requester's on her private page, and the staff's."""

from typing import BinaryIO

from flask_wtf.file import MultipleFileField
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
)
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.limits import ADDRESS_LENGTH, EMAIL_LENGTH, TELEPHONE_LENGTH
from portal.web.forms.fields import (
    MESSAGE,
    AddressField,
    LineField,
    LongField,
    OnceField,
    PortalForm,
    ReplacingForm,
    TelephoneField,
    at_most,
    email_address,
    required,
    telephone_number,
)
from portal.web.texts import later as _


class AdmissionForm(PortalForm):
    code = LineField(_("Code"), validators=[required(_("Enter the code.")), at_most(40)])


class ReferenceForm(PortalForm):
    reference = LineField(
        _("Reference"),
        description=_("Eight letters and digits, for example 7KQ2-M9XD."),
        validators=[required(_("Enter the reference.")), at_most(20)],
    )
    code = LineField(
        _("Code or PIN"),
        description=_("The PIN that was shown when you sent it, or the code from our e-mail."),
        validators=[at_most(40)],
    )


class RequesterMessageForm(PortalForm):
    key = OnceField()
    body = LongField(
        _("Your message"),
        description=_("You can also add something you forgot, or answer a question of the school."),
        validators=[required(_("Write your message.")), MESSAGE],
    )


class FilesForm(PortalForm):
    key = OnceField()
    files = MultipleFileField(
        _("Add files"),
        description=_("PDF, Word or Excel files, pictures or plain text, up to 10 megabytes each."),
    )

    def uploads(self) -> list[tuple[str, BinaryIO]]:
        """Name and content of what was chosen."""
        return [(each.filename, each.stream) for each in self.files.data or []]


class NothingForm(PortalForm):
    """A button alone."""


class AssignForm(ReplacingForm):
    person = SelectField(_("Who works on it"), coerce=int, validate_choice=False)


class NoteForm(PortalForm):
    key = OnceField()
    note = LongField(
        _("Note"),
        description=_("Between the school and the DPO team. The requester never sees it."),
        validators=[required(_("Write the note.")), MESSAGE],
    )
    hands_over = BooleanField(_("The other team goes on from here"), default=True)


class LetterForm(PortalForm):
    """`seen` is the last event its writer saw."""

    key = OnceField()
    seen = HiddenField()
    body = LongField(_("Letter"), validators=[required(_("Write the letter.")), MESSAGE])
    reason = LongField(
        _("Why you cannot answer without asking"),
        description=_("For your own records and the DPO team. It is not sent."),
        validators=[at_most(1000)],
    )


class ClosureForm(PortalForm):
    key = OnceField()
    seen = HiddenField()
    outcome = RadioField(_("How did it end?"), validators=[InputRequired(_("Choose how it ended."))])
    body = LongField(
        _("Your answer to the requester"),
        description=_("Leave it empty if you have answered already."),
        validators=[MESSAGE],
    )


class ArrivalForm(PortalForm):
    """The day on which what was asked for arrived."""

    on = DateField(_("When did it come?"), format="%d %m %Y", validators=[InputRequired(_("Enter the day."))])


class LimitForm(ReplacingForm):
    people = SelectMultipleField(
        _("Who may see it?"),
        coerce=int,
        validate_choice=False,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )


class ContactForm(ReplacingForm):
    email = AddressField(_("E-mail address"), validators=[at_most(EMAIL_LENGTH), email_address])
    telephone = TelephoneField(_("Telephone number"), validators=[at_most(TELEPHONE_LENGTH), telephone_number])
    address = LongField(_("Postal address"), validators=[at_most(ADDRESS_LENGTH)])
    contact_notes = LongField(_("What should we not do?"), validators=[at_most(1000)])


class KindChangeForm(ReplacingForm):
    kind = SelectField(_("What is it really?"), validators=[InputRequired()])
    received_time = LineField(
        _("At what time? (only for a breach)"),
        description=_("For example 14:30. The 72 hours count from then."),
        validators=[at_most(5)],
    )

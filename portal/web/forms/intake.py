"""The questions of the request form, one form a page."""

from typing import BinaryIO

from flask_babel import gettext
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.validators import InputRequired, ValidationError

from portal.casework.kinds import GOALS, RELATIONSHIPS, WAY_LABELS, WAY_TITLES, Goal, Relationship
from portal.casework.models import CaseKind
from portal.casework.questions import Question
from portal.core.limits import ADDRESS_LENGTH, EMAIL_LENGTH, TELEPHONE_LENGTH
from portal.web.forms.fields import (
    MESSAGE,
    NAME,
    AddressField,
    LineField,
    LongField,
    NameField,
    PortalForm,
    TelephoneField,
    at_most,
    email_address,
    required,
    telephone_number,
)
from portal.web.texts import later as _


class QuestionForm(PortalForm):
    """A page of the form; `suit` fits its words to the answers before it."""

    def suit(self, answers: dict[str, str], _kinds: tuple[CaseKind, ...]) -> None:
        """Most pages ask everybody the same."""

    def answered(self) -> dict[str, str]:
        """What was filled in, by name."""
        skipped = {"csrf_token", "files"}
        return {name: _text(value) for name, value in self.data.items() if name not in skipped}


class GoalForm(QuestionForm):
    goal = RadioField(
        _("What would you like to happen?"),
        choices=[(goal.value, _(label)) for goal, label in GOALS.items()],
        validators=[InputRequired(_("Choose what you would like to happen."))],
    )


class KindForm(QuestionForm):
    kind = RadioField(_("What is it about?"), validators=[InputRequired(_("Choose what fits best."))])

    def suit(self, answers: dict[str, str], _kinds: tuple[CaseKind, ...]) -> None:
        self.kind.label.text = gettext(WAY_TITLES[Goal(answers["goal"])])
        self.kind.choices = [(kind.value, gettext(WAY_LABELS[kind])) for kind in _kinds]


class WhoForm(QuestionForm):
    relationship = RadioField(
        _("Who is the information about?"),
        choices=[(relationship.value, _(label)) for relationship, label in RELATIONSHIPS.items()],
        validators=[InputRequired(_("Choose whom the information is about."))],
    )


class PersonForm(QuestionForm):
    subject_name = NameField(_("Their full name"), validators=[required(_("Enter their full name.")), NAME])
    known_by = LineField(
        _("Date of birth, class or year (if you like)"),
        description=_("It helps us to find the right person."),
        validators=[at_most(200)],
    )
    connection = LineField(
        _("How are you related to them?"),
        description=_("For example mother, foster carer or solicitor."),
        validators=[required(_("Say how you are related to them.")), at_most(200)],
    )
    responsibility = RadioField(
        _("Do you have parental responsibility?"),
        description=_("You may ask either way. If you are not sure, say so."),
        choices=[("yes", _("Yes")), ("no", _("No")), ("unsure", _("I am not sure"))],
        validate_choice=False,
    )
    own_view = LongField(
        _("Does your child know about this, and what do they think? (if you like)"),
        description=_("A child who is old enough to understand may decide about their own information."),
        validators=[at_most(1000)],
    )
    authority = LongField(
        _("What shows that you may act for them?"),
        description=_("For example a letter they signed or a power of attorney. You can show it later."),
        validators=[at_most(1000)],
    )

    def suit(self, answers: dict[str, str], _kinds: tuple[CaseKind, ...]) -> None:
        if answers.get("relationship") == Relationship.CHILD:
            self.subject_name.label.text = gettext("Your child’s full name")
            self.connection.label.text = gettext("How are you related to your child?")
            self.connection.description = gettext("For example mother, father, grandparent or foster carer.")
            del self.authority
        else:
            del self.responsibility
            del self.own_view


_WHAT: dict[CaseKind, str] = {
    CaseKind.ACCESS: _("What would you like to see?"),
    CaseKind.RECORD: _("Is there anything that helps us find the record?"),
    CaseKind.RECTIFICATION: _("What is wrong, and what would be right?"),
    CaseKind.ERASURE: _("What should be deleted, and why?"),
    CaseKind.RESTRICTION: _("What should not be used for now, and why?"),
    CaseKind.OBJECTION: _("What should stop, and what is it about your situation that makes you object?"),
    CaseKind.CONSENT: _("Which permission do you take back?"),
    CaseKind.PORTABILITY: _("Which information would you like to take with you?"),
    CaseKind.AUTOMATED: _("Which decision is it?"),
    CaseKind.COMPLAINT: _("What happened?"),
    CaseKind.QUESTION: _("What is your question?"),
    CaseKind.RETENTION: _("Is there anything else we should know?"),
    CaseKind.FOI: _("What would you like to know?"),
}
_OPTIONAL = frozenset({CaseKind.ACCESS, CaseKind.RECORD, CaseKind.RETENTION})


class DetailsForm(QuestionForm):
    details = LongField(_("What is it about?"), validators=[MESSAGE])
    about_head = BooleanField(
        _("My complaint is about the head teacher"),
        description=_("Then it goes to the governors or the trust instead."),
    )
    is_confidential = BooleanField(
        _("Only the data protection officer’s team may see this"),
        description=_("Then nobody at the school sees it or knows that you asked."),
    )
    files = MultipleFileField(
        _("Add files (if you like)"),
        description=_(
            "Papers or pictures that help. PDF, Word or Excel files, pictures or plain text, up to 10 megabytes each."
        ),
    )

    is_optional = False

    def suit(self, answers: dict[str, str], _kinds: tuple[CaseKind, ...]) -> None:
        kind = CaseKind(answers["resolved_kind"])
        self.is_optional = kind in _OPTIONAL
        self.details.label.text = str(_WHAT[kind])
        self.details.description = gettext("Dates, names of staff or subjects help. You need not give reasons.")
        if kind is CaseKind.ACCESS:
            self.details.description = gettext(
                "You can ask for everything. If you say what you are looking for, it can be found sooner."
            )
        if kind is not CaseKind.QUESTION:
            del self.is_confidential
        if kind is not CaseKind.COMPLAINT:
            del self.about_head
        else:
            self.details.description = gettext("Say what happened, when, and what should be done.")

    def uploads(self) -> list[tuple[str, BinaryIO]]:
        """Name and content of what was chosen."""
        return [(each.filename, each.stream) for each in self.files.data or []]

    def validate_details(self, field: LongField) -> None:
        if not field.data and not self.is_optional:
            raise ValidationError(gettext("Tell us a little about it."))


class NameForm(QuestionForm):
    requester_name = NameField(
        _("What is your name?"),
        description=_("Your own name, as you would like to be written to."),
        validators=[required(_("Enter your name.")), NAME],
    )


class ContactForm(QuestionForm):
    email = AddressField(_("E-mail address"), validators=[at_most(EMAIL_LENGTH), email_address])
    telephone = TelephoneField(_("Telephone number"), validators=[at_most(TELEPHONE_LENGTH), telephone_number])
    address = LongField(_("Postal address"), validators=[at_most(ADDRESS_LENGTH)])
    contact_notes = LongField(
        _("Is there anything we should not do? (if you like)"),
        description=_("For example: do not ring in the evening, do not write to the home address."),
        validators=[at_most(1000)],
    )

    def validate_email(self, field: AddressField) -> None:
        if not (field.data or self.telephone.data or self.address.data):
            raise ValidationError(gettext("Give one way to reach you: e-mail, telephone or post."))


class AnswerForm(QuestionForm):
    answer_form = RadioField(
        _("How would you like to get the answer?"),
        choices=[("any", _("Any way")), ("online", _("On this website or by e-mail")), ("paper", _("On paper"))],
        default="any",
        validators=[InputRequired(_("Choose how you would like to get the answer."))],
    )
    answer_language = LineField(
        _("Is there a language you read best? (if you like)"),
        description=_("You can also just write in that language."),
        validators=[at_most(60)],
    )
    help_needed = LongField(
        _("Is there anything that would make it easier for you? (if you like)"),
        description=_("For example large print, or somebody who reads the answer to you."),
        validators=[at_most(1000)],
    )


class CheckForm(PortalForm):
    """Sends what was shown: `seen` is its hash, `key` the key with which it is sent once."""

    key = HiddenField()
    seen = HiddenField()


FORMS: dict[Question, type[QuestionForm]] = {
    Question.START: GoalForm,
    Question.KIND: KindForm,
    Question.WHO: WhoForm,
    Question.PERSON: PersonForm,
    Question.DETAILS: DetailsForm,
    Question.NAME: NameForm,
    Question.CONTACT: ContactForm,
    Question.ANSWER: AnswerForm,
}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)

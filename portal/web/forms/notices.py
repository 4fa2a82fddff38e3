"""Wording of clauses: a school's own, and the shared one."""

from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, SelectMultipleField

from portal.core.limits import CLAUSE_LENGTH, EMAIL_LENGTH, TITLE_LENGTH
from portal.notices.releases import KIND_LENGTH
from portal.web.forms.fields import (
    AddressField,
    LineField,
    LongField,
    NameField,
    PortalForm,
    ReplacingForm,
    at_most,
    email_address,
    number,
    optional,
    required,
)
from portal.web.texts import later as _

TEXT_HINT = _("One sentence a line reads best here. Lists begin with “- ”; {{ school.email }} is filled in.")
POLICIES = (
    ("locked", _("The same in every school")),
    ("adaptable", _("Schools may change it")),
    ("optional", _("Schools may change it or leave it out")),
)

KINDS_OF_SCHOOL = (
    ("maintained", _("Schools maintained by a council")),
    ("academy", _("Academies")),
    ("special", _("Special schools")),
    ("independent", _("Independent schools")),
)


class ClauseForm(PortalForm):
    """`seen` is the draft's version that the page showed (0: none), `base` the shared text beside it.

    `own` is the published override that it showed (0: none).
    """

    title = NameField(_("Title"), validators=[optional(), at_most(TITLE_LENGTH)])
    text = LongField(
        _("Our words"), description=TEXT_HINT, validators=[required(_("Write the words.")), at_most(CLAUSE_LENGTH)]
    )
    reason = LineField(
        _("Why (optional)"), description=_("One sentence that readers see beside the version."),
        validators=[optional(), at_most(300)],
    )  # fmt: skip
    seen = HiddenField(default="0")
    own = HiddenField(default="")
    base = HiddenField(default="")

    @property
    def seen_version(self) -> int:
        return number(self.seen.data) or 0

    @property
    def seen_own(self) -> int | None:
        return number(self.own.data)


class AdditionForm(ClauseForm):
    mode = RadioField(
        _("Where"), choices=[("after", _("After this clause")), ("before", _("Before this clause"))], default="after"
    )
    title = NameField(_("Title"), validators=[required(_("Give the clause a title.")), at_most(TITLE_LENGTH)])


class DecisionForm(PortalForm):
    text = LongField(_("Our new words"), description=TEXT_HINT, validators=[optional(), at_most(CLAUSE_LENGTH)])
    question = LongField(_("What do you want to ask?"), validators=[optional(), at_most(2000)])


class CommentForm(PortalForm):
    comment = LongField(
        _("Comment to the school"), description=_("Needed when you send the words back."),
        validators=[optional(), at_most(2000)],
    )  # fmt: skip
    seen = HiddenField(default="0")

    @property
    def seen_version(self) -> int:
        return number(self.seen.data) or 0


class PreferenceForm(ReplacingForm):
    value = RadioField(
        _("When the shared wording changes"),
        choices=[("take", _("Take the new wording as it comes")), ("ask", _("Ask us first, every time"))],
    )


class ReleaseForm(PortalForm):
    name = NameField(
        _("Short name"), description=_("Such as 2027-01."), validators=[required(_("Give a name.")), at_most(60)]
    )
    title = NameField(_("Title"), validators=[required(_("Give a title.")), at_most(TITLE_LENGTH)])
    reason = LongField(
        _("Why the wording changes"), description=_("One or two plain sentences. Readers see them."),
        validators=[optional(), at_most(1000)],
    )  # fmt: skip
    effective_on = DateField(_("In force from"), format="%d %m %Y", validators=[required(_("Enter a day."))])


class NewReleaseForm(ReleaseForm):
    """`kind` is "" for a new kind of notice, which `kind_title` then names."""

    kind = SelectField(_("Which notice"), validate_choice=False, default="general")
    kind_title = NameField(
        _("Title of a new notice"), description=_("Only for a new notice, such as Admissions. Readers see it."),
        validators=[optional(), at_most(KIND_LENGTH)],
    )  # fmt: skip


class DetailsForm(ReplacingForm, ReleaseForm):
    """The same of a draft that is there."""


class SharedClauseForm(PortalForm):
    title = NameField(_("Title"), validators=[required(_("Give the clause a title.")), at_most(TITLE_LENGTH)])
    text = LongField(
        _("Shared words"), description=TEXT_HINT, validators=[required(_("Write the words.")), at_most(CLAUSE_LENGTH)]
    )
    reason = LongField(
        _("Why this clause changes"), description=_("One plain sentence for schools."),
        validators=[optional(), at_most(500)],
    )  # fmt: skip
    policy = SelectField(_("What schools may do"), choices=POLICIES)
    review = BooleanField(_("A school’s change needs the DPO team’s agreement"))
    confirm = BooleanField(_("States a fact about the school: each school must say yes"))
    applies = SelectMultipleField(
        _("Which schools it is for"), choices=KINDS_OF_SCHOOL,
        description=_("With no tick it stays as it was; a new clause is for every school."),
    )  # fmt: skip
    laws = LongField(_("Law it relies on"), description=_("One a line."), validators=[optional(), at_most(1000)])
    section = SelectField(_("Section"), validate_choice=False)
    seen = HiddenField(default="0")

    @property
    def seen_version(self) -> int:
        return number(self.seen.data) or 0


class SubscriptionForm(PortalForm):
    email = AddressField(
        _("E-mail address"),
        validators=[required(_("Enter your e-mail address.")), at_most(EMAIL_LENGTH), email_address],
    )

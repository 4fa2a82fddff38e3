"""Bringing a notice in, deciding about its parts, and living with a finding of the check."""

from flask_wtf.file import FileField, MultipleFileField
from wtforms import DateField, HiddenField, RadioField, SelectField, TextAreaField

from portal.core.limits import MESSAGE_LENGTH
from portal.lifecycle.import_corrections import CHOICES
from portal.notices.importing.report import LABELS
from portal.web.forms.fields import LongField, NameField, PortalForm, at_most, number, optional, required
from portal.web.texts import later as _

ACCEPTED = ".txt,.md,.html,.htm,.docx,.pdf"


class BringForm(PortalForm):
    """Text is taken as it was pasted: what it holds is looked at by the reader of documents."""

    text = TextAreaField(_("Paste the text of your notice"), validators=[optional()])
    file = FileField(
        _("Or choose a file"),
        description=_("A Word document (.docx), PDF, web page (.html) or text file (.txt, .md) of at most 10 MB."),
    )


class BlockForm(PortalForm):
    kind = RadioField(_("What is this paragraph?"), choices=[(kind.value, _(LABELS[kind])) for kind in CHOICES])
    clause = SelectField(_("The shared section it belongs to"), validate_choice=False)
    seen = HiddenField(default="0")

    @property
    def seen_version(self) -> int:
        return number(self.seen.data) or 0


class ManyForm(PortalForm):
    files = MultipleFileField(
        _("Notices"),
        description=_("Up to 10 files. Each goes to the school whose address or name it bears, or that it names."),
    )


class TemplateForm(PortalForm):
    file = FileField(_("The template"), description=_("The document that schools made their notices from."))
    name = NameField(
        _("Name of this edition"), description=_("Such as county-template-2021."),
        validators=[required(_("Give the edition a name.")), at_most(60)],
    )  # fmt: skip
    effective_on = DateField(_("When it was issued (optional)"), format="%d %m %Y", validators=[optional()])


class WaiverForm(PortalForm):
    reason = LongField(
        _("Why this can stay as it is"),
        validators=[required(_("Say why this can stay as it is.")), at_most(MESSAGE_LENGTH)],
    )
    expires_on = DateField(
        _("Until when"), description=_("At most a year. Then the check shows it again."), format="%d %m %Y",
        validators=[required(_("Enter a day."))],
    )  # fmt: skip


class AnswerForm(PortalForm):
    answer = LongField(
        _("Answer to the school"), validators=[required(_("Write a sentence to the school.")), at_most(2000)]
    )

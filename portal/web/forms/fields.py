"""Fields as this portal wants them: cleaned at the boundary, with a length, a type and an error in plain words."""

import hashlib
import json
import re
import secrets
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, StringField, TelField, TextAreaField
from wtforms import Field as AnyField
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length, Optional, StopValidation, ValidationError

from portal.core.errors import Invalid
from portal.core.limits import EMAIL_LENGTH, MESSAGE_LENGTH, NAME_LENGTH, TELEPHONE_LENGTH
from portal.core.text import clean, clean_name
from portal.web.texts import later as _

_EMAIL = re.compile(r"[^@\s<>()\[\],;:\\\"]+@[^@\s<>()\[\],;:\\\"]+\.[^@\s<>()\[\],;:\\\".]{2,}")
_NEVER_SEEN = {"CSRFTokenField", "HiddenField", "OnceField"}
_ENDS_A_QUESTION = ("?", "\u061f")
_TELEPHONE = re.compile(r"[0-9+()\-. extEXT]*")


_PLAIN_WORDS = {
    "Not a valid date value.": _("Enter a real day, for example 27 3 2026."),
    "Not a valid choice.": _("Choose one of the answers."),
    "Invalid Choice: could not coerce.": _("Choose one of the answers."),
    "'%(value)s' is not a valid choice for this field.": _("Choose from the list."),
    "'%(value)s' are not valid choices for this field.": _("Choose from the list."),
    "Not a valid integer value.": _("Enter a whole number."),
    "This field is required.": _("This must be filled in."),
}


def number(value: str | None) -> int | None:
    """The number that a hidden field holds; None where it holds none."""
    return int(value) if value and value.isascii() and value.isdecimal() and len(value) < 12 else None


class PlainWords:
    """What WTForms says by itself, in the portal's own words and the reader's language."""

    def gettext(self, message: str) -> str:
        return str(_PLAIN_WORDS.get(message, message))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(singular if number == 1 else plural)


class PortalForm(FlaskForm):
    """A form whose CSRF token lives in the session; a missing one is answered by its own page."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, _form: object) -> PlainWords:
            return PlainWords()

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - what WTForms takes
        untyped: Any = super()
        untyped.__init__(**values)

    def validate_on_submit(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - what WTForms takes
        """Whether the form was sent and everything in it is right."""
        untyped: Any = super()
        return bool(untyped.validate_on_submit(extra_validators))

    def validate_csrf_token(self, _field: AnyField) -> None:
        """Checked once for every request before the view; see `hardening`."""


class ReplacingForm(PortalForm):
    """A form that replaces what is there. It carries a digest of what it showed, so that nobody overwrites unseen.

    It is given what is in force now. `is_stale` says that somebody changed that since the page was opened, to
    something else than what was typed; the page shown then carries what is in force, so that sending it again is
    meant.
    """

    seen = HiddenField()

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - what WTForms takes
        super().__init__(**values)
        data = values.pop("data", None) or {}
        values.pop("formdata", None)
        self.present: dict[str, Any] = {**values, **data}
        now = json.dumps({name: _as_said(value) for name, value in self.present.items()}, sort_keys=True)
        mark = hashlib.sha256(now.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        untyped: Any = self
        self.is_stale = bool(untyped.is_submitted() and self.seen.data != mark and self._changed())
        self.seen.data = mark

    def validate_on_submit(self, extra_validators: Any = None) -> bool:  # noqa: ANN401 - what WTForms takes
        return super().validate_on_submit(extra_validators) and not self.is_stale

    @property
    def status(self) -> int:
        """With which status the form is shown: as it is, with faults in it, or beside what somebody else saved."""
        if any(field.errors for field in self) or self.form_errors:
            return 422
        return 409 if self.is_stale else 200

    def differences(self) -> list[tuple[str, str, str]]:
        """(label, what is in force, what was typed) of each field in which the two differ."""
        return [
            (str(field.label.text), _in_words(field, self.present.get(field.name)), _in_words(field, field.data))
            for field in self._changed()
        ]

    def _changed(self) -> list[AnyField]:
        return [
            field
            for field in self
            if field.type not in {"CSRFTokenField", "HiddenField"}
            and _as_said(field.data) != _as_said(self.present.get(field.name))
        ]


class LineField(StringField):
    """One line of text."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = _cleaned(self, str(valuelist[0]) if valuelist else "", clean)


class NameField(StringField):
    """A name: one line without characters that reorder or hide text."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = _cleaned(self, str(valuelist[0]) if valuelist else "", clean_name)


class LongField(TextAreaField):
    """Several lines of text."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = _cleaned(self, str(valuelist[0]) if valuelist else "", lambda text: clean(text, multiline=True))


class AddressField(EmailField):
    """An e-mail address."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = _cleaned(self, str(valuelist[0]) if valuelist else "", clean_name)


class TelephoneField(TelField):
    """A telephone number as people write it."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = _cleaned(self, str(valuelist[0]) if valuelist else "", clean_name)


class OnceField(HiddenField):
    """A key made with the form, so that sending it twice makes one thing."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - what WTForms takes
        super().__init__(default=lambda: secrets.token_urlsafe(18), **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        value = str(valuelist[0]) if valuelist else ""
        self.data = value if re.fullmatch(r"[A-Za-z0-9_-]{16,64}", value) else secrets.token_urlsafe(18)


class Filled(InputRequired):
    """Something must be given, and what is empty once it is cleaned is nothing."""

    def __call__(self, form: BaseForm, field: AnyField) -> None:
        super().__call__(form, field)
        if field.data == "" and not field.errors:
            raise StopValidation(str(self.message))


def required(message: str) -> InputRequired:
    """Something must be given, said in the field's own words."""
    return Filled(message=message)


def optional() -> Optional:
    return Optional(strip_whitespace=True)


def at_most(length: int) -> Length:
    return Length(max=length, message=_("This is too long: use %(max)d characters or fewer."))


def email_address(_form: object, field: AnyField) -> None:
    """Raises `ValidationError` for what cannot be an address, or one that most mail servers do not deliver to."""
    typed = field.data or ""
    mailbox = typed.rpartition("@")[0]
    if typed and (len(typed) > EMAIL_LENGTH or not mailbox.isascii() or not _EMAIL.fullmatch(typed)):
        raise ValidationError(_("Enter an e-mail address like name@example.com."))


def telephone_number(_form: object, field: AnyField) -> None:
    """Raises `ValidationError` for what cannot be a number."""
    digits = sum(character.isdigit() for character in field.data or "")
    if field.data and (len(field.data) > TELEPHONE_LENGTH or digits < 6 or not _TELEPHONE.fullmatch(field.data)):
        raise ValidationError(_("Enter a telephone number like 01632 960001."))


def field_of(form: PortalForm, name: str) -> AnyField:
    """The field that an error names, else the first one that its reader sees."""
    seen: list[AnyField] = [field for field in form if field.type not in _NEVER_SEEN]
    return next((field for field in seen if field.name == name), seen[0])


def named_error(field: AnyField) -> str:
    """A field's first error as the summary says it, where the field is not in sight: after the field's label.

    A box to tick has a sentence for its label, which nothing can follow.
    """
    label, error = str(field.label.text), str(field.errors[0])
    if field.type == "BooleanField":
        return error
    if label[-1:] in _ENDS_A_QUESTION or label.endswith(")"):
        return f"{label} {error}"
    return f"{label}: {error[:1].lower() + error[1:] if error[1:2].islower() else error}"


NAME = at_most(NAME_LENGTH)
MESSAGE = at_most(MESSAGE_LENGTH)


def _as_said(value: Any) -> str | list[str]:  # noqa: ANN401 - whatever a field holds
    """A value as a form says it, so that what is kept and what is sent compare."""
    if isinstance(value, list | tuple | set):
        return sorted(str(each) for each in value)
    value = getattr(value, "filename", value)  # a file that was chosen
    return "" if value is None or value is False else str(value).replace("\r\n", "\n").strip()


def _in_words(field: AnyField, value: Any) -> str:  # noqa: ANN401 - whatever a field holds
    labels = {str(choice[0]): str(choice[1]) for choice in getattr(field, "choices", None) or ()}
    said = _as_said(value)
    return ", ".join(labels.get(each, each) for each in ([said] if isinstance(said, str) else said))


def _cleaned(field: AnyField, value: str, cleaner: Any) -> str:  # noqa: ANN401 - str to str
    try:
        return str(cleaner(value))
    except Invalid as error:
        field.process_errors = [*field.process_errors, gettext(error.message)]
        return "".join(character for character in value if character.isprintable() or character == "\n")

"""Finding in the inbox, and giving several requests to somebody at once."""

from flask_babel import gettext
from wtforms import SelectField, SelectMultipleField

from portal.casework.inbox import COLUMNS, SORTS, Column
from portal.casework.kinds import KINDS, WAITING
from portal.core.limits import SEARCH_LENGTH
from portal.web.forms.fields import LineField, NameField, PortalForm, at_most
from portal.web.texts import later as _


class FilterForm(PortalForm):
    """Read from the address: it changes nothing, so it needs no token."""

    class Meta:
        csrf = False

    q = LineField(_("Reference, name or words"), validators=[at_most(SEARCH_LENGTH)])
    kind = SelectField(
        _("Kind"), choices=[("", _("All kinds")), *((kind.value, _(label)) for kind, label in KINDS.items())]
    )
    older = SelectField(
        _("Received"),
        choices=[("", _("At any time")), ("14", _("More than 14 days ago")), ("30", _("More than 30 days ago"))],
    )
    status = SelectField(
        _("State"), choices=[("", _("Any state")), *((state.value, _(label)) for state, label in WAITING.items())]
    )
    school = LineField(_("School"), description=_("Part of its name"), validators=[at_most(SEARCH_LENGTH)])
    trust = SelectField(_("Trust"), validate_choice=False)
    council = SelectField(_("Council"), validate_choice=False)
    sort = SelectField(_("Order"), choices=[(sort.value, _(label)) for sort, label in SORTS.items()])
    columns = SelectMultipleField(_("Columns"), validate_choice=False)

    def offer(self, columns: list[Column], *, trusts: dict[int, str], councils: dict[int, str]) -> None:
        """What there is to choose from here; a filter that could choose nothing is left out."""
        self.columns.choices = [(column.value, gettext(COLUMNS[column])) for column in columns]
        self.trust.choices = [("", gettext("All trusts")), *_numbered(trusts)]
        self.council.choices = [("", gettext("All councils")), *_numbered(councils)]
        for name, is_useful in (("trust", trusts), ("council", councils), ("school", Column.SCHOOL in columns)):
            if not is_useful:
                del self[name]


class ViewForm(PortalForm):
    name = NameField(_("Name of this view"), validators=[at_most(80)])


class BulkForm(PortalForm):
    cases = SelectMultipleField(_("Requests"), validate_choice=False)
    seen = SelectMultipleField(validate_choice=False)
    person = SelectField(_("Give the ticked ones to"), coerce=int, validate_choice=False)

    def shown(self) -> dict[str, int]:
        """Who worked on each request, 0 for nobody, when the list was opened."""
        pairs = (each.rpartition(":") for each in self.seen.data or [])
        return {reference: int(number) for reference, _mark, number in pairs if number.isdecimal() and len(number) < 10}


def _numbered(known: dict[int, str]) -> list[tuple[str, str]]:
    return [(str(number), name) for number, name in known.items()]

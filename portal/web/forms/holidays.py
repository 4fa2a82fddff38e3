"""Bank holidays."""

from wtforms import DateField
from wtforms.validators import InputRequired

from portal.web.forms.fields import LineField, PortalForm, at_most, required
from portal.web.texts import later as _


class HolidayForm(PortalForm):
    day = DateField(_("Day"), format="%d %m %Y", validators=[InputRequired(_("Enter the day."))])
    name = LineField(_("What it is for"), validators=[required(_("Say what the holiday is for.")), at_most(100)])

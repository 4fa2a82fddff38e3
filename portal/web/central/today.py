"""What there is to do for the central team today."""

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.identity.permissions import Action
from portal.web.door import Audience, Door
from portal.web.session import desk
from portal.web.shared.tasks import case_tasks

pages = Door("today", __name__, audience=Audience.CENTRAL)


@pages.page("/today", may=Action.SEE_TODAY, cross_tenant="what there is to do in all schools")
def today() -> ResponseReturnValue:
    return render_template("school/today/today.html", tasks=case_tasks(), name=desk.actor.name)

"""What stands behind the school door; the address names the school or trust that is acted for."""

from flask import Flask

from portal.web.door import Audience
from portal.web.school import bring, check, notice, poster, school, today
from portal.web.shared import bringing, case, inbox, letters, people, recording, trail, tray, views

BLUEPRINTS = (
    people.pages,
    trail.pages,
    today.pages,
    notice.pages,
    bring.pages,
    check.pages,
    school.pages,
    poster.pages,
    inbox.pages,
    case.pages,
    recording.asking,
)
ATTACHED = (bringing, letters, recording, tray, views)


def install(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(
            blueprint, name=f"school_{blueprint.name}", url_prefix="/school/<slug>", audience=Audience.SCHOOL
        )

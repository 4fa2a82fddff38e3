"""What stands behind the central door."""

from flask import Flask

from portal.web.central import (
    audit,
    bring,
    check,
    directory,
    holidays,
    library,
    onboarding,
    operations,
    register,
    reviews,
    schools,
    successions,
    today,
)
from portal.web.door import Audience
from portal.web.shared import bringing, case, inbox, letters, people, recording, trail, tray, views

BLUEPRINTS = (
    people.pages,
    trail.pages,
    audit.pages,
    today.pages,
    schools.pages,
    library.pages,
    reviews.pages,
    bring.pages,
    check.pages,
    onboarding.pages,
    register.pages,
    directory.pages,
    successions.pages,
    operations.pages,
    holidays.pages,
)
SHARED = ((inbox.pages, "the inbox of all schools"), (case.pages, "a request of a school"))
ATTACHED = (bringing, letters, recording, tray, views)


def install(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(
            blueprint, name=f"central_{blueprint.name}", url_prefix="/central", audience=Audience.CENTRAL
        )
    for blueprint, reason in SHARED:
        app.register_blueprint(
            blueprint,
            name=f"central_{blueprint.name}",
            url_prefix="/central",
            audience=Audience.CENTRAL,
            cross_tenant=reason,
        )

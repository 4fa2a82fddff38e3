"""All doors and what stands behind each."""

from flask import Flask

from portal.web.central import door as central
from portal.web.public import door as public
from portal.web.school import door as school
from portal.web.shared import door as shared


def install(app: Flask) -> None:
    for blueprint in (*public.BLUEPRINTS, *shared.BLUEPRINTS):
        app.register_blueprint(blueprint)
    school.install(app)
    central.install(app)

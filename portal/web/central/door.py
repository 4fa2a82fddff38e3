"""What stands behind the central door."""

from flask import Flask

from portal.web.central import operations, schools, today
from portal.web.door import Audience

BLUEPRINTS = (today.pages, schools.pages, operations.pages)


def install(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint, name=f"central_{blueprint.name}", url_prefix="/central", audience=Audience.CENTRAL)

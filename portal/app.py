"""The application, as a table of contents."""

from flask import Flask

from portal.core.assets import assets_missing
from portal.core.database import Database
from portal.core.errors import SettingsError
from portal.core.secrets import Keys
from portal.lifecycle.schema import reach
from portal.settings import Settings
from portal.tenancy.walls import check_serving_role
from portal.web import answers, chrome, doors, guard, hardening, languages, sign_in
from portal.web.session import House, ServerSessions


def create_app(settings: Settings, *, database: Database | None = None) -> Flask:
    """The web application on these settings. Raises `SettingsError` when it must not start."""
    missing = assets_missing()
    if missing:
        raise SettingsError(missing)
    app = Flask("portal", template_folder="templates", static_folder="static")
    house = House(settings, database or reach(settings.database_url, "PORTAL_DATABASE_URL"), Keys(settings.secret_keys))
    if settings.database_owner_url:
        with house.database.engine.connect() as connection:
            check_serving_role(connection)
    app.extensions["portal_house"] = house
    app.session_interface = ServerSessions()
    hardening.install(app, settings)
    languages.install(app)
    sign_in.install(app)
    app.before_request(guard.guard)
    doors.install(app)
    chrome.install(app)
    answers.install(app)
    return app

"""Bringing the database to the newest schema, with its walls."""

import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from portal.casework.search import prepare as prepare_search
from portal.core.database import Database
from portal.core.errors import Conflict, SettingsError
from portal.settings import ROOT, Settings
from portal.tenancy.walls import raise_walls

_LOCK = 4_107_215
_LOCK_SECONDS = 1
_PAUSE_SECONDS = 2
_TRIES = 10
_IN_USE = "The database is in use and could not be brought up to date. Nothing was changed; try again in a quiet hour."


def reach(url: str, setting: str) -> Database:
    """The database at `url`. Raises `SettingsError` with the setting's name when it cannot be used."""
    database = Database(url)
    try:
        with database.engine.connect():
            return database
    except DBAPIError as error:
        database.dispose()
        first, *rest = str(error.orig).splitlines() or [""]
        reason = " ".join([first, *rest] if first.endswith(":") else [first])
        raise SettingsError(f"{setting}: the database cannot be reached: {reason[:300]}") from error


def migrate(settings: Settings) -> None:
    """Run all migrations as the owner, then raise the walls; several nodes may call it at once."""
    if settings.database_owner_url:
        owner = reach(settings.database_owner_url, "PORTAL_DATABASE_OWNER_URL")
    else:
        owner = reach(settings.database_url, "PORTAL_DATABASE_URL")
    serving = make_url(settings.database_url).username if settings.database_owner_url else None
    try:
        _migrate_patiently(owner.engine, serving)
    finally:
        owner.dispose()


def _migrate_patiently(engine: Engine, serving: str | None) -> None:
    """Nobody queues behind a migration that itself waits for a table: it lets go after a second and begins anew."""
    for tries_left in reversed(range(_TRIES)):
        try:
            with engine.execution_options(portal_writes=True).begin() as connection:
                _migrate_on(connection, serving)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable | DeadlockDetected):
                raise
            if not tries_left:
                raise Conflict(_IN_USE) from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _migrate_on(connection: Connection, serving: str | None) -> None:
    """All in one transaction, so that a run that was broken off has changed nothing."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")  # other nodes' runs are waited for
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
    command.upgrade(_config(connection), "heads")
    prepare_search(connection)
    raise_walls(connection, serving_role=serving)


def is_current(database: Database) -> bool:
    """Whether the database stands at the newest revision."""
    heads = set(ScriptDirectory(str(ROOT / "migrations")).get_heads())
    with database.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == heads


def make_revision(settings: Settings, message: str) -> Path:
    """Write a migration from the difference between the models and the database."""
    owner = Database(settings.database_owner_url or settings.database_url)
    with owner.engine.begin() as connection:
        script = command.revision(_config(connection), message=message, autogenerate=True)
    owner.dispose()
    assert isinstance(script, Script)  # one revision, not the list that a template of several databases makes
    return Path(script.path)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config

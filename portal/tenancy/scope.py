"""The scope that hides other tenants' rows: without one, touching a tenant-owned table raises.

The session's scope is the first of three walls; composite foreign keys and PostgreSQL's row-level security
(`walls.py`) stand behind it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import Any, ClassVar, TypeVar
from weakref import WeakKeyDictionary

from psycopg.pq import TransactionStatus
from sqlalchemy import (
    Alias,
    BindParameter,
    CompoundSelect,
    Connection,
    Delete,
    ForeignKey,
    ForeignKeyConstraint,
    FromClause,
    Insert,
    Integer,
    Join,
    Result,
    Select,
    TableClause,
    TextClause,
    TextualSelect,
    UniqueConstraint,
    Update,
    bindparam,
    event,
    inspect,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Mapper, ORMExecuteState, UOWTransaction, mapped_column, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause, ColumnElement
from sqlalchemy.sql.schema import Table

from portal.core.database import Base, PortalSession
from portal.core.errors import PortalError

TenantId = int | BindParameter[int] | None
AnySelect = TypeVar("AnySelect", bound=Select[*tuple[Any, ...]])


class ScopeError(PortalError):
    """Code asked for tenant-owned rows without saying whose: a defect, never the user's fault."""


class RowClass(StrEnum):
    """Whose a table's rows are."""

    TENANT = "tenant"
    SERVICE = "service"
    PUBLIC = "public"


class TenantOwned:
    """Rows of one tenant. Every reference between two such tables carries the tenant: `tenant_reference`."""

    row_class: ClassVar[RowClass] = RowClass.TENANT

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), index=True)


class ServiceOwned:
    """Rows of the installation itself: people, sessions, counters."""

    row_class: ClassVar[RowClass] = RowClass.SERVICE


class PublicRow:
    """Rows anybody may read: published text, councils, names of schools."""

    row_class: ClassVar[RowClass] = RowClass.PUBLIC


def tenant_key() -> UniqueConstraint:
    """What another table's `tenant_reference` points at."""
    return UniqueConstraint("tenant_id", "id")


def tenant_reference(column: str, table: str) -> ForeignKeyConstraint:
    """A foreign key that cannot leave the tenant: `(tenant_id, column)` to `(tenant_id, id)` of `table`."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"])


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a session sees: one tenant's, a trust's with its schools', or every tenant's for a stated reason."""

    kind: RowClass | None
    tenant_id: int | None = None
    reason: str = ""
    is_trust: bool = False


@contextmanager
def tenant_scope(session: PortalSession, tenant_id: int) -> Iterator[None]:
    """See and write one tenant's rows."""
    with _scope(session, Scope(RowClass.TENANT, tenant_id)):
        yield


@contextmanager
def trust_scope(session: PortalSession, trust_id: int) -> Iterator[None]:
    """See a trust's rows and those of its schools; write too, each row staying its tenant's."""
    with _scope(session, Scope(RowClass.TENANT, trust_id, is_trust=True)):
        yield


@contextmanager
def every_tenant(session: PortalSession, reason: str) -> Iterator[None]:
    """See every tenant's rows. `reason` says why; doors write it to the audit trail."""
    if not reason:
        msg = "cross-tenant work needs a reason"
        raise ScopeError(msg)
    with _scope(session, Scope(RowClass.SERVICE, reason=reason)):
        yield


def current_scope(session: PortalSession) -> Scope | None:
    """The scope in force, or None."""
    return session.info.get("portal_scope")


@contextmanager
def _scope(session: PortalSession, scope: Scope) -> Iterator[None]:
    before = current_scope(session)
    session.flush()  # what was written outside belongs to the outer scope's check
    _enter(session, scope)
    try:
        yield
        session.flush()  # what was written inside belongs to this scope's check
    finally:
        _enter(session, before)


def _enter(session: PortalSession, scope: Scope | None) -> None:
    session.info["portal_scope"] = scope
    session.info["portal_sees"] = partial(_sees, session, scope)
    if session.in_transaction() and session.is_active:
        announce(session, session.own_connection())


def announce(session: PortalSession, connection: Connection) -> None:
    """Tell PostgreSQL the scope, for this transaction only; it then enforces the same rule itself."""
    if connection.dialect.name != "postgresql" or _has_failed(connection):
        return
    scope = current_scope(session)
    tenant = "" if scope is None or scope.tenant_id is None else str(scope.tenant_id)
    told = (_database_role(scope), tenant)
    connection.exec_driver_sql("SELECT set_config('role', %s, true), set_config('portal.tenant', %s, true)", told)


def _has_failed(connection: Connection) -> bool:
    """Whether the transaction can only be rolled back; the next one is told its scope when it begins."""
    driver: Any = connection.connection.dbapi_connection
    return bool(driver.info.transaction_status == TransactionStatus.INERROR)


def _sees(session: PortalSession, scope: Scope | None, row: object) -> bool:
    """Whether a row that the session already holds may be handed out in this scope."""
    if not isinstance(row, TenantOwned):
        return True
    if scope is None:
        return False
    if scope.kind is RowClass.SERVICE or row.tenant_id == scope.tenant_id:
        return True
    return scope.is_trust and _in_trust(session, scope, row.tenant_id)


def _database_role(scope: Scope | None) -> str:
    if scope is None:
        return "portal_app"
    if scope.kind is RowClass.SERVICE:
        return "portal_service"
    return "portal_trust" if scope.is_trust else "portal_tenant"


def _is_visible(model: type[TenantOwned], tenant: TenantId, *, is_trust: bool) -> ColumnElement[bool]:
    """The condition a row must meet to be seen in the scope of a tenant, or of a trust with its schools."""
    if not is_trust:
        return model.tenant_id == tenant
    if hasattr(model, "trust_id"):
        return or_(model.tenant_id == tenant, model.trust_id == tenant)
    table = Base.metadata.tables["tenant"]
    return model.tenant_id.in_(select(table.c.id).where(or_(table.c.id == tenant, table.c.trust_id == tenant)))


def tenant_models() -> dict[Table, type[TenantOwned]]:
    """Every tenant-owned table with its model."""
    return _tenant_models(len(Base.metadata.tables))


@cache
def _tenant_models(_known: int) -> dict[Table, type[TenantOwned]]:
    """Gathered once for so many known tables: every statement asks."""
    return {
        mapper.local_table: mapper.class_
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantOwned) and isinstance(mapper.local_table, Table)
    }


@event.listens_for(PortalSession, "after_begin")
def _announce_at_begin(session: PortalSession, _transaction: object, connection: Connection) -> None:
    announce(session, connection)


@event.listens_for(PortalSession, "do_orm_execute")
def _restrict(state: ORMExecuteState) -> Result[Any] | None:
    session = state.session
    assert isinstance(session, PortalSession)
    if isinstance(state.statement, TextClause):
        if not state.execution_options.get("portal_text"):
            msg = "SQL text outside core: use a model, or PortalSession.run_text"
            raise ScopeError(msg)
        return None
    held = _KEPT.get(state.statement)
    touched, speaks_models, has_text = held.reading(state.statement) if held else _asked_for(state.statement)
    if has_text and not state.execution_options.get("portal_text"):
        msg = "SQL text inside a statement, or a table without a model: use a model, or PortalSession.run_text"
        raise ScopeError(msg)
    if not touched:
        return None
    scope = current_scope(session)
    if scope is None:
        msg = f"no tenant is set, but {sorted(table.name for table in touched)} was asked for"
        raise ScopeError(msg)
    if not state.is_relationship_load and not state.is_column_load and not speaks_models:
        msg = f"a table where a model is needed: {sorted(table.name for table in touched)}"
        raise ScopeError(msg)
    if scope.kind is RowClass.SERVICE:
        return None
    if state.is_insert or (state.is_update and (isinstance(state.parameters, list) or _moves(state.statement))):
        msg = "bulk inserts, moves and updates by key of tenant-owned rows need every_tenant; work on objects instead"
        raise ScopeError(msg)
    if held:
        form = held.form(state.statement, is_trust=scope.is_trust)
        state.parameters = state.parameters or {}
        return state.invoke_statement(form, {_THE_TENANT.key: scope.tenant_id})
    state.statement = _restricted(
        state.statement, touched, scope.tenant_id, is_trust=scope.is_trust, is_refresh=state.is_column_load
    )
    return None


class _Kept:
    """A statement for many executions: what was read of it, and its forms for a tenant's scope and for a trust's."""

    def __init__(self) -> None:
        self._reading: _Reading | None = None
        self._forms: dict[bool, Any] = {}

    def reading(self, statement: Any) -> "_Reading":  # noqa: ANN401 - any executable
        self._reading = self._reading or _read_statement(statement)
        return self._reading

    def form(self, statement: Any, *, is_trust: bool) -> Any:  # noqa: ANN401 - any executable
        found = self._forms.get(is_trust)
        if found is None:
            touched, *_ = self.reading(statement)
            found = _restricted(statement, touched, _THE_TENANT, is_trust=is_trust, is_refresh=False)
            self._forms[is_trust] = found
        return found


_THE_TENANT = bindparam("tenant_of_scope", type_=Integer)
_KEPT: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()


def kept(statement: AnySelect) -> AnySelect:
    """The same statement, to be asked many times with parameters: it is read and restricted once, not each time.

    The scope is as strict with it as with any other. The tenant is a parameter which the scope alone gives.
    """
    _KEPT[statement] = _Kept()
    return statement


def _restricted(
    statement: Any,  # noqa: ANN401 - any executable
    touched: frozenset[Table],
    tenant: TenantId,
    *,
    is_trust: bool,
    is_refresh: bool,
) -> Any:  # noqa: ANN401 - the same
    """The statement with the scope's condition on each model; a row that is loaded again must meet it too."""
    for model in (tenant_models()[table] for table in touched):
        condition = _is_visible(model, tenant, is_trust=is_trust)
        criteria = with_loader_criteria(model, condition, include_aliases=True)
        statement = statement.where(condition) if is_refresh else statement.options(criteria)
    return statement


def _moves(statement: Any) -> bool:  # noqa: ANN401 - an update
    """Whether an update gives rows to another tenant."""
    return any(getattr(column, "name", column) == "tenant_id" for column in statement._values or ())  # noqa: SLF001 - there is no public reading


_Reading = tuple[frozenset[Table], bool, bool]
"""The tenant-owned tables of a statement, whether it names each through its model, and whether it holds SQL text."""


def _asked_for(statement: Any) -> _Reading:  # noqa: ANN401 - any executable
    """What a statement is made of, remembered by its shape."""
    shape = statement._generate_cache_key()  # noqa: SLF001 - SQLAlchemy computes it for its own cache anyway
    if shape is None:
        return _read_statement(statement)
    known = _SHAPES.get(shape.key)
    if known is None:
        if len(_SHAPES) >= _MOST_SHAPES:
            _SHAPES.clear()
        known = _SHAPES[shape.key] = _read_statement(statement)
    return known


_SHAPES: dict[Any, _Reading] = {}
_MOST_SHAPES = 2000


def _read_statement(statement: Any) -> _Reading:  # noqa: ANN401 - any executable
    models = tenant_models()
    touched = (
        frozenset(_table_of(part) for part in visitors.iterate(statement) if isinstance(part, Table)) & models.keys()
    )
    owned = frozenset(table for table in models if table in touched)
    return owned, _speaks_models(statement), any(_is_text(part) for part in visitors.iterate(statement))


def _is_text(part: Any) -> bool:  # noqa: ANN401 - any part of a statement
    """Whether this is SQL as text, in which any table could be named; the stars of counting and existing are not."""
    if isinstance(part, TextClause | TextualSelect):
        return True
    if isinstance(part, TableClause):
        return not isinstance(part, Table)
    return isinstance(part, ColumnClause) and part.is_literal and part.name not in {"*", "1"}


def _speaks_models(statement: Any) -> bool:  # noqa: ANN401 - any executable
    """Whether every tenant-owned table is named through its model, which is what the criteria reach.

    Each nested SELECT is asked by itself: a bare table or alias inside one would bring back every tenant's rows, and so
    would one that SQLAlchemy does not take for a question about models. A UNION is refused: the criteria do not reach
    its members.
    """
    models = tenant_models()
    for each in visitors.iterate(statement):
        if isinstance(each, CompoundSelect):
            return False
        if isinstance(each, Select | Update | Delete | Insert):
            bare: set[Any] = set()
            modelled: set[Any] = set()
            for part in _own_parts(each):
                for named in _named(part):
                    (modelled if "parententity" in named._annotations else bare).add(_source_of(named))  # noqa: SLF001 - the mark a model leaves
            if any(_table_of(source) in models for source in bare - modelled):
                return False
            is_about_models = each._propagate_attrs.get("compile_state_plugin") == "orm"  # noqa: SLF001 - there is no public reading
            if not is_about_models and any(_table_of(source) in models for source in modelled):
                return False
    return True


def _own_parts(statement: Any) -> Iterator[Any]:  # noqa: ANN401 - any statement
    """The parts of a statement without those of the statements nested in it."""
    waiting = [statement]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += [child for child in part.get_children() if not isinstance(child, Select)]


def _named(part: Any) -> Iterator[Any]:  # noqa: ANN401 - any part of a statement
    if isinstance(part, ColumnClause) and part.table is not None:
        yield part
    yield from _sources(part)


def _sources(part: Any) -> Iterator[FromClause]:  # noqa: ANN401 - any part of a statement
    """What a statement names as its tables, joins taken apart."""
    if isinstance(part, Update | Delete | Insert):
        yield part.table
    if isinstance(part, Select):
        named = [*part._raw_columns, *part._from_obj, *(join[0] for join in part._setup_joins)]  # noqa: SLF001 - there is no public reading
        while named:
            source = named.pop()
            if isinstance(source, Join):
                named += [source.left, source.right]
            elif isinstance(source, FromClause):
                yield source


def _source_of(named: Any) -> Any:  # noqa: ANN401 - a column, or what columns come from
    return named.table if isinstance(named, ColumnClause) else named


def _table_of(source: Any) -> Any:  # noqa: ANN401 - a table, an alias of one, a column of either, or something else
    if isinstance(source, ColumnClause):
        source = source.table
    while isinstance(source, Alias):
        source = source.element
    return source


@event.listens_for(PortalSession, "before_flush")
def _check_writes(session: PortalSession, _context: UOWTransaction, _instances: object) -> None:
    scope = current_scope(session)
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantOwned):
            _check_row(session, scope, row)


def _check_row(session: PortalSession, scope: Scope | None, row: TenantOwned) -> None:
    if scope is None:
        msg = f"no tenant is set, but a {type(row).__name__} was to be written"
        raise ScopeError(msg)
    if scope.kind is RowClass.SERVICE:
        return
    tenant_id: int | None = row.tenant_id
    if tenant_id is None and not scope.is_trust:
        tenant_id = scope.tenant_id
        setattr(row, "tenant_id", tenant_id)  # noqa: B010 - None only where no scope is
    if inspect(row).attrs.tenant_id.history.deleted:
        msg = f"a {type(row).__name__} was to be given to another tenant"
        raise ScopeError(msg)
    if tenant_id != scope.tenant_id and not (scope.is_trust and _in_trust(session, scope, tenant_id)):
        msg = f"a {type(row).__name__} of another tenant"
        raise ScopeError(msg)


def _in_trust(session: PortalSession, scope: Scope, tenant_id: int | None) -> bool:
    tenant = Base.metadata.tables["tenant"]
    with session.no_autoflush:
        return session.scalar(select(tenant.c.trust_id).where(tenant.c.id == tenant_id)) == scope.tenant_id


@event.listens_for(Mapper, "after_configured", once=True)
def _check_classes() -> None:
    for mapper in Base.registry.mappers:
        if not hasattr(mapper.class_, "row_class"):
            msg = f"{mapper.class_.__name__} is not classed tenant, service or public"
            raise ScopeError(msg)
